"""Bounds on how often something may be tried that hold for all processes of the servers together.

One statement counts and decides; of the key only a keyed hash is kept. The table is not in the write-ahead log: after a
crash of the database everybody begins anew. Real time on purpose: a moved clock must not open the door.
"""

import time
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from civicloop.records.models import Try

APART = 60.0  # seconds by which the clocks of two processes may differ; more, and a clock was put back
KEPT = 86_400.0  # seconds after which the worker removes what nobody tries any more
_COUNT = """
INSERT INTO records_try AS t (key, since, tries) VALUES (%(key)s, %(now)s, 1)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN t.since <= %(now)s - %(seconds)s OR t.since > %(now)s + %(apart)s
        THEN 1 ELSE least(t.tries + 1, 1000000) END,
    since = CASE WHEN t.since <= %(now)s - %(seconds)s OR t.since > %(now)s + %(apart)s THEN %(now)s ELSE t.since END
RETURNING tries, since"""
_WINDOW = "CASE WHEN t.key = %(key)s THEN %(seconds)s ELSE %(beside_seconds)s END"
_FRESH = f"t.since <= %(now)s - {_WINDOW} OR t.since > %(now)s + %(apart)s"
# two keys in one statement, always in the same order, so that no two requests wait for each other in turn
_COUNT_BOTH = f"""
INSERT INTO records_try AS t (key, since, tries)
SELECT k, %(now)s, 1 FROM unnest(ARRAY[%(key)s, %(beside)s]::bytea[]) AS k ORDER BY k
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN {_FRESH} THEN 1 ELSE least(t.tries + 1, 1000000) END,
    since = CASE WHEN {_FRESH} THEN %(now)s ELSE t.since END
RETURNING key, tries, since"""


class SharedThrottle:
    """At most `most` tries in a window of `seconds` for each key, over all processes."""

    def __init__(self, name: str, most: int, seconds: float) -> None:
        self.name, self.most, self.seconds = name, most, seconds

    def wait(self, key: str) -> float:
        """Count a try; 0 when it is allowed, else the seconds until the next one is."""
        now = time.time()
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"key": self._digest(key), "now": now, "seconds": self.seconds, "apart": APART})
            tries, since = cursor.fetchone()
        return self._left(tries, since, now)

    def wait_beside(self, key: str, beside: "SharedThrottle", other: str) -> tuple[float, int, int]:
        """As `wait`, and count a try of another kind in the same statement: (seconds, tries, tries of the other)."""
        now, mine = time.time(), self._digest(key)
        values: dict[str, Any] = {"key": mine, "seconds": self.seconds, "now": now, "apart": APART,
                  "beside": beside._digest(other), "beside_seconds": beside.seconds}  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_COUNT_BOTH, values)
            found = {bytes(digest): (tries, since) for digest, tries, since in cursor.fetchall()}
        tries, since = found[mine]
        return self._left(tries, since, now), tries, found[beside._digest(other)][0]

    def _digest(self, key: str) -> bytes:
        return bytes(salted_hmac("civicloop.records.tries", f"{self.name}:{key}", algorithm="sha256").digest())

    def _left(self, tries: int, since: float, now: float) -> float:
        return 0.0 if tries <= self.most else max(1.0, since + self.seconds - now)


def forget_old() -> int:
    """Remove what nobody has tried for a day; returns how many. For the worker."""
    return Try.objects.filter(since__lt=time.time() - KEPT).delete()[0]
