"""What the transition function takes and gives: the state of a matter, offers, effects, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from civicloop.procedures.rules.language import Names

Pairs = tuple[tuple[str, Any], ...]


class Refusal(Exception):
    """An act that may not happen now. `code` is one of: unknown_fact, fact_missing, unknown_action, unknown_result,
    out_of_step, in_hold, not_in_hold, condition, not_due, overdue, bound_used_up, hold_used_up, tasks_open,
    clock_not_running, top_level, not_sampled, no_such_tasks, not_open, no_hold. `about` names the bound, clock, …
    """

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a matter stands in its procedure. Hashable: without its counters it is a configuration of the proof.

    work: none, unchecked, checked. spot: all work of this round was handled on the spot and no check has failed.
    drawn: the sample that drew it. clocks: matter clocks, running or stopped (absent: never started). groups: open,
    pass, fail. seats: filled unit and person seats. levels: level seats. counts: bounds and, as `hold:<code>`, holds.
    """

    step: str
    work: str = "none"
    spot: bool = False
    drawn: str | None = None
    clocks: Pairs = ()
    groups: Pairs = ()
    hold: str | None = None
    seats: tuple[str, ...] = ()
    levels: Pairs = ()
    facts: Pairs = ()
    counts: Pairs = ()

    def clock(self, code: str) -> str:
        """never, running or stopped."""
        return str(get(self.clocks, code, "never"))

    def group(self, code: str) -> str:
        """none, open, pass or fail."""
        return str(get(self.groups, code, "none"))

    def level(self, seat: str) -> str:
        """The level that fills a level seat."""
        return str(get(self.levels, seat, ""))

    def count(self, code: str) -> int:
        """How often a bound has been counted since it was last adjudicated."""
        return int(get(self.counts, code, 0))

    def to_json(self) -> dict[str, Any]:
        """A small JSON object; empty parts are left out."""
        plain: dict[str, Any] = {"step": self.step, "work": self.work}
        for name in ("spot", "drawn", "hold"):
            if getattr(self, name):
                plain[name] = getattr(self, name)
        if self.seats:
            plain["seats"] = list(self.seats)
        for name in ("clocks", "groups", "levels", "facts", "counts"):
            if getattr(self, name):
                plain[name] = dict(getattr(self, name))
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "RunState":
        """The state that `to_json` wrote."""
        pairs = {name: tuple(sorted(plain.get(name, {}).items())) for name in _PAIRS}
        return cls(
            plain["step"],
            plain["work"],
            plain.get("spot", False),
            plain.get("drawn"),
            hold=plain.get("hold"),
            seats=tuple(plain.get("seats", ())),
            **pairs,
        )


_PAIRS = ("clocks", "groups", "levels", "facts", "counts")


def get(pairs: Pairs, key: str, default: Any) -> Any:
    return next((value for name, value in pairs if name == key), default)


def put(pairs: Pairs, key: str, value: object) -> Pairs:
    kept = [pair for pair in pairs if pair[0] != key]
    if value is not None:
        kept.append((key, value))
    return tuple(sorted(kept))


@dataclass(frozen=True, slots=True)
class ClockEffect:
    """What happens to one clock: start, stop, revive, pause, resume, relimit, extend, exempt.

    need: for a start, the moment need at which it began (an oral order); for an extension, the date need that says
    until when, None for one more original limit; for a pause, the date need at which it ends.
    """

    kind: str
    clock: str
    need: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may happen now. by: holders, outsiders, system, ladder, `clock:<code>`; to: the next step."""

    action: str
    result: str | None
    by: tuple[str, ...]
    needs: tuple[str, ...]
    to: str
    approval: str | None
    diverted: bool
    check: str | None
    work: bool
    apart: tuple[str, ...]  # for a check: what may not be the handlers' (person, post, unit)
    assigns: tuple[str, ...]  # seats that the act must fill
    names: Names  # of the result, or of the action when it has no results


@dataclass(frozen=True, slots=True)
class Effects:
    """What an act does. `state` is the new state; everything else says what to write beside it.

    `faults` is for the proof (a clock started twice, …) and empty in a procedure that is proved.
    """

    state: RunState
    action: str
    result: str | None
    step_from: str
    step_to: str
    stage: str
    end: str | None
    reopened: bool = False
    clocks: tuple[ClockEffect, ...] = ()
    opens: str | None = None
    cancels: tuple[str, ...] = ()
    hold_set: str | None = None
    hold_lifted: str | None = None
    assigns: tuple[str, ...] = ()
    raised: Pairs = ()
    counted: str | None = None
    count: int = 0
    diverted: bool = False
    adjudicated: tuple[str, ...] = ()
    approval: str | None = None
    check: str | None = None
    apart: tuple[str, ...] = ()
    work: bool = False
    on_the_spot: bool = False
    drawn: str | None = None
    sample_failed: str | None = None
    prints: tuple[str, ...] = ()
    emergency: bool = False
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the matter stands at another step now."""
        return self.step_from != self.step_to
