"""What the ladder of a matter's deadlines asks for: an order to the unit, in the transaction in which the mark fires.

One order pushes a matter at a time: a later mark raises it. Where the matter has passed to another unit, the former
unit's order is withdrawn and the new one gets its own. Telling the same mark again changes nothing.
"""

from collections.abc import Sequence
from uuid import UUID

from civicloop.foundation.canonical import fingerprint
from civicloop.matters.hooks import Marked
from civicloop.matters.marks import BY_LADDER
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.people.models import Unit
from civicloop.procedures import selectors as procedures
from civicloop.supervision import timing, writing
from civicloop.supervision.choices import LEVELS, UNENDED, Doing, Proof, Source, State
from civicloop.supervision.identifiers import derived
from civicloop.supervision.models import Order, OrderDemand, OrderStep


def cause_of(marked: Marked) -> str:
    """The one thing for which only one order is not ended."""
    return f"ladder:{marked.matter_id}"


def marked(fired: Sequence[Marked]) -> None:
    """Open, raise or leave the order of each matter whose mark asks for one."""
    for each in fired:
        if each.order:
            _push(each)


def _push(marked: Marked) -> None:
    identifier = derived(marked.at, f"{cause_of(marked)}:{marked.clock_no}:{marked.mark}:{marked.at.isoformat()}")
    if OrderStep.objects.filter(order__cause=cause_of(marked), act_id=identifier).exists():
        return  # told again
    before = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .filter(cause=cause_of(marked), state__in=UNENDED)
        .select_related("unit")
        .first()
    )
    request = fingerprint({"mark": identifier})
    if before is not None and before.unit_id != marked.unit_id:
        before.state = State.WITHDRAWN
        timing.stop(before)
        writing.step(BY_LADDER, before, Doing.WITHDRAW, None, request, "", passed_on=True)
        before.save()
        before = None
    if before is None:
        order, wanted = _order(marked, identifier)
        told = {"mark": marked.mark, "late": marked.late}
        writing.create(BY_LADDER, order, [marked.matter_id], wanted, request, **told)
    elif LEVELS.index(marked.order) > LEVELS.index(before.level):
        former, before.level = before.level, marked.order
        writing.step(
            BY_LADDER, before, Doing.RAISE, identifier, request, "", former=former, level=before.level,
            mark=marked.mark, late=marked.late,
        )  # fmt: skip
        before.save()


def _order(marked: Marked, identifier: UUID) -> tuple[Order, list[OrderDemand]]:
    """The order that a mark opens: the unit says why it is late, and feeds the result back."""
    matter = Matter.objects.get(id=marked.matter_id)
    areas = {level: getattr(matter, f"{level}_id") for level in access.LEVELS[1:]}
    areas = {level: area for level, area in areas.items() if area is not None}
    procedure = procedures.by_id(matter.procedure_id)
    names = next(
        (rung.names for rung in procedures.ladder(_ladder(marked, matter)).marks if rung.code == marked.mark), {}
    )
    order = Order(
        id=identifier, level=marked.order, source=Source.LADDER, unit=Unit.objects.get(id=marked.unit_id),
        number=writing.next_number(), title=marked.number, cause=cause_of(marked), opened_at=marked.fired_at,
        opened_role=BY_LADDER.role, **{f"{level}_id": area for level, area in areas.items()},
        origin={
            "mark": marked.mark, "names": dict(names), "clock": marked.clock, "late": marked.late,
            "clock_names": dict(procedure.clocks[marked.clock].names), "due": marked.due_at.isoformat(),
        },
    )  # fmt: skip
    timing.begin(order, areas, timing.checked_limit("", marked.order))
    wanted = [
        OrderDemand(no=1, kind=Proof.TEXT, matter_id=None, why=""),
        OrderDemand(no=2, kind=Proof.HANDLED, matter_id=marked.matter_id, why=""),
    ]
    return order, wanted


def _ladder(marked: Marked, matter: Matter) -> str | None:
    declared = procedures.by_id(matter.procedure_id).clocks.get(marked.clock)
    return declared.ladder if declared else None
