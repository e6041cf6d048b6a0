"""Identifiers: UUIDv7 keys (RFC 9562) that a client may choose, and the human numbers of matters."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from civicloop.foundation import clock

# digits and letters without I, O and Q, 31 signs: the check sign of a number is its 15 digits modulo 31
SIGNS = "0123456789ABCDEFGHJKLMNPRSTUVWX"


def uuid7(moment: datetime | None = None) -> UUID:
    """A new UUIDv7 of `moment` (default: the platform's clock); 74 random bits."""
    return made_of(moment or clock.now(), secrets.randbits(74))


def made_of(moment: datetime, bits: int) -> UUID:
    """The UUIDv7 of a moment whose other 74 bits are the lowest of `bits`."""
    milliseconds = int(moment.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | bits & (1 << 62) - 1)


def first_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: a bound for ranges of keys, never a key itself."""
    return made_of(moment, 0)


def milliseconds_of(identifier: UUID) -> int:
    """The first 48 bits of a UUIDv7: milliseconds since 1970, up to the year 10889, which no datetime can hold."""
    return identifier.int >> 80


def moment_of(identifier: UUID) -> datetime:
    """The millisecond that a UUIDv7 carries. A client's claim: good for order and partitions, never for a clock.

    Raises ValueError when `identifier` is of another version.
    """
    if identifier.version != 7:
        raise ValueError("not a UUIDv7")
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def number_is_sound(number: str) -> bool:
    """Whether `YYYYMMDD-NNNNNNN-C` has the right form and check sign; finds every wrong sign and every swap."""
    parts = number.strip().upper().split("-")
    if [len(part) for part in parts] != [8, 7, 1] or not (parts[0] + parts[1]).isdecimal():
        return False
    return SIGNS[int(parts[0] + parts[1]) % 31] == parts[2]
