"""Tokens after they are made: what they may, when they were last used, their end.

Uses are kept in this process and written for all tokens in one statement, at most once in EVERY seconds, so that a call
costs nothing more; what a process that was killed had not written is lost.
"""

import time
from datetime import datetime
from threading import Lock

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from civicloop.foundation import caches, clock
from civicloop.people.access import Actor
from civicloop.people.actions import note, require
from civicloop.people.models import ApiToken

EVERY = 60.0
_WRITE = """
UPDATE people_apitoken t SET last_used_at = greatest(t.last_used_at, v.at)
FROM unnest(%s::bytea[], %s::timestamptz[]) AS v(hash, at) WHERE t.hash = v.hash"""


class _Uses:
    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[bytes, datetime] = {}
        self._written = time.monotonic()

    def note(self, token_hash: bytes) -> None:
        with self._lock:
            self._seen[token_hash] = clock.now()
            if time.monotonic() - self._written < EVERY:
                return
            seen, self._seen, self._written = self._seen, {}, time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [list(seen), list(seen.values())])

    def forget(self) -> None:
        with self._lock:
            self._seen, self._written = {}, time.monotonic()


_uses = _Uses()
caches.register(_uses.forget)


def used(token_hash: bytes) -> None:
    """Note that a token has let somebody in."""
    _uses.note(token_hash)


def in_force() -> QuerySet[ApiToken]:
    """Tokens that may still be used, newest first."""
    open_ended = Q(expires_at=None) | Q(expires_at__gt=clock.now())
    return ApiToken.objects.filter(open_ended, revoked_at=None).select_related("account", "post").order_by("-id")


@transaction.atomic
def revoke(actor: Actor, *, token_id: int) -> ApiToken:
    """End a token now. Raises PeopleError `forbidden`, ApiToken.DoesNotExist."""
    require(actor, "posts.change")
    token = ApiToken.objects.select_for_update(no_key=True).get(pk=token_id)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        note(actor, "token.revoke", str(token.post_id), {"token": token.pk})
    return token
