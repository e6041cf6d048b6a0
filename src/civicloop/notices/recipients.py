"""Whom a notice reaches: posts and relations to a matter turned into accounts, and only those who may know of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from civicloop.catalogue import selectors as catalogue
from civicloop.matters import reading
from civicloop.matters.models import ApprovalRequest, Matter
from civicloop.people import access, selectors
from civicloop.people.access import LEVELS, Actor, Subject
from civicloop.people.choices import Role
from civicloop.people.models import Holding, Unit
from civicloop.people.selectors import OnDuty
from civicloop.procedures import selectors as procedures

ABOVE = frozenset({Role.SUPERVISOR, Role.LEADER})
Person = tuple[int, int | None]  # account, and the post by which it is told
COLUMNS = (
    "id", "number", "procedure_id", "kind_id", "class_code", "confidentiality", "complained_of", "district_id",
    "subdistrict_id", "community_id", "grid_id", "step", "stage", "unit_id", "desk_roles", "desk_person_id",
    "emergency", "due_at",
)  # fmt: skip


@dataclass(frozen=True)
class To:
    """Whom to tell: one account, one post, the posts of a unit, or the posts of some areas; of units and areas only
    those with one of `roles` where any are named. `reporter` is whoever reported the message's matter."""

    account: int | None = None
    post: int | None = None
    unit: int | None = None
    areas: tuple[int, ...] = ()
    city: bool = False
    roles: frozenset[str] = frozenset()
    reporter: bool = False


@dataclass(frozen=True)
class Seen:
    """A matter as notices need it: its row, and what access must know of it as far as that row says."""

    row: Mapping[str, Any]

    @property
    def areas(self) -> dict[str, int]:
        return {level: self.row[f"{level}_id"] for level in LEVELS[1:] if self.row[f"{level}_id"] is not None}

    @property
    def discreet(self) -> bool:
        """Whether even its kind and unit stay unsaid outside its own page."""
        return bool(self.row["complained_of"] or self.row["confidentiality"])

    @property
    def subject(self) -> Subject:
        row = self.row
        by_delegation = procedures.by_id(row["procedure_id"]).by_delegation
        kind = catalogue.kind(row["kind_id"]).code if by_delegation and row["kind_id"] else ""
        return Subject(
            areas=self.areas, units=frozenset({row["unit_id"]}), persons=frozenset({row["desk_person_id"]} - {None}),
            class_code=row["class_code"], confidentiality=row["confidentiality"], matter_id=row["id"], kind_code=kind,
            by_delegation=by_delegation,
        )  # fmt: skip


def matters(ids: Collection[UUID]) -> dict[UUID, Seen]:
    """Some matters, in one statement."""
    return {row["id"]: Seen(row) for row in Matter.objects.filter(id__in=ids).values(*COLUMNS)}


@dataclass
class Directory:
    """Who is on duty where, asked once for a batch; and who may know of which matter."""

    _units: dict[int, list[OnDuty]] = field(default_factory=dict)
    _above: dict[tuple[int, ...], list[OnDuty]] = field(default_factory=dict)
    _parents: dict[int, int | None] = field(default_factory=dict)
    _actors: dict[int, list[Actor]] = field(default_factory=dict)
    _subjects: dict[UUID, Subject | None] = field(default_factory=dict)

    def prepare(self, units: Iterable[int | None]) -> None:
        """Ask for all of these units in one statement."""
        fresh = {unit for unit in units if unit is not None} - set(self._units)
        if fresh:
            self._units |= {unit: [] for unit in fresh}
            for post in selectors.on_duty(units=fresh):
                self._units[post.unit_id].append(post)

    def of_unit(self, unit: int, roles: Collection[str] = ()) -> list[OnDuty]:
        """The posts of a unit, of some roles."""
        self.prepare([unit])
        return [post for post in self._units[unit] if not roles or post.roles & set(roles)]

    def above(self, areas: Mapping[str, int], role: str) -> list[OnDuty]:
        """The supervisors or leaders of the deepest area that has some, else the city's."""
        key = tuple(sorted(areas.values()))
        if key not in self._above:
            self._above[key] = selectors.on_duty(areas=key, city=True, roles=ABOVE)
        here = [post for post in self._above[key] if role in post.roles]
        for level in reversed(LEVELS):
            found = [post for post in here if post.level == level]
            if found:
                return found
        return []

    def parent(self, unit: int) -> int | None:
        """The unit above a unit."""
        if unit not in self._parents:
            self._parents[unit] = Unit.objects.filter(id=unit).values_list("parent_id", flat=True).first()
        return self._parents[unit]

    def person(self, account: int, unit: int) -> list[Person]:
        """One person of a unit, or while that person is away whoever stands in."""
        here = [post for post in self.of_unit(unit) if account in post.accounts]
        if here:
            return [(account, here[0].post_id)]
        held = Holding.objects.filter(selectors.held(), account_id=account, post__unit_id=unit)
        return people(selectors.on_duty(posts=list(held.values_list("post_id", flat=True))))

    def may_know(self, account: int, seen: Seen) -> bool:
        """Whether one of the account's posts sees the matter; nobody of a unit complained of does."""
        if account not in self._actors:
            self._actors[account] = selectors.actors_of_account(account)
        actors = self._actors[account]
        if not seen.row["complained_of"] and _sees(actors, seen.subject):
            return True
        key = seen.row["id"]
        if key not in self._subjects:  # all units and people that had to do with it, and the units complained of
            whole = reading.read(key)
            self._subjects[key] = whole.subject if whole else None
        subject = self._subjects[key]
        return subject is not None and _sees(actors, subject)


def _sees(actors: Sequence[Actor], subject: Subject) -> bool:
    return any(access.sees(actor, subject).allowed for actor in actors)


def people(posts: Iterable[OnDuty], without: Collection[str] = ()) -> list[Person]:
    """The accounts of posts, but of none that has a role in `without`."""
    left_out = set(without)
    return [(account, post.post_id) for post in posts if not post.roles & left_out for account in post.accounts]


def named(to: To, directory: Directory) -> list[Person]:
    """The accounts that a call of `actions.tell` names."""
    if to.account is not None:
        return [(to.account, to.post)]
    if to.unit is not None:
        return people(directory.of_unit(to.unit, to.roles))
    if to.post is not None:
        return people(selectors.on_duty(posts=[to.post]))
    if to.areas or to.city:
        return people(selectors.on_duty(areas=to.areas, city=to.city, roles=to.roles))
    return []


def of_matter(
    whom: str, roles: Collection[str], without: Collection[str], facts: Mapping[str, Any], seen: Seen,
    directory: Directory,
) -> list[Person]:  # fmt: skip
    """The accounts that a rule names (rules.language.WHOM); the reporter has none."""
    unit = facts.get("unit") or seen.row["unit_id"]
    if whom == "holder":
        wanted = set(facts.get("roles") or ()) & set(roles) if roles else set(facts.get("roles") or ())
        if facts.get("person"):
            return directory.person(facts["person"], unit) if not roles or wanted else []
        return people(directory.of_unit(unit, wanted), without) if wanted else []
    if whom == "unit":
        return _of_unit(unit, without, seen, directory)
    if whom == "superior":
        parent = directory.parent(unit)
        heads = people(directory.of_unit(parent, {Role.UNIT_HEAD})) if parent is not None else []
        return heads or people(directory.above(seen.areas, Role.SUPERVISOR), without)
    if whom == "leader":
        return people(directory.above(seen.areas, Role.LEADER), without)
    if whom == "asked":
        return _asked(set(facts.get("roles") or ()), unit, seen, directory)
    if whom == "asker":
        row = ApprovalRequest.objects.filter(matter_id=seen.row["id"], no=int(facts.get("request") or 0)).first()
        return [(row.asked_by, None)] if row is not None and row.asked_by is not None else []
    return []


def _of_unit(unit: int, without: Collection[str], seen: Seen, directory: Directory) -> list[Person]:
    """Who in a unit is to be told of a matter: the person at whose desk it lies, else its desk, else its head."""
    if seen.row["unit_id"] == unit and seen.row["desk_person_id"] is not None:
        return directory.person(seen.row["desk_person_id"], unit)
    desk = directory.of_unit(unit, seen.row["desk_roles"]) if seen.row["desk_roles"] else []
    if seen.row["unit_id"] != unit or not desk:
        desk = directory.of_unit(unit, {Role.RECEIVING_CLERK, Role.UNIT_HEAD})
    return people(desk, without)


def _asked(roles: Collection[str], unit: int, seen: Seen, directory: Directory) -> list[Person]:
    """Whose answer a request needs: such posts of the unit, else those that look after the place."""
    found = directory.of_unit(unit, roles) if roles else []
    if not found and roles:
        areas = seen.areas
        for level in reversed(LEVELS[1:]):
            here = selectors.on_duty(areas=[areas[level]], roles=roles) if level in areas else []
            if here:
                return people(here)
        found = selectors.on_duty(city=True, roles=roles)
    return people(found)
