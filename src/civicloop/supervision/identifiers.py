"""Ids of what follows by itself: the same cause gives the same id, and ids are in the order of time."""

import hashlib
from datetime import datetime
from uuid import UUID


def derived(moment: datetime, cause: str) -> UUID:
    """A UUIDv7 of `moment` whose other bits come from the cause."""
    milliseconds = int(moment.timestamp() * 1000)
    bits = int.from_bytes(hashlib.sha256(cause.encode()).digest()[:10])
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | bits & (1 << 62) - 1)
