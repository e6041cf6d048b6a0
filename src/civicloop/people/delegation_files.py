"""Delegations from a CSV file: a line is one, or with `*level` as its area one for each area of the level.

`{code}` and `{above}` in the units' cells are the codes of that area and of the one above it. What is there already
stays as it is; taking back needs its own paper and is no matter of a file. All or nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock, locality, moments
from civicloop.people import exchange
from civicloop.people.access import Actor
from civicloop.people.actions import note, require
from civicloop.people.delegation import Wanted
from civicloop.people.exchange import Faults, Line
from civicloop.people.models import Delegation
from civicloop.people.selectors import posts, units
from civicloop.places import selectors as places

COLUMNS = (
    "from_unit", "to_unit", "to_post", "kinds", "query", "act", "purpose", "area", "valid_from", "valid_to", "paper",
    "paper_date",
)  # fmt: skip
NEEDED = ("from_unit", "query", "act", "purpose", "area", "valid_from", "valid_to", "paper", "paper_date")
TRUE = {"yes": True, "no": False}
BATCH = 1000


@transaction.atomic
def take(actor: Actor, *, raw: bytes, name: str) -> int:
    """Enter the delegations of a file that are not there; how many. Raises PeopleError `forbidden`, FileRefused."""
    require(actor, "delegations.change")
    lines, faults = exchange.lines(raw, COLUMNS, NEEDED), Faults()
    exchange.one_at_a_time()
    unit_ids: dict[str, int] = {unit.code: unit.pk for unit in units()}
    codes = set(posts().values_list("code", flat=True))
    wanted = [each for line in lines for each in _expanded(line, faults, unit_ids, codes)]
    faults.refuse()
    keys = ("from_unit_id", "to_unit_id", "to_post_code", "area_id", "paper_number", "valid_from")
    present = set(Delegation.objects.values_list(*keys))
    fresh: dict[tuple[object, ...], Delegation] = {}
    for each in wanted:
        row = Delegation(
            from_unit_id=unit_ids[each.from_unit], to_unit_id=unit_ids.get(each.to_unit), to_post_code=each.to_post,
            kinds=sorted(each.kinds), query=each.query, act=each.act, purpose=each.purpose, area_id=each.area_id,
            valid_from=each.valid_from, valid_to=each.valid_to, paper_number=each.paper_number,
            paper_date=each.paper_date, entered_by=actor.account_id, entered_at=clock.now(),
        )  # fmt: skip
        key = tuple(getattr(row, name) for name in keys)
        if key not in present:
            fresh.setdefault(key, row)
    Delegation.objects.bulk_create(fresh.values(), batch_size=BATCH)
    note(actor, "delegation.import", name, {"rows": len(fresh)})
    return len(fresh)


def _expanded(line: Line, faults: Faults, unit_ids: dict[str, int], codes: set[str]) -> Iterator[Wanted]:
    """What a line means. Faults are collected by column."""
    begin, end, day = (_day(line, column, faults) for column in ("valid_from", "valid_to", "paper_date"))
    for column in ("query", "act"):
        if line[column] not in TRUE:
            faults.add(line, column, _("write yes or no"))
    for column, most in (("purpose", 200), ("paper", 80)):
        if not line[column] or len(line[column]) > most:
            faults.add(line, column, _("a text of at most %(most)s characters") % {"most": most})
    if bool(line["to_unit"]) == bool(line["to_post"]):
        faults.add(line, "to_unit", _("Name either a unit or a post that gets it."))
    query, act = TRUE.get(line["query"], False), TRUE.get(line["act"], False)
    if line["query"] in TRUE and line["act"] in TRUE and not (query or act):
        faults.add(line, "act", _("Choose at least one right: to query, or to do it for residents."))
    if begin is None or end is None or day is None:
        return
    if end <= begin:
        faults.add(line, "valid_to", _("The end must lie after the beginning."))
    kinds = tuple(line["kinds"].translate(exchange.SEPARATORS).split())
    for ref in _areas(line, faults):
        above = places.area(ref.parent_id).code if ref.parent_id is not None else ""
        cells = {name: line[name].replace("{code}", ref.code).replace("{above}", above) for name in COLUMNS[:3]}
        for column in ("from_unit", "to_unit"):
            if cells[column] and cells[column] not in unit_ids:
                faults.add(line, column, _("There is no unit %(code)s.") % {"code": cells[column]})
        if cells["to_post"] and cells["to_post"] not in codes:
            faults.add(line, "to_post", _("There is no post %(code)s.") % {"code": cells["to_post"]})
        yield Wanted(
            from_unit=cells["from_unit"], to_unit=cells["to_unit"], to_post=cells["to_post"], kinds=kinds, query=query,
            act=act, purpose=line["purpose"], area_id=ref.id, valid_from=begin, valid_to=end,
            paper_number=line["paper"], paper_date=day.astimezone(locality.zone()).date(),
        )  # fmt: skip


def _areas(line: Line, faults: Faults) -> list[places.AreaRef]:
    text = line["area"]
    found = places.areas(text[1:]) if text.startswith("*") else []
    if not text.startswith("*"):
        try:
            found = [places.by_code(text)]
        except LookupError:
            found = []
    if not found:
        faults.add(line, "area", _("There is no area with the code %(code)s.") % {"code": text})
    return found


def _day(line: Line, column: str, faults: Faults) -> datetime | None:
    try:
        return moments.read(line[column], locality.zone_name())
    except ValueError:
        faults.add(line, column, _("no date or moment; write 2026-07-01"))
        return None
