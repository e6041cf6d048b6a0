"""Proof that every counter is what the timelines say, and making all of them anew from the timelines.

The facts of a matter follow from its entries alone (matters.counting); the cubes are sums of facts. `check` compares
both, in one snapshot, and names what differs. `rebuild` goes through all matters in batches, each its own transaction:
it puts right the facts and the standing of a matter, and counts them into a new generation of the cubes, which takes
the place of the old one at the end. Readers take the old generation and the unfolded facts meanwhile, and stay exact.
Killed, it goes on where it was.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from civicloop.figures import folding, shares, sql, workload
from civicloop.figures.models import Count, DueHour, Folding
from civicloop.foundation import chain, clock, locality, moments
from civicloop.matters import counting, proof
from civicloop.matters.models import Entry, Fact, Matter, Unfolded
from civicloop.records import settings as options

BATCH = 500
MOST = 200  # differences that are named
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
Told = dict[str, Any]
Line = tuple[int, str, str, str, int, int | None, int, int | None, counting.Where]  # seq, name … where
Say = Callable[["Report"], None]


@dataclass
class Report:
    """What a check or a rebuild found: matters gone through, what differs, and for a rebuild what was put right."""

    matters: int = 0
    facts: int = 0
    counts: int = 0
    differences: list[Told] = field(default_factory=list)
    mended: int = 0

    @property
    def ok(self) -> bool:
        return not self.differences

    def differs(self, what: str, about: str, said: object, found: object) -> None:
        """Keep a difference: where, what the timeline says, what lies in the database."""
        if len(self.differences) < MOST:
            self.differences.append({"what": what, "about": about, "timeline": said, "database": found})


def _silent(_report: Report) -> None:
    return


# -- what a timeline says ---------------------------------------------------------------------------------------------


def told_by(bodies: list[bytes]) -> tuple[Told, list[Line]]:
    """(standing, facts) by the entries of one matter, in their order."""
    standing: Told = {}
    found: list[Line] = []
    history: list[tuple[counting.Counted, counting.Where]] = []
    for body in bodies:
        try:
            content = chain.content(body)
        except ValueError:
            continue  # `verify` names it
        data = content.get("data")
        if not isinstance(data, dict) or counting.TALLY not in data:
            continue
        before = standing
        at = datetime.fromisoformat(str(content["at"])).astimezone(UTC).isoformat()
        standing, facts = counting.advance(before, data[counting.TALLY], at, int(data["unit"]))
        new = _where(standing)
        old = _where(before) if before else new
        lines = [(each, new) for each in facts]
        if old != new:
            lines += counting.moved(history, old, new)
        history += lines
        seq = int(str(content["seq"]))
        found += [(seq, *_key(fact), seen) for fact, seen in lines]
    return standing, found


def _where(standing: Told) -> counting.Where:
    return (int(standing["visibility"]), *standing.get("areas", (None,) * 4))


def _key(fact: counting.Counted) -> tuple[str, str, str, int, int | None, int, int | None]:
    return (fact.name, fact.detail, fact.at, fact.unit_id, fact.kind_id, fact.delta, fact.minutes)


FACTS = """SELECT matter_id, seq, name, detail, at, unit_id, kind_id, delta, minutes, visibility, district_id,
    subdistrict_id, community_id, grid_id, channel
FROM matters_fact WHERE matter_id BETWEEN %(since)s AND %(until)s ORDER BY matter_id, seq, no"""
PLACE = ("visibility", "district_id", "subdistrict_id", "community_id", "grid_id")


@dataclass
class Kept:
    """One matter as it lies in the database."""

    id: UUID
    channel: str
    standing: Told
    bodies: list[bytes] = field(default_factory=list)
    facts: list[Line] = field(default_factory=list)
    channels: int = 0  # facts with another channel than the matter's

    def wrong(self) -> str:
        """What differs from the timeline: "facts", "standing", or "" when nothing does."""
        standing, facts = told_by(self.bodies)
        said, lies = sorted(map(_comparable, facts), key=str), sorted(map(_comparable, self.facts), key=str)
        if said != lies or self.channels:
            return "facts"
        return "standing" if _plain(standing) != _plain(self.standing) else ""


def _comparable(line: Line) -> tuple[Any, ...]:
    seq, name, detail, at, unit, kind, delta, minutes, seen = line
    return (seq, name, detail, moments.moment(_moment(at)), unit, kind or 0, delta, minutes or 0, seen)


def _moment(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _plain(value: Told) -> Any:
    return json.loads(json.dumps(value, sort_keys=True))


def _between(since: UUID, until: UUID) -> list[Kept]:
    rows = Matter.objects.filter(id__gte=since, id__lte=until).order_by("id").values_list("id", "standing", "channel")
    found = {row[0]: Kept(row[0], row[2], row[1]) for row in rows}
    entries = Entry.objects.filter(matter_id__gte=since, matter_id__lte=until).order_by("matter_id", "seq")
    for matter_id, body in entries.values_list("matter_id", "body"):
        if matter_id in found:
            found[matter_id].bodies.append(bytes(body))
    with connection.cursor() as cursor:
        cursor.execute(FACTS, {"since": since, "until": until})
        for matter_id, *line in cursor.fetchall():
            if matter_id in found:
                found[matter_id].facts.append((*line[:8], tuple(line[8:13])))
                found[matter_id].channels += line[13] != found[matter_id].channel
    return list(found.values())


def _spans(after: UUID) -> Iterator[tuple[UUID, UUID]]:
    """Spans of ids that hold about BATCH matters each, up to the last id that there can be."""
    since = after
    while True:
        ids = Matter.objects.filter(id__gte=since).order_by("id").values_list("id", flat=True)
        last = ids[BATCH - 1 : BATCH].first()
        if last is None:
            yield since, LAST
            return
        yield since, last
        since = UUID(int=last.int + 1)


# -- check ------------------------------------------------------------------------------------------------------------


def check(say: Say = _silent, *, processes: int = 1) -> Report:
    """Hold all facts against the timelines and all cubes against the facts, in one snapshot.

    Several processes take turns in the batches and the cubes; each sees the same snapshot.
    """
    report = Report()
    if processes > 1:
        for said in shares.run(_share, processes):
            report = _together(said)
            say(report)
        return report
    with proof.snapshot():
        for report in _share(0, 1):
            say(report)
    return report


def _together(reports: Sequence[Report]) -> Report:
    found = Report(*(sum(getattr(each, name) for each in reports) for name in ("matters", "facts", "counts")))
    found.differences = [each for report in reports for each in report.differences][:MOST]
    return found


def _share(share: int, of: int) -> Iterator[Report]:
    """What one of several processes finds, again and again, the whole at the end."""
    report = Report()
    for number, (since, until) in enumerate(_spans(FIRST)):
        if number % of != share:
            continue
        for kept in _between(since, until):
            report.matters += 1
            report.facts += len(kept.facts)
            if wrong := kept.wrong():
                _name(report, kept, wrong)
        yield report
    if share == 0:
        report.counts = Count.objects.count() + DueHour.objects.count()
    _check_cubes(report, share, of)
    if share == of - 1:
        for post, month, action, said, lies in workload.different():
            report.differs("workload", f"post {post} {month.isoformat()} {action}", said, lies)
    yield report


def _name(report: Report, kept: Kept, wrong: str) -> None:
    standing, facts = told_by(kept.bodies)
    if wrong != "facts":
        report.differs(wrong, str(kept.id), standing if wrong == "standing" else "", "")
        return
    said, lies = set(map(_comparable, facts)), set(map(_comparable, kept.facts))
    for each in sorted(said - lies, key=str)[:5]:
        report.differs("fact", f"{kept.id}:{each[0]}", f"{each[1]}:{each[2]} {each[6]:+d} {each[3]}", None)
    for each in sorted(lies - said, key=str)[:5]:
        report.differs("fact", f"{kept.id}:{each[0]}", None, f"{each[1]}:{each[2]} {each[6]:+d} {each[3]}")
    if said == lies:
        report.differs("fact", str(kept.id), len(facts), len(kept.facts))


def _check_cubes(report: Report, share: int, of: int) -> None:
    values: Told = {"most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(sql.MEASURES)
        many = len(cursor.fetchall())
        for cube, grain in sql.CUBES[share::of]:
            cursor.execute(sql.different(cube, grain, many), values)
            for scope, start, member, seen, measure, said, lies, spent, kept in cursor.fetchall():
                about = f"{cube}/{grain} {scope}/{member} {start} {measure} ({seen})"
                if said != lies:
                    report.differs("cube", about, int(said), int(lies))
                if spent != kept:
                    report.differs("minutes", about, int(spent), int(kept))
        if share:
            return
        cursor.execute(sql.STRANGE)
        for cube, grain, lies in cursor.fetchall():
            report.differs("cube", f"{cube}/{grain}", None, int(lies))
        cursor.execute(sql.DIFFERENT_HOURS, values)
        for cube, scope, hour, member, name, seen, said, lies in cursor.fetchall():
            about = f"{cube}/h {scope}/{member} {hour.isoformat()} {name} ({seen})"
            report.differs("cube", about, int(said), int(lies))


# -- rebuild ----------------------------------------------------------------------------------------------------------


def rebuild(say: Say = _silent, *, most: int | None = None) -> Report:
    """Make facts and cubes anew, as the owner. Goes on with one that was cut short; `most` batches, for tests."""
    report = Report()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.FOLD_ALONE)
        state = folding.state()
        if state.making is None:
            state.making = 1 if state.generation > 30_000 else state.generation + 1
            state.making_day_start, state.making_after = options.get_str("figures.day_start"), None
            state.save()
            _drop(state.making)
    after = UUID(int=state.making_after.int + 1) if state.making_after else FIRST
    for number, (since, until) in enumerate(_spans(after)):
        if most is not None and number >= most:
            return report
        _rebuild_span(state, since, until, report)
        say(report)
    _finish(state)
    return report


def _rebuild_span(state: Folding, since: UUID, until: UUID, report: Report) -> None:
    with transaction.atomic():
        for kept in _between(since, until):
            report.matters += 1
            if kept.wrong():
                report.mended += _mend(kept.id)
        values: Told = {
            "since": since, "until": until, "zone": locality.zone_name(), "day_start": state.making_day_start,
            "generation": state.making,
        }  # fmt: skip
        facts, counts = folding.count(sql.count_span, values)
        report.facts += facts
        report.counts += counts
        Folding.objects.filter(id=1).update(making_after=until)


def _mend(matter_id: UUID) -> int:
    """Write the facts and the standing of a matter as its timeline says them; 1 when they were wrong indeed."""
    Matter.objects.select_for_update(no_key=True).get(id=matter_id)  # an act on it waits until this batch is written
    kept = _between(matter_id, matter_id)[0]
    if not kept.wrong():
        return 0
    standing, facts = told_by(kept.bodies)
    Unfolded.objects.filter(matter_id=matter_id).delete()
    Fact.objects.filter(matter_id=matter_id).delete()
    numbers: dict[int, int] = {}
    rows = []
    for seq, name, detail, at, unit, kind, delta, minutes, where in facts:
        numbers[seq] = numbers.get(seq, -1) + 1
        rows.append(
            Fact(matter_id=matter_id, seq=seq, no=numbers[seq], name=name, detail=detail, at=at, unit_id=unit,
                 kind_id=kind, delta=delta, minutes=minutes, channel=kept.channel,
                 **dict(zip(PLACE, where, strict=True)))
        )  # fmt: skip
    Fact.objects.bulk_create(rows)
    Matter.objects.filter(id=matter_id).update(standing=standing)
    return 1


def _finish(state: Folding) -> None:
    """The new generation takes the place of the old one, for every reader at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.FOLD_ALONE)
        cursor.execute(sql.FORGET_EMPTY)
        workload.forget()
        old = state.generation
        Folding.objects.filter(id=1).update(
            generation=state.making, making=None, making_after=None, day_start=state.making_day_start,
            zone=locality.zone_name(), days_folded=True, rebuilt_at=clock.now(),
            rules=counting.RULES,
        )  # fmt: skip
    _drop(old)


def _drop(generation: int) -> None:
    Count.objects.filter(generation=generation).delete()
    DueHour.objects.filter(generation=generation).delete()
