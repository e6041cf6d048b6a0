"""A decoder of vector tiles, written from the specification and apart from the encoder."""

import gzip
import itertools
import struct
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Feature:
    """One feature: its properties, its kind of geometry, its rings or points in units of the tile."""

    id: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    kind: int = 0
    parts: list[list[tuple[int, int]]] = field(default_factory=list)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: bytes) -> list[tuple[int, Any]]:
    found, at = [], 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
        elif key & 7 == 1:
            value, at = data[at : at + 8], at + 8
        elif key & 7 == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        elif key & 7 == 5:
            value, at = data[at : at + 4], at + 4
        else:
            raise ValueError(key & 7)
        found.append((key >> 3, value))
    return found


def _numbers(data: bytes) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def _value(data: bytes) -> Any:
    ((number, value),) = _fields(data)
    return {
        1: lambda: value.decode(), 2: lambda: struct.unpack("<f", value)[0], 3: lambda: struct.unpack("<d", value)[0],
        4: lambda: value, 5: lambda: value, 6: lambda: _signed(value), 7: lambda: bool(value),
    }[number]()  # fmt: skip


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _parts(numbers: list[int]) -> list[list[tuple[int, int]]]:
    parts: list[list[tuple[int, int]]] = []
    x = y = at = 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == 7:
            parts[-1].append(parts[-1][0])
            continue
        for _number in range(count):
            x, y = x + _signed(numbers[at]), y + _signed(numbers[at + 1])
            at += 2
            if command == 1:
                parts.append([])
            parts[-1].append((x, y))
    return parts


def decoded(tile: bytes) -> dict[str, list[Feature]]:
    """Layer → features. Raises for what is no tile of version 2."""
    if tile[:2] == b"\x1f\x8b":
        tile = gzip.decompress(tile)
    layers = {}
    for number, body in _fields(tile):
        assert number == 3
        inner = _fields(body)
        said = dict(inner)
        assert said[15] == 2
        assert said[5] == 4096
        keys = [value.decode() for field_, value in inner if field_ == 3]
        values = [_value(value) for field_, value in inner if field_ == 4]
        features = []
        for field_, value in inner:
            if field_ != 2:
                continue
            feature = Feature()
            for part, content in _fields(value):
                if part == 1:
                    feature.id = content
                elif part == 2:
                    tags = _numbers(content)
                    feature.properties = {
                        keys[key]: values[val] for key, val in zip(tags[::2], tags[1::2], strict=True)
                    }
                elif part == 3:
                    feature.kind = content
                elif part == 4:
                    feature.parts = _parts(_numbers(content))
            features.append(feature)
        layers[said[1].decode()] = features
    return layers


def area_of(ring: list[tuple[int, int]]) -> float:
    """By the surveyor's formula: positive for an outer ring of a tile."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in itertools.pairwise(ring)) / 2
