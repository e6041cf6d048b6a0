"""The parts ("boxes") of an MP4 or MOV film (ISO/IEC 14496-12): found, bounded, copied one by one. Bytes, no decoder.

A film is written anew into as many zero bytes as it has: only what is understood is copied, each part at its own place,
so that nothing has to move. What is not copied becomes free space. No part is looked into without being expected where
it stands, so depth is bounded by the program and not by the file.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MOST_PARTS = 2_000  # of one level
FREE = b"free"


class Unclear(ValueError):
    """The film is damaged, or holds what this program does not understand; the words are for developers."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its kind, and where its head, its contents and what follows begin."""

    kind: bytes
    start: int
    body: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of its contents."""
        return self.end - self.body


def parts(content: bytes, start: int, end: int, *, outermost: bool = False, slack: int = 0) -> list[Part]:
    """The parts that fill a range exactly; `slack` zero bytes may stand at its end. Raises Unclear."""
    found: list[Part] = []
    at = start
    while at < end:
        if end - at <= slack and not any(content[at:end]):
            break
        part = _part(content, at, end, outermost=outermost)
        found.append(part)
        at = part.end
        if len(found) > MOST_PARTS:
            raise Unclear("too many parts")
    return found


def _part(content: bytes, at: int, end: int, *, outermost: bool) -> Part:
    if end - at < 8:
        raise Unclear("a part without a head")
    size, kind, body = int.from_bytes(content[at : at + 4], "big"), bytes(content[at + 4 : at + 8]), at + 8
    if size == 1:
        if end - at < 16:
            raise Unclear("a large part without a head")
        size, body = int.from_bytes(content[at + 8 : at + 16], "big"), at + 16
    elif size == 0 and outermost:
        size = end - at  # it goes on to the end of the file
    if size < body - at or size > end - at:
        raise Unclear("a part that does not fit")
    return Part(kind, at, body, at + size)


def one(found: list[Part], kind: bytes) -> Part:
    """The only part of a kind. Raises Unclear for none or several."""
    fitting = [part for part in found if part.kind == kind]
    if len(fitting) != 1:
        raise Unclear(f"{len(fitting)} parts {kind!r}")
    return fitting[0]


def at_most_one(found: list[Part], kind: bytes) -> Part | None:
    """The part of a kind, where there is one. Raises Unclear for several."""
    return one(found, kind) if any(part.kind == kind for part in found) else None


@dataclass
class Copy:
    """The film that is being written: zero bytes, and what was copied into them."""

    content: bytes
    out: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.out = bytearray(len(self.content))

    def head(self, part: Part, kind: bytes = b"") -> None:
        """The head of a part, as it was or as another kind; its contents stay zero."""
        self.out[part.start : part.body] = self.content[part.start : part.body]
        if kind:
            self.out[part.start + 4 : part.start + 8] = kind

    def free(self, part: Part) -> None:
        """A part that is left out: free space of the same size."""
        self.head(part, FREE)

    def body(self, part: Part, start: int, end: int) -> None:
        """Bytes of a part's contents, counted from their beginning."""
        if end > part.size:
            raise Unclear(f"{part.kind!r} is too short")
        self.out[part.body + start : part.body + end] = self.content[part.body + start : part.body + end]

    def exactly(self, part: Part, size: int) -> None:
        """A part with all of its contents, which have this size. Raises Unclear."""
        if part.size != size:
            raise Unclear(f"{part.kind!r} has another size")
        self.head(part)
        self.body(part, 0, size)

    def walk(self, part: Part, known: dict[bytes, Callable[[Part], None]], *, skip: int = 0, slack: int = 0) -> None:
        """The parts within a part: known ones by their own rule, at most one of each kind; the rest becomes free."""
        self.head(part)
        seen: set[bytes] = set()
        for inner in parts(self.content, part.body + skip, part.end, slack=slack):
            rule = known.get(inner.kind)
            if rule is None:
                self.free(inner)
                continue
            if inner.kind in seen:
                raise Unclear(f"{inner.kind!r} twice")
            seen.add(inner.kind)
            rule(inner)


# -- tables of samples ------------------------------------------------------------------------------------------------


def table(content: bytes, part: Part, width: int, most: int) -> list[tuple[int, ...]]:
    """The rows of a table of 32-bit numbers behind version, flags and a count; its size must be exactly that."""
    count = number(content, part, 4)
    if count > most or part.size != 8 + count * width * 4:
        raise Unclear(f"the table {part.kind!r} has another size")
    numbers = struct.unpack_from(f">{count * width}I", content, part.body + 8)
    return list(zip(*(numbers[place::width] for place in range(width)), strict=True)) if count else []


def number(content: bytes, part: Part, at: int, size: int = 4) -> int:
    """A number within a part's contents. Raises Unclear where they end before."""
    if at + size > part.size:
        raise Unclear(f"{part.kind!r} is too short")
    return int.from_bytes(content[part.body + at : part.body + at + size], "big")


def sizes(content: bytes, part: Part, most: int) -> list[int]:
    """How many bytes each sample has (8.7.3)."""
    same, count = number(content, part, 4), number(content, part, 8)
    if count > most or part.size != 12 + (0 if same else 4 * count):
        raise Unclear("sizes of samples that do not fit")
    return [same] * count if same else list(struct.unpack_from(f">{count}I", content, part.body + 12))


def chunks(content: bytes, part: Part, most: int) -> list[int]:
    """Where the chunks of samples begin (8.7.5), with 32 or 64 bits."""
    width = 8 if part.kind == b"co64" else 4
    count = number(content, part, 4)
    if count > most or part.size != 8 + width * count:
        raise Unclear("places of chunks that do not fit")
    return list(struct.unpack_from(f">{count}{'Q' if width == 8 else 'I'}", content, part.body + 8))


def places(chunk_starts: list[int], runs: list[tuple[int, ...]], lengths: list[int]) -> Iterator[tuple[int, int]]:
    """(from, to) of each sample in the file (8.7.4). Raises Unclear where the tables do not fit together."""
    if not runs or runs[0][0] != 1:
        raise Unclear("chunks without a beginning")
    ends = [run[0] for run in runs[1:]] + [len(chunk_starts) + 1]
    sample = 0
    for (first, each, description), end in zip(runs, ends, strict=True):
        if end <= first or not each or description != 1:
            raise Unclear("runs of chunks that do not fit")
        for start in chunk_starts[first - 1 : end - 1]:
            if sample + each > len(lengths):
                raise Unclear("more samples in chunks than there are")
            at = start
            for length in lengths[sample : sample + each]:
                yield at, at + length
                at += length
            sample += each
    if sample != len(lengths):
        raise Unclear("samples without a chunk")
