"""Every write of an order that a person does: open, answer, review, withdraw, raise. The platform's own are beside it.

Each is one transaction with one audit entry and one step of the order's history, idempotent by the client's act_id.
An order that a person opens, writes off or withdraws also leaves a note in the timeline of each matter that it pushes;
one that the ladder opens stands there already, in the entry of its mark.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock, ids
from civicloop.foundation.canonical import fingerprint
from civicloop.matters import actions as acts
from civicloop.matters import errors, needs
from civicloop.matters import selectors as matters
from civicloop.matters.counting import ORDERED
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.intake import AHEAD
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.models import Unit
from civicloop.supervision import demands, permission, selectors, timing, writing
from civicloop.supervision.choices import BY_HAND, LEVELS, Doing, Met, Source, State
from civicloop.supervision.demands import Wanted
from civicloop.supervision.models import Order

LONGEST_TITLE, LONGEST_TEXT, LONGEST_REASON, LONGEST_PAPER = 120, 4000, 2000, 80
MOST_MATTERS = 50


@dataclass(frozen=True)
class NewOrder:
    """An order as it is to be opened. `id` is the client's act id (UUIDv7); `unit` a code or an id.

    `cause` and `origin` are given by the suggestions only.
    """

    id: UUID
    level: str
    source: str
    unit: str | int
    title: str
    text: str
    paper: str = ""
    limit: str = ""
    matters: tuple[UUID, ...] = ()
    demands: tuple[Wanted, ...] = ()
    cause: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """201 done now, 200 the same sent again."""

    status: int
    order: Order


def open_order(actor: Actor, new: NewOrder) -> Done:
    """Open an order. What is demanded and exists already is answered by it at once.

    Raises Refused: 422 for data, not_found for a matter, forbidden, needs_leader, own_unit, complained_of, id_reused.
    """
    request = fingerprint({**_plain(new), "caller": actor.post_id})
    try:
        with transaction.atomic():
            before = _opened_before(new.id, request)
            return before or _open(actor, new, request)
    except IntegrityError:  # the same sent twice at once, or two who pressed for one cause
        before = _opened_before(new.id, request)
        pushing = selectors.unended_of(new.cause) if before is None and new.cause else None
        if before is None and pushing is None:
            raise
        return before or Done(200, pushing)  # type: ignore[arg-type]


def _plain(new: NewOrder) -> dict[str, Any]:
    content = {name: getattr(new, name) for name in NewOrder.__dataclass_fields__}
    return content | {
        "matters": sorted(str(each) for each in new.matters),
        "demands": [[each.kind, each.why] for each in new.demands], "origin": dict(new.origin),
    }  # fmt: skip


def _opened_before(order_id: UUID, request: bytes) -> Done | None:
    order = Order.objects.filter(id=order_id).first()
    if order is None:
        return None
    if not writing.same(order, order_id, request):
        raise errors.other_content()
    return Done(200, order)


def _open(actor: Actor, new: NewOrder, request: bytes) -> Done:
    _check(actor, new)
    unit = Unit.objects.get(id=needs.unit_of("unit", _("Unit"), new.unit))
    seen = [matters.seen_by(actor, matter_id) for matter_id in dict.fromkeys(new.matters)]
    areas = common_areas(seen) if seen else permission.areas_of_unit(unit)
    involved = any(unit.id in each.subject.units for each in seen)
    refused = permission.may_open(actor, unit, new.level, areas, involved=involved)
    if refused is not None:
        raise refused
    if any(unit.id in each.subject.complained_of for each in seen):
        raise Refused("complained_of", 409, _("A complaint among these matters is about this unit."))
    order = Order(
        id=new.id, number=writing.next_number(), level=new.level, source=new.source, unit=unit,
        title=new.title.strip(), text=new.text.strip(), paper=new.paper.strip(), origin=dict(new.origin),
        cause=new.cause, opened_at=clock.now(), opened_by=actor.account_id, opened_post=actor.post_id,
        opened_unit_id=actor.unit_id, opened_role=actor.role, **{f"{level}_id": at for level, at in areas.items()},
    )  # fmt: skip
    timing.begin(order, areas, timing.checked_limit(new.limit, new.level))
    rows = demands.planned(new.demands, [matters.row_of(each.id) for each in seen])
    writing.create(actor, order, [each.id for each in seen], rows, request)
    words = _("Supervision order %(number)s to %(unit)s opened: %(level)s")
    _tell_matters(actor, order, words, kept={ORDERED: order.number})
    return Done(201, order)


def _check(actor: Actor, new: NewOrder) -> None:
    """Bounds of what was sent. Raises Refused."""
    now = clock.now()
    if new.id.version != 7 or ids.milliseconds_of(new.id) > (now + AHEAD).timestamp() * 1000:
        raise invalid("act_id", "bad_id", _("The id must be a UUIDv7 that does not lie in the future."))
    if new.level not in LEVELS:
        raise invalid("level", "not_offered", _("There is no such level."))
    if new.source not in BY_HAND and not new.cause:
        raise invalid("source", "not_offered", _("There is no such source."))
    if needs.holds_zero_byte([new.title, new.text, new.paper, new.limit, str(new.unit)]):
        raise invalid("text", "not_text", _("This text holds a character that cannot be kept."))
    text(new.title, "title", LONGEST_TITLE)
    text(new.text, "text", LONGEST_TEXT)
    if len(new.paper) > LONGEST_PAPER:
        raise invalid("paper", "too_long", _("Write at most %(most)s characters.") % {"most": LONGEST_PAPER})
    if new.source == Source.INSTRUCTION and Role.LEADER not in actor.roles and not new.paper.strip():
        raise invalid("paper", "missing", _("Say by which paper or in which meeting the leader gave the instruction."))
    if len(new.matters) > MOST_MATTERS:
        raise invalid("matters", "too_many", _("Name at most %(most)s matters.") % {"most": MOST_MATTERS})


def text(value: object, name: str, most: int) -> str:
    """A text that somebody must write. Raises Refused."""
    if not isinstance(value, str) or not value.strip() or len(value) > most or "\x00" in value:
        raise invalid(name, "missing", _("Write between one and %(most)s characters.") % {"most": most})
    return value.strip()


def common_areas(seen: Sequence[Reading]) -> dict[str, int]:
    """The areas that all matters lie in."""
    found = dict(seen[0].areas)
    for each in seen[1:]:
        found = {level: area for level, area in found.items() if each.areas.get(level) == area}
    return found


# -- what follows -----------------------------------------------------------------------------------------------------


def answer(
    actor: Actor, *, order_id: UUID, act_id: UUID, words: str, said: Mapping[int, str], version: int | None = None
) -> Done:
    """The unit's answer; `said` holds words for demands that nothing in the matters answers, by their number.

    Raises Refused: not_found, forbidden, not_waiting, missing, proof_missing, stale, id_reused.
    """

    def do(order: Order) -> None:
        if not permission.may_answer(actor, order):
            if access.may(actor, "orders.answer").allowed and actor.unit_id == order.unit_id:
                raise Refused("not_waiting", 409, _("The order does not wait for an answer."))
            raise errors.forbidden()
        given = text(words, "text", LONGEST_TEXT)
        rows = list(order.demands.order_by("no"))
        changed = demands.answer_themselves(rows, Met.SENT)
        changed += demands.in_words(rows, said)
        order.state, order.answered_at, order.answered_by = State.ANSWERED, clock.now(), actor.account_id
        timing.pause(order)
        writing.keep_demands(changed)
        writing.step(actor, order, Doing.ANSWER, act_id, request, given, late=order.overdue)

    request = fingerprint({"answer": order_id, "text": words, "said": {str(no): each for no, each in said.items()}})
    return _act(actor, order_id, act_id, request, version, do)


def review(
    actor: Actor, *, order_id: UUID, act_id: UUID, accepted: bool, reason: str, version: int | None = None
) -> Done:
    """Write the order off (销号), or send it back with a reason; by nobody of the unit, nor whoever answered.

    Raises Refused: not_found, forbidden, own_work, not_answered, missing, stale, id_reused.
    """

    def do(order: Order) -> None:
        refused = permission.may_review(actor, order)
        if refused is not None:
            raise refused
        given = reason.strip()[:LONGEST_REASON] if accepted else text(reason, "reason", LONGEST_REASON)
        if accepted:
            order.state = State.WRITTEN_OFF
            timing.stop(order)
        else:
            order.state, order.returns = State.SENT_BACK, order.returns + 1
            timing.go_on(order)
        doing = Doing.WRITE_OFF if accepted else Doing.SEND_BACK
        writing.step(actor, order, doing, act_id, request, given, returns=order.returns)
        if accepted:
            _tell_matters(actor, order, _("Supervision order %(number)s to %(unit)s written off"))

    request = fingerprint({"review": order_id, "accepted": accepted, "reason": reason})
    return _act(actor, order_id, act_id, request, version, do)


def withdraw(actor: Actor, *, order_id: UUID, act_id: UUID, reason: str, version: int | None = None) -> Done:
    """Withdraw an order that need not be answered, with a reason.

    Raises Refused: not_found, forbidden, own_work, ended, missing, stale, id_reused.
    """

    def do(order: Order) -> None:
        refused = permission.may_withdraw(actor, order)
        if refused is not None:
            raise refused
        given = text(reason, "reason", LONGEST_REASON)
        order.state = State.WITHDRAWN
        timing.stop(order)
        writing.step(actor, order, Doing.WITHDRAW, act_id, request, given)
        _tell_matters(actor, order, _("Supervision order %(number)s to %(unit)s withdrawn"))

    request = fingerprint({"withdraw": order_id, "reason": reason})
    return _act(actor, order_id, act_id, request, version, do)


def raise_level(
    actor: Actor, *, order_id: UUID, act_id: UUID, level: str, reason: str, version: int | None = None
) -> Done:
    """Raise an order to a higher level: the same order, the same clock, since being late earns no time.

    Raises Refused: not_found, forbidden, own_work, needs_leader, ended, not_higher, missing, stale, id_reused.
    """

    def do(order: Order) -> None:
        if level not in LEVELS or LEVELS.index(level) <= LEVELS.index(order.level):
            raise invalid("level", "not_higher", _("The order stands at this level or above it already."))
        refused = permission.may_raise(actor, order, level)
        if refused is not None:
            raise refused
        given, former = text(reason, "reason", LONGEST_REASON), order.level
        order.level = level
        writing.step(actor, order, Doing.RAISE, act_id, request, given, former=former, level=level)

    request = fingerprint({"raise": order_id, "level": level, "reason": reason})
    return _act(actor, order_id, act_id, request, version, do)


@transaction.atomic
def _act(
    actor: Actor, order_id: UUID, act_id: UUID, request: bytes, version: int | None, do: Callable[[Order], None]
) -> Done:
    """Do one act on an order whose row is locked; the same act again answers that it is done."""
    selectors.seen_by(actor, order_id)
    order = Order.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(id=order_id)
    before = writing.fingerprint_of(order, act_id)
    if before is not None:
        if before != request:
            raise errors.other_content()
        return Done(200, order)
    if version is not None and version != order.version:
        words = _("Somebody has changed this order meanwhile. Look at it again; nothing of yours was written.")
        raise Refused("stale", 412, words, version=order.version)
    do(order)
    order.save()
    return Done(201, order)


def _tell_matters(actor: Actor, order: Order, words: str, *, kept: Mapping[str, Any] | None = None) -> None:
    """A note in the timeline of each matter that the actor sees; whoever only looks leaves none."""
    from civicloop.foundation.names import shown

    unit = shown(order.unit.names, "zh-hans")
    note = words % {"number": order.number, "unit": unit, "level": order.get_level_display()}
    author = replace(actor, scopes=None)  # what the order itself needed was asked for
    for matter_id in selectors.matter_ids(order):
        act_id = uuid5(order.id, f"{matter_id}:{order.version}")
        with contextlib.suppress(Refused):
            acts.act(author, acts.Act(matter_id, "note", act_id, data={"note": note}), follow=False, kept=kept)
