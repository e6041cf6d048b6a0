"""The hashed form of timeline entries: a versioned byte format, chained, provable without the platform.

Format 1: one byte 0x01, one byte for the algorithm, then canonical JSON. The hash of an entry is
H(hash of the entry before it ‖ body); the first entry follows 32 zero bytes. Erasable texts stand in the body only as
commitments H(salt ‖ value), the salt always of 16 bytes: were its length free, the first characters of a text could be
moved into the salt and the rest would still fit.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

GENESIS = bytes(32)
SALT = 16
FORMAT = 1
ALGORITHMS = {1: "sm3", 2: "sha256"}
DEFAULT = 1
ERASE = "erase"  # the action of an entry that says which texts were destroyed
CORRECT = (
    "correct"  # the action of an entry that replaced contact data; fingerprints over those of before went with them
)


class UnknownForm(ValueError):
    """The bytes are of a format or an algorithm that this version does not know."""


def digest(data: bytes, algorithm: int = DEFAULT) -> bytes:
    """32 bytes of SM3 (GB/T 32905) or SHA-256."""
    return hashlib.new(ALGORITHMS[algorithm], data).digest()


def body(canonical_json: bytes, algorithm: int = DEFAULT) -> bytes:
    """The stored bytes of an entry."""
    return bytes((FORMAT, algorithm)) + canonical_json


def algorithm_of(stored: bytes) -> int:
    """The algorithm id of a stored body. Raises UnknownForm."""
    if len(stored) < 2 or stored[0] != FORMAT or stored[1] not in ALGORITHMS:
        raise UnknownForm(stored[:2].hex())
    return stored[1]


def entry_hash(previous: bytes, stored: bytes) -> bytes:
    """The chained hash of an entry."""
    return digest(previous + stored, algorithm_of(stored))


def commitment(salt: bytes, value: bytes, algorithm: int = DEFAULT) -> bytes:
    """What stands in a body for a text that may be erased. Raises ValueError for a salt that has not 16 bytes."""
    if len(salt) != SALT:
        raise ValueError(f"a salt of {len(salt)} bytes")
    return digest(salt + value, algorithm)


def content(stored: bytes) -> dict[str, object]:
    """The JSON of a stored body. Raises UnknownForm, ValueError."""
    algorithm_of(stored)
    try:
        found = json.loads(stored[2:])
    except RecursionError as reason:
        raise UnknownForm("nested too deeply") from reason
    if not isinstance(found, dict):
        raise UnknownForm("not an object")
    return found


@dataclass(frozen=True)
class Row:
    """An entry as it lies in the database; `columns` are the plain columns that repeat parts of the body.

    Bodies of earlier builds may lack those named in `later`; the others are in every body.
    """

    seq: int
    body: bytes
    hash: bytes
    columns: Mapping[str, object]
    texts: Mapping[str, tuple[bytes, bytes]]  # field → (salt, value); erased ones are missing
    later: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    """Something that was changed: `seq`, a machine code and what it is about."""

    seq: int
    code: str
    about: str = ""


@dataclass(frozen=True)
class Erased:
    """A text that is gone and of which the chain itself says so: under which list, on which day (ISO)."""

    seq: int
    field: str
    list: str
    on: str


@dataclass(frozen=True)
class Examination:
    """What was found in one chain: what does not fit, what was erased, how many entries it has.

    `lists` are the lists that its erasures name: whoever knows them must see whether they were approved.
    """

    findings: list[Finding]
    erased: list[Erased]
    entries: int
    lists: frozenset[str] = frozenset()


def verify(rows: Iterable[Row], last_seq: int) -> list[Finding]:
    """Everything that does not fit in a matter's chain; empty when nothing was rewritten. As `examine` finds it."""
    return examine(rows, last_seq).findings


def examine(rows: Iterable[Row], last_seq: int) -> Examination:
    """Look at a matter's chain. `rows` stand in the order of their seq; `last_seq` is what the matter itself says.

    Codes: missing (`about`: the last of several), out_of_order, unknown_form, broken_link (body or hash changed, or
    rows swapped), column_changed, text_changed, text_unknown, text_missing, truncated, beyond_end. A text that is gone
    is no finding where a later entry of the same chain says that it was erased: its commitment still stands.
    """
    findings: list[Finding] = []
    missing: list[tuple[int, str]] = []
    erasures: list[tuple[int, Mapping[str, object]]] = []
    previous, expected, entries, corrected = GENESIS, 1, 0, 0
    for row in rows:
        entries += 1
        if row.seq > expected:
            findings.append(Finding(expected, "missing", str(row.seq - 1) if row.seq - 1 > expected else ""))
        elif row.seq < expected:
            findings.append(Finding(row.seq, "out_of_order"))
        if row.seq > last_seq:
            findings.append(Finding(row.seq, "beyond_end"))
        expected = max(expected, row.seq + 1)
        try:
            told = content(row.body)
            fits = entry_hash(previous, row.body) == row.hash
        except ValueError:
            findings.append(Finding(row.seq, "unknown_form"))
            previous = row.hash
            continue
        if not fits:
            findings.append(Finding(row.seq, "broken_link"))
        committed = told.get("texts")
        commitments = committed if isinstance(committed, dict) else {}
        findings += _contents(row, told, commitments)
        missing += [(row.seq, field) for field in sorted(commitments) if field not in row.texts]
        data = told.get("data")
        if told.get("action") == ERASE and isinstance(data, dict):
            erasures.append((row.seq, data))
        elif told.get("action") == CORRECT and isinstance(data, dict) and data.get("corrected"):
            corrected = row.seq
        previous = row.hash
    if expected <= last_seq:
        findings.append(Finding(expected, "truncated"))
    return _with_erasures(findings, missing, erasures, entries, corrected)


def _with_erasures(
    findings: list[Finding], missing: list[tuple[int, str]], erasures: list[tuple[int, Mapping[str, object]]],
    entries: int, before: int,
) -> Examination:  # fmt: skip
    """Tell what was erased, as later entries say, from what is gone without a word."""
    said: dict[tuple[int, str], Erased] = {}
    for seq, data in erasures:
        before = max(before, seq)  # up to this entry the fingerprints of requests are gone, too
        texts = data.get("texts")
        for each in texts if isinstance(texts, list) else []:
            if isinstance(each, list) and len(each) == 2 and each[0] < seq:
                said[each[0], str(each[1])] = Erased(each[0], str(each[1]), str(data.get("list")), str(data.get("on")))
    findings = [each for each in findings if not (each.code == "request_gone" and each.seq < before)]
    findings = [replace(f, code="column_changed") if f.code == "request_gone" else f for f in findings]
    findings += [Finding(seq, "text_missing", field) for seq, field in missing if (seq, field) not in said]
    erased = [said[key] for key in missing if key in said]
    return Examination(findings, erased, entries, frozenset(str(data.get("list")) for _seq, data in erasures))


def _contents(row: Row, told: Mapping[str, object], commitments: Mapping[str, object]) -> list[Finding]:
    findings = [
        Finding(row.seq, "request_gone" if name == "request" and value is None else "column_changed", name)
        for name, value in row.columns.items()
        if told.get(name) != value and not (name in row.later and name not in told)
    ]
    for field, (salt, value) in row.texts.items():
        if field not in commitments:
            findings.append(Finding(row.seq, "text_unknown", field))
        elif len(salt) != SALT or commitment(salt, value, algorithm_of(row.body)).hex() != commitments[field]:
            findings.append(Finding(row.seq, "text_changed", field))
    return findings
