"""Who may open, answer, review, withdraw and raise an order. Asks people.access; what lists show is in `selectors`.

An order is reviewed by nobody of the unit that it addresses, nor of a unit below it, nor by whoever gave the answer.
"""

from collections.abc import Mapping

from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.matters import errors
from civicloop.matters.complaints import below
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor, Subject
from civicloop.people.choices import Role
from civicloop.people.models import Holding, Unit
from civicloop.people.selectors import held
from civicloop.places import selectors as places
from civicloop.supervision.choices import UNENDED, WAITING, Level, State
from civicloop.supervision.models import Order


def areas_of(order: Order) -> dict[str, int]:
    """level → area id of the place of an order."""
    found = {level: getattr(order, f"{level}_id") for level in access.LEVELS[1:]}
    return {level: area for level, area in found.items() if area is not None}


def areas_of_unit(unit: Unit) -> dict[str, int]:
    """level → area id of where a unit sits; empty for the city's."""
    return {level: ref.id for level, ref in places.path(unit.area_id).items() if level != "city"}


def may_open(actor: Actor, unit: Unit, level: str, areas: Mapping[str, int], *, involved: bool) -> Refused | None:
    """Why `actor` may not address an order to `unit`; `involved`: it answers for a matter that the actor sees."""
    if not access.may(actor, "orders.open").allowed:
        return errors.forbidden()
    if level == Level.SUMMONS and Role.LEADER not in actor.roles:
        return Refused("needs_leader", 403, _("Only a leader summons a unit."))
    if belongs(actor, unit.id):
        return Refused("own_unit", 409, _("This is your own unit: somebody above it opens the order."))
    if not access.covers(actor, Subject(areas=areas)):
        return errors.forbidden()
    if not involved and not access.covers(actor, Subject(areas=areas_of_unit(unit))):
        return errors.forbidden()
    return None


def may_answer(actor: Actor, order: Order) -> bool:
    """Whether it is this post's turn: a post of the unit addressed, while the order waits for an answer."""
    own = access.may(actor, "orders.answer").allowed and actor.unit_id == order.unit_id
    return own and order.state in WAITING


def may_review(actor: Actor, order: Order) -> Refused | None:
    """Why `actor` may not review the answer; None when it may be done."""
    if order.state != State.ANSWERED:
        return Refused("not_answered", 409, _("There is no answer to review."))
    return _apart(actor, order)


def may_withdraw(actor: Actor, order: Order) -> Refused | None:
    """Why `actor` may not withdraw the order; None when it may be done."""
    return _ended(order) or _apart(actor, order)


def may_raise(actor: Actor, order: Order, level: str) -> Refused | None:
    """Why `actor` may not raise the order to `level`; None when it may be done."""
    refused = _ended(order) or _apart(actor, order)
    if refused is None and level == Level.SUMMONS and Role.LEADER not in actor.roles:
        return Refused("needs_leader", 403, _("Only a leader summons a unit."))
    return refused


def _ended(order: Order) -> Refused | None:
    return None if order.state in UNENDED else Refused("ended", 409, _("This order has ended."))


def _apart(actor: Actor, order: Order) -> Refused | None:
    """Whoever reviews has the duty, the place in the area of the post, and no part in the answer."""
    if not access.may(actor, "orders.review").allowed or not access.covers(actor, Subject(areas=areas_of(order))):
        return errors.forbidden()
    if order.answered_by in access.accounts(actor) or belongs(actor, order.unit_id):
        return Refused("own_work", 403, _("The order is addressed to your unit, so somebody else must review it."))
    return None


def belongs(actor: Actor, unit_id: int) -> bool:
    """Whether the actor is of a unit or one below it, in this post or in another one held now, too."""
    units = below({unit_id})
    if {actor.unit_id, actor.own_unit_id} & units:
        return True
    posts = Q(post__valid_to=None) | Q(post__valid_to__gt=clock.now())
    return Holding.objects.filter(
        held(), posts, account_id__in=access.accounts(actor), post__unit_id__in=units
    ).exists()  # fmt: skip
