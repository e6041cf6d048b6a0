"""Walks a procedure the way an office does, keeping clocks as a person at the desk would see them."""

from collections.abc import Iterable

from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.run import Effects, Refusal
from tests.procedures.shipped import shipped


class Journey:
    """One matter. `clocks` holds what each clock does now; `log` what happened to clocks, in order."""

    def __init__(self, code: str, **facts: str | bool) -> None:
        self.procedure = shipped()[code]
        self.overdue: set[str] = set()
        self.clocks: dict[str, str] = {}
        self.log: list[tuple[str, str]] = []
        self.last = self._take(run.start(self.procedure, facts))

    def given(self) -> Given:
        return Given(frozenset(self.overdue), frozenset(), lambda name: True)

    def act(self, *acts: str) -> Effects:
        """Do each act, written `action` or `action.result`."""
        for each in acts:
            action, _dot, result = each.partition(".")
            self._take(run.apply(self.procedure, self.last.state, action, result or None, self.given()))
        return self.last

    def refused(self, act: str) -> str:
        """The machine code with which an act is refused."""
        action, _dot, result = act.partition(".")
        try:
            run.apply(self.procedure, self.last.state, action, result or None, self.given())
        except Refusal as reason:
            return reason.code
        raise AssertionError(f"{act} was not refused")

    def settle(self, group: str, outcome: str) -> Effects:
        return self._take(run.settle(self.procedure, self.last.state, group, outcome))

    def end_hold(self) -> Effects:
        return self._take(run.end_hold(self.procedure, self.last.state))

    @property
    def step(self) -> str:
        return self.last.state.step

    @property
    def end(self) -> str | None:
        return self.procedure.steps[self.step].end

    def offers(self, who: str | None = None) -> set[str]:
        """What is offered (to `who`), as `action` or `action.result`."""
        return {
            f"{offer.action}.{offer.result}" if offer.result else offer.action
            for offer in run.offered(self.procedure, self.last.state, self.given())
            if who is None or who in offer.by
        }

    def _take(self, effects: Effects) -> Effects:
        assert effects.faults == ()
        assert run.RunState.from_json(effects.state.to_json()) == effects.state
        for clock in effects.clocks:
            self.log.append((clock.kind, clock.clock))
            self.clocks[clock.clock] = {"start": "runs", "revive": "runs", "resume": "runs", "pause": "paused", "stop": "stopped"}.get(clock.kind, self.clocks.get(clock.clock, ""))  # fmt: skip  # noqa: E501
        self.last = effects
        return effects


def kinds(log: Iterable[tuple[str, str]], clock: str) -> list[str]:
    """What happened to one clock."""
    return [kind for kind, code in log if code == clock]
