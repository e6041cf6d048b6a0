"""Mapbox Vector Tiles 2.1, written directly: the few parts of protobuf that a layer of points or polygons needs.

A tile of points lies on a square of cells, so that the geometry of a cell is always the same bytes: they are made once
for each number of cells and kept. That makes a full tile of 4,096 points cost a few milliseconds.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

EXTENT = 4096
Value = str | int | float | bool
POINT, LINE, POLYGON = 1, 2, 3
_MOVE, _LINE, _CLOSE = 1, 2, 7


def varint(value: int) -> bytes:
    """A number that is not negative, seven bits a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 63


def _block(field: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"\x38" + varint(int(value))
    if isinstance(value, int):
        return b"\x30" + varint(_zigzag(value)) if value < 0 else b"\x28" + varint(value)
    if isinstance(value, float):
        return b"\x19" + struct.pack("<d", value)
    return _block(1, value.encode())


def point(x: int, y: int) -> bytes:
    """The commands of one point in the units of the tile."""
    return varint(_MOVE | 1 << 3) + varint(_zigzag(x)) + varint(_zigzag(y))


@cache
def points_of_cells(bits: int) -> Sequence[bytes]:
    """For each of a tile's 2^bits × 2^bits cells, in their Morton order, the geometry of the point in its middle."""
    side = EXTENT >> bits
    found = []
    for cell in range(1 << 2 * bits):
        x = sum((cell >> 2 * bit & 1) << bit for bit in range(bits))
        y = sum((cell >> 2 * bit + 1 & 1) << bit for bit in range(bits))
        found.append(point(x * side + side // 2, y * side + side // 2))
    return found


def polygon(rings: Iterable[Sequence[tuple[int, int]]]) -> bytes:
    """The commands of rings in the units of the tile: outer rings clockwise on the screen, holes the other way.

    Each ring is given without its last point, which is the first one again; it must have three points or more.
    """
    out, at_x, at_y = bytearray(), 0, 0
    for ring in rings:
        for number, (x, y) in enumerate(ring):
            if number == 0:
                out += varint(_MOVE | 1 << 3)
            elif number == 1:
                out += varint(_LINE | len(ring) - 1 << 3)
            out += varint(_zigzag(x - at_x)) + varint(_zigzag(y - at_y))
            at_x, at_y = x, y
        out += varint(_CLOSE | 1 << 3)
    return bytes(out)


class Layer:
    """One layer: features of one kind of geometry, whose properties share keys and values."""

    def __init__(self, name: str, kind: int) -> None:
        self.name = name
        self._kind = b"\x18" + varint(kind)
        self._keys: dict[str, int] = {}
        self._values: dict[tuple[type, Value], int] = {}
        self._features: list[bytes] = []

    def __len__(self) -> int:
        return len(self._features)

    def add(self, geometry: bytes, properties: Mapping[str, Value], identifier: int | None = None) -> None:
        """Add a feature; `geometry` are the bytes of `point`, `points_of_cells` or `polygon`."""
        keys, values = self._keys, self._values
        tags = b"".join(
            varint(keys.setdefault(key, len(keys))) + varint(values.setdefault((type(value), value), len(values)))
            for key, value in properties.items()
        )
        head = b"" if identifier is None else b"\x08" + varint(identifier)
        self._features.append(
            _block(2, head + _block(2, tags) + self._kind + b"\x22" + varint(len(geometry)) + geometry)
        )

    def encoded(self) -> bytes:
        """The layer as a field of a tile; nothing when it has no feature."""
        if not self._features:
            return b""
        parts = [b"\x78\x02", _block(1, self.name.encode()), *self._features]
        parts += [_block(3, key.encode()) for key in self._keys]
        parts += [_block(4, _value(value)) for _type, value in self._values]
        parts.append(b"\x28" + varint(EXTENT))
        return _block(3, b"".join(parts))


def tile(*layers: Layer) -> bytes:
    """The bytes of a tile."""
    return b"".join(layer.encoded() for layer in layers)
