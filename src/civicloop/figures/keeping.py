"""Writes of this room: a table kept as it is, shown to everybody, indicators of the city.

Each leaves one line in the audit log with its digest, and so stands under the day's signed root (receipts): whoever
changed a kept table later would contradict it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from civicloop.figures import definitions, hiding, periods, reading, rules, selectors, showing
from civicloop.figures.models import Definition, Publication, Snapshot
from civicloop.figures.selectors import Cut, Table
from civicloop.foundation import chain, clock
from civicloop.foundation.canonical import canonical
from civicloop.matters.errors import Refused, invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit, days

LONGEST = 200
DELAY = timedelta(hours=24)  # between the end of a period and its publication


def keep(actor: Actor, cut: Cut, *, codes: Iterable[str], title: str) -> Snapshot:
    """Keep a table for ever as it is now. Raises Refused forbidden, missing."""
    if not access.may(actor, "figures.keep").allowed:
        raise Refused("forbidden", 403, _("Your post keeps no figures."))
    if not title.strip() or len(title) > LONGEST:
        raise invalid("title", "missing", _("Give it a title of at most %(most)s characters.") % {"most": LONGEST})
    wanted, name = list(codes), selectors.name_of_whole(cut)
    now = clock.now()
    about = {
        "title": title.strip(), "by": cut.by, "level": cut.level, "area": selectors.code_of(cut),
        "period": cut.period.code, "since": cut.period.since.isoformat(), "until": cut.period.until.isoformat(),
        "made_at": now.isoformat(), "day_start": days.start_of_day().isoformat("minutes"),
    }  # fmt: skip
    staff = showing.kept(selectors.table(actor, cut, wanted), name, about)
    table = selectors.table(actor, cut, wanted, visible=reading.PUBLIC)
    content = canonical({**staff, "public": _for_everybody(showing.kept(table, name, {})["rows"], cut, table)})
    with transaction.atomic():
        newest = Snapshot.objects.aggregate(no=Max("no"))["no"] or 0
        try:
            with transaction.atomic():
                kept = Snapshot.objects.create(
                    no=newest + 1, title=title.strip(), period=cut.period.code, content=content,
                    digest=chain.digest(content), made_at=now,
                )  # fmt: skip
        except IntegrityError:
            raise Refused("again", 409, _("Somebody kept a table at this moment. Send it again.")) from None
        tell(actor, "figures.keep", f"snapshot {kept.no}", kept.digest)
    return kept


def hidden(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, frozenset[str]]) -> list[dict[str, Any]]:
    """Rows for everybody, the whole first: None for the figures of parts that are too few (figures.hiding)."""
    made = [{**row, "figures": dict(row["figures"])} for row in rows]
    for codes in hiding.together(measures):
        sizes = [
            min((size for code in codes if (size := hiding.smallest(*row["figures"][code][:3]))), default=0)
            for row in made[1:]
        ]  # fmt: skip
        for place in hiding.rows_hidden(sizes):
            made[place + 1]["figures"] |= dict.fromkeys(codes)
    return made


def _for_everybody(rows: Sequence[Mapping[str, Any]], cut: Cut, table: Table) -> list[dict[str, Any]]:
    if not below_subdistrict(cut.by, cut.level):
        return [dict(row) for row in rows]
    return hidden(rows, {each.code: each.measures for each in table.indicators})


def below_subdistrict(by: str, level: str) -> bool:
    """Whether the parts of a table are smaller than subdistricts."""
    return by == "area" and level in {"subdistrict", "community"}


def publish(actor: Actor, number: int) -> Publication:
    """Show a kept table to everybody. Raises Refused forbidden, not_found, too_small, too_soon; twice is once."""
    if not access.may(actor, "figures.publish").allowed:
        raise Refused("forbidden", 403, _("Your post publishes no figures."))
    kept = Snapshot.objects.filter(no=number).first()
    if kept is None or not selectors.may_see_kept(actor, kept):
        raise Refused("not_found", 404, _("There is no such kept table."))
    about = selectors.content_of(kept)
    if below_subdistrict(about["by"], about["level"]):
        words = _("Below the subdistrict everybody sees the fixed figures of each month: a second table would show, by"
                  " comparison, what they hide.")  # fmt: skip
        raise Refused("too_small", 409, words)
    ended = days.bounds(periods.parse(kept.period).until)[0]
    if kept.made_at < ended or clock.now() < ended + DELAY:
        words = _("Only what was kept after the end of its period is published, a day after that end at the earliest.")
        raise Refused("too_soon", 409, words)
    with transaction.atomic():
        made, new = Publication.objects.get_or_create(snapshot=kept, defaults={"at": clock.now()})
        if new:
            tell(actor, "figures.publish", f"snapshot {kept.no}", kept.digest)
    return made


def load(actor: Actor, told: Mapping[str, Any], source: str) -> Definition:
    """Load indicators of the city over those in force, for periods from the next month on.

    Only the platform's operator does this, by the command. Raises Refused forbidden, rules.WrongIndicator; the same
    content again changes nothing.
    """
    if actor.kind != "system":
        raise Refused("forbidden", 403, _("Indicators are loaded by command."))
    today = days.day_of(clock.now())
    begins = periods.of_kind(periods.MONTH, today).until
    base: Mapping[str, Any] = rules.shipped()
    for content in Definition.objects.order_by("valid_from", "id").values_list("content", flat=True):
        base = rules.over(base, content)
    rules.read(rules.over(base, told))
    body = canonical(dict(told))
    digest = chain.digest(body)
    newest = Definition.objects.order_by("-id").first()
    if newest is not None and bytes(newest.digest) == digest:
        return newest
    with transaction.atomic():
        made = Definition.objects.create(
            valid_from=begins, content=json.loads(body), digest=digest, source=source[:200], loaded_at=clock.now(),
        )  # fmt: skip
        tell(actor, "figures.load", f"indicators from {begins.isoformat()}", digest)
    definitions.forget()
    return made


def tell(actor: Actor, action: str, about: str, digest: bytes | memoryview) -> None:
    """One line in the audit log with the fingerprint of what was written."""
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=about,
        outcome="done", detail={"digest": bytes(digest).hex()},
    )  # fmt: skip
