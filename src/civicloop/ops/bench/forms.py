"""The rows of a played matter as a form to be filled in: bytes, and where in them stands what likes have of their own.

Every such part has the same length in all likes, since ids have six digits from the start (relocating.widen).
"""

import hashlib
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy
from numpy.typing import NDArray

from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical
from civicloop.ops.bench.stories import Model, State, Tables

Bytes = NDArray[numpy.uint8]
Whole = NDArray[numpy.int64]
_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MOMENT = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_NUMBER = rb"(?<![0-9a-f.\-])[1-9]\d{5}(?![0-9a-f.\-])"
_SCANNED = re.compile(b"|".join(b"(%s)" % each for each in (_UUID, _MOMENT, _NUMBER)))
_WIDTHS = {"bigint": 8, "integer": 4}
TEXTS = ("title", "text", "address", "point")


@dataclass(frozen=True)
class Place:
    """A grid: its box (west, south, width, height) and what stands for the model's ids in it, in their order."""

    box: tuple[float, float, float, float]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """A kind with its class and the filing condition under which likes are filed."""

    id: int
    condition: int
    code: str
    class_code: str


@dataclass(frozen=True)
class World:
    """Where likes may lie, what they may be about, and which ids of the models stand for what."""

    places: Sequence[Place]
    kinds: Sequence[Kind]
    known: Mapping[int, int]  # id in the models → position in Place.ids, then kind and condition
    zone: str
    tables: Tables


@dataclass
class Form:
    """A state ready for copying: by table its bytes, and where which value stands: (offset, length, name, position)."""

    at: datetime
    tables: dict[str, bytes] = field(default_factory=dict)
    slots: dict[str, list[tuple[int, int, str, int]]] = field(default_factory=dict)
    uuids: list[UUID] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)  # microseconds since PostgreSQL's epoch
    written: list[int] = field(default_factory=list)  # seconds since 1970
    entries: list[tuple[int, int, int]] = field(default_factory=list)  # of each body: offset, length, offset of hash
    # of each text: which of `TEXTS` it is (-1: the model's own words), its words
    texts: list[tuple[int, bytes]] = field(default_factory=list)
    # of each upload: who sent it, what stands around that in its print; what its entry commits itself to with its salt
    uploads: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    marks: list[tuple[int, bytes]] = field(default_factory=list)
    requests: list[tuple[int, bytes]] = field(default_factory=list)  # of each entry: its upload or -1, its fingerprint

    def position(self, among: list[Any], value: Any) -> int:
        if value not in among:
            among.append(value)
        return among.index(value)


def fields(rows: bytes) -> Iterator[list[tuple[int, int]]]:
    """(offset, length) of every field by row; a length of -1 is NULL."""
    at = 0
    while at < len(rows):
        (count,) = struct.unpack_from("!h", rows, at)
        at += 2
        found = []
        for _field in range(count):
            (length,) = struct.unpack_from("!i", rows, at)
            found.append((at + 4, length))
            at += 4 + max(length, 0)
        yield found


def compiled(model: Model, state: State, world: World) -> Form:
    """The state's bytes with all that a like has of its own."""
    form = Form(model.at)
    form.position(form.uuids, model.id)
    rows = {table: list(fields(content)) for table, content in state.rows.items()}
    _ids(form, state, rows, world)
    commitments = _texts(form, state, rows, world) + _uploads(form, state, rows, world)
    for table, content in state.rows.items():
        form.tables[table] = content
        slots = form.slots[table] = []
        for number, row in enumerate(rows[table]):
            for (name, type_), (offset, length) in zip(world.tables[table], row, strict=True):
                if length > 0:
                    value = content[offset : offset + length]
                    for place, wide, what, position in _slots(form, world, table, name, type_, value, number, model):
                        slots.append((offset + place, wide, what, position))
    slots = form.slots["matters_entry"]
    content = state.rows["matters_entry"]
    for value, source, position in commitments:
        for found in re.finditer(value, content):
            slots.append((found.start(), 64, source, position))
    columns = [name for name, _type in world.tables["matters_entry"]]
    for row in rows["matters_entry"]:
        (offset, length), (hash_, _length) = row[columns.index("body")], row[columns.index("hash")]
        form.entries.append((offset, length, hash_))
    return form


def _ids(form: Form, state: State, rows: Mapping[str, Any], world: World) -> None:
    """The acts and the photos have ids of their own, too."""
    for table, name in (("matters_entry", "act_id"), ("evidence_evidence", "id")):
        place = [column for column, _type in world.tables[table]].index(name)
        for row in rows.get(table, ()):
            offset, length = row[place]
            if length == 16:
                form.position(form.uuids, UUID(bytes=state.rows[table][offset : offset + 16]))


Found = list[tuple[bytes, str, int]]  # a commitment in the model's bodies, what stands for it, position


def _rows(state: State, rows: Mapping[str, Any], world: World, table: str) -> Iterator[dict[str, bytes]]:
    content = state.rows.get(table, b"")
    names = [name for name, _type in world.tables[table]]
    for row in rows.get(table, ()):
        yield {
            name: content[offset : offset + max(length, 0)]
            for name, (offset, length) in zip(names, row, strict=True)
        }  # fmt: skip


def _texts(form: Form, state: State, rows: Mapping[str, Any], world: World) -> Found:
    found: Found = []
    for of in _rows(state, rows, world, "matters_entrytext"):
        name, seq = of["field"].decode(), struct.unpack("!i", of["seq"])[0]
        which = TEXTS.index(name) if seq == 1 and name in TEXTS else -1
        found.append((_commitment(of["salt"], of["value"]), "commitment", len(form.texts)))
        form.texts.append((which, of["value"]))
    return found


def _uploads(form: Form, state: State, rows: Mapping[str, Any], world: World) -> Found:
    """What entries commit themselves to: the fingerprint of each request, what is kept apart of each photo."""
    if any(table in rows for table in ("evidence_capture", "evidence_film")):
        raise RuntimeError("photos of a model must say nothing of their camera")
    found: Found = []
    prints: list[bytes] = []
    for position, of in enumerate(_rows(state, rows, world, "evidence_evidence")):
        account, dhash = struct.unpack("!qq", of["account_id"] + of["dhash"])
        head, tail = b'{"account":', b',"sha256":"%s","stage":"%s","synthetic":true}' % (of["sha256"], of["stage"])
        if hashlib.sha256(head + b"%d" % account + tail).digest() != of["fingerprint"]:
            raise RuntimeError("the fingerprint of an upload has another form")
        prints.append(of["fingerprint"])
        form.uploads.append((world.known[account], head, tail))
        for value in (canonical({"dhash": str(dhash)}), canonical({"made": None})):
            found.append((_commitment(of["salt"], value), "mark", len(form.marks)))
            form.marks.append((position, value))
    for position, of in enumerate(_rows(state, rows, world, "matters_entry")):
        digest, salt = of["fingerprint"][:32], of["fingerprint"][32:]
        found.append((_commitment(salt, digest), "request", position))
        form.requests.append((prints.index(digest) if digest in prints else -1, digest))
    return found


def _commitment(salt: bytes, value: bytes) -> bytes:
    return chain.commitment(salt, value).hex().encode()


def _slots(
    form: Form, world: World, table: str, name: str, type_: str, value: bytes, row: int, model: Model
) -> Iterator[tuple[int, int, str, int]]:  # fmt: skip
    """What of one field is a like's own: (place in the field, length, what, position)."""
    if type_ == "uuid":
        if (found := UUID(bytes=value)) in form.uuids:
            yield 0, 16, "uuid", form.uuids.index(found)
    elif type_ == "timestamp with time zone":
        yield 0, 8, "stamp", form.position(form.stamps, struct.unpack("!q", value)[0])
    elif type_ in _WIDTHS:
        number = int.from_bytes(value, "big", signed=True)
        if number in world.known:
            yield 0, _WIDTHS[type_], f"id{_WIDTHS[type_]}", world.known[number]
        elif name == "cell":
            yield 0, 8, "cell", 0
    elif name in ("lon", "lat", "lon_in", "lat_in"):
        yield 0, 8, name[:3], 0
    elif name in ("number", "class_code"):
        yield 0, len(value), name, 0
    elif name == "salt":
        yield 0, 16, "salt" if table == "matters_entrytext" else "salt of upload", row
    elif name == "fingerprint" and table == "evidence_evidence":
        yield 0, 32, "print", row
    elif name == "fingerprint" and table == "matters_entry":
        yield 32, 16, "salt of request", row
        if (upload := form.requests[row][0]) >= 0:
            yield 0, 32, "print", upload
    elif (name == "value" and table == "matters_entrytext") or name in TEXTS[:3]:
        which = form.texts[row][0] if name == "value" else TEXTS.index(name)
        if which >= 0 and (which == 3 or value == model.texts[which].encode()):
            yield 0, len(value), TEXTS[which], 0
    elif type_ in ("jsonb", "character varying", "text") or name == "body":
        yield from _scanned(form, world, value)


def _scanned(form: Form, world: World, value: bytes) -> Iterator[tuple[int, int, str, int]]:
    for found in _SCANNED.finditer(value):
        text, at = found.group(), found.start()
        if found.lastindex == 1:
            if (uuid := UUID(text.decode())) in form.uuids:
                yield at, 36, "uuidtext", form.uuids.index(uuid)
        elif found.lastindex == 2:
            moment = datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)
            yield at, 19, "moment", form.position(form.written, int(moment.timestamp()))
        elif int(text) in world.known:
            yield at, 6, "idtext", world.known[int(text)]
    for found in re.finditer(rb'"kind":"(\d{5})"', value):
        yield found.start(1), 5, "kindcode", 0
