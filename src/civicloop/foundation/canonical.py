"""One byte form for one content: canonical JSON (RFC 8785), so that hashes and fingerprints can be recomputed."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import rfc8785

_EXACT = 2**53 - 1
_quick = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class _Slow(Exception):
    """The value holds something that Python's own encoder writes otherwise than the standard."""


def _text(value: Any) -> str | None:
    """What is kept of the types that JSON does not know; None for the others."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a moment without a zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if isinstance(value, UUID | date) else None


def _simple(value: Any) -> Any:
    """The value when json.dumps gives RFC 8785's bytes for it: numbers without exponents, ASCII keys."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        if -_EXACT <= value <= _EXACT:
            return value
        raise _Slow
    if kind is float:
        if 1e-4 <= abs(value) < 1e15 or value == 0:
            return int(value) if value == int(value) else value
        raise _Slow
    if kind is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                raise _Slow
        return {key: _simple(each) for key, each in value.items()}
    if kind is list or kind is tuple:
        return [_simple(each) for each in value]
    text = _text(value)
    if text is None:
        raise _Slow
    return text


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    text = _text(value)
    if text is None:
        raise TypeError(f"{type(value).__name__} has no canonical form")
    return text


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON-like value; moments become UTC with microseconds, UUIDs text.

    Raises TypeError for what has no canonical form (Decimal, naive moments), ValueError for NaN and integers beyond
    2⁵³ (rfc8785's own errors are ValueErrors).
    """
    try:
        return _quick(_simple(value)).encode()
    except _Slow:
        return rfc8785.dumps(_plain(value))


def fingerprint(value: Any) -> bytes:
    """SHA-256 over the canonical form, 32 bytes: tells the same request sent twice from another one."""
    return hashlib.sha256(canonical(value)).digest()
