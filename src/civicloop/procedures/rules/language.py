"""A parsed declaration as frozen values: what the engine, the proof, the simulator and the drawing all read.

`reading` makes these from files, `build` from the stored expanded form. A `Move` is one way to act: an action together
with one of its results, all keys merged, so that nothing has to be merged while a matter is being worked on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from civicloop.procedures.rules.conditions import Condition, Value

Names = Mapping[str, str]

STAGES = ("collect", "file", "dispatch", "handle", "feedback", "check", "evaluate")
LEVELS = ("grid", "community", "subdistrict", "district", "city")
# fmt: off
NEED_KINDS = frozenset({
    "text", "date", "moment", "number", "choice", "unit", "units", "areas", "person", "parties",
    "photo", "file", "signature", "rating", "filing_condition", "catalogue_entry",
})
# fmt: on
# ends that say the work is done need a check; those that say it never began cannot follow work; those that end it
# without a check need an approval; the rest are the authority's, the reporter's or another channel's
CHECKED_ENDS = frozenset({"done", "solved", "written_off"})
UNBEGUN_ENDS = frozenset({"not_accepted", "not_filed", "void"})
APPROVED_ENDS = frozenset({"forced", "explained", "suspended_listed"})
ENDS = CHECKED_ENDS | UNBEGUN_ENDS | APPROVED_ENDS | {"decided", "declined", "failed", "withdrawn", "transferred"}
COUNTED_UNITS = frozenset({"urgent_hour", "work_hour", "work_day", "natural_day"})
CIVIL_UNITS = frozenset({"legal_day", "legal_work_day", "month", "year"})
LOOKED_UP_LIMITS = frozenset({"@filing_condition", "@kind", "@lead_remaining"})
SEATED_BY_ITSELF = frozenset({"level", "superior"})  # kinds of seats that hold a level and that no act fills by name
SYSTEM = "system"
LADDER = "ladder"  # an act that a mark of a ladder asks for


def is_nobody(who: str) -> bool:
    """Whether no person stands behind it: the system, a clock, a ladder."""
    return who in {SYSTEM, LADDER} or who.startswith("clock:")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something fixed when the matter is reported, with a closed list of values."""

    code: str
    names: Names
    values: tuple[Value, ...]
    default: Value | None


@dataclass(frozen=True, slots=True)
class Seat:
    """A place filled during the matter. A level seat is filled at the report with the first of `levels`.

    A superior's is filled by the engine when a step is reached whose holder sits there: with the level that stands
    over the units that gave the matter back.
    """

    code: str
    names: Names
    kind: str  # unit, person, level, superior
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A post in a relation to the matter: `of` is area, platform, task, or the code of a seat."""

    code: str
    names: Names
    post: str
    of: str


@dataclass(frozen=True, slots=True)
class Need:
    """A field or a piece of evidence; `why` says which condition needs it (required for photos)."""

    code: str
    names: Names
    kind: str
    why: Names | None
    max: int | None
    at_least: int
    stage: str | None
    sealed: bool
    values: Mapping[str, Names]
    back: str | None  # for a moment: how far it may lie in the past, as a limit


@dataclass(frozen=True, slots=True)
class Limit:
    """One alternative of a clock: a limit (`4 work_hour`, `@filing_condition`) or `until` a date need."""

    when: Condition | None
    limit: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit; `per` is matter (crosses steps), step (starts and stops with it) or task; `fixed`: by law, for all."""

    code: str
    names: Names
    per: str
    limits: tuple[Limit, ...]
    ladder: str | None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """How often something may happen; the act that reaches `max` is diverted to step `then`."""

    code: str
    names: Names
    max: int
    then: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an approval: holders, and whether any, all or a majority of them must agree."""

    by: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A chain of yes or no; within `within` at all levels together, else `lapse` decides."""

    code: str
    names: Names
    levels: tuple[Level, ...]
    within: str
    lapse: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A pause with an end; `outcome` is what the public list says while it lasts (suspended_listed)."""

    code: str
    names: Names
    pauses: tuple[str, ...]
    until: str | None
    up_to: str
    times: int
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """Parallel parts: one for each member of need `among`, or one sub-matter of procedure `matter`.

    `arrives`: the answer says that somebody of the unit is at the place, and may bring the point where it was given.
    `rated_by`: holders who may rate an answered part once, always as the unit's, never as a person's.
    """

    code: str
    names: Names
    each: str | None
    among: str | None
    matter: str | None
    clock: str | None
    answers: Mapping[str, str]
    silence: str | None
    rule: str
    work: bool
    needs: tuple[str, ...]
    arrives: bool
    rated_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A sampled check: a share drawn by a published seed, weights by risk; a failed one raises the share."""

    code: str
    names: Names
    share: float
    raise_by: float
    at_most: float
    seed: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Step:
    """Where a matter stands: holders and clock (or why none), or `end` with its meaning."""

    code: str
    names: Names
    stage: str
    holders: tuple[str, ...]
    clock: str | None
    also: tuple[str, ...]
    no_clock: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """One action with one of its results (None when it has none), every key merged.

    `by` empty means the step's holders, `to` empty that the step stays. `action` is the code in the API; `declared` the
    name in the file, which differs where several declarations share one code (`as`) from different steps.
    """

    declared: str
    action: str
    result: str | None
    names: Names
    from_: tuple[str, ...]
    to: str | None
    by: tuple[str, ...]
    when: Condition | None
    needs: tuple[str, ...]
    during: str | None
    in_hold: bool
    work: bool
    on_the_spot: bool
    check: str | None  # pass, fail, sampled
    drawn: bool
    sample: str | None
    apart: tuple[str, ...]
    apart_why: str | None
    approval: str | None
    counts: str | None
    adjudicates: tuple[str, ...]
    starts: tuple[str, ...]
    starts_at: str | None
    stops: tuple[str, ...]
    revives: tuple[str, ...]
    relimits: tuple[str, ...]
    extends: str | None
    extend_by: str | None
    holds: str | None
    lifts: str | None
    exempts: str | None
    assigns: tuple[str, ...]
    raises: str | None
    opens: str | None
    cancels: tuple[str, ...]
    joins: Mapping[str, str]
    prints: tuple[str, ...]
    emergency: bool
    undoes: str | None  # the act that this one takes back, as long as it is offered

    def target(self, step: str) -> str:
        """The step that follows when acting from `step`; the same step when the act moves nothing."""
        return self.to or step

    @property
    def automatic(self) -> bool:
        """Whether no person does it: only the system, a clock or a ladder."""
        return bool(self.by) and all(map(is_nobody, self.by))


@dataclass(frozen=True, slots=True)
class Action:
    """What moves a matter: its words and its moves, one per result; `api` is the code in the API (`as`)."""

    code: str
    api: str
    names: Names
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What is printed, from which template, for whom."""

    code: str
    names: Names
    template: str
    to: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Procedure:
    """One declared kind of work. `digest` is `sm3:<hex>` over the expanded form without words; see reading."""

    code: str
    version: int
    names: Names
    standard: tuple[str, ...]
    start: str
    outside: tuple[str, ...]
    outside_names: Mapping[str, Names]
    closes_at: str | None
    by_delegation: frozenset[str]  # posts that look and act only where a unit has delegated the affair
    facts: Mapping[str, Fact]
    seats: Mapping[str, Seat]
    holders: Mapping[str, Holder]
    needs: Mapping[str, Need]
    clocks: Mapping[str, Clock]
    bounds: Mapping[str, Bound]
    approvals: Mapping[str, Approval]
    holds: Mapping[str, Hold]
    tasks: Mapping[str, Tasks]
    samples: Mapping[str, Sample]
    steps: Mapping[str, Step]
    actions: Mapping[str, Action]
    documents: Mapping[str, Document]
    expanded: Mapping[str, object]
    digest: str
    # moves by the step they start from; acts that belong to a hold have no step of their own
    moves_from: Mapping[str, tuple[Move, ...]] = field(repr=False)
    moves_during: Mapping[str, tuple[Move, ...]] = field(repr=False)

    def holders_of(self, move: Move, step: str) -> tuple[str, ...]:
        """Who may do `move` at `step`: codes of holders and outsiders, `system`, `ladder`, `clock:<code>`."""
        return move.by or self.steps[step].holders

    def is_outside(self, who: str) -> bool:
        """Whether `who` acts with a link and a code and holds no post."""
        return who in self.outside

    def moves_of(self, action: str) -> list[Move]:
        """Every move with this code in the API."""
        return [move for found in self.actions.values() if found.api == action for move in found.moves]


def guards_of_clocks(procedure: Procedure) -> list[tuple[str, str]]:
    """(guard, clock) of the guards that decide which limit a clock takes."""
    return sorted(
        (name, clock.code)
        for clock in procedure.clocks.values()
        for limit in clock.limits
        for kind, name in (limit.when.atoms() if limit.when else ())
        if kind == "guard"
    )
