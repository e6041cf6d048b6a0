"""What a matter counts for in the figures: every fact is declared here, once, with the entries that make it.

A matter has a standing: what its timeline has said of it so far. From the standing follow the cells in which it counts
as one (reported, due, handled in time, ended …), each anchored at its own moment. An entry's facts are the cells that
it adds (+1) and takes away (-1), beside the events that it makes. What an entry changes in the standing stands in its
hashed body (`tally`), so that all facts can be recomputed from the timeline alone (figures.ledger). Pure: no model.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]
Where = tuple[int | None, ...]  # class of visibility, district, subdistrict, community, grid
TALLY = "tally"  # the name under which an entry's data holds it
RULES = 3  # the number of these rules: facts that were made by others want `ledger rebuild`
LEAD = "handle"  # the clock of the accountable unit
DISPATCH = "dispatch"  # the clock of who dispatches
FILING = ("acceptance", "filing", "file", "record")  # the clocks within which a matter is to be filed
ON_TIME, LATE = "on_time", "late"
REFUSED = frozenset({"void", "not_filed", "not_accepted", "withdrawn"})  # ends of what was no valid report
MISFILED = REFUSED - {"withdrawn"}  # ends that say that it should not have been filed
DONE = frozenset({"solved", "done", "written_off"})  # ends that say that the work is done, after a check
SOLVED = "solved"
WATCHED = timedelta(days=30)  # for so long after it was solved the same at its place counts as a recurrence (复发)
RECURRED, REOPENED = "recurred", "reopened"  # flags: it came again; this act opened it again
SUPERVISED = "supervised"  # flag: this entry says that an order of supervision pushes it (督办)
ORDERED = "ordered"  # what the note of such an order keeps: its number
LATE_AFTER = 86_400  # seconds between happening and report after which a report counts as entered late (补录)
DISPATCHED = ("handle", "feedback")
FILED = ("dispatch", *DISPATCHED)
BACK = ("collect", "file", "dispatch")  # the stages to which a matter goes that is passed on or back


@dataclass(frozen=True, slots=True)
class Declared:
    """A fact: its name, what it counts, at which moment it is anchored, which entries make it.

    A cell counts a matter once while it holds; an event counts each time (件次) and is never taken back. `opens` says
    that its matters can be listed by it.
    """

    name: str
    cell: bool
    counts: str
    anchor: str
    entries: str
    opens: bool = True


FACTS: Mapping[str, Declared] = {
    each.name: each
    for each in (
        Declared("reported", True, "a matter", "receipt", "report"),
        Declared("resident", True, "a valid report that came from a resident", "receipt", "report; refusals end it"),
        Declared("valid", True, "a report that was not refused, void or withdrawn", "receipt",
                 "report; refusals end it"),
        Declared("late_entry", True, "a report more than a day after what it tells happened", "happening", "report"),
        Declared("filed", True, "a case", "filing", "the first that comes to dispatch or handling"),
        Declared("filed_late", True, "a case filed after its limit; `exempt` where statistics leave that out", "filing",
                 "whatever files a matter too late; an approved appeal"),
        Declared("misfiled", True, "a case filed wrongly: of another kind, or found to be none", "filing",
                 "change_kind; a refusal after filing"),
        Declared("settled", True, "a matter that has come to an end of any kind", "receipt",
                 "whatever ends or reopens a matter"),
        Declared("dispatched", True, "a task given to a unit", "first dispatch", "the first that comes to handling"),
        Declared("returned", True, "a task that a unit returned as not its own (退单)", "first dispatch",
                 "an act counted as a return"),
        Declared("misdispatched", True, "a dispatch that went to a unit which returned it (退单)",
                 "the due moment of dispatching", "an act counted as a return; the dispatch after it"),
        Declared("due", True, "a limit, by its clock", "the due moment",
                 "whatever starts, extends, pauses or resumes a clock"),
        Declared("done", True, "how a limit came out, by clock and outcome", "the due moment",
                 "whatever stops or revives a clock"),
        Declared("again", True, "a limit that runs after an earlier round came out late", "the due moment",
                 "whatever starts a clock anew"),
        Declared("exempt", True, "a late outcome that statistics leave out", "the due moment", "an approved appeal"),
        Declared("closed", True, "an end, by how the handling came out or by its kind", "the due moment of handling",
                 "whatever ends a matter"),
        Declared("rework", True, "a matter that failed a check (返工)", "the due moment of handling", "a failed check"),
        Declared("extended", True, "a matter whose limit was extended", "the due moment of handling",
                 "an approved extension"),
        Declared("ended", True, "an end, by its kind; 自处 is a kind of its own", "the end",
                 "whatever ends or reopens a matter"),
        Declared("watched", True, "a solved matter whose 30 days of watching are over; on the spot apart",
                 "30 days after the end", "whatever ends or reopens a matter"),
        Declared("recurred", True, "such a matter whose kind came again at its place, or that was opened again",
                 "30 days after the end", "recur; whatever reopens a matter that was solved within 30 days"),
        Declared("sampled", True, "a sampled check, true or false", "the check", "a sampled check"),
        Declared("suspended", True, "a matter on the list (挂账)", "the suspension", "an approved suspension; its end"),
        Declared(SUPERVISED, True, "a matter that an order of supervision pushed (督查), once", "the first order",
                 "a mark that opens an order; the note of an order that a person opens"),
        Declared("entered", False, "coming to a stage", "the entry", "whatever moves a matter", opens=False),
        Declared("left", False, "leaving a stage, with the minutes spent there", "the entry",
                 "whatever moves a matter", opens=False),
        Declared("clock", False, "a round of a clock, by how it came out", "the stop", "whatever stops a clock",
                 opens=False),
        Declared("counted", False, "an act that a bound counts (退单, 返工 …), each time", "the entry",
                 "every counted act", opens=False),
        Declared("mark", False, "a mark of a ladder", "the firing", "mark", opens=False),
        Declared("joined", False, "a report joined to a case (并案), taken back when it is taken out", "the entry",
                 "join, take_out", opens=False),
        Declared("followed", False, "an end that was the lead's, by its kind", "the entry", "follow", opens=False),
        Declared("moved", False, "a matter that went to other areas, by the change of boundaries", "the entry", "move",
                 opens=False),
        Declared("responder_rated", False, "a rating of a unit's part, by its stars", "the entry", "rate_part",
                 opens=False),
        Declared("urged", False, "an urging (催办)", "the entry", "urge", opens=False),
    )
}  # fmt: skip

# the facts that may be anchored before the report
EARLY = frozenset({"late_entry"})
# the facts that may be anchored after the entry that makes them: at a limit's end, at the end of the watching
AHEAD = frozenset(
    {"due", "done", "again", "exempt", "closed", "rework", "extended", "misdispatched", "watched", RECURRED}
)  # fmt: skip


class Counted(NamedTuple):
    """One fact of an entry."""

    name: str
    detail: str
    at: str
    unit_id: int
    kind_id: int | None
    delta: int
    minutes: int | None = None


class Event(NamedTuple):
    """An event as the code of the acts writes it: counted now; `former` under the kind of before."""

    name: str
    delta: int
    detail: str
    unit_id: int
    former: bool = False


def moment(value: Any) -> str | None:
    """A moment as the standing writes it; None stays None."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def visibility(*, public: bool, confidentiality: int) -> int:
    """Who may be told of the count: 0 everybody, 1 the staff, 2 and more whoever is cleared for 1 and more."""
    if confidentiality > 0:
        return 1 + confidentiality
    return 0 if public else 1


def round_of(row: Mapping[str, Any], due: datetime | None, outcome: str) -> list[Any]:
    """What a tally says of a changed clock: no, name, state, due, outcome, unit, extensions, exempt."""
    paused = row["state"] == "paused"
    return [
        row["no"], row["name"], row["state"], None if paused else moment(due), outcome, row["unit_id"],
        row["extensions"], row["exempt"],
    ]  # fmt: skip


def tally(before: Mapping[str, Any], after: Mapping[str, Any], events: Sequence[Event], rounds: Sequence[list[Any]],
          flags: Sequence[str]) -> Json:  # fmt: skip
    """What an entry says: the parts of the standing that it changes, and the events that it makes."""
    told: Json = {name: value for name, value in after.items() if before.get(name) != value}
    if rounds:
        told["clocks"] = [list(each) for each in rounds]
    if flags:
        told["flags"] = list(flags)
    if events:
        told["events"] = [list(each) for each in events]
    return told


def advance(before: Json, told: Mapping[str, Any], at: str, unit_id: int) -> tuple[Json, list[Counted]]:
    """The standing after an entry that says `told`, and the entry's facts, those of a changed class apart (`moved`).

    `at` is the entry's moment, `unit_id` the unit that answers for the matter after it.
    """
    after: Json = {**before, **{name: told[name] for name in PLAIN if name in told}}
    flags = {*before.get("flags", ()), *told.get("flags", ())}
    if REOPENED in flags and _solved_lately(before, at):
        flags.add(RECURRED)
    if SUPERVISED in flags and SUPERVISED not in before:
        after[SUPERVISED] = [at, unit_id]
    after["flags"] = sorted(flags - {REOPENED, SUPERVISED})
    if not before:
        after |= {"received": at, "reporting_unit": unit_id}
    _move(before, after, at, unit_id)
    after["clocks"] = _rounds(before.get("clocks", {}), told.get("clocks", ()), after, unit_id)
    for flag, value in (("sample_true", "true"), ("sample_false", "false")):
        if flag in told.get("flags", ()):
            after["sample"] = [at, value, unit_id]
            after["flags"] = [each for each in after["flags"] if each != flag]
    if {"sample_false", "reworked"} & {*told.get("flags", ())}:
        after["flags"] = [each for each in after["flags"] if each != "spot"]
    facts = [Counted(name, detail, at, unit, before.get("kind") if former else after.get("kind"), delta)
             for name, delta, detail, unit, former in told.get("events", ())]  # fmt: skip
    old, new = Counter(cells(before)), Counter(cells(after))
    facts += [Counted(*cell, -count) for cell, count in sorted((old - new).items(), key=str)]
    facts += [Counted(*cell, count) for cell, count in sorted((new - old).items(), key=str)]
    return after, facts + _flow(before, after, at, unit_id)


def shifted(told: Mapping[str, Any], by: timedelta) -> Json:
    """What an entry would say that was made `by` later, with all its moments: for likes of a matter (ops.bench)."""
    found: Json = dict(told)
    if found.get("occurred"):
        found["occurred"] = (datetime.fromisoformat(found["occurred"]) + by).isoformat()
    found["clocks"] = [
        [*each[:3], each[3] and (datetime.fromisoformat(each[3]) + by).isoformat(), *each[4:]]
        for each in told.get("clocks", ())
    ]
    return found


def _solved_lately(before: Json, at: str) -> bool:
    if before.get("end") != SOLVED or before.get("joined"):
        return False
    return datetime.fromisoformat(at) - datetime.fromisoformat(before["ended"][0]) <= WATCHED


PLAIN = ("kind", "visibility", "channel", "occurred", "stage", "end", "hold", "joined", "areas")


def _move(before: Json, after: Json, at: str, unit_id: int) -> None:
    after["unit"] = unit_id
    if after["stage"] != before.get("stage"):
        after["since"] = at
    if after["stage"] in FILED and not after.get("filed"):
        after["filed"], after["filed_kind"] = [at, unit_id], after.get("kind")
    if after["stage"] in DISPATCHED and not after.get("dispatched"):
        after["dispatched"] = [at, unit_id]
    if after.get("end") and not before.get("end"):
        after["ended"] = [at, unit_id]
    elif not after.get("end"):
        after.pop("ended", None)
    if after.get("hold") and not before.get("hold"):
        after["hold_at"] = at
    elif not after.get("hold"):
        after.pop("hold_at", None)


def _rounds(before: Json, changed: Iterable[Sequence[Any]], after: Json, unit_id: int) -> Json:
    """The rounds of the matter's clocks that decide: of each clock the newest, and the newest that came out late.

    Lateness is not made undone by a further round; a round that was passed on in time decides nothing.
    """
    found = {name: dict(each) for name, each in before.items()}
    for no, name, state, due, outcome, unit, extensions, exempt in changed:
        family = next((code for code, each in found.items() if _plain(code) == name and each["no"] == no), None)
        if family is None:
            family = f"{name}.check" if after["stage"] == "check" else name
            last = found.get(family)
            late = [*last["round"], last["no"]] if last and last["round"][1] == LATE else last and last.get("late")
            found[family] = {"no": no, "round": [], "late": late}
        passed = name == LEAD and state == "stopped" and outcome == ON_TIME and after["stage"] in BACK
        found[family]["round"] = [
            due, "passed" if passed else outcome, unit or unit_id, bool(extensions), bool(exempt), state == "running"
        ]  # fmt: skip
    return found


def _plain(family: str) -> str:
    return family.removesuffix(".check")


def decisive(clocks: Json, family: str) -> list[Any] | None:
    """[due, outcome, unit, extended, exempt, …] of the round by which a clock counts; None when it does not."""
    each = clocks.get(family)
    if each is None:
        return None
    newest: list[Any] = each["round"]
    if newest[1] != LATE and each["late"]:
        late: list[Any] = each["late"]
        return late
    return None if newest[0] is None or newest[1] == "passed" else newest


def cells(standing: Json) -> list[tuple[str, str, str, int, int | None]]:
    """Where a matter counts: (name, detail, moment, unit, kind)."""
    if not standing:
        return []
    kind, end, flags = standing.get("kind"), standing.get("end", ""), standing["flags"]
    found: list[tuple[str, str, str, int]] = []
    received, unit = standing["received"], standing["reporting_unit"]
    found.append(("reported", standing["channel"], received, unit))
    if end not in REFUSED:
        found.append(("valid", "", received, unit))
        if standing["channel"] == "resident":
            found.append(("resident", "", received, unit))
    occurred = standing.get("occurred")
    if occurred and (datetime.fromisoformat(received) - datetime.fromisoformat(occurred)).total_seconds() > LATE_AFTER:
        found.append(("late_entry", "", occurred, unit))
    if standing.get("filed"):
        found += _filed(standing, end)
    if standing.get("dispatched"):
        found.append(("dispatched", "", *standing["dispatched"]))
        if "returned" in flags:
            found.append(("returned", "", *standing["dispatched"]))
    if not standing.get("joined"):  # its handling counts once, with the case that it was joined to
        found += _of_clocks(standing, end, flags)
    if end:
        found.append(("settled", "", received, unit))
    if end and standing.get("ended"):
        how = "joined" if standing.get("joined") else "on_the_spot" if end in DONE and "spot" in flags else end
        found.append(("ended", how, *standing["ended"]))
        if end == SOLVED and not standing.get("joined"):
            found += _watched(standing, flags)
    if standing.get("sample"):
        at, value, by = standing["sample"]
        found.append(("sampled", value, at, by))
    if standing.get(SUPERVISED):
        found.append((SUPERVISED, "", *standing[SUPERVISED]))
    if standing.get("hold_at") and not end and not standing.get("joined"):
        found.append(("suspended", "", standing["hold_at"], standing["unit"]))
    return [(*each, kind) for each in found]


def _filed(standing: Json, end: str) -> list[tuple[str, str, str, int]]:
    """That it was filed; whether too late, and whether wrongly, which a later act may show."""
    at, unit = standing["filed"]
    found = [("filed", "", at, unit)]
    rounds = [decisive(standing["clocks"], family) for family in FILING]
    late = [each for each in rounds if each is not None and each[1] == LATE]
    if late:
        found.append(("filed_late", "exempt" if all(each[4] for each in late) else "", at, unit))
    if end in MISFILED or standing.get("filed_kind") not in {None, standing.get("kind")}:
        found.append(("misfiled", "", at, unit))
    return found


def _watched(standing: Json, flags: Sequence[str]) -> list[tuple[str, str, str, int]]:
    """Whether it came again is known when the 30 days are over; whoever handled it answers for it."""
    at, unit = standing["ended"]
    over = (datetime.fromisoformat(at) + WATCHED).isoformat()
    decides = decisive(standing["clocks"], LEAD)
    detail = "on_the_spot" if "spot" in flags else ""
    names = ("watched", RECURRED) if RECURRED in flags else ("watched",)
    return [(name, detail, over, decides[2] if decides else unit) for name in names]


def _of_clocks(standing: Json, end: str, flags: Sequence[str]) -> list[tuple[str, str, str, int]]:
    found: list[tuple[str, str, str, int]] = []
    for family, each in sorted(standing["clocks"].items()):
        decides = decisive(standing["clocks"], family)
        newest = each["round"]
        if newest[5] and newest[0] is not None and decides is not newest and not end:
            found.append(("again", family, newest[0], newest[2]))
        if decides is None:
            continue
        due, outcome, unit, extended, exempt = decides[:5]
        if not outcome and end:
            continue  # it stands still for ever, and was never judged
        found.append(("due", family, due, unit))
        if outcome:
            found.append(("done", f"{family}:{outcome}", due, unit))
        if exempt and outcome == LATE:
            found.append(("exempt", f"{family}:{outcome}", due, unit))
        if family == DISPATCH and outcome and "returned" in flags:
            found.append(("misdispatched", "", due, unit))
        if family != LEAD:
            continue
        if end:
            found.append(("closed", outcome if end in DONE and outcome else end, due, unit))
        if "reworked" in flags:
            found.append(("rework", "", due, unit))
        if extended:
            found.append(("extended", "", due, unit))
    return found


def _flow(before: Json, after: Json, at: str, unit_id: int) -> list[Counted]:
    """Leaving and entering stages; a matter that ends enters none. Another kind or unit leaves and enters, too."""
    was = None if not before or before.get("end") else (before["stage"], before.get("kind"), before["unit"])
    now = None if after.get("end") else (after["stage"], after.get("kind"), unit_id)
    if was == now:
        return []
    found = []
    if was is not None:
        spent = datetime.fromisoformat(at) - datetime.fromisoformat(before["since"])
        found.append(Counted("left", was[0], at, before["unit"], was[1], 1, max(0, round(spent.total_seconds() / 60))))
        if now is not None and was[0] == now[0]:  # only kind or unit are others: the time is not over
            found[-1] = found[-1]._replace(minutes=None)
    if now is not None:
        found.append(Counted("entered", now[0], at, unit_id, now[1], 1))
    return found


def moved(facts: Iterable[tuple[Counted, Where]], old: Where, new: Where) -> list[tuple[Counted, Where]]:
    """The facts by which all that a matter was counted for goes from one class of visibility and place to another.

    `facts` are (fact, class and place) so far; answers the same form, as the statement of the act writes it.
    """
    sums: Counter[tuple[Counted, Where]] = Counter()
    minutes: Counter[tuple[Counted, Where]] = Counter()
    for fact, seen in facts:
        key = (fact._replace(delta=0, minutes=None), seen)
        sums[key] += fact.delta
        minutes[key] += fact.minutes or 0
    found = []
    for (fact, seen), total in sums.items():
        if total and seen == old:
            each = minutes[fact, seen]
            found.append((fact._replace(delta=-total, minutes=-each or None), old))
            found.append((fact._replace(delta=total, minutes=each or None), new))
    return found


def rows(facts: Sequence[Counted]) -> list[Json]:
    """The facts as plain objects for the statement; `no` is their order."""
    return [{"no": no, **each._asdict()} for no, each in enumerate(facts)]
