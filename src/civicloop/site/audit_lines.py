"""Lines of the audit log and the read log in words: what was done, to what, with a link where the reader may go there.

The log names things by what they were called when it was written: a sign-in name, a code, a number, a key. Here each is
looked up, all of a page together; what is not found, or not the reader's to know, stays as the log has it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.calendars.models import Calendar
from civicloop.catalogue.models import Kind
from civicloop.figures.models import Snapshot
from civicloop.matters import opening
from civicloop.matters import selectors as matters
from civicloop.matters.models import Matter
from civicloop.notices.choices import Channel
from civicloop.people import access, web
from civicloop.people.models import Account, Post, Unit
from civicloop.records import pages, settings
from civicloop.records.models import AuditEntry, ReadEntry
from civicloop.site import audit_words
from civicloop.supervision import selectors as supervision
from civicloop.supervision.models import Order
from civicloop.ui.templatetags.ui import shown_name

Found = Mapping[str, tuple[str, str]]  # what the log says: name and address, either may be empty
OWN = "account"  # the line is about the account that acted

# what an action is about, by the action or its beginning
ABOUT: dict[str, str] = {
    "sign_in": "person", "session.": "person", "account.": "person", "factor.": "person", "identity.": "person",
    "leave.": "person", "rights.explain": "person", "post.": "post", "standin.": "post", "shift.": "post",
    "token.": "post", "unit.": "unit", "phrases.": "unit", "matter.card": "matter", "personal.copy": "matter",
    "matters.merge": "matter", "matters.keep_apart": "matter", "erasure.hold": "matter", "erasure.release": "matter",
    "notices.broadcast": "matter", "order.": "order", "setting.set": "setting", "figures.keep": "table",
    "figures.publish": "table", "erasure.propose": "list", "erasure.decide": "list", "anomaly.": "anomaly",
    "places.boundaries.": "boundary", "calendars.": "calendar", "catalogue.conditions": "kind", "roots.": "root",
    "classifier.": "making", "figures.seal": "month", "figures.month": "month",
}  # fmt: skip
# objects that are words of the program
FIXED = {
    "audit log": gettext_lazy("Audit log"), "reads log": gettext_lazy("Read log"),
    "matters": gettext_lazy("List of matters"), "people": gettext_lazy("People"), "areas": gettext_lazy("Areas"),
    "responsibilities": gettext_lazy("Responsibilities"), "city": pgettext_lazy("audit", "The whole city"),
    "field": pgettext_lazy("audit", "Field work"),
}  # fmt: skip


def about(action: str) -> str:
    """What kind of thing the object of an action is; empty for what needs no looking up."""
    if action in ABOUT:
        return ABOUT[action]
    return next((kind for begin, kind in ABOUT.items() if begin.endswith(".") and action.startswith(begin)), "")


def _number(said: str) -> int | None:
    """The number that a word like `list 7` ends with."""
    last = said.replace(":", " ").rpartition(" ")[2]
    return int(last) if last.isdecimal() and len(last) < 10 else None


def _numbers(said: Iterable[str]) -> dict[int, str]:
    return {number: each for each in said for number in [_number(each)] if number is not None}


def _people(actor: access.Actor, said: set[str]) -> Found:
    rows = Account.objects.filter(Q(username__in=said) | Q(id__in=_numbers(said)))
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        named = (f"{shown_name(row.names)} ({row.username})", reverse("people:rights", args=[row.pk]))
        found |= {row.username: named, f"{OWN} {row.pk}": named}
    return found


def _posts(actor: access.Actor, said: set[str]) -> Found:
    found: dict[str, tuple[str, str]] = {}
    rows = Post.objects.filter(Q(code__in=said) | Q(id__in=_numbers(said))).select_related("unit")
    for row in rows.order_by("valid_from"):
        words = f"{shown_name(row.unit.names)} · {row.get_role_display()} ({row.code})"
        found |= {row.code: (words, reverse("people:posts")), str(row.pk): (words, reverse("people:posts"))}
    return found


def _units(actor: access.Actor, said: set[str]) -> Found:
    found: dict[str, tuple[str, str]] = {}
    for row in Unit.objects.filter(Q(code__in=said) | Q(id__in=_numbers(said))):
        words = f"{shown_name(row.names)} ({row.code})"
        found |= {row.code: (words, reverse("people:units")), f"unit:{row.pk}": (words, reverse("people:units"))}
    return found


def _matters(actor: access.Actor, said: set[str]) -> Found:
    """Only matters that the reader may know of."""
    keys = [UUID(each) for each in said if len(each) == 36 and each.count("-") == 4]
    rows = Matter.objects.filter(matters.visible(actor), Q(id__in=keys) | Q(number__in=said))
    found: dict[str, tuple[str, str]] = {}
    for key, number in rows.values_list("id", "number"):
        named = (str(number), reverse("matter", args=[key]))
        found |= {str(number): named, str(key): named}
    return found


def _orders(actor: access.Actor, said: set[str]) -> Found:
    rows = Order.objects.filter(supervision.visible(actor), number__in=said) if said else Order.objects.none()
    return {row.number: (row.number, reverse("supervision:order", args=[row.id])) for row in rows}


def _settings(actor: access.Actor, said: set[str]) -> Found:
    found = {}
    for each in said:
        code, _blank, scope = each.partition(" ")
        try:
            label = str(settings.definition(code).label)
        except settings.UnknownSetting:
            continue
        there = scope == settings.INSTALLATION
        found[each] = (label if there else f"{label} ({scope})", reverse("records:settings") if there else "")
    return found


def _tables(actor: access.Actor, said: set[str]) -> Found:
    numbers = _numbers(said)
    rows = Snapshot.objects.filter(no__in=numbers).values_list("no", "title")
    return {numbers[no]: (title, reverse("figures:kept", args=[no])) for no, title in rows}


def _kinds(actor: access.Actor, said: set[str]) -> Found:
    rows = Kind.objects.filter(code__in=said, family="matter").order_by("valid_from")
    return {
        row.code: (f"{shown_name(row.names)} ({row.code})", reverse("catalogue:kind", args=[row.pk])) for row in rows
    }


def _calendars(actor: access.Actor, said: set[str]) -> Found:
    rows = Calendar.objects.filter(code__in=said)
    return {row.code: (shown_name(row.names), reverse("calendar", args=[row.code])) for row in rows}


def _numbered(words: Any, page: str, *, alone: bool = False) -> Callable[[access.Actor, set[str]], Found]:
    """Things that have a number and no name, each with a page of its own or one for all (`alone`)."""

    def find(actor: access.Actor, said: set[str]) -> Found:
        return {
            each: (f"{words} {number}", reverse(page) if alone else reverse(page, args=[number]))
            for number, each in _numbers(said).items()
        }

    return find


def _roots(actor: access.Actor, said: set[str]) -> Found:
    return {each: (each, reverse("receipts:root", args=[each])) for each in said if len(each) == 10}


def _months(actor: access.Actor, said: set[str]) -> Found:
    """What the figures sealed or told of a month."""
    found: dict[str, tuple[str, str]] = {}
    for each in said:
        kind, _blank, month = each.removesuffix(" for everybody").rpartition(" ")
        if kind == "baseline":
            found[each] = (_("Baseline of %(month)s") % {"month": month[:7]}, reverse("figures:scores"))
        elif kind == "figures of":
            found[each] = (_("Figures of %(month)s for everybody") % {"month": month}, reverse("figures:public"))
    return found


FIND: dict[str, Callable[[access.Actor, set[str]], Found]] = {
    "person": _people, "post": _posts, "unit": _units, "matter": _matters, "order": _orders, "setting": _settings,
    "table": _tables, "kind": _kinds, "calendar": _calendars, "root": _roots, "month": _months,
    "list": _numbered(gettext_lazy("Erasure list"), "erasure-list"),
    "boundary": _numbered(pgettext_lazy("audit", "Proposal"), "boundary"),
    "making": _numbered(gettext_lazy("Suggestions of kinds"), "classifier:overview", alone=True),
    "anomaly": _numbered(pgettext_lazy("audit", "Unusual log line"), "people:anomalies", alone=True),
}  # fmt: skip


def _said(line: AuditEntry, kind: str) -> str:
    """What to look up: the object, or the account that acted where the object is that."""
    return f"{OWN} {line.account_id}" if kind == "person" and line.object == OWN else line.object


@pages.say_lines
def told(request: HttpRequest, lines: Sequence[AuditEntry]) -> list[pages.Told]:
    """The lines of a page in words; at most one statement for each kind of thing."""
    actor = web.actor(request)
    wanted: dict[str, set[str]] = {"person": {f"{OWN} {line.account_id}" for line in lines if line.account_id}}
    for line in lines:
        kind = about(line.action)
        if kind:
            wanted.setdefault(kind, set()).add(_said(line, kind))
    found = {kind: FIND[kind](actor, said) for kind, said in wanted.items()}
    made = []
    for line in lines:
        kind = about(line.action)
        name, url = found.get(kind, {}).get(_said(line, kind), ("", ""))
        if not name:
            name = str(FIXED[line.object]) if line.object in FIXED else _("Own account") if line.object == OWN else ""
        who, of = found["person"].get(f"{OWN} {line.account_id}", ("", ""))
        if line.account_id is None:
            who = audit_words.doer(line.words)
        made.append(pages.Told(
            action=audit_words.action(line.action), outcome=audit_words.outcome(line.outcome), object=name, url=url,
            who=who, who_url=of,
        ))  # fmt: skip
    return made


def _field(code: str) -> str:
    """What was opened: a sealed fact of a matter, an original, or where a member of staff wants to be told."""
    whose, _line, name = code.partition("_")
    if whose == "staff" and name in Channel.values:
        return _("Address of a member of staff · %(way)s") % {"way": Channel(name).label}
    return _("Original of a photo or file") if code == "file" else opening.words_of(code)


@pages.say_openings
def opened(request: HttpRequest, lines: Sequence[ReadEntry]) -> list[pages.Opened]:
    """The openings of a page in words; people, posts and matters cost one statement each."""
    actor = web.actor(request)
    people = _people(actor, {f"{OWN} {line.account_id}" for line in lines if line.account_id})
    posts = _posts(actor, {str(line.post_id) for line in lines if line.post_id})
    found = _matters(actor, {str(line.matter_id) for line in lines if line.matter_id})
    made = []
    for line in lines:
        matter, url = found.get(str(line.matter_id), ("", ""))
        who, of = people.get(f"{OWN} {line.account_id}", ("", ""))
        post = posts.get(str(line.post_id), ("", ""))[0]
        made.append(pages.Opened(field=_field(line.field), matter=matter, url=url, who=who, who_url=of, post=post))
    return made
