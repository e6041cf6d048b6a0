"""A matter's clocks while one act takes effect: what starts, stops, pauses, and what a sound procedure never does."""

from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.state import ClockEffect, Pairs, RunState


class Draft:
    """A state being changed, with the clock effects and faults gathered on the way."""

    def __init__(self, procedure: Procedure, state: RunState) -> None:
        self.procedure = procedure
        self.step = state.step
        self.clocks = dict(state.clocks)
        self.effects: list[ClockEffect] = []
        self.faults: list[tuple[str, str]] = []
        step_clock = procedure.steps[state.step].clock
        self.running_step_clock = step_clock if step_clock and self._per_step(step_clock) else None

    def _per_step(self, code: str) -> bool:
        return self.procedure.clocks[code].per == "step"

    def start(self, code: str, need: str | None = None) -> None:
        if self.clocks.get(code) == "running":
            self.faults.append(("restarted", code))
        self.clocks[code] = "running"
        self.effects.append(ClockEffect("start", code, need))

    def stop(self, code: str) -> None:
        if self.clocks.get(code) == "running":
            self.clocks[code] = "stopped"
            self.effects.append(ClockEffect("stop", code))

    def revive(self, code: str) -> None:
        if self.clocks.get(code) != "stopped":
            self.faults.append(("revived_unstopped", code))
            return
        self.clocks[code] = "running"
        self.effects.append(ClockEffect("revive", code))

    def relimit(self, code: str) -> None:
        if self.clocks.get(code) == "running":  # one that has not begun takes its limit when it begins
            self.effects.append(ClockEffect("relimit", code))

    def pause(self, code: str, need: str | None) -> None:
        if self.clocks.get(code) != "running" and code != self.running_step_clock:
            self.faults.append(("paused_not_running", code))
        self.effects.append(ClockEffect("pause", code, need))

    def resume(self, code: str) -> None:
        if self.clocks.get(code) == "running" or code == self.running_step_clock:
            self.effects.append(ClockEffect("resume", code))

    def act(self, move: Move, diverted: bool) -> None:
        """What `move` says about clocks; a diverted act only stops and exempts."""
        for code in () if diverted else move.starts:
            self.start(code, move.starts_at)
        for code in move.stops:
            self.stop(code)
        for code in () if diverted else move.revives:
            self.revive(code)
        for code in () if diverted else move.relimits:
            self.relimit(code)
        if move.extends and not diverted:
            by = None if move.extend_by == "original" else move.extend_by
            self.effects.append(ClockEffect("extend", move.extends, by))
        if move.exempts:
            self.effects.append(ClockEffect("exempt", move.exempts))

    def hold(self, lifted: str | None, begun: str | None) -> None:
        """The clocks of a hold that ends run on; those of one that begins pause until its date."""
        for code in self.procedure.holds[lifted].pauses if lifted else ():
            self.resume(code)
        for code in self.procedure.holds[begun].pauses if begun else ():
            self.pause(code, self.procedure.holds[begun or ""].until)

    def enter(self, step: str) -> None:
        """Leave the old step for another: its own clock stops, that of the new one starts; an end stops all."""
        if self.running_step_clock:
            self.effects.append(ClockEffect("stop", self.running_step_clock))
        fresh = self.procedure.steps[step]
        if fresh.end:
            for code in sorted(code for code, state in self.clocks.items() if state == "running"):
                self.stop(code)
        elif fresh.clock and self._per_step(fresh.clock):
            self.effects.append(ClockEffect("start", fresh.clock))
        self.step = step

    def pairs(self) -> Pairs:
        return tuple(sorted(self.clocks.items()))
