"""How much one account may take away or put in within an hour, for all processes of the servers together.

Whoever holds somebody's session copies no list after list, and fills no disk. Real time, as every bound on tries.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from civicloop.records import settings
from civicloop.records.tries import SharedThrottle

EXPORTS, UPLOADS = "exports", "uploads"
HOUR = 3600.0
settings.define(
    "exports.most_hour", "int", 60, gettext_lazy("How often one account may take a list away as a file within an hour"),
    low=1, high=10_000,
)  # fmt: skip
settings.define(
    "uploads.most_hour", "int", 500, gettext_lazy("How many files one account may send within an hour"),
    low=1, high=100_000,
)  # fmt: skip

View = Callable[..., HttpResponse]


def most(what: str) -> int:
    """How many of EXPORTS or UPLOADS one account may do within an hour."""
    return settings.get_int(f"{what}.most_hour")


def wait(what: str, account_id: int) -> float:
    """Count one; 0 when it is within the bound, else the seconds until the next one is."""
    return SharedThrottle(what, most(what), HOUR).wait(str(account_id))


def told(what: str, left: float) -> dict[str, int]:
    """What is said of the bound to whoever has come to it: how many, and in how many minutes the next one is."""
    return {"most": most(what), "minutes": int(left // 60) + 1}


def taken_away(view: View) -> View:
    """Bound a page that answers with a file of many rows, for the signed-in account; inside the page's duty."""

    @wraps(view)
    def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        left = wait(EXPORTS, request.user.pk or 0)
        if not left:
            return view(request, *args, **kwargs)
        answer = render(request, "429.html", told(EXPORTS, left), status=429)
        answer["Retry-After"] = str(int(left) + 1)
        return answer

    bounded.taken_away = True  # type: ignore[attr-defined]
    return bounded
