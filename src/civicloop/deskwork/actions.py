"""Writes of saved views and phrases: one transaction and one audit entry each. Nothing is deleted: it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.deskwork import selectors
from civicloop.deskwork.choices import Use
from civicloop.deskwork.models import Phrase, SavedView
from civicloop.foundation import clock
from civicloop.matters import errors
from civicloop.matters.errors import invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.records import audit

MOST_VIEWS, MOST_PHRASES = 30, 500
LONGEST_QUERY, LONGEST_NAME, LONGEST_TEXT = 1000, 60, 2000


# -- views ------------------------------------------------------------------------------------------------------------


def save_view(actor: Actor, *, name: str, query: str, shared: bool, standard: bool) -> SavedView:
    """Keep a view under its name; the same name again is the same view, changed. Raises Refused."""
    if actor.kind != "staff" or actor.account_id is None or actor.unit_id is None:
        raise errors.forbidden()
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        raise invalid("name", "missing", _("Write a name of at most %(most)s characters.") % {"most": LONGEST_NAME})
    if len(query) > LONGEST_QUERY or "\x00" in query:
        raise invalid("query", "too_long", _("This view has too many filters."))
    with transaction.atomic():
        # the account's own row is its queue: saving twice at once waits
        rows = SavedView.objects.select_for_update().filter(account_id=actor.account_id, ended_at=None)
        if len(found := list(rows)) >= MOST_VIEWS and name not in {row.name for row in found}:
            raise invalid("name", "too_many", _("Keep at most %(most)s views; end one first.") % {"most": MOST_VIEWS})
        if standard:
            rows.filter(standard=True).exclude(name=name).update(standard=False)
        view, _created = rows.update_or_create(
            account_id=actor.account_id, name=name, ended_at=None,
            defaults={"query": query, "shared": shared, "standard": standard, "unit_id": actor.unit_id,
                      "saved_at": clock.now()},
        )  # fmt: skip
        _tell(actor, "view.save", str(view.pk), {"shared": shared, "standard": standard})
    return view


def end_view(actor: Actor, view_id: int) -> None:
    """A view of one's own is not needed any more. Raises Refused not_found for another's."""
    with transaction.atomic():
        rows = SavedView.objects.filter(id=view_id, account_id=actor.account_id or 0, ended_at=None)
        if not rows.update(ended_at=clock.now(), standard=False):
            raise errors.not_found()
        _tell(actor, "view.end", str(view_id), {})


# -- phrases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewPhrase:
    """A phrase as it is to be kept; `names` and `texts` by language, zh-hans required."""

    code: str
    use: str
    names: Mapping[str, str]
    texts: Mapping[str, str]
    fits: Sequence[str] = ()
    source: str = ""
    unit: int | None = field(default=None)


def may_change(actor: Actor, unit: int | None) -> bool:
    """Whether the actor may change phrases of the unit; None: the city's."""
    if actor.kind == "system":
        return True
    if not access.may(actor, "phrases.change").allowed:
        return False
    return Role.SYSTEM_ADMIN in actor.roles if unit is None else unit == actor.unit_id


def save_phrases(
    actor: Actor, phrases: Sequence[NewPhrase], *, unit: int | None, whole: bool = False
) -> Mapping[str, int]:
    """Keep phrases of one unit or the city; with `whole` those that are missing end. Says how many of each.

    What is the same stays; what differs is a new row, and the former ends. Raises Refused with nothing written.
    """
    if not may_change(actor, unit):
        raise errors.forbidden()
    if len(phrases) > MOST_PHRASES:
        raise invalid("phrases", "too_many", _("Keep at most %(most)s phrases.") % {"most": MOST_PHRASES})
    for each in phrases:
        _check(each)
    now, told = clock.now(), {"new": 0, "changed": 0, "ended": 0}
    with transaction.atomic():
        rows = Phrase.objects.select_for_update().filter(selectors.whose(unit), valid_to=None)
        standing = {row.code: row for row in rows}
        for each in phrases:
            former = standing.get(each.code)
            if former is not None and _same(former, each):
                continue
            if former is not None:
                Phrase.objects.filter(id=former.pk).update(valid_to=now)
            standing[each.code] = Phrase.objects.create(
                unit_id=unit, code=each.code, use=each.use, names=dict(each.names), texts=dict(each.texts),
                fits=list(each.fits), source=each.source, valid_from=now,
            )  # fmt: skip
            told["changed" if former is not None else "new"] += 1
        if whole:
            kept = {each.code for each in phrases}
            gone = [row.pk for code, row in standing.items() if code not in kept]
            told["ended"] = Phrase.objects.filter(id__in=gone).update(valid_to=now)
        if any(told.values()):
            _tell(actor, "phrases.save", f"unit:{unit}" if unit else "city", told)
    selectors.forget()
    return told


def end_phrase(actor: Actor, phrase_id: int) -> None:
    """A phrase is not offered any more. Raises Refused."""
    row = Phrase.objects.filter(id=phrase_id, valid_to=None).first()
    if row is None:
        raise errors.not_found()
    if not may_change(actor, row.unit_id):
        raise errors.forbidden()
    with transaction.atomic():
        Phrase.objects.filter(id=phrase_id, valid_to=None).update(valid_to=clock.now())
        _tell(actor, "phrases.save", f"unit:{row.unit_id}" if row.unit_id else "city", {"ended": 1})
    selectors.forget()


def _same(row: Phrase, new: NewPhrase) -> bool:
    before: tuple[Any, ...] = (row.use, row.names, row.texts, list(row.fits), row.source)
    return before == (new.use, dict(new.names), dict(new.texts), list(new.fits), new.source)


def _check(each: NewPhrase) -> None:
    """Bounds of a phrase; a lawful ground names its source. Raises Refused."""

    def refuse(field_name: str, words: str) -> None:
        raise invalid(field_name, "phrase", _("Phrase %(code)s: %(why)s") % {"code": each.code[:40], "why": words})

    if not each.code.replace("-", "").replace("_", "").isalnum() or len(each.code) > 40:
        refuse("code", _("The code is of letters, digits and hyphens, at most 40."))
    if each.use not in Use.values:
        refuse("use", _("There is no such use."))
    if not each.texts.get("zh-hans", "").strip() or not each.names.get("zh-hans", "").strip():
        refuse("text", _("Name and text are needed in Chinese."))
    if any(len(text) > LONGEST_TEXT or "\x00" in text for text in (*each.texts.values(), *each.names.values())):
        refuse("text", _("A text is longer than %(most)s characters.") % {"most": LONGEST_TEXT})
    if len(each.source) > 200 or (each.use == Use.GROUND and not each.source.strip()):
        refuse("source", _("A lawful ground names its source, in at most 200 characters."))
    if any(len(code) > 40 for code in each.fits) or len(each.fits) > 20:
        refuse("fits", _("It fits at most 20 acts."))


def _tell(actor: Actor, action: str, about: str, detail: Mapping[str, object]) -> None:
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=about,
        outcome="done", detail=detail,
    )  # fmt: skip
