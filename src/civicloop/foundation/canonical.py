"""One byte form for one content: canonical JSON (RFC 8785), so that hashes and fingerprints can be recomputed."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import rfc8785


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a moment without a zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON-like value; moments become UTC with microseconds, UUIDs text.

    Raises TypeError for what has no canonical form (Decimal, naive moments), ValueError for NaN and integers beyond
    2⁵³ (rfc8785's own errors are ValueErrors).
    """
    return rfc8785.dumps(_plain(value))


def fingerprint(value: Any) -> bytes:
    """SHA-256 over the canonical form, 32 bytes: tells the same request sent twice from another one."""
    return hashlib.sha256(canonical(value)).digest()
