"""Likes of a played matter: its rows with ids, numbers, moments, places, texts and salts of their own, sealed anew.

Many are made at once by copying the bytes of a form and overwriting columns; only the hashes are reckoned one by one.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy

from civicloop.foundation import chain, ids, morton
from civicloop.ops.bench.forms import TEXTS, Bytes, Form, Whole, World


@dataclass(frozen=True)
class Text:
    """What a like says, and the tokens by which it is found, as elements of an array."""

    parts: tuple[bytes, bytes, bytes]
    tokens: bytes
    count: int


class Maker:
    """Makes likes in binary form; what it makes follows from the generator that it is given alone."""

    def __init__(self, world: World) -> None:
        self.world, self.zone = world, ZoneInfo(world.zone)
        self.boxes = numpy.array([place.box for place in world.places])
        self.ids = numpy.array([place.ids for place in world.places], dtype=numpy.int64)
        self.kinds = numpy.array([(kind.id, kind.condition) for kind in world.kinds], dtype=numpy.int64)
        self.sm3 = hashlib.new("sm3")

    def likes(
        self, form: Form, moments: Whole, serials: Sequence[int], texts: Sequence[Text],
        draw: numpy.random.Generator,
    ) -> dict[str, bytes]:  # fmt: skip
        """One like at each moment (about; whole seconds from the model's), as rows by table."""
        count = len(moments)
        shift = moments - int(form.at.timestamp())
        chosen = [texts[number] for number in draw.integers(len(texts), size=count)]
        values: dict[str, Bytes] = {}
        self._where(form, values, draw, count)
        self._when(form, values, draw, shift)
        numbers = self._numbers(form, shift, serials)
        values["number"] = _fixed(numbers, 1)
        for number, name in enumerate(TEXTS[:3]):
            values[name] = _fixed([each.parts[number] for each in chosen], 1)
        self._commit(form, values, draw, count)
        made = {}
        for table, content in form.tables.items():
            rows = numpy.tile(numpy.frombuffer(content, dtype=numpy.uint8), (count, 1))
            for offset, length, name, position in form.slots[table]:
                rows[:, offset : offset + length] = values[name][:, position]
            made[table] = rows
        self._chain(form, made["matters_entry"])
        found = {table: rows.tobytes() for table, rows in made.items()}
        found["matters_searchtoken"] = self._tokens(values, chosen, numbers)
        return found

    def _where(self, form: Form, values: dict[str, Bytes], draw: numpy.random.Generator, count: int) -> None:
        grids = draw.integers(len(self.boxes), size=count)
        kinds = draw.integers(len(self.kinds), size=count)
        known = numpy.concatenate([self.ids[grids], self.kinds[kinds]], axis=1)
        values["id8"] = known.astype(">i8").view(numpy.uint8).reshape(count, -1, 8)
        values["id4"] = values["id8"][:, :, 4:]
        values["idtext"] = known.astype("S6").view(numpy.uint8).reshape(count, -1, 6)
        box = self.boxes[grids]
        lon = numpy.round(box[:, 0] + box[:, 2] * draw.uniform(0.01, 0.99, count), 6)
        lat = numpy.round(box[:, 1] + box[:, 3] * draw.uniform(0.01, 0.99, count), 6)
        values["lon"] = lon.astype(">f8").view(numpy.uint8).reshape(count, 1, 8)
        values["lat"] = lat.astype(">f8").view(numpy.uint8).reshape(count, 1, 8)
        points = list(zip(lon.tolist(), lat.tolist(), strict=True))
        cells = numpy.array([morton.cell(*point) for point in points], dtype=">i8")
        values["cell"] = cells.view(numpy.uint8).reshape(count, 1, 8)
        values["point"] = _fixed([b"%.7f,%.7f" % point for point in points], 1)
        values["kindcode"] = _fixed([self.world.kinds[kind].code.encode() for kind in kinds], 1)
        values["class_code"] = _fixed([self.world.kinds[kind].class_code.encode() for kind in kinds], 1)

    def _when(
        self, form: Form, values: dict[str, Bytes], draw: numpy.random.Generator, shift: Whole
    ) -> None:  # fmt: skip
        count = len(shift)
        stamps = numpy.array(form.stamps, dtype=numpy.int64)[None, :] + shift[:, None] * 1_000_000
        values["stamp"] = stamps.astype(">i8").view(numpy.uint8).reshape(count, -1, 8)
        written = numpy.array(form.written, dtype=numpy.int64)[None, :] + shift[:, None]
        texts = numpy.datetime_as_string(written.astype("datetime64[s]"), unit="s").astype("S19")
        values["moment"] = texts.view(numpy.uint8).reshape(count, -1, 19)
        raw = draw.integers(256, size=(count, len(form.uuids), 16), dtype=numpy.uint8)
        raw[:, :, 8] = raw[:, :, 8] & 0x3F | 0x80
        for number, uuid in enumerate(form.uuids):
            version = uuid.version or 7
            raw[:, number, 6] = raw[:, number, 6] & 0x0F | version << 4
            if version == 7:
                milliseconds = (ids.milliseconds_of(uuid) + shift * 1000).astype(">i8")
                raw[:, number, :6] = milliseconds.view(numpy.uint8).reshape(count, 8)[:, 2:]
        values["uuid"] = raw
        digits = numpy.frombuffer(raw.tobytes().hex().encode(), dtype=numpy.uint8).reshape(count, -1, 32)
        text = numpy.full((count, len(form.uuids), 36), ord("-"), dtype=numpy.uint8)
        for begin, end, at in ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24)):
            text[:, :, at : at + end - begin] = digits[:, :, begin:end]
        values["uuidtext"] = text

    def _numbers(self, form: Form, shift: Whole, serials: Sequence[int]) -> list[bytes]:
        found = []
        begin = int(form.at.timestamp())
        for seconds, serial in zip(shift.tolist(), serials, strict=True):
            day = datetime.fromtimestamp(begin + seconds, self.zone)
            value = int(f"{day:%Y%m%d}") * 10_000_000 + serial % 10_000_000
            digits = str(value)
            found.append(f"{digits[:8]}-{digits[8:]}-{ids.SIGNS[value % 31]}".encode())
        return found

    def _commit(self, form: Form, values: dict[str, Bytes], draw: numpy.random.Generator, count: int) -> None:
        """Salts of their own, and the commitments that follow from them."""
        own = [[row.tobytes() for row in values[name][:, 0]] for name in TEXTS]
        texts = [
            [own[which][like] if which >= 0 else words for like in range(count)] for which, words in form.texts
        ]  # fmt: skip
        prints = [self._prints(form.uploads[upload], values) for upload in range(len(form.uploads))]
        requests = [prints[upload] if upload >= 0 else [digest] * count for upload, digest in form.requests]
        values["commitment"] = self._salted("salt", texts, values, draw, count)
        values["request"] = self._salted("salt of request", requests, values, draw, count)
        if form.uploads:
            values["print"] = _fixed([each[like] for like in range(count) for each in prints], len(prints))
            salts = draw.integers(256, size=(count, len(form.uploads), 16), dtype=numpy.uint8)
            values["salt of upload"] = salts
            marks = [
                self._digest(salts[like, upload].tobytes() + value).hex().encode()
                for like in range(count) for upload, value in form.marks
            ]  # fmt: skip
            values["mark"] = _fixed(marks, len(form.marks))

    def _salted(
        self, name: str, columns: Sequence[Sequence[bytes]], values: dict[str, Bytes], draw: numpy.random.Generator,
        count: int,
    ) -> Bytes:  # fmt: skip
        drawn = draw.integers(256, size=(count, len(columns), 16), dtype=numpy.uint8)
        values[name], salts, at = drawn, drawn.tobytes(), 0
        found = []
        for like in range(count):
            for column in columns:
                found.append(self._digest(salts[at : at + 16] + column[like]).hex().encode())
                at += 16
        return _fixed(found, len(columns))

    def _prints(self, upload: tuple[int, bytes, bytes], values: dict[str, Bytes]) -> list[bytes]:
        """By what an upload is known: it names who sent it."""
        who, head, tail = upload
        return [hashlib.sha256(head + each.tobytes() + tail).digest() for each in values["idtext"][:, who]]

    def _chain(self, form: Form, rows: Bytes) -> None:
        for like in range(len(rows)):
            row = memoryview(rows[like])
            last = chain.GENESIS
            for offset, length, hash_ in form.entries:
                digest = self.sm3.copy()
                digest.update(last)
                digest.update(row[offset : offset + length])
                last = digest.digest()
                row[hash_ : hash_ + 32] = last

    def _digest(self, data: bytes) -> bytes:
        digest = self.sm3.copy()
        digest.update(data)
        return digest.digest()

    def _tokens(self, values: dict[str, Bytes], texts: Sequence[Text], numbers: Sequence[bytes]) -> bytes:
        """Rows of the words by which likes are found: those of the text, of the areas, of the number."""
        rows = []
        for like, (text, number) in enumerate(zip(texts, numbers, strict=True)):
            areas = [b"@" + values["idtext"][like, place].tobytes() for place in (0, 1)]
            more = [*areas, number.lower(), number[:8], number[9:16]]
            array = struct.pack("!iiiii", 1, 0, 1043, text.count + len(more), 1) + text.tokens + elements(more)
            rows.append(b"\0\2\0\0\0\x10" + values["uuid"][like, 0].tobytes() + struct.pack("!i", len(array)) + array)
        return b"".join(rows)


def elements(words: Sequence[bytes]) -> bytes:
    """The elements of an array of texts."""
    return b"".join(struct.pack("!i", len(word)) + word for word in words)


def _fixed(values: Sequence[bytes], each: int) -> Bytes:
    """Values of one length as bytes of each like: `each` of them for every one."""
    if not values:
        return numpy.zeros((0, each, 1), dtype=numpy.uint8)
    return numpy.frombuffer(b"".join(values), dtype=numpy.uint8).reshape(len(values) // each, each, -1)
