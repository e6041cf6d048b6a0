"""The one place that decides who may do what to what, and why.

Everything that leaves the system or changes it asks here: pages, API, lists, exports. Access takes small values
(Actor, Subject), never a model, so that each room can ask about its own things. Reads answer "not found" for what one
must not know of; the caller does that with `Decision.known`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from civicloop.people.choices import Role

LEVELS = ("city", "district", "subdistrict", "community", "grid")
FAR_LEVELS = frozenset(LEVELS[:2])


@dataclass(frozen=True, slots=True)
class Delegated:
    """What a unit has delegated to a post and is in force: kinds (none named: all), area, and whether to act, too."""

    kinds: frozenset[str]
    level: str
    area_id: int
    act: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in one post, somebody outside with a code for one matter, or the system itself."""

    kind: Literal["staff", "outside", "system", "anonymous"]
    words: str
    account_id: int | None = None
    post_id: int | None = None
    roles: frozenset[str] = frozenset()
    unit_id: int | None = None
    area_id: int | None = None
    level: str = ""
    classes: frozenset[str] = frozenset()
    confidentiality: int = 0
    scopes: frozenset[str] | None = None  # None: not bound by scopes (a signed-in person)
    relation: str = ""  # outside: reporter, household, resident, party …
    matter_id: UUID | None = None  # outside: the one matter
    acting: str = ""  # staff with several roles: the one that allows the act
    stands_in_from: int | None = None  # standing in for somebody: the own post that is named for it
    own_unit_id: int | None = None  # standing in: the unit of the own post
    stands_in_for: frozenset[int] = frozenset()  # standing in: the accounts whose post it is
    delegated: tuple[Delegated, ...] = ()

    @property
    def role(self) -> str:
        """The word that the timeline keeps for who acted."""
        if self.kind == "staff" and self.roles:
            return self.acting or min(self.roles)
        return self.relation or self.kind


def accounts(actor: Actor) -> frozenset[int]:
    """The person, and whoever the person stands in for."""
    return actor.stands_in_for if actor.account_id is None else actor.stands_in_for | {actor.account_id}


ANONYMOUS = Actor(kind="anonymous", words="resident", relation="reporter")


def system(words: str) -> Actor:
    """The platform acting by itself: a clock, a draw, the end of a hold."""
    return Actor(kind="system", words=words)


def outsider(relation: str, matter_id: UUID) -> Actor:
    """Somebody who has shown the check code of one matter."""
    return Actor(kind="outside", words=relation, relation=relation, matter_id=matter_id)


@dataclass(frozen=True, slots=True)
class Subject:
    """What access must know of a thing: where it lies, who is involved, how confidential it is."""

    areas: Mapping[str, int] = field(default_factory=dict)  # level → area id; empty outside every area
    units: frozenset[int] = frozenset()
    persons: frozenset[int] = frozenset()
    class_code: str = ""
    confidentiality: int = 0
    matter_id: UUID | None = None
    kind_code: str = ""
    by_delegation: frozenset[str] = frozenset()  # roles that need a delegation for it
    complained_of: frozenset[int] = frozenset()  # units that a complaint is about, with all below them
    complained_accounts: frozenset[int] = frozenset()  # whoever holds a post in one of those units


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed`, a machine code for why (not), and whether the actor may know that the thing exists."""

    allowed: bool
    why: str
    known: bool = True


YES = Decision(True, "allowed")
HIDDEN = Decision(False, "not_found", known=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of a decision: its code, whether it fits, and what it settles; the first that settles counts."""

    code: str
    fits: bool
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every condition that was looked at, in their order; `settled` is the place of the decisive one.

    After a refusal the conditions behind it are told, too: what else would have to fit.
    """

    steps: tuple[Step, ...]
    settled: int
    decision: Decision

    @property
    def allowed(self) -> bool:
        """What was decided."""
        return self.decision.allowed


# roles that see every matter of their area; the others see what their unit or they themselves are involved in
AREA_ROLES = frozenset(
    {
        Role.GRID_WORKER, Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.CHECKER, Role.SUPERVISOR, Role.LEADER,
        Role.AUDIT_ADMIN, Role.MEDIATION_CLERK, Role.MEDIATION_CHAIR, Role.COURT_CLERK, Role.CASE_CLERK,
        Role.CHIEF_PROSECUTOR,
    }
)  # fmt: skip

# the three administrators are separate hands: no account may hold posts of two of them
SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

# posts of units that may be given something to answer for
_ANSWERING = frozenset(
    {
        Role.RECEIVING_CLERK, Role.UNIT_WORKER, Role.UNIT_HEAD, Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.CHECKER,
        Role.MEDIATION_CLERK,
    }
)  # fmt: skip

# what may be done beside matters, by role; a test walks the table against every route
DUTIES: Mapping[str, frozenset[str]] = {
    "areas.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "areas.change": frozenset({Role.SYSTEM_ADMIN}),
    # new boundaries: one proposes, another decides, dispatchers and leaders move what is open in their reach
    "boundaries.view": frozenset(
        {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.LEADER, Role.DISPATCHER, Role.AUDIT_ADMIN}
    ),
    "boundaries.propose": frozenset({Role.SYSTEM_ADMIN}),
    "boundaries.decide": frozenset({Role.SYSTEM_ADMIN, Role.LEADER}),
    "boundaries.move": frozenset({Role.LEADER, Role.DISPATCHER}),
    "calendars.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "calendars.change": frozenset({Role.SYSTEM_ADMIN}),
    "catalogue.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    # try a change of the rules on past matters, without saving it
    "catalogue.try": frozenset({Role.SYSTEM_ADMIN, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER}),
    "catalogue.change": frozenset({Role.SYSTEM_ADMIN}),
    "units.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    # lists that every program needs before it can send anything: units, components, which kind a text is about
    "lists.use": frozenset(Role.values),
    "units.change": frozenset({Role.SYSTEM_ADMIN}),
    "posts.view": frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
    "posts.change": frozenset({Role.SECURITY_ADMIN}),
    # the second hand where a post reaches far (people.granting): never of the own request, never to the own gain
    "posts.decide": frozenset({Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
    # what somebody may do and who granted it (people.rights); everybody sees that of the own account
    "rights.view": frozenset({Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
    # which unit has delegated which affairs to whom (people.delegation); a unit's head for the own unit's
    "delegations.view": frozenset({Role.UNIT_HEAD, Role.SUPERVISOR, Role.LEADER, Role.GRID_WORKER}) | SEPARATED,
    "delegations.change": frozenset({Role.UNIT_HEAD, Role.SYSTEM_ADMIN}),
    # who is away, who stands in: for the posts in their reach (people.standing), never to the own gain
    "standins.view": frozenset({Role.UNIT_HEAD, Role.SUPERVISOR, Role.LEADER}) | SEPARATED,
    "standins.change": frozenset({Role.UNIT_HEAD, Role.SUPERVISOR, Role.LEADER, Role.SECURITY_ADMIN}),
    "leave.own": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "settings.view": frozenset({Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}),
    "settings.change": frozenset({Role.SYSTEM_ADMIN}),
    "audit.view": frozenset({Role.AUDIT_ADMIN}),
    "procedures.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "matters.list": frozenset(Role.values) - {Role.RESIDENT_CHANNEL, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN},
    # the map shows what the lists show, by place, and nothing confidential (onemap)
    "map.view": frozenset(Role.values) - {Role.RESIDENT_CHANNEL, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN},
    "matters.report": frozenset(
        {Role.RESIDENT_CHANNEL, Role.GRID_WORKER, Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.CHECKER}
    ),
    # the unit whose photo it is about is not among them: a signal opens a look, not an accusation
    "signals.view": frozenset({Role.CHECKER, Role.SUPERVISOR, Role.LEADER, Role.AUDIT_ADMIN}),
    "erasure.view": frozenset({Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}),
    "erasure.propose": frozenset({Role.SECURITY_ADMIN}),
    "erasure.decide": frozenset({Role.AUDIT_ADMIN}),
    "alike.judge": frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR}),
    "clusters.join": frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR}),
    "clusters.watch": frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER}),
    "classifier.view": frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER}) | SEPARATED,
    "signals.judge": frozenset({Role.CHECKER, Role.SUPERVISOR}),
    # the own inbox and how one wants to be told; what could not be sent is the system administrator's (notices)
    "notices.own": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "notices.log": frozenset({Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN}),
    "notices.resend": frozenset({Role.SYSTEM_ADMIN}),
    "notices.broadcast": frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    # supervision orders: addressed to units, never to persons; reviewed by nobody of the unit addressed
    "orders.view": _ANSWERING | {Role.SUPERVISOR, Role.LEADER, Role.AUDIT_ADMIN},
    "orders.open": frozenset({Role.SUPERVISOR, Role.LEADER}),
    "orders.answer": _ANSWERING,
    "orders.review": frozenset({Role.SUPERVISOR, Role.LEADER}),
    # confirm what is covered in a photo and show it to everybody; never of the own work (matters.publishing)
    "photos.publish": frozenset({Role.CHECKER, Role.SUPERVISOR}),
    # reply templates and grounds: of the own unit, the system administrator's are the city's (deskwork)
    "phrases.change": frozenset(
        {Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR, Role.SYSTEM_ADMIN}
        | {Role.RECEIVING_CLERK, Role.UNIT_HEAD}
    ),
    # figures of the own area or unit (figures); published ones are for everybody
    "figures.view": frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.UNIT_HEAD, Role.AUDIT_ADMIN}),
    "figures.keep": frozenset({Role.SUPERVISOR, Role.LEADER}),
    "figures.publish": frozenset({Role.LEADER}),
    # the own post's workload; that of the posts below, for who is above them
    "figures.work": frozenset(Role.values) - {Role.RESIDENT_CHANNEL},
    "figures.workload": frozenset({Role.UNIT_HEAD, Role.SUPERVISOR, Role.LEADER}),
    "figures.weigh": frozenset({Role.SUPERVISOR, Role.LEADER}),  # of a city or a district; another one decides
    "style.view": frozenset(Role.values),
}


# whose sealed data a role may open for a purpose, in matters that it sees; `photo`, `paper` (of the staff) and `letter`
# (from outside) are originals of evidence. Units that handle are not told who reported: it may be about themselves
_CALLING = frozenset({Role.ACCEPTANCE_CLERK, Role.CHECKER})
_LAW = frozenset({Role.MEDIATION_CLERK, Role.MEDIATOR, Role.MEDIATION_CHAIR, Role.COURT_CLERK, Role.JUDGE})
_CASES = frozenset({Role.CASE_CLERK, Role.PROSECUTOR, Role.CHIEF_PROSECUTOR})
PERSONAL: Mapping[str, frozenset[str]] = {
    "reporter": _CALLING,
    "household": _CALLING | {Role.GRID_WORKER},
    "applicant": _CALLING | {Role.GRID_WORKER, Role.RECEIVING_CLERK},
    "party": _LAW,
    "photo": _CALLING | {Role.SUPERVISOR},
    "paper": _CALLING | _LAW | _CASES | {Role.GRID_WORKER, Role.DISPATCHER, Role.RECEIVING_CLERK, Role.SUPERVISOR},
    "letter": _CALLING | _LAW | _CASES | {Role.SUPERVISOR},
}
OPENING_ROLES = frozenset[str]().union(*PERSONAL.values())


def reaches_far(roles: frozenset[str], level: str, confidentiality: int) -> bool:
    """Whether a post is given by two: administration, any clearance, personal data of a whole city or district."""
    opens_much = bool(roles & OPENING_ROLES) and level in FAR_LEVELS
    return confidentiality > 0 or bool(roles & SEPARATED) or opens_much


def may(actor: Actor, duty: str) -> Decision:
    """Whether `actor` may do a thing that is not an act on a matter; `duty` is a key of DUTIES."""
    return _settled(_may(actor, duty))


def _may(actor: Actor, duty: str) -> Iterator[Step]:
    needed = DUTIES[duty]
    if actor.scopes is not None:
        named = duty in actor.scopes or "all" in actor.scopes
        yield Step("scope", named, None if named else Decision(False, "scope_missing"))
    if actor.kind == "system" or (duty == "matters.report" and actor.kind == "anonymous"):
        yield Step("system", True, YES)
        return
    has = bool(actor.roles & needed)
    yield Step("duty", has, YES if has else Decision(False, "role_missing"))


def _settled(steps: Iterator[Step]) -> Decision:
    """The decision of the first condition that settles it; what follows is not looked at."""
    return next(step.decision for step in steps if step.decision is not None)


def explain(actor: Actor, about: Subject | str) -> Explanation:
    """Why `actor` may (not) know of a matter, or do what a duty names: the very conditions of `sees` and `may`."""
    steps = list(_may(actor, about) if isinstance(about, str) else _sees(actor, about))
    settled, decision = next((n, step.decision) for n, step in enumerate(steps) if step.decision is not None)
    return Explanation(tuple(steps[: settled + 1] if decision.allowed else steps), settled, decision)


def decide(actor: Actor, about: Subject | str) -> Decision:
    """`may` for a duty, `sees` for a matter."""
    return may(actor, about) if isinstance(about, str) else sees(actor, about)


def may_be_told(actor: Actor, subject: Subject) -> bool:
    """Whether an administrator may be told why somebody does (not) see the matter.

    Who is not cleared for a confidential one, or is complained of in it, is not told that it exists.
    """
    if not may(actor, "rights.view").allowed or is_about(actor, subject):
        return False
    return subject.confidentiality <= actor.confidentiality


def is_about(actor: Actor, subject: Subject) -> bool:
    """Whether it is a complaint about the actor's own unit, one above it, or one in which the actor has a post, too."""
    about_unit = bool({actor.unit_id, actor.own_unit_id} & subject.complained_of)
    return about_unit or bool(accounts(actor) & subject.complained_accounts)


def sees(actor: Actor, subject: Subject) -> Decision:
    """Whether `actor` may know of the matter at all."""
    return _settled(_sees(actor, subject))


def _sees(actor: Actor, subject: Subject) -> Iterator[Step]:
    if actor.kind == "system":
        yield Step("system", True, YES)
        return
    if actor.kind == "outside":
        own = actor.matter_id is not None and actor.matter_id == subject.matter_id
        yield Step("check_code", own, YES if own else HIDDEN)
        return
    if actor.kind != "staff":
        yield Step("signed_in", False, HIDDEN)
        return
    lists = may(actor, "matters.list").allowed
    yield Step("matters", lists, None if lists else HIDDEN)
    apart = not is_about(actor, subject)
    yield Step("complaint", apart, None if apart else HIDDEN)
    roles = actor.roles
    if roles & subject.by_delegation:
        delegated = has_delegation(actor, subject)
        roles = roles if delegated else roles - subject.by_delegation
        yield Step("delegation", delegated, None if roles & DUTIES["matters.list"] else HIDDEN)
    unit, person = actor.unit_id in subject.units, actor.account_id in subject.persons
    yield Step("unit", unit, YES if unit else None)
    yield Step("person", person, YES if person else None)
    cleared = subject.confidentiality <= actor.confidentiality
    yield Step("confidentiality", cleared, None if cleared else HIDDEN)
    fits = not actor.classes or not subject.class_code or subject.class_code in actor.classes
    yield Step("kind", fits, None if fits else HIDDEN)
    by_area = bool(roles & AREA_ROLES)
    yield Step("area_role", by_area, None if by_area else HIDDEN)
    inside = covers(actor, subject)
    yield Step("area", inside, YES if inside else HIDDEN)


def has_delegation(actor: Actor, subject: Subject, *, to_act: bool = False) -> bool:
    """Whether a delegation in force lets the post look at the affair, or `to_act` do it; who may do it may look."""
    return any(
        (each.act or not to_act)
        and (not each.kinds or bool(each.kinds & ({subject.kind_code, subject.class_code} - {""})))
        and (each.level == "city" or subject.areas.get(each.level) == each.area_id)
        for each in actor.delegated
    )


def begins(actor: Actor, subject: Subject) -> Decision:
    """Whether `actor` may report such a matter: an affair that was not delegated is not taken in by the grid."""
    reporting = may(actor, "matters.report")
    if not reporting.allowed or actor.kind != "staff" or not actor.roles & subject.by_delegation:
        return reporting
    rest = (actor.roles - subject.by_delegation) & DUTIES["matters.report"]
    return YES if rest or has_delegation(actor, subject, to_act=True) else Decision(False, "no_delegation")


def only_looks(actor: Actor, subject: Subject) -> bool:
    """Whether a post may look at an affair and do nothing with it: it was delegated to it for queries only."""
    bound = bool(actor.roles & subject.by_delegation)
    return bound and not actor.roles - subject.by_delegation and not has_delegation(actor, subject, to_act=True)


def opens(actor: Actor, subject: Subject, whose: str) -> Decision:
    """Whether `actor` may open sealed data of a matter for a purpose; `whose` is a key of PERSONAL."""
    return _opens(actor, subject, PERSONAL[whose])


def opens_anything(actor: Actor, subject: Subject) -> Decision:
    """Whether there may be anything that `actor` can open; who may open nothing is shown nothing of it."""
    return _opens(actor, subject, OPENING_ROLES)


def may_address(actor: Actor) -> Decision:
    """Whether `actor` may open an address to send a notice there: the platform itself, and nobody who could read it."""
    return YES if actor.kind == "system" else Decision(False, "role_missing")


def _opens(actor: Actor, subject: Subject, roles: frozenset[str]) -> Decision:
    known = sees(actor, subject)
    if not known.allowed:
        return known
    if actor.scopes is not None and not actor.scopes & {"personal.open", "all"}:
        return Decision(False, "scope_missing")
    return YES if actor.kind == "staff" and actor.roles & roles else Decision(False, "role_missing")


def covers(actor: Actor, subject: Subject) -> bool:
    """Whether the post's area contains the subject's place; a matter without a place belongs to the city level."""
    if actor.level == "city":
        return True
    return actor.area_id is not None and subject.areas.get(actor.level) == actor.area_id


def stands_for(actor: Actor, *, post: str, of: str, value: object, subject: Subject) -> bool:
    """Whether `actor` stands in a holder's relation to the matter.

    `post` is the role (or, for somebody outside, the relation), `of` one of area, platform, unit, person, level,
    outside; `value` is what the seat holds: a unit id, an account id or a level.
    """
    if of == "outside":
        return actor.kind == "outside" and actor.relation == post and actor.matter_id == subject.matter_id
    if actor.kind != "staff" or post not in actor.roles:
        return False
    if post in subject.by_delegation and not has_delegation(actor, subject, to_act=True):
        return False
    if of == "area":
        return covers(actor, subject)
    if of == "platform":
        return True
    if of == "unit":
        return value is not None and actor.unit_id == value
    if of == "person":
        # standing in is for the post: what somebody has in another unit stays with that person
        borrowed = value in actor.stands_in_for and actor.unit_id in subject.units
        return value is not None and (value == actor.account_id or borrowed)
    if of == "level":
        return actor.level == value and covers(actor, subject)
    return False


@dataclass(frozen=True, slots=True)
class Scope:
    """The bound of everything that an actor's lists may show: an area, or else what unit and person are involved in."""

    everything: bool = False
    nothing: bool = False
    level: str = ""
    area_id: int | None = None
    unit_id: int | None = None
    account_id: int | None = None
    own_unit_id: int | None = None
    stands_in_for: frozenset[int] = frozenset()
    classes: frozenset[str] = frozenset()
    confidentiality: int = 0
    roles: frozenset[str] = frozenset()
    delegated: tuple[Delegated, ...] = ()

    def area_bound_by(self, by_delegation: frozenset[str]) -> bool:
        """Whether affairs of these posts come into the area's list only by a delegation."""
        return bool(self.roles & by_delegation) and not (self.roles - by_delegation) & AREA_ROLES

    def wholly_bound_by(self, by_delegation: frozenset[str]) -> bool:
        """Whether such affairs come into any list only by a delegation."""
        return bool(self.roles & by_delegation) and not (self.roles - by_delegation) & DUTIES["matters.list"]


def scope(actor: Actor) -> Scope:
    """The bound for lists, equal in effect to `sees` on each row (a property test holds that)."""
    if actor.kind == "system":
        return Scope(everything=True)
    if actor.kind != "staff" or not may(actor, "matters.list").allowed:
        return Scope(nothing=True)
    by_area = bool(actor.roles & AREA_ROLES)
    return Scope(
        level=actor.level if by_area else "",
        area_id=actor.area_id if by_area else None,
        unit_id=actor.unit_id,
        account_id=actor.account_id,
        own_unit_id=actor.own_unit_id,
        stands_in_for=actor.stands_in_for,
        classes=actor.classes,
        confidentiality=actor.confidentiality,
        roles=actor.roles,
        delegated=actor.delegated,
    )
