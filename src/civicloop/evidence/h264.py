"""Units of an H.264 picture (ITU-T H.264, 7.3): which are pictures, how large these are, and what else can be carried.

Programs and devices write serial numbers, places and whole texts into "supplemental enhancement information". It is
filled with nothing here, in its own length, so that no offset of the film moves. Pure calculation on bytes.
"""

from dataclasses import dataclass

SLICE, IDR, SEI, SPS, PPS, DELIMITER, END, STREAM_END, FILLER = 1, 5, 6, 7, 8, 9, 10, 11, 12
PARTED = frozenset({2, 3, 4, 19})  # pictures in parts that no phone makes
HIGH = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})  # profiles with further fields
MOST_SETS = 32


class Unclear(ValueError):
    """These bytes are not what this module understands."""


class OtherKind(ValueError):
    """Sound, and of a kind that browsers do not show: more than 8 bits, other colour sampling."""


@dataclass(frozen=True)
class Setup:
    """What a film says once of its pictures: the bytes of each set, how long a unit's length is, the largest size."""

    length_bytes: int
    sets: frozenset[bytes]
    width: int
    height: int


class _Bits:
    """Reads the bits of a unit whose emulation prevention is taken out (7.4.1)."""

    def __init__(self, unit: bytes) -> None:
        self.content = unit.replace(b"\x00\x00\x03", b"\x00\x00")
        self.at = 0

    def bits(self, count: int) -> int:
        end = self.at + count
        if end > len(self.content) * 8:
            raise Unclear("a set ends early")
        found = 0
        for place in range(self.at, end):
            found = found << 1 | (self.content[place // 8] >> (7 - place % 8) & 1)
        self.at = end
        return found

    def ue(self) -> int:
        """An unsigned number of exponential Golomb code (9.1)."""
        zeros = 0
        while self.bits(1) == 0:
            zeros += 1
            if zeros > 31:
                raise Unclear("a number without end")
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """A signed one."""
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def setup(record: bytes) -> Setup:
    """What stands in a decoder configuration record (ISO/IEC 14496-15, 5.3.3.1). Raises Unclear, OtherKind."""
    if len(record) < 7 or record[0] != 1:
        raise Unclear("no configuration")
    profile, length_bytes = record[1], (record[4] & 3) + 1
    if length_bytes == 3:
        raise Unclear("lengths of three bytes")
    series, at = _sets(record, 6, record[5] & 31, SPS)
    if at >= len(record):
        raise Unclear("no picture sets")
    pictures, at = _sets(record, at + 1, record[at], PPS)
    if profile in HIGH and len(record) - at == 4 and record[at + 3] == 0:
        at += 4  # colour sampling and depth once more, and no extension
    if at != len(record) or not series or not pictures:
        raise Unclear("something stands behind the sets")
    sizes = [frame_size(each) for each in series]
    return Setup(
        length_bytes, frozenset(series) | frozenset(pictures), max(w for w, _h in sizes), max(h for _w, h in sizes)
    )


def _sets(record: bytes, at: int, count: int, kind: int) -> tuple[list[bytes], int]:
    found = []
    if count > MOST_SETS:
        raise Unclear("too many sets")
    for _number in range(count):
        size = int.from_bytes(record[at : at + 2], "big")
        unit = record[at + 2 : at + 2 + size]
        if not size or len(unit) != size or unit[0] & 0x9F != kind:
            raise Unclear("a set that is none")
        found.append(unit)
        at += 2 + size
    return found, at


def frame_size(unit: bytes) -> tuple[int, int]:
    """Width and height of the pictures of a sequence parameter set, before cropping (7.3.2.1.1)."""
    bits = _Bits(unit[1:])
    profile = bits.bits(8)
    bits.bits(16)
    bits.ue()
    if profile in HIGH:
        _colours(bits)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.bits(1)
        bits.se()
        bits.se()
        for _number in range(_bounded(bits.ue(), 255)):
            bits.se()
    _bounded(bits.ue(), 16)  # pictures that are kept for reference
    bits.bits(1)
    width, height = bits.ue() + 1, bits.ue() + 1
    frames = bits.bits(1)
    return width * 16, height * 16 * (2 - frames)


def _colours(bits: _Bits) -> None:
    if bits.ue() != 1 or bits.ue() != 0 or bits.ue() != 0:
        raise OtherKind("not 8 bits with 4:2:0")
    bits.bits(1)
    if bits.bits(1):
        for number in range(8):
            if bits.bits(1):
                _scaling(bits, 16 if number < 6 else 64)


def _scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _number in range(size):
        if following:
            following = (last + bits.se() + 256) % 256
        last = following or last


def _bounded(value: int, most: int) -> int:
    if value > most:
        raise Unclear("a number out of its range")
    return value


def cleaned(sample: bytearray, setup: Setup) -> bool:
    """Fill everything but pictures and known sets of one sample with nothing, in place; whether there is a picture.

    Raises Unclear where the lengths do not fit, or a set differs from those that were named at the beginning.
    """
    at, pictures = 0, False
    while at < len(sample):
        start = at + setup.length_bytes
        end = start + int.from_bytes(sample[at:start], "big")
        if start > len(sample) or end > len(sample) or end == start:
            raise Unclear("a unit does not fit")
        kind = sample[start] & 31
        if sample[start] & 0x80 or kind in PARTED:
            raise Unclear("a unit of another kind")
        if kind in (SLICE, IDR):
            pictures = True
        elif kind in (SPS, PPS):
            if bytes(sample[start:end]) not in setup.sets:
                raise Unclear("another set on the way")
        elif not (kind == DELIMITER and end - start <= 2) and not (kind in (END, STREAM_END) and end - start == 1):
            sample[start:end] = nothing(kind, end - start)
        at = end
    return pictures


def nothing(kind: int, size: int) -> bytes:
    """A unit of this size that says nothing: filler payload in the place of SEI (D.1.4), else filler data (7.3.2.7)."""
    if kind == SEI and size >= 4:
        left = size - 4  # head, type, one byte of size, stop bit
        more = left // 256
        if left - more - left // 256 >= 0 and (payload := left - more) // 255 == more:
            return b"\x06\x03" + b"\xff" * more + bytes([payload - 255 * more]) + b"\xff" * payload + b"\x80"
    return (b"\x0c" + b"\xff" * (size - 2) + b"\x80")[:size] if size > 1 else b"\x0c"
