"""Lock-out: each name that is typed at the sign-in may be tried so often, whether it exists or not.

A try is counted before the password is looked at, in one statement, so tries at once are counted each. Real time on
purpose: a moved clock must not open the door.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from civicloop.people import sql
from civicloop.people.models import SignInLock

FREE = 5  # tries before the first wait
FIRST, LONGEST = 60, 3600  # seconds; each further try doubles the wait
FORGOTTEN_AFTER = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


def key(name: str) -> bytes:
    """The keyed hash under which tries for a name are counted: people type passwords into the field of the name."""
    return salted_hmac("civicloop.people.lock", name.strip().casefold(), algorithm="sha256").digest()


def begin(name: str) -> float:
    """Count a try for `name`: 0 when it may be made, else the seconds until the next one may."""
    now = _now()
    values: dict[str, Any] = {
        "key": key(name), "now": now, "forgotten": now - FORGOTTEN_AFTER, "free": FREE, "first": FIRST,
        "longest": LONGEST,
        "open": now - timedelta(minutes=1),  # before the moment of whoever tries at the same time
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNT_TRY, values)
        if cursor.fetchone() is not None:
            return 0.0
    until = SignInLock.objects.filter(key=key(name)).values_list("until", flat=True).first()
    return max(1.0, (until - now).total_seconds()) if until else 1.0


def waits(name: str) -> bool:
    """Whether `name` has to wait now, without counting a try."""
    return SignInLock.objects.filter(key=key(name), until__gt=_now()).exists()


def succeeded(name: str) -> None:
    """Forget the tries for a name: the right password was given."""
    SignInLock.objects.filter(key=key(name)).delete()


def forget_old() -> int:
    """Remove what nobody has tried for a day; returns how many. For the worker."""
    return SignInLock.objects.filter(last_at__lt=_now() - FORGOTTEN_AFTER).delete()[0]
