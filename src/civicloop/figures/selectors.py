"""Figures for a reader: indicators by area, unit, class, kind or channel, limited to what people.access lets them see.

Every figure counts whole matters of the classes `public` and `staff`; what is confidential is in none of them, and the
pages say so. A figure opens to its matters (figures.opening), exactly as many.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, overload

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.catalogue.models import Kind, KindClass
from civicloop.figures import cubes, definitions, ground, periods, reading, rules
from civicloop.figures.cubes import LEVELS, NOWHERE
from civicloop.figures.models import Snapshot
from civicloop.figures.periods import Period
from civicloop.figures.rules import Indicator, Value
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters.choices import Channel, Stage
from civicloop.matters.errors import Refused, invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.places import selectors as places
from civicloop.places.models import Area
from civicloop.records import days

BY = ("area", "unit", "class", "kind", "channel")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a reader may look at: an area with all below it, or one unit."""

    level: str = "city"
    area_id: int = 0  # 0: the whole city
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """What is looked at: the members of `by` within an area, in a period; `unit_id` for a reader of one unit."""

    by: str
    path: Mapping[str, int]  # level → area id, from the district down to the area looked at
    period: Period
    unit_id: int | None = None

    @property
    def level(self) -> str:
        return cubes.deepest(self.path)[0]

    @property
    def area_id(self) -> int:
        return cubes.deepest(self.path)[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator of one member: its value, that of the period before and of a year ago, how it lies to its like."""

    indicator: Indicator
    value: Value
    before: Value
    year_ago: Value
    band: str = ""

    @property
    def change(self) -> float | None:
        return rules.change(self.indicator, self.value, self.before)

    @property
    def year_change(self) -> float | None:
        return rules.change(self.indicator, self.value, self.year_ago)


@dataclass(frozen=True, slots=True)
class Row:
    """A member (an area, a unit …) with its figures by code. `member` "" is the whole."""

    member: str
    name: str
    code: str
    figures: Mapping[str, Figure] = field(default_factory=dict)


class Rows(Sequence[Row]):
    """The rows of a table, each figured when it is looked at: of hundreds of units a page shows fifty."""

    def __init__(self, names: Sequence[tuple[str, str, str]], figured: Callable[[str], Mapping[str, Figure]]) -> None:
        self._names, self._figured = names, figured
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place not in self._made:
            member, name, code = self._names[place]
            self._made[place] = Row(member, name, code, self._figured(member))
        return self._made[place]


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of a cut: one row a member, in the order of their codes (never ranked), and the whole.

    `placed` are the names of areas of before whose matters were placed by today's boundaries for the periods before,
    `unplaced` of those whose matters could not be, or not all. `formed` are the names of areas in whose place the one
    that is looked at stands since: by unit, class, kind or channel the periods before have no base then.
    """

    cut: Cut
    indicators: Sequence[Indicator]
    rows: Sequence[Row]
    whole: Row
    placed: Sequence[str] = ()
    unplaced: Sequence[str] = ()
    formed: Sequence[str] = ()


# -- what somebody may look at ----------------------------------------------------------------------------------------


def bound_of(actor: Actor) -> Bound:
    """The reader's bound. Raises Refused forbidden, and `some_kinds` for a post that sees some kinds only."""
    if not access.may(actor, "figures.view").allowed:
        raise Refused("forbidden", 403, _("Your post does not look at figures."))
    if actor.kind == "system":
        return Bound()
    if actor.classes:
        raise Refused("some_kinds", 403, _("Your post sees some kinds of matters only; the figures count all of them."))
    found = access.scope(actor)
    if not found.level:
        return Bound(unit_id=actor.unit_id)
    return Bound(found.level, 0 if found.level == "city" else found.area_id or 0)


def cut_for(actor: Actor, *, by: str, area: str, period: str) -> Cut:
    """The cut that somebody asks for. Raises Refused; an area that must not be looked at is not found."""
    bound = bound_of(actor)
    if by not in BY:
        raise invalid("by", "not_offered", _("Choose one of: %(choices)s") % {"choices": ", ".join(BY)})
    try:
        found = periods.parse(period) if period else periods.of_kind(periods.MONTH, days.day_of(clock.now()))
    except periods.NoPeriod:
        words = _("A period is written as 2026, 2026-Q1, 2026-03, 2026-W10 or 2026-03-02.")
        raise invalid("period", "no_period", words) from None
    if bound.unit_id is not None:
        return Cut("unit", {}, found, bound.unit_id)
    path = _path(area) if area else path_of(bound.area_id)
    if bound.area_id and path.get(bound.level) != bound.area_id:
        raise Refused("not_found", 404, _("There is no such area."))
    cut = Cut(by, path, found)
    if cut.level == "grid":
        raise invalid("area", "no_parts", _("A grid has no parts; its matters are listed."))
    if (by != "area" and cut.level not in LEVELS[:3]) or (by == "kind" and cut.level == "subdistrict"):
        raise invalid("by", "not_kept", _("Below the subdistrict figures are kept by area only, kinds by district."))
    if found.kind in {periods.DAY, periods.WEEK} and not _kept_by_day(cut):
        raise invalid("period", "not_kept", _("Figures of this cut are kept by month; choose a month or longer."))
    return cut


def _kept_by_day(cut: Cut) -> bool:
    if cut.by == "area":
        return cut.level in LEVELS[:2]
    return cut.by == "unit" and cut.level in LEVELS[:2]


def _path(code: str) -> dict[str, int]:
    try:
        return path_of(places.by_code(code).id)
    except LookupError:
        raise Refused("not_found", 404, _("There is no such area.")) from None


def path_of(area_id: int) -> dict[str, int]:
    """level → area from the district down to this one; empty for the city."""
    if not area_id:
        return {}
    return {level: ref.id for level, ref in places.path(area_id).items() if level != "city"}


# -- the table --------------------------------------------------------------------------------------------------------


def table(
    actor: Actor, cut: Cut, codes: Collection[str] = (), *, visible: int = reading.STAFF, compared: bool = True
) -> Table:  # fmt: skip
    """The figures of a cut, with the period before and a year ago on the same boundaries.

    `codes` are the wanted indicators (none: all); those that must stand beside a rate of ends come along.
    Without `compared` the periods before are not read, and nothing has changed.
    """
    chosen = definitions.in_force(cut.period.since)
    wanted = [each for code, each in chosen.indicators.items() if not codes or code in codes]
    wanted += [chosen.indicators[code] for each in list(wanted) for code in each.beside]
    wanted = list({each.code: each for each in wanted}.values())
    asked = _Asked(frozenset().union(*(each.measures for each in wanted)), visible, _within(cut))
    spans = (cut.period, cut.period.before(), cut.period.year_ago()) if compared else (cut.period,)
    read = {period: _sums(cut, period, asked) for period in dict.fromkeys(spans)}  # before a year is a year ago
    whole_of = {period: _whole(cut, parts, period, asked) for period, parts in read.items()}
    sums = [{member: dict(each) for member, each in read[period].items()} for period in spans]
    sums, wholes = _on_boundaries_of_now(cut, sums), [dict(whole_of[period]) for period in spans]
    told = _placed_anew(cut, spans, sums, wholes, asked)
    formed = _without_base(cut, spans, sums, wholes)
    whole = Row("", "", "", {each.code: _figure(each, wholes, None) for each in wanted})

    def figured(member: str) -> dict[str, Figure]:
        of_member = [each.get(member, {}) for each in sums]
        return {each.code: _figure(each, of_member, whole.figures[each.code].value) for each in wanted}

    rows = Rows(names_of(cut, set().union(*sums)), figured)
    return Table(cut, wanted, rows, whole, _formers(told.placed), _formers(told.unplaced), _formers(formed))


def _figure(indicator: Indicator, sums: Sequence[Mapping[str, int]], whole: Value | None) -> Figure:
    values = [rules.value_of(indicator, each) for each in sums]
    now, before, year = values if len(values) > 1 else values * 3
    return Figure(indicator, now, before, year, rules.band(indicator, now, whole) if whole is not None else "")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a table reads of every cube: so many measures, by whom they may be seen, in which subdistricts."""

    measures: frozenset[str]
    visible: int
    subdistricts: reading.Within


def _read(cube: str, period: Period, asked: _Asked, **more: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    rows = reading.read(
        cube, since=period.since, until=period.until, measures=asked.measures, subdistricts=asked.subdistricts,
        visible=asked.visible, by_start=False, **more,
    )  # fmt: skip
    for (member, _start), sums in rows.items():
        into = found.setdefault(member, {})
        for measure, n in sums.n.items():
            into[measure] = into.get(measure, 0) + n
    return {member: {m: n for m, n in each.items() if n} for member, each in found.items() if any(each.values())}


def _within(cut: Cut) -> reading.Within:
    """The subdistricts of a cut, found when they are wanted, and then once."""
    return cache(lambda: subdistricts_of(cut.path))


def subdistricts_of(path: Mapping[str, int]) -> list[int]:
    """Those that an area has or ever had, as the index of what opens a figure wants them told."""
    if "subdistrict" in path:
        return [path["subdistrict"]]
    found = Area.objects.filter(level="subdistrict")
    if "district" in path:
        found = found.filter(versions__parent_id=path["district"]).distinct()
    return list(found.values_list("id", flat=True))


def sums_of(cut: Cut, member: str, measures: frozenset[str]) -> dict[str, int]:
    """measure → number of one member of a cut, or of its whole (member "")."""
    asked = _Asked(measures, reading.STAFF, _within(cut))
    if not member:
        return _whole(cut, {}, cut.period, asked)
    return _sums(cut, cut.period, asked, [member]).get(member, {})


def _sums(
    cut: Cut, period: Period, asked: _Asked, members: Sequence[str] | None = None
) -> dict[str, dict[str, int]]:  # fmt: skip
    """member → measure → number; of all members, or of these."""
    if cut.unit_id is not None:
        return _read("unit", period, asked, scope=0, members=[str(cut.unit_id)])
    if cut.by == "area":
        return _read(cubes.child_of(cut.level), period, asked, scope=cut.area_id, members=members)
    return _read(cut.by, period, asked, scope=cut.area_id, level=cut.level, members=members)


def sums_by_member(cut: Cut, measures: frozenset[str]) -> dict[str, dict[str, int]]:
    """member → measure → number in the period of a cut."""
    return _sums(cut, cut.period, _Asked(measures, reading.STAFF, _within(cut)))


def _on_boundaries_of_now(cut: Cut, sums: list[dict[str, dict[str, int]]]) -> list[dict[str, dict[str, int]]]:
    """The periods before with what merged areas counted in the area that stands in their place.

    So 同比 and 环比 compare the same ground; what was divided is placed anew (`_placed_anew`). An area that still
    counts in the present period keeps a row of its own.
    """
    if cut.by != "area" or len(sums) < 2:
        return sums
    here = {str(ref.id) for ref in _children(cut)}
    gone = set().union(*sums[1:]) - here - set(sums[0]) - {NOWHERE}
    if not gone:
        return sums
    following = places.successors(clock.now())
    into = {member: following.get(int(member), ()) for member in gone}
    taken = {member: str(to[0]) for member, to in into.items() if len(to) == 1 and str(to[0]) in here}
    return [sums[0], *(rules.merged(each, taken) for each in sums[1:])]


def _placed_anew(
    cut: Cut, spans: Sequence[Period], sums: list[dict[str, dict[str, int]]], wholes: list[dict[str, int]],
    asked: _Asked,
) -> ground.Told:  # fmt: skip
    """The periods before with what stood on divided ground placed where it lies today (figures.ground)."""
    told = ground.Told()
    if cut.by != "area":
        return told
    here = ground.Ground(
        cut.level, cut.area_id, cubes.child_of(cut.level), frozenset(ref.id for ref in _children(cut))
    )  # fmt: skip
    for period, parts, whole in list(zip(spans, sums, wholes, strict=True))[1:]:
        found = ground.place(here, period, parts, whole, measures=asked.measures, visible=asked.visible)
        told.placed |= found.placed
        told.unplaced |= found.unplaced
        for member in [each for each, of_member in parts.items() if not any(of_member.values())]:
            del parts[member]
    return told


def _without_base(
    cut: Cut, spans: Sequence[Period], sums: list[dict[str, dict[str, int]]], wholes: list[dict[str, int]]
) -> set[int]:
    """Take away the base of periods in which the area was not whole yet; answers the areas of before.

    Matters of the areas of before are placed by their points for cuts by area only. What the new one had counted by
    itself when a period was half over would be no base.
    """
    formed: set[int] = set()
    if cut.by == "area" or not cut.area_id or cut.unit_id is not None:
        return formed
    here = ground.Ground(cut.level, cut.area_id, "", frozenset())
    for number, period in list(enumerate(spans))[1:]:
        if found := ground.formed_of(here, period):
            formed |= found
            sums[number], wholes[number] = {}, {}
    return formed


def _formers(areas: Collection[int]) -> list[str]:
    return sorted(name for area in areas if (name := _former(area)))


def _whole(
    cut: Cut, parts: Mapping[str, Mapping[str, int]], period: Period, asked: _Asked
) -> dict[str, int]:  # fmt: skip
    """The sums of the area itself, read from its own cube; the parts of every cut sum up to it (a test holds that)."""
    if cut.unit_id is not None:
        return dict(parts.get(str(cut.unit_id), {}))
    member = str(cut.area_id)
    return _read(cut.level, period, asked, scope=_scope_of_own(cut), members=[member]).get(member, {})


def _scope_of_own(cut: Cut) -> int:
    """The scope in which the cube of its level holds the area itself."""
    if cut.level in LEVELS[:2]:
        return 0
    return cut.path.get(LEVELS[LEVELS.index(cut.level) - 1], 0)


def names_of(cut: Cut, members: set[str]) -> list[tuple[str, str, str]]:
    """(member, name, code) in the order of codes; areas that count nothing are there as well."""
    language = _language()
    if cut.by == "area":
        refs = {str(ref.id): ref for ref in _children(cut)}
        rows = [(member, shown(ref.names, language), ref.code) for member, ref in refs.items()]
        for member in sorted(members - set(refs)):
            former = _former(int(member)) if member != NOWHERE else None
            rows.append((member, former or _("Without such an area"), ""))
        return sorted(rows, key=lambda each: (each[2] == "", each[2]))
    if cut.by == "unit":
        units = Unit.objects.filter(id__in=[int(each) for each in members])
        return sorted(((str(u.id), shown(u.names, language), u.code) for u in units), key=lambda each: each[2])
    if cut.by == "channel":
        return [(each.value, str(each.label), each.value) for each in Channel if each.value in members]
    model = KindClass if cut.by == "class" else Kind
    found = model.objects.filter(id__in=[int(each) for each in members])
    rows = sorted(((str(k.id), shown(k.names, language), k.code) for k in found), key=lambda each: each[2])
    return rows + ([(NOWHERE, _("Without a kind"), "")] if NOWHERE in members else [])


def _children(cut: Cut) -> Sequence[Any]:
    root = cut.area_id or places.root().id
    return [ref for ref in places.children(root) if ref.level == cubes.child_of(cut.level)]


def _former(area_id: int) -> str | None:
    """The last name of an area that is no longer in force."""
    area = Area.objects.filter(id=area_id).first()
    version = area.versions.order_by("-valid_from").first() if area else None
    return shown(version.names, _language()) if version else None


def _language() -> str:
    return get_language() or "zh-hans"


def code_of(cut: Cut) -> str:
    """The code of the area that is looked at; "" for the city, and for a reader of one unit."""
    return places.area(cut.area_id).code if cut.area_id else ""


def name_of_whole(cut: Cut) -> str:
    """What the whole of a cut is called: the area, or the unit."""
    if cut.unit_id is not None:
        return shown(Unit.objects.get(id=cut.unit_id).names, _language())
    return shown((places.area(cut.area_id) if cut.area_id else places.root()).names, _language())


def name_of_area(area_id: int) -> str:
    """The name of an area; of the city for 0."""
    return shown((places.area(area_id) if area_id else places.root()).names, _language())


def crumbs(actor: Actor, cut: Cut) -> list[tuple[str, str]]:
    """(code, name) of the areas above the one that is looked at, as far up as the reader may look."""
    bound = bound_of(actor)
    if cut.unit_id is not None:
        return []
    levels = [level for level in LEVELS if level in cut.path and level != cut.level]
    first = LEVELS.index(bound.level)
    refs = [places.area(cut.path[level]) for level in levels if LEVELS.index(level) >= first]
    found = [(ref.code, shown(ref.names, _language())) for ref in refs]
    if bound.level == "city" and cut.area_id:
        found.insert(0, ("", shown(places.root().names, _language())))
    return found


# -- kept tables ------------------------------------------------------------------------------------------------------


def may_see_kept(actor: Actor, kept: Snapshot) -> bool:
    """Whether a kept table lies within the reader's area; who sees one unit sees none."""
    try:
        bound = bound_of(actor)
    except Refused:
        return False
    if bound.unit_id is not None:
        return False
    area = content_of(kept)["area"]
    if not bound.area_id:
        return True
    try:
        return bool(area) and _path(area).get(bound.level) == bound.area_id
    except Refused:
        return False


def content_of(kept: Snapshot) -> dict[str, Any]:
    """What a kept table holds."""
    found: dict[str, Any] = json.loads(bytes(kept.content))
    return found


def kept_tables(actor: Actor, most: int = 200) -> list[Snapshot]:
    """The kept tables that a reader may see, the newest first."""
    rows = Snapshot.objects.select_related("publication").order_by("-no")[:most]
    return [each for each in rows if may_see_kept(actor, each)]


def published() -> list[Snapshot]:
    """The tables that everybody may see, the newest first."""
    rows = Snapshot.objects.filter(publication__isnull=False).select_related("publication")
    return list(rows.order_by("-publication__at")[:200])


# -- what runs now ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Now:
    """The limits of one member that run: overdue, due later today, later; by clock."""

    member: str
    name: str
    code: str
    clocks: Mapping[str, reading.Running]


def running(actor: Actor, area: str = "") -> list[Now]:
    """The limits that run in the parts of an area, by what is overdue at this moment."""
    cut = cut_for(actor, by="area", area=area, period="")
    if cut.unit_id is not None or cut.level not in LEVELS[:3]:
        raise invalid("area", "not_kept", _("What runs now is counted down to communities."))
    district = cut.path.get("district")
    found = reading.running(
        cubes.child_of(cut.level), scope=cut.area_id, districts=[district] if district else reading.districts()
    )
    by_member: dict[str, dict[str, reading.Running]] = {}
    for (member, name), each in found.items():
        by_member.setdefault(member, {})[name] = each
    return [
        Now(member, name, code, by_member.get(member, {})) for member, name, code in names_of(cut, set(by_member))
    ]  # fmt: skip


@cache
def stages_measures() -> tuple[str, ...]:
    """The measures of the flow through the stages."""
    return tuple(f"{name}:{stage}" for name in ("entered", "left") for stage in Stage.values)


@dataclass(frozen=True, slots=True)
class Flow:
    """What a stage saw in a period: how many came, left, stayed at its end, and how long those that left had been."""

    stage: str
    entered: int
    left: int
    open: int
    minutes: int | None


def flow(actor: Actor, *, area: str = "", period: str = "") -> list[Flow]:
    """The flow of an area through the stages in a period; `open` is what stood there at its end (or now)."""
    cut = cut_for(actor, by="area", area=area, period=period)
    beginning = cut.period.since.replace(year=periods.FIRST, month=1, day=1)
    read: Any = {
        "scope": _scope_of_own(cut), "measures": stages_measures(), "members": [str(cut.area_id)],
        "subdistricts": _within(cut),
    }  # fmt: skip
    inside = reading.read(cut.level, since=cut.period.since, until=cut.period.until, **read)
    month = cut.period.since.replace(day=1)
    earlier = reading.read(cut.level, since=beginning, until=month, **read)
    between = {} if month == cut.period.since else reading.read(cut.level, since=month, until=cut.period.since, **read)
    found = []
    for stage in Stage.values:
        came, went, spent = _of_stage(inside, stage)
        before = [_of_stage(each, stage) for each in (earlier, between)]
        stood = sum(each[0] - each[1] for each in before) + came - went
        found.append(Flow(stage, came, went, stood, round(spent / went) if went else None))
    return found


def _of_stage(rows: Mapping[Any, reading.Sums], stage: str) -> tuple[int, int, int]:
    entered = sum(each.n.get(f"entered:{stage}", 0) for each in rows.values())
    left = sum(each.n.get(f"left:{stage}", 0) for each in rows.values())
    return entered, left, sum(each.minutes.get(f"left:{stage}", 0) for each in rows.values())
