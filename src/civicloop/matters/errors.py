"""What can be wrong with a report or an act: a machine code, an HTTP status, words for the person, what was kept."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


class Refused(Exception):
    """A report or an act that is not done; nothing of it has been written."""

    def __init__(self, code: str, status: int, words: str, **extra: Any) -> None:
        super().__init__(words)
        self.code = code
        self.status = status
        self.words = words
        self.extra: Mapping[str, Any] = extra


def not_found() -> Refused:
    return Refused("not_found", 404, _("There is no such matter, or you may not see it."))


def too_often(wait: float) -> Refused:
    """429 with the seconds to wait."""
    words = _("Too many tries from this network. What you wrote is still with you; try again in %(seconds)s seconds.")
    seconds = int(wait) + 1
    return Refused("too_often", 429, words % {"seconds": seconds}, retry_after=seconds)


def invalid(field: str, code: str, words: str) -> Refused:
    """A value that cannot be taken; `field` names it."""
    return Refused(code, 422, words, field=field)


def other_content() -> Refused:
    words = _("This id was used before for something else. Nothing was changed; send it again with a new id.")
    return Refused("id_reused", 409, words)


def stale(step_version: int) -> Refused:
    words = _("Somebody has moved this matter meanwhile. Look at it again; nothing of yours was written.")
    return Refused("stale", 412, words, step_version=step_version)


def refused_by_procedure(code: str, about: str) -> Refused:
    """A refusal of the procedure's own rules in words. 409: the matter does not stand where this could be done."""
    words = {
        "unknown_action": _("This procedure has no such action."),
        "unknown_result": _("This action has no such result."),
        "out_of_step": _("This cannot be done at the step where the matter stands."),
        "in_hold": _("The matter is paused; this can be done when it goes on."),
        "not_in_hold": _("This can be done only while the matter is paused."),
        "condition": _("The condition for this action is not met."),
        "not_due": _("The time for this has not come yet."),
        "overdue": _("The time limit is over, so it cannot be extended any more."),
        "bound_used_up": _("This has been done as often as the procedure allows."),
        "hold_used_up": _("The matter has been paused as often as the procedure allows."),
        "tasks_open": _("Parts of the work are still unanswered."),
        "clock_not_running": _("The time limit that this changes is not running."),
        "top_level": _("It lies at the highest dispatching level already."),
        "unknown_fact": _("This value is not one of the procedure's."),
        "fact_missing": _("A value that the procedure needs is missing."),
        "not_open": _("These parts are not open."),
        "no_such_tasks": _("There are no such parts."),
    }.get(code, _("The procedure does not allow this now."))
    status = 422 if code in {"unknown_action", "unknown_result", "unknown_fact", "fact_missing"} else 409
    return Refused(code, status, words, about=about)


def forbidden(code: str = "forbidden") -> Refused:
    words = {
        "forbidden": _("Your post may not do this here."),
        "own_work": _("You took part in the handling, so somebody else must check it."),
        "own_request": _("Whoever asked cannot be the one who approves."),
        "agreed_already": _("You have agreed at one level already; somebody else answers at the next."),
        "no_delegation": _("No delegation in force lets your post do this affair here."),
        "scope_missing": _("This token may not do this."),
    }[code]
    return Refused(code, 403, words)
