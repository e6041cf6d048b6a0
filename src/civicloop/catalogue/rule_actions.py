"""Changes of the rules from pages and files: worked out first, so that they can be tried, then written as one change.

Nothing is deleted: a rule that goes ends, and the new one begins. Both carry the words of catalogue.naming.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from civicloop.catalogue import files, selectors
from civicloop.catalogue.actions import CatalogueError, done, require
from civicloop.catalogue.files import CatalogueRefused, Folder, Row
from civicloop.catalogue.loading import Loader
from civicloop.catalogue.models import Responsibility
from civicloop.catalogue.responsibilities import Responsibilities, identity
from civicloop.catalogue.rules.answering import Rule, Rules
from civicloop.catalogue.rules.deciding import Picture
from civicloop.foundation import clock
from civicloop.people.access import Actor
from civicloop.people.models import Unit
from civicloop.places.models import Area

FILE = "responsibilities.csv"
MOST_LINES = 5_000


@dataclass(frozen=True)
class Change:
    """Rules that would begin (not saved yet) and rules in force or planned that would end, at `at` or at once."""

    new: Sequence[Responsibility]
    ended: Sequence[Responsibility]
    at: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.new or self.ended)


def of_line(cells: Mapping[str, str], replaces: int | None = None) -> Change:
    """One line as the file would say it, in the place of another one where `replaces` names it.

    Raises CatalogueRefused with what is wrong, CatalogueError unknown_rule.
    """
    new = _made([Row(FILE, dict(cells))])
    ended = [_current(replaces)] if replaces is not None else []
    now = clock.now()
    if ended and len(new) == 1 and identity(new[0], now) == identity(ended[0], now):
        return Change([], [])
    return Change(new, ended, max((row.valid_from for row in new), default=None))


def of_end(rule_id: int, at: datetime | None = None) -> Change:
    """A rule that ends, at a moment to come or now. Raises CatalogueError unknown_rule, too_early."""
    row = _current(rule_id)
    if at is not None and at < clock.now():
        raise CatalogueError("too_early", _("A rule cannot end in the past."))
    return Change([], [row], at)


def of_text(text: str) -> Change:
    """A whole file: what is missing ends, what is new begins. Raises CatalogueRefused."""
    wanted = {identity(row, clock.now()): row for row in _made(files.read_text(FILE, text))}
    kept, ended = set(), []
    for row in selectors.rules_to_come(clock.now()):
        key = identity(row, clock.now())
        if key in wanted and key not in kept:
            kept.add(key)
        else:
            ended.append(row)
    return Change([row for key, row in wanted.items() if key not in kept], ended)


def in_areas(area_ids: Collection[int]) -> QuerySet[Responsibility]:
    """The rules in force or planned that name one of these areas."""
    return selectors.rules_to_come(clock.now()).filter(area_id__in=area_ids)


def of_followers(ended: Collection[int], followers: Mapping[int, Sequence[int]]) -> Change:
    """Rules of areas that have ended hold in all areas that stand in their place; those without such an area stay."""
    rows = [row for row in in_areas(ended) if followers.get(row.area_id)]
    now, new = clock.now(), list[Responsibility]()
    for row in rows:
        for area_id in followers[row.area_id]:
            values = {each.attname: getattr(row, each.attname) for each in Responsibility._meta.concrete_fields}
            begin = max(now, row.valid_from)
            new.append(Responsibility(**{**values, "id": None, "area_id": area_id, "valid_from": begin}))
    return Change(new, rows)


def _made(rows: Sequence[Row]) -> list[Responsibility]:
    loader = Loader(clock.now())
    loader.load(Folder())
    made = Responsibilities(loader).lines_of(rows)
    if len(made) > MOST_LINES:
        loader.faults.append(f"{FILE}: more than {MOST_LINES} rules; take such a file over on the command line")
    if loader.faults:
        raise CatalogueRefused(loader.faults)
    return made


def _current(rule_id: int) -> Responsibility:
    row = selectors.rules_to_come(clock.now()).filter(id=rule_id).first()
    if row is None:
        raise CatalogueError("unknown_rule", _("There is no such rule, or it has ended."))
    return row


def pictures(change: Change) -> tuple[Picture, Picture, datetime]:
    """(the rules as they are, as they would be, the moment by which both are compared)."""
    before = selectors.picture()
    gone = {row.id for row in change.ended}
    levels = dict(Area.objects.filter(id__in={row.area_id for row in change.new}).values_list("id", "level"))
    units = {row.unit_id for row in change.new if row.unit_id is not None}
    ends = dict(Unit.objects.filter(id__in=units).values_list("id", "valid_to"))
    new: list[Rule] = []
    for number, row in enumerate(change.new, start=1):
        new.append(selectors.rule_of(row, ends, number=-number, level=levels[row.area_id]))
    lines = [rule for rule in before.rules.lines if rule.id not in gone]
    moment = max([clock.now(), *(row.valid_from for row in change.new), *([change.at] if change.at else [])])
    return before, Picture(Rules([*lines, *new]), before.lists, before.of_subdistrict), moment


@transaction.atomic
def save(actor: Actor, make: Callable[[], Change]) -> Change:
    """Work a change out and write it, as one transaction with one audit entry.

    Raises CatalogueRefused, CatalogueError forbidden, unknown_rule, nothing.
    """
    require(actor)
    selectors.lock_rules()
    change = make()
    if not change:
        raise CatalogueError("nothing", _("That is what the rules say already."))
    at = max(clock.now(), change.at or clock.now())
    for row in change.ended:  # what is planned and goes never begins
        row.valid_to = max(row.valid_from, min(at, row.valid_to or at))
    Responsibility.objects.bulk_update(change.ended, ["valid_to"], batch_size=2000)
    Responsibility.objects.bulk_create(change.new, batch_size=2000)
    done(actor, "catalogue.rules", "responsibilities", {
        "begin": [_said(row) for row in change.new[:20]], "end": [row.id for row in change.ended[:20]],
        "new": len(change.new), "ended": len(change.ended),
    })  # fmt: skip
    return change


def _said(row: Responsibility) -> dict[str, object]:
    """What the audit log keeps of a rule."""
    return {
        "id": row.id, "kind": row.kind_id, "class": row.kind_class_id, "area": row.area_id,
        "unit": row.unit_id or row.party, "priority": row.priority, "paper": row.paper,
    }  # fmt: skip
