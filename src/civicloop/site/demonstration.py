"""The demonstration city as the pages see it: sign-ins, faces, progress of the load."""

import time
from typing import Any

from django.db import Error, connection
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from civicloop.foundation import caches
from civicloop.people.choices import Role
from civicloop.people.models import Account
from civicloop.site import homes
from civicloop.ui import context

PASSWORD = "bihuan-demo-2026"


RECHECK = 60.0  # seconds


class _Seen:
    """Whether this is a demonstration, as last looked at."""

    at = float("-inf")
    here = False


@caches.register
def forget() -> None:
    """Look again at the next page."""
    _Seen.at, _Seen.here = float("-inf"), False


def here() -> bool:
    """Whether demonstration accounts exist here, or are being loaded; a database that is away changes nothing."""
    if time.monotonic() - _Seen.at > RECHECK:
        try:
            _Seen.here = _accounts_or_load()
        except Error:
            return _Seen.here
        _Seen.at = time.monotonic()
    return _Seen.here


def _accounts_or_load() -> bool:
    """One statement, since every page asks it."""
    accounts = Account.objects.filter(demonstration=True).only("id")
    words, given = accounts.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS ({words}) OR EXISTS (SELECT FROM ops_load WHERE wanted AND NOT done)",
            given,
        )
        return bool(cursor.fetchone()[0])


@context.tell_notice
def notice() -> context.Notice | None:
    """What every page of a demonstration says, so that nobody takes it for a city's own."""
    if not here():
        return None
    return context.Notice(_("Demonstration: people, texts and photos are made up"), reverse("demo"))


# user, roles, and what is said of the sign-in
CAST: tuple[tuple[str, frozenset[str], str | Promise], ...] = (
    ("wangge", frozenset({Role.GRID_WORKER}), gettext_lazy("Grid worker")),
    (
        "shouli",
        frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER}),
        gettext_lazy("Acceptance clerk and dispatcher of a subdistrict"),
    ),
    ("paiqian", frozenset({Role.DISPATCHER}), gettext_lazy("Dispatcher of a district")),
    ("shoudan", frozenset({Role.RECEIVING_CLERK}), gettext_lazy("Receiving clerk")),
    ("chuzhi", frozenset({Role.UNIT_WORKER}), gettext_lazy("Unit worker")),
    ("fuzeren", frozenset({Role.UNIT_HEAD}), gettext_lazy("Unit head")),
    ("hecha", frozenset({Role.CHECKER}), gettext_lazy("Checker")),
    ("duban", frozenset({Role.SUPERVISOR}), gettext_lazy("Supervisor")),
    ("lingdao", frozenset({Role.LEADER}), gettext_lazy("Leader")),
    ("qudao", frozenset({Role.RESIDENT_CHANNEL}), gettext_lazy("Resident channel")),
    ("xitong", frozenset({Role.SYSTEM_ADMIN}), gettext_lazy("System administrator")),
    ("anquan", frozenset({Role.SECURITY_ADMIN}), gettext_lazy("Security administrator")),
    ("shenji", frozenset({Role.AUDIT_ADMIN}), gettext_lazy("Audit administrator")),
)


def sign_ins() -> list[dict[str, str]]:
    """One sign-in for each role: user, words, and the page to which signing in leads."""
    return [{"user": user, "words": str(words), "home": homes.home_for(roles)} for user, roles, words in CAST]


def faces() -> list[dict[str, str]]:
    """The entrances of the product."""
    return [
        {"words": _("Residents"), "url": "/"},
        {"words": _("Grid workers"), "url": "/field/"},
        {"words": _("Acceptance and dispatch"), "url": "/desk/"},
        {"words": _("Receiving desk"), "url": "/receiving/"},
        {"words": _("Checks"), "url": "/checks/"},
        {"words": pgettext("navigation", "Operations"), "url": "/operations/"},
        {"words": _("Figures"), "url": "/figures/"},
        {"words": pgettext("navigation", "Map"), "url": "/map/"},
        {"words": _("Administration"), "url": "/admin/"},
    ]


def words_of(part: str) -> str:
    """What is being loaded, in the reader's language; `part` is a name and, for the matters, "done of total"."""
    name, _sign, count = part.partition(": ")
    words = {
        "districts": _("Boundaries of the districts"),
        "areas": _("Subdistricts, communities and grids"),
        "noding": _("Common borders of the grids"),
        "calendars": _("Working calendars"),
        "units": _("Units"),
        "people": _("Posts and people"),
        "catalogue": _("Kinds of matters, conditions and responsibilities"),
        "procedures": _("Procedures"),
        "matters": _("Matters of the last 60 days"),
    }
    if name.startswith("grids of "):
        return _("Grids of district %(code)s") % {"code": name.removeprefix("grids of ")}
    done, _sign, total = count.partition(" of ")
    if name == "matters" and total:
        return _("Matters of the last 60 days: %(done)s of %(total)s") % {"done": done, "total": total}
    return words.get(name, part)


def progress() -> dict[str, Any] | None:
    """How far the load is: part, share, trouble; None when there is none under way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT part, share, trouble, started_at FROM ops_load WHERE wanted AND NOT done ORDER BY name LIMIT 1"
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return {"part": words_of(row[0]), "share": row[1], "trouble": row[2], "since": row[3]}
