"""Ids of what follows by itself: the same cause gives the same id, and ids are in the order of time."""

import hashlib
from datetime import datetime
from uuid import UUID

from civicloop.foundation import ids


def derived(moment: datetime, cause: str) -> UUID:
    """A UUIDv7 of `moment` whose other bits come from the cause."""
    return ids.made_of(moment, int.from_bytes(hashlib.sha256(cause.encode()).digest()[:10]))
