"""Orders in words: titles, what is required, why proof is demanded, what happened. In the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from civicloop.calendars.rules.limits import Limit
from civicloop.calendars.words import limit_words
from civicloop.foundation.names import shown
from civicloop.people.choices import role_words
from civicloop.supervision.choices import Doing, Level, Proof, Source
from civicloop.supervision.models import Order, OrderDemand, OrderStep

# why the ladder's own orders demand their proof; whoever writes an order says it in own words
OWN_WHY: Mapping[str, str | Promise] = {
    Proof.TEXT: gettext_lazy("The deadline was missed: the review has to know why, and by when it will be done."),
    Proof.HANDLED: gettext_lazy("The matter is closed only after the unit has fed back and somebody else has checked."),
}


def language() -> str:
    return get_language() or "zh-hans"


def title(order: Order) -> str:
    """What an order is called; one of the ladder by its mark."""
    if order.source == Source.LADDER and order.origin.get("names"):
        return f"{shown(order.origin['names'], language())} · {order.title}"
    return order.title


def text(order: Order) -> str:
    """What is required."""
    if order.source != Source.LADDER:
        return order.text
    clock = shown(order.origin.get("clock_names") or {}, language())
    words = _("The deadline “%(clock)s” was missed. Say why and by when it will be done, and feed the result back.")
    return words % {"clock": clock}


def why(row: OrderDemand) -> str:
    """Which closing condition needs the proof."""
    return row.why or str(OWN_WHY.get(row.kind, ""))


def limit(order: Order) -> str:
    return limit_words(Limit.parse(order.limit))


def who(step: OrderStep) -> str:
    """By which post something was done; the platform's own acts have none."""
    return role_words(step.role, _("Platform"))


def doing(step: OrderStep) -> str:
    """What a line of the history says."""
    detail: Mapping[str, Any] = step.detail
    said = str(Doing(step.doing).label)
    if step.doing == Doing.MARK:
        said = shown(detail["names"], language())
        if detail.get("late"):
            said = _("%(mark)s (fired late, after an outage)") % {"mark": said}
    elif step.doing == Doing.RAISE:
        said = _("Raised: %(former)s → %(level)s") % {
            "former": Level(detail["former"]).label, "level": Level(detail["level"]).label,
        }  # fmt: skip
    elif step.doing == Doing.WITHDRAW and detail.get("passed_on"):
        said = _("Withdrawn: the matter lies with another unit now")
    elif step.doing == Doing.RECOUNT:
        said = _("Deadline counted again by the published calendar: %(due)s") % {
            "due": f"{datetime.fromisoformat(detail['due']):%Y-%m-%d %H:%M}Z"
        }
    return said
