"""Reads of the loop, already limited to what the reader may see (people.access)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from civicloop.foundation import chain, clock, hot, ids, locality
from civicloop.matters import actions, claimed, clusters, errors, finding, intake, paging, reading, sql, stands
from civicloop.matters.models import ApprovalRequest, Doubt, Entry, EntryText, Matter, Task
from civicloop.matters.paging import Way
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people.access import Actor, Scope
from civicloop.people.models import Unit
from civicloop.people.sql import UNITS_ABOVE
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import run
from civicloop.procedures.rules.language import Need

PAGE = 50
MOST = 200
COUNTED = 10_000
SOON = timedelta(days=1)
CARDS = {"yellow": 1, "red": 2}
SHOWN = ("kind", "unit")  # what a line of a list shows beside the matter's own values
ALONE = Q(lead_id=None) | Q(lead_id=F("id"))  # not joined to another case, where it is dealt with


def visible(actor: Actor) -> Q:
    """The condition for what `actor` may see in lists: equal to access.sees on each row."""
    bound = access.scope(actor)
    if bound.everything:
        return Q()
    if bound.nothing:
        return Q(pk__in=[])
    return ((_involved(bound) & _not_withheld(bound)) | _in_area(bound)) & _not_about(bound)


def within(level: str, area_id: int | None) -> Q:
    """The condition that a matter lies in an area of this level; none for the city, in which all of them lie."""
    return Q() if level == "city" else Q(**{f"{level}_id": area_id})


def not_about(actor: Actor) -> Q:
    """No complaint about a unit of the actor's or one above it; everything for the platform itself."""
    bound = access.scope(actor)
    return Q() if bound.everything else _not_about(bound)


def _not_about(bound: Scope) -> Q:
    """No complaint about a unit of the reader's or one above it: what access.is_about says of each row."""
    units, whose = _of_reader(bound)
    now = clock.now()
    mine = RawSQL(UNITS_ABOVE, [units, whose, now, now], ArrayField(BigIntegerField()))  # noqa: S611 - a constant
    return ~Q(complained_of__overlap=mine)


def _of_reader(bound: Scope) -> tuple[list[int], list[int]]:
    """The units and the accounts of the reader and of those that the reader stands in for."""
    units = [each for each in (bound.unit_id, bound.own_unit_id) if each is not None]
    return units, [*bound.stands_in_for, *([] if bound.account_id is None else [bound.account_id])]


def _asked_once(bound: Scope) -> tuple[Q, bool]:
    """`_not_about` with its units named, and whether something open was given to the reader by name.

    Two things that a list would plan anew in each of its ways, where planning costs more than reading.
    """
    if bound.everything or bound.nothing:
        return Q(), False
    units, whose = _of_reader(bound)
    [(above, by_name)] = hot.all_rows(sql.OF_READER, {"units": units, "persons": whose, "now": clock.now()})
    return ~Q(complained_of__overlap=above) if above else Q(), by_name


def _involved(bound: Scope) -> Q:
    if bound.unit_id is None:
        return Q(pk__in=[])
    tasks = Task.objects.filter(matter_id=OuterRef("id"), unit_id=bound.unit_id).exclude(state="cancelled")
    found = Q(unit_id=bound.unit_id) | Q(Exists(tasks))
    if bound.account_id is not None:
        found |= _of_person(bound)
    return found


def _not_withheld(bound: Scope, *, of_area: bool = False) -> Q:
    """Affairs that the posts look at only by delegation, left out where there is none for their kind and place."""
    found = Q()
    for posts, versions in procedures.by_delegation().items():
        if not (bound.area_bound_by(posts) if of_area else bound.wholly_bound_by(posts)):
            continue
        covered = ~Q(procedure_id__in=versions)
        for each in bound.delegated:
            place = within(each.level, each.area_id)
            kinds = sorted(each.kinds)
            covered |= place & (Q(class_code__in=kinds) | Q(kind__code__in=kinds) if kinds else ~Q(pk=None))
        found &= covered
    return found


def _of_person(whose: Scope | Actor) -> Q:
    """What was given to the person by name; or, in the post's unit, to somebody for whom the person stands in."""
    found = Q(desk_person_id=whose.account_id)
    if not whose.stands_in_for:
        return found
    return found | Q(desk_person_id__in=sorted(whose.stands_in_for), unit_id=whose.unit_id)


def sees_whole_area(actor: Actor) -> bool:
    """Whether an actor sees every matter of the own area that is not confidential (complaints about a unit are)."""
    bound = access.scope(actor)
    if bound.everything:
        return True
    return bool(bound.level) and not bound.classes and not _not_withheld(bound, of_area=True)


def _in_area(bound: Scope) -> Q:
    if not bound.level:
        return Q(pk__in=[])
    found = Q(confidentiality__lte=bound.confidentiality)
    if bound.classes:
        found &= Q(class_code="") | Q(class_code__in=bound.classes)
    return found & within(bound.level, bound.area_id) & _not_withheld(bound, of_area=True)


def ways(actor: Actor, *, open_only: bool = False) -> list[Q]:
    """The ways in which matters come into an actor's lists, each served by an index; together they are `visible`.

    A list asks them one after the other and merges: no index serves an OR of place and involvement in an order. The
    accountable unit always holds the lead task, so tasks cover it; what ended long ago is left out where `open_only`.
    """
    bound = access.scope(actor)
    return [way.whole for way in _ways(bound, Filters(), _not_about(bound), open_only=open_only)]


def _ways(bound: Scope, filters: "Filters", others: Q, *, open_only: bool, by_name: bool = True) -> list[Way]:
    if bound.everything:
        return [Way(Q(), _narrowed_to(filters) or Q())]
    if bound.nothing:
        return []
    found = []
    elsewhere = bound.level == filters.area_level and bound.area_id != filters.area_id
    if bound.level and not elsewhere:
        inside = _narrowed_to(filters) or within(bound.level, bound.area_id)
        words = finding.of_area(bound.level, bound.area_id)
        found.append(Way(_in_area(bound) & others, inside, words=words))
    if bound.unit_id is not None:
        tasks = Task.objects.filter(unit_id=bound.unit_id).exclude(state="cancelled")
        if open_only:
            tasks = tasks.exclude(answer="ended")
        found.append(Way(_not_withheld(bound) & others, tasks=tasks))
        if bound.account_id is not None and by_name:
            found.append(Way(_of_person(bound) & Q(end="") & _not_withheld(bound) & others))
    return found


def _narrowed_to(filters: "Filters") -> Q | None:
    """The unit or area that a list is narrowed to, which has an index in the order of its matters."""
    if filters.unit_id is not None:
        return Q(unit_id=filters.unit_id)
    named = filters.area_level not in ("", "city") and filters.area_id is not None
    return within(filters.area_level, filters.area_id) if named else None


def at_my_desk(actor: Actor) -> Q:
    """What waits for this post: its role holds the step, here, at this level, or for this person."""
    found = Q(end="", desk_roles__overlap=sorted(actor.roles)) & Q(desk_level__in=["", actor.level])
    found &= Q(desk_person_id=None) | _of_person(actor)
    found &= ALONE
    if not (of_area := actor.roles & access.AREA_ROLES):
        return found & Q(unit_id=actor.unit_id)
    # a desk that is held by a place lies with a unit as well, whose other posts are of other places
    seated = procedures.seated()
    of_unit = Q(desk_roles__overlap=sorted(actor.roles - of_area))
    for role in sorted(of_area & seated.keys()):
        of_unit |= Q(desk_roles__contains=[role], procedure_id__in=seated[role])
    by_area = Q(desk_roles__overlap=sorted(of_area)) & within(actor.level, actor.area_id)
    return found & (by_area | Q(unit_id=actor.unit_id) & of_unit)


@dataclass(frozen=True)
class Filters:
    """What a list may be narrowed by; every field is optional."""

    area_id: int | None = None
    area_level: str = ""
    unit_id: int | None = None
    kind_id: int | None = None
    component_id: int | None = None
    class_code: str = ""
    cells: tuple[int, int] | None = None  # within this range of cells of the map
    step: str = ""
    stage: str = ""
    procedure: str = ""
    desk: bool = False
    doubted: bool = False  # of the desk's: those that wait apart (matters.doubts) instead of the others
    open: bool | None = None
    end: str = ""
    due: str = ""  # overdue, today, soon (within SOON)
    card: str = ""  # yellow, red: the mark of a ladder that is on it
    raised: str = ""  # the level that a ladder handed it up to
    text: str = ""
    number: str = ""
    since: datetime | None = None  # received at this moment or later
    until: datetime | None = None  # received before this moment


@dataclass(frozen=True)
class Page:
    """One page of a list and the key of the next one, None at the end."""

    rows: list[Matter]
    next: str | None


def newest_of(rows: QuerySet[Matter], after: str, limit: int) -> Page:
    """A page of matters that another room has chosen, newest first. Raises Refused for a key that is none."""
    rows = rows.select_related(*SHOWN).order_by("-id")
    if (key := page_key(after)) is not None:
        rows = rows.filter(id__lt=key)
    found = list(rows[: limit + 1])
    return Page(found[:limit], str(found[limit - 1].id) if len(found) > limit else None)


def page_key(after: str) -> UUID | None:
    """The key after which a page of the newest goes on. Raises Refused for a key that is none."""
    try:
        return UUID(after) if after else None
    except ValueError:
        raise errors.invalid("after", "no_key", _("This page key is not one that a list gave.")) from None


def of_keys(actor: Actor, keys: Collection[UUID]) -> list[Matter]:
    """Those of some matters that the actor sees, newest first."""
    rows = Matter.objects.filter(visible(actor), id__in=keys)
    return list(rows.select_related(*SHOWN).order_by("-id"))


def matters(actor: Actor, filters: Filters, *, after: str = "", limit: int = PAGE, order: str = "newest") -> Page:
    """A page of matters, newest first or by what is lost soonest (`order="due"`: open ones, unless told otherwise).

    Keyset pages: the cost does not grow with the page's number. Raises Refused for a key that is no key.
    """
    size = max(1, min(limit, MOST))
    if order == "due" and filters.open is None and not filters.end:  # what has ended is lost no more
        filters = replace(filters, open=True)
    if filters.open is False or filters.end:
        order = "newest"  # and has no due moment
    if number := filters.number or (filters.text if ids.number_is_sound(filters.text) else ""):
        keys = [key for (key,) in hot.all_rows(sql.NUMBERED, {"number": number.strip().upper()}) if _seen(actor, key)]
        one = _turned(narrowed(Matter.objects.filter(id__in=keys), actor, filters), after, order)
        return Page(list(one.select_related(*SHOWN)) if keys else [], None)
    found = _keys(actor, filters, after, order, size + 1)
    shown = found[:size]
    rows = {row.id: row for row in Matter.objects.filter(id__in=[key for _due, key in shown]).select_related(*SHOWN)}
    due, last = shown[-1] if len(found) > size else (None, None)
    following = f"{due.isoformat() if due else ''}~{last}" if last is not None else None
    return Page([rows[key] for _due, key in shown if key in rows], following)


def _keys(actor: Actor, filters: Filters, after: str, order: str, most: int) -> list[paging.Key]:
    """(due moment, id) of the first `most` matters of a list."""
    before = _key(after)[1] if after else None
    filters, possible = _understood(filters)
    if not possible:
        return []
    bound = access.scope(actor)
    others, by_name = _asked_once(bound)
    ways_ = _ways(bound, filters, others, open_only=bool(filters.open), by_name=by_name)

    def narrow(rows: QuerySet[Matter], walking: bool) -> QuerySet[Matter]:
        if filters.text:
            rows = rows.filter(finding.holds(filters.text, walking=walking))
            if not walking:
                rows = rows.filter(finding.of_area(filters.area_level, filters.area_id))
        return narrowed(rows, actor, filters)

    if order == "due":
        wholes = [way.whole & way.words if filters.text else way.whole for way in ways_]
        rows_of = [_turned(narrow(Matter.objects.filter(whole), False), after, order) for whole in wholes]
        return paging.merged(rows_of, most, ("due_at", "id"))
    late: list[paging.Key] = []
    if filters.until is not None:
        near, latest = _claimed_until(filters.until)
        before = min(before or latest, latest)
        if before > near:  # a day of reports, few of which can fit
            late, before = paging.of_fast_clocks(paging.Asked(ways_, narrow), near, before, most), near
    asked = paging.Asked(
        ways_, narrow, before, inside=_narrowed_to(filters), known=_known(filters),
        plain=_leaves_most(actor, filters), words=bool(filters.text),
    )  # fmt: skip
    few = filters.open or filters.card or filters.raised or filters.component_id is not None
    if few and not filters.text:  # each by its own index
        return (late + paging.merged([asked.rows(way.whole & asked.span(None, before)) for way in ways_], most))[:most]
    return (late + paging.first(asked, most))[:most]


def _claimed_until(until: datetime) -> tuple[UUID, UUID]:
    """Up to which ids reports received before a moment lie: nearly all, and all, since intake takes no other."""
    least = timedelta(milliseconds=1)
    return ids.first_of(until + claimed.NEARLY + least), ids.first_of(until + intake.AHEAD + timedelta(seconds=1))


def _understood(filters: Filters) -> tuple[Filters, bool]:
    """The same filters with what they imply: whether only open matters fit, and whether any can."""
    implied = filters.open or bool(filters.desk or filters.due)
    if filters.procedure or filters.step or filters.stage or filters.end:
        place = _stands(filters)
        if not place.steps:
            return filters, False
        implied |= place.open
    return (replace(filters, open=True), filters.open is not False) if implied else (filters, True)


def _known(filters: Filters) -> list[Q]:
    """What indexes say of all that fit, with their ids beside it: their unit or area, kind, and where they stand.

    Not that they follow a procedure: that says little, and where it says much, there is little to look at.
    """
    if filters.class_code:  # its index has no ids, and brings less than a unit or an area where it says anything
        return []
    inside = _narrowed_to(filters)
    found = [] if inside is None else [inside]
    if filters.kind_id is not None:
        found.append(Q(kind_id=filters.kind_id))
    if filters.step or filters.stage or filters.end:
        found.append(_stands(filters).condition)
    return found


def _stands(filters: Filters) -> stands.Stands:
    return stands.where(procedure=filters.procedure, step=filters.step, stage=filters.stage, end=filters.end,
                        open=filters.open)  # fmt: skip


def _leaves_most(actor: Actor, filters: Filters) -> bool:
    """Whether the filters leave out little of the area or unit that is walked through."""
    bound = access.scope(actor)
    nowhere = replace(filters, area_id=None, area_level="", unit_id=None)
    return nowhere == Filters() and not bound.classes and not procedures.by_delegation()


def _turned(rows: QuerySet[Matter], after: str, order: str) -> QuerySet[Matter]:
    """The rows in their order, from behind the key of the page before."""
    if order == "due":
        rows = rows.order_by("due_at", "id")
        if after:
            moment, identifier = _key(after)
            if moment is None:  # among those without a due moment, which come last
                rows = rows.filter(due_at=None, id__gt=identifier)
            else:
                rows = rows.filter(Q(due_at__gt=moment) | Q(due_at=moment, id__gt=identifier) | Q(due_at=None))
        return rows
    rows = rows.order_by("-id")
    return rows.filter(id__lt=_key(after)[1]) if after else rows


def _key(after: str) -> tuple[datetime | None, UUID]:
    moment, _tilde, identifier = after.rpartition("~")
    try:
        found = datetime.fromisoformat(moment) if moment else None
        if found is not None and found.tzinfo is None:
            raise ValueError("a moment without a zone")
        return found, UUID(identifier)
    except ValueError:
        raise errors.invalid("after", "no_key", _("This page key is not one that a list gave.")) from None


def narrowed(rows: QuerySet[Matter], actor: Actor, filters: Filters) -> QuerySet[Matter]:
    """The rows that fit the filters."""
    if filters.desk:
        apart = Q(step_version=1) & Q(Exists(Doubt.objects.filter(matter_id=OuterRef("id"), trusted_at=None)))
        rows = rows.filter(at_my_desk(actor), apart if filters.doubted else ~apart)
    if filters.area_id is not None and filters.area_level:
        rows = rows.filter(within(filters.area_level, filters.area_id))
    exact = {"unit_id": filters.unit_id, "kind_id": filters.kind_id,
             "component_id": filters.component_id, "step": filters.step, "stage": filters.stage,
             "end": filters.end, "number": filters.number,
             "class_code": filters.class_code, "received_at__lt": filters.until,
             "cell__range": filters.cells, "raised_to": filters.raised, "mark": CARDS.get(filters.card)}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if filters.procedure or filters.step or filters.stage or filters.end:
        rows = rows.filter(_stands(filters).condition)
    if filters.since is not None:
        rows = rows.filter(received_at__gte=filters.since)
    if filters.open is not None:
        rows = rows.filter(end="") if filters.open else rows.exclude(end="")
    now = clock.now()
    if filters.due == "overdue":
        rows = rows.filter(end="", due_at__lt=now)
    elif filters.due == "soon":
        rows = rows.filter(end="", due_at__gte=now, due_at__lt=now + SOON)
    elif filters.due == "today":
        rows = rows.filter(end="", due_at__gte=now, due_at__lt=_end_of_day(now))
    if ids.number_is_sound(filters.text):
        rows = rows.filter(number=filters.text.strip().upper())
    return rows


def _end_of_day(now: datetime) -> datetime:
    zone = locality.zone()
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(0), tzinfo=zone)


def waits_at(actor: Actor, matter_id: UUID) -> bool:
    """Whether a matter waits for this post now."""
    return Matter.objects.filter(visible(actor), at_my_desk(actor), id=matter_id).exists()


def doubts_of(matter_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Why some reports wait apart; only for matters that the reader sees."""
    rows = Doubt.objects.filter(matter_id__in=matter_ids, trusted_at=None).values_list("matter_id", "reasons")
    return {matter_id: list(reasons) for matter_id, reasons in rows}


def open_at(actor: Actor) -> int:
    """How many open matters wait for this post now; more than COUNTED are not told apart."""
    return Matter.objects.filter(visible(actor), at_my_desk(actor))[:COUNTED].count()


def at_unit(actor: Actor, steps: Sequence[str]) -> QuerySet[Matter]:
    """Open matters at some steps that the actor's unit answers for, what is lost soonest first."""
    if actor.unit_id is None:
        return Matter.objects.none()
    rows = Matter.objects.filter(visible(actor), ALONE, end="", unit_id=actor.unit_id, step__in=steps)
    return rows.select_related(*SHOWN).order_by("due_at", "id")


def requests_for(actor: Actor) -> list[ApprovalRequest]:
    """Approvals that wait for this post, soonest first."""
    rows = ApprovalRequest.objects.filter(state="open", desk_roles__overlap=sorted(actor.roles)).select_related(
        "matter"
    )
    allowed = Exists(Matter.objects.filter(visible(actor), id=OuterRef("matter_id")))
    return list(rows.filter(allowed).exclude(asked_by=actor.account_id).order_by("due_at")[:MOST])


def parts_for(actor: Actor) -> list[Task]:
    """Open parts that were given to this post's unit as a co-unit."""
    if actor.unit_id is None:
        return []
    rows = Task.objects.filter(unit_id=actor.unit_id, state="open", lead=False).select_related("matter")
    rows = rows.filter(Exists(Matter.objects.filter(_not_about(access.scope(actor)), id=OuterRef("matter_id"))))
    return list(rows.order_by("opened_at")[:MOST])


# -- one matter -----------------------------------------------------------------------------------------------------


def seen_by(actor: Actor, matter_id: UUID) -> Reading:
    """The matter as an act sees it. Raises Refused not_found, also for what the actor must not know of."""
    found = _seen(actor, matter_id)
    if found is None:
        raise errors.not_found()
    return found


def _seen(actor: Actor, matter_id: UUID) -> Reading | None:
    """The matter where the actor may know of it; says of one what `visible` says of a list."""
    found = reading.read(matter_id)
    return found if found is not None and access.sees(actor, found.subject).known else None


def row_of(matter_id: UUID) -> Matter:
    """The full row; only after `seen_by`."""
    return Matter.objects.select_related(
        "kind", "condition", "component", "unit", "procedure", "district", "subdistrict", "community", "grid"
    ).get(id=matter_id)


@dataclass(frozen=True)
class Offered:
    """What the reader may do now: code, result, words, the needs with why, whether it asks for an approval."""

    action: str
    result: str | None
    names: Mapping[str, str]
    result_names: Mapping[str, str] | None
    needs: Sequence[Need]
    seats: Sequence[tuple[str, str, Mapping[str, str]]]  # (code, kind, names) of the seats that it fills
    approval: str | None
    to: str
    work: bool
    check: str | None


def offered(actor: Actor, seen: Reading) -> list[Offered]:
    """Everything that `actor` may do with the matter now, in the procedure's order."""
    now = clock.now()
    procedure, state = seen.procedure, seen.state
    given = actions.given_for(seen, actor, {}, now)
    found = []
    for move in run.candidates(procedure, state):
        by = procedure.holders_of(move, state.step)
        if not actions.may_act(actor, seen, by) or not clusters.allows(seen, move):
            continue
        # what the form will bring counts as there: an act is not hidden for a field that is still to be filled
        if run.refusal(procedure, state, move, replace(given, has=given.has | set(move.needs))) is not None:
            continue
        if move.check and actions.took_part(actor, seen, run.separation(move)):
            continue
        if any(r["state"] == "open" and r["action"] == move.action for r in seen.requests):
            continue
        action = procedure.actions[move.action]
        seats = [
            (code, procedure.seats[code].kind, procedure.seats[code].names)
            for code in move.assigns
            if procedure.seats[code].kind != "level"
        ]
        found.append(
            Offered(
                move.action, move.result, action.names, move.names if move.result else None,
                [procedure.needs[code] for code in move.needs], seats, move.approval, move.target(state.step),
                move.work, move.check,
            )
        )  # fmt: skip
    return found


def decisions(actor: Actor, seen: Reading) -> list[Mapping[str, Any]]:
    """Open requests of this matter that the actor may answer."""
    found: list[Mapping[str, Any]] = []
    for asked in seen.requests:
        if asked["state"] != "open" or actor.account_id in {asked["asked_by"], *asked["data"].get("agreed", ())}:
            continue
        name = next((m.approval for m in seen.procedure.actions[asked["action"]].moves if m.approval), None)
        if name and actions.may_act(actor, seen, seen.procedure.approvals[name].levels[asked["level"]].by):
            found.append(asked)
    return found


@dataclass(frozen=True)
class Line:
    """One line of a timeline as pages and the API show it."""

    seq: int
    at: datetime
    action: str
    result: str
    role: str
    unit_id: int | None
    account_id: int | None
    step: str
    texts: Mapping[str, str]
    data: Mapping[str, Any]  # the plain values of the hashed body
    hash: str


def timeline(matter_id: UUID) -> list[Line]:
    """All entries in order with the texts that are not erased; only after `seen_by`."""
    texts: dict[int, dict[str, str]] = {}
    for row in EntryText.objects.filter(matter_id=matter_id):
        texts.setdefault(row.seq, {})[row.field] = row.value
    rows = Entry.objects.filter(matter_id=matter_id).order_by("seq")
    return [
        Line(e.seq, e.at, e.action, e.result, e.role, e.unit_id, e.account_id, e.step, texts.get(e.seq, {}),
             plain_values(bytes(e.body)), bytes(e.hash).hex())
        for e in rows
    ]  # fmt: skip


def plain_values(body: bytes) -> Mapping[str, Any]:
    """The plain values of an entry; none of a body that was tampered with, which is the proof's finding."""
    try:
        data = chain.content(body).get("data")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def by_number(number: str) -> UUID | None:
    """The id behind a human number, for receipts and search fields."""
    return Matter.objects.filter(number=number.strip().upper()).values_list("id", flat=True).first()


def code_opens(matter_id: UUID, code: str) -> bool:
    """Whether the check code is the matter's."""
    kept = Matter.objects.filter(id=matter_id).values_list("check_code", flat=True).first()
    return kept is not None and bytes(kept) == actions.check_code_hash(matter_id, code)


def outside_relation(matter_id: UUID) -> str:
    """Who stands outside in this matter's procedure: reporter, household, resident …"""
    version = Matter.objects.filter(id=matter_id).values_list("procedure_id", flat=True).first()
    return procedures.by_id(version).outside[0] if version is not None else ""


def unit_codes(ids: set[int | None]) -> dict[int, str]:
    """Codes of units by id, in one statement."""
    return dict(Unit.objects.filter(id__in={i for i in ids if i is not None}).values_list("id", "code"))


def unit_names(ids: set[int | None]) -> dict[int, Mapping[str, str]]:
    """Names of units by id, in one statement."""
    return dict(Unit.objects.filter(id__in={i for i in ids if i is not None}).values_list("id", "names"))
