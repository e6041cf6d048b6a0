"""Moving running matters to another version: allowed only where every configuration lands in one that is proved.

A map says `[step]`, `[clock]`, `[tasks]`, `[seat]`: old name → new name; what keeps its name need not be named, except
steps, of which every one that an open matter can stand at must be mapped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from civicloop.procedures.rules.explore import configuration, explore
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import RunState

Names = Mapping[str, Mapping[str, str]]
TABLES = frozenset({"step", "clock", "tasks", "seat", "hold", "bound", "sample"})


class MigrationRefused(Exception):
    """code: unknown_table, unmapped_step, unknown_step, end_mapped, lands_nowhere. step and path say where."""

    def __init__(self, code: str, step: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(code, step)
        self.code = code
        self.step = step
        self.path = path


@dataclass(frozen=True, slots=True)
class Plan:
    """A proved map: how many configurations were tried, and the step map."""

    old: Procedure
    new: Procedure
    names: Names
    configurations: int

    def moved(self, state: RunState) -> RunState:
        """The state of a matter in the new version. Limits and due moments are the rows' and stay."""
        return translated(self.names, state)


def translated(names: Names, state: RunState) -> RunState:
    """`state` with every name replaced by its new one."""

    def new(table: str, name: str) -> str:
        return names.get(table, {}).get(name, name)

    def pairs(table: str, found: tuple[tuple[str, object], ...]) -> tuple[tuple[str, object], ...]:
        return tuple(sorted(((new(table, name), value) for name, value in found), key=lambda pair: pair[0]))

    counts = tuple(
        sorted(
            (f"hold:{new('hold', name[5:])}" if name.startswith("hold:") else new("bound", name), value)
            for name, value in state.counts
        )
    )
    return replace(
        state,
        step=new("step", state.step),
        clocks=pairs("clock", state.clocks),
        groups=pairs("tasks", state.groups),
        hold=new("hold", state.hold) if state.hold else None,
        seats=tuple(sorted(new("seat", seat) for seat in state.seats)),
        levels=pairs("seat", state.levels),
        drawn=new("sample", state.drawn) if state.drawn else None,
        counts=counts,
    )


def plan(old: Procedure, new: Procedure, names: Names) -> Plan:
    """Prove the map `names` from `old` to `new`. Raises MigrationRefused with the first configuration that fails."""
    for table in names:
        if table not in TABLES:
            raise MigrationRefused("unknown_table", table)
    steps = names.get("step", {})
    seen = explore(new).edges
    explored = explore(old)
    tried = 0
    for state in explored.edges:
        if old.steps[state.step].end:
            continue
        if state.step not in steps:
            raise MigrationRefused("unmapped_step", state.step)
        if steps[state.step] not in new.steps:
            raise MigrationRefused("unknown_step", steps[state.step])
        if new.steps[steps[state.step]].end:
            raise MigrationRefused("end_mapped", state.step)
        if configuration(translated(names, state)) not in seen:
            raise MigrationRefused("lands_nowhere", state.step, explored.path(state))
        tried += 1
    return Plan(old, new, names, tried)
