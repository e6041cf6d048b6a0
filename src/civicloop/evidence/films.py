"""Films checked and written anew without what a phone writes beside the pictures: place, device, owner, voices.

Taken are MP4 and MOV with one track of H.264 pictures. Of the film only that track is copied (film_parts), with the
parts that a player needs; every other track, the sound too, every description, every byte that no picture uses becomes
zero. What is not understood is refused. Whether the pictures can be shown, the worker finds out (film_rounds): no
decoder runs here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore

from civicloop.evidence import film_parts, h264
from civicloop.evidence.errors import EvidenceRefused, refused
from civicloop.evidence.film_parts import Copy, Part, Unclear, at_most_one, number, one, parts, table

MP4, MOV = "video/mp4", "video/quicktime"
MOST_SAMPLES = 40_000  # pictures of one film: five minutes at 120 a second
MOST_FRAME = 4096 * 2304  # pixels of a picture
MOST_TRACKS = 16
FRAGMENTS = frozenset({b"moof", b"mfra", b"sidx", b"ssix", b"styp", b"emsg", b"prft", b"pssh"})
STREAMED, LOCKED, CODEC, TOO_LONG = "film_streamed", "film_locked", "film_codec", "film_too_long"
_AT_A_TIME = BoundedSemaphore(1)  # a film stands in memory three times meanwhile


@dataclass(frozen=True)
class Film:
    """A film that may be kept: what is shown of it, its length, the size of its pictures, whether it had sound."""

    media_type: str
    content: bytes
    milliseconds: int
    width: int
    height: int
    had_sound: bool


class _Refusal(Exception):
    """Understood, and not taken; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_film(content: bytes) -> bool:
    """Whether the first bytes are those of an MP4 or MOV film; a picture in the same format (HEIC) is none."""
    return content[4:8] == b"ftyp" and not re.match(rb"hei|hev|mif1|msf1|avi", content[8:12])


def take(content: bytes, name: str, *, most_bytes: int, most_milliseconds: int) -> Film:
    """Check a film and write it anew. Raises EvidenceRefused; `name` is only for its words.

    Codes: film_too_large, film_too_long, film_codec (other pictures than H.264), film_locked (encrypted),
    film_streamed (in fragments, or with contents elsewhere), damaged (also: not understood).
    """
    if len(content) > most_bytes:
        raise refused("film_too_large", name, megabytes=most_bytes // (1024 * 1024))
    try:
        with _AT_A_TIME:
            return _Reader(content, most_milliseconds).film()
    except _Refusal as reason:
        raise refused(reason.code, name, seconds=most_milliseconds // 1000) from reason
    except h264.OtherKind as reason:
        raise refused(CODEC, name) from reason
    except (Unclear, h264.Unclear) as reason:
        raise refused("damaged", name) from reason
    except EvidenceRefused:
        raise
    except Exception as reason:  # a reader of hostile bytes: whatever it stumbles over is no film
        raise refused("damaged", name) from reason


class _Reader:
    """One film on its way into its copy."""

    def __init__(self, content: bytes, most_milliseconds: int) -> None:
        self.content, self.most = content, most_milliseconds
        self.copy = Copy(content)
        self.found: dict[bytes, Part] = {}  # the tables of the track of pictures
        self.timescale = 0
        self.size = (0, 0)
        self.setup: h264.Setup | None = None

    def film(self) -> Film:
        """The whole of it."""
        outer = parts(self.content, 0, len(self.content), outermost=True)
        if not outer or outer[0].kind != b"ftyp":
            raise Unclear("no beginning")
        self._brands(outer[0])
        movie, data = one(outer, b"moov"), [part for part in outer if part.kind == b"mdat"]
        for part in outer[1:]:
            if part.kind in FRAGMENTS:
                raise _Refusal(STREAMED)
            if part.kind == b"mdat":
                self.copy.head(part)
            elif part is not movie:
                self.copy.free(part)
        had_sound = self._movie(movie)
        milliseconds = self._length()
        self._pictures(data)
        brand = bytes(self.content[outer[0].body : outer[0].body + 4])
        width, height = self.size
        return Film(MOV if brand == b"qt  " else MP4, bytes(self.copy.out), milliseconds, width, height, had_sound)

    def _brands(self, part: Part) -> None:
        words = self.content[part.body : part.end]
        if part.size > 128 or part.size < 8 or part.size % 4 or not re.fullmatch(rb"[\x20-\x7e]{4}.{4}.*", words, re.S):
            raise Unclear("brands that are none")
        self.copy.head(part)
        self.copy.body(part, 0, 8)
        for at in range(8, part.size, 4):
            if re.fullmatch(rb"[\x20-\x7e]{4}", words[at : at + 4]):
                self.copy.body(part, at, at + 4)

    def _movie(self, movie: Part) -> bool:
        inner = parts(self.content, movie.body, movie.end)
        if any(part.kind == b"mvex" for part in inner):
            raise _Refusal(STREAMED)
        tracks = [part for part in inner if part.kind == b"trak"]
        if len(tracks) > MOST_TRACKS:
            raise Unclear("too many tracks")
        kinds = [self._handler(track) for track in tracks]
        if kinds.count(b"vide") != 1:
            raise Unclear("not one track of pictures")
        self.copy.head(movie)
        one(inner, b"mvhd")
        for part in inner:
            if part.kind == b"mvhd":
                self._header(part, short=100, long=112)
            elif part.kind == b"trak" and kinds[tracks.index(part)] == b"vide":
                self._track(part)
            else:
                self.copy.free(part)
        return b"soun" in kinds

    def _handler(self, track: Part) -> bytes:
        media = one(parts(self.content, track.body, track.end), b"mdia")
        handler = one(parts(self.content, media.body, media.end), b"hdlr")
        if handler.size < 12:
            raise Unclear("a track without a kind")
        return bytes(self.content[handler.body + 8 : handler.body + 12])

    def _header(self, part: Part, *, short: int, long: int) -> None:
        """A header with its two times left out: the moment of the film is nobody's business in what is shown."""
        version = number(self.content, part, 0, 1)
        if (version, part.size) not in ((0, short), (1, long)):
            raise Unclear(f"{part.kind!r} has another size")
        begin = 12 if version == 0 else 20
        self.copy.head(part)
        self.copy.body(part, 0, 4)
        self.copy.body(part, begin, part.size)
        if part.kind == b"mvhd":  # times of previews and selections
            self.copy.out[part.end - 28 : part.end - 4] = bytes(24)
        if part.kind == b"mdhd":
            self.timescale = number(self.content, part, begin)

    def _track(self, part: Part) -> None:
        self.copy.walk(
            part,
            {
                b"tkhd": lambda each: self._header(each, short=84, long=96),
                b"edts": lambda each: self.copy.walk(each, {b"elst": self._edits}),
                b"mdia": lambda each: self.copy.walk(each, self._media()),
            },
        )

    def _media(self) -> dict[bytes, Callable[[Part], None]]:
        return {
            b"mdhd": lambda each: self._header(each, short=24, long=36),
            b"hdlr": self._named,
            b"minf": lambda each: self.copy.walk(
                each,
                {
                    b"vmhd": lambda inner: self.copy.exactly(inner, 12),
                    b"hdlr": self._named,
                    b"dinf": lambda inner: self.copy.walk(inner, {b"dref": self._references}),
                    b"stbl": lambda inner: self.copy.walk(inner, self._tables()),
                },
            ),
        }

    def _tables(self) -> dict[bytes, Callable[[Part], None]]:
        def keep(part: Part) -> None:
            self.found[part.kind] = part

        kinds = (b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64")
        return {b"stsd": self._descriptions, **dict.fromkeys(kinds, keep)}

    def _edits(self, part: Part) -> None:
        width = 20 if number(self.content, part, 0, 1) == 1 else 12
        self.copy.exactly(part, 8 + width * min(number(self.content, part, 4), 1000))

    def _named(self, part: Part) -> None:
        """A handler: what kind of track it is, without its maker and name."""
        self.copy.head(part)
        self.copy.body(part, 0, 12)

    def _references(self, part: Part) -> None:
        """The pictures lie in this very file; anything else is refused."""
        entry = one(parts(self.content, part.body + 8, part.end), self.content[part.body + 12 : part.body + 16])
        if number(self.content, part, 4) != 1 or entry.kind not in (b"url ", b"alis") or entry.size != 4:
            raise _Refusal(STREAMED)
        if number(self.content, entry, 0) & 1 != 1:
            raise _Refusal(STREAMED)
        self.copy.exactly(part, 20)

    def _descriptions(self, part: Part) -> None:
        if number(self.content, part, 4) != 1:
            raise Unclear("several descriptions")
        entries = parts(self.content, part.body + 8, part.end, slack=4)
        if len(entries) != 1:
            raise Unclear("not one description")
        entry = entries[0]
        if entry.kind == b"encv":
            raise _Refusal(LOCKED)
        if entry.kind != b"avc1":
            raise _Refusal(CODEC)
        inner = parts(self.content, entry.body + 78, entry.end, slack=4)
        if at_most_one(inner, b"sinf") is not None:
            raise _Refusal(LOCKED)
        record = one(inner, b"avcC")
        self.setup = h264.setup(bytes(self.content[record.body : record.end]))
        self._frame(entry)
        self.copy.head(part)
        self.copy.body(part, 0, 8)
        self.copy.walk(
            entry,
            {
                b"avcC": lambda each: self.copy.exactly(each, each.size),
                b"pasp": lambda each: self.copy.exactly(each, 8),
                b"clap": lambda each: self.copy.exactly(each, 32),
                b"fiel": lambda each: self.copy.exactly(each, 2),
                b"colr": self._colour,
            },
            skip=78,
            slack=4,
        )
        for start, end in (
            (6, 8),
            (24, 42),
            (74, 78),
        ):  # its data reference, size and resolution, depth; no maker, name
            self.copy.body(entry, start, end)

    def _colour(self, part: Part) -> None:
        """Numbers of a known space of colours; a profile may tell the device."""
        kind = self.content[part.body : part.body + 4]
        if (kind, part.size) in ((b"nclx", 11), (b"nclc", 10)):
            self.copy.exactly(part, part.size)
        else:
            self.copy.free(part)

    def _frame(self, entry: Part) -> None:
        assert self.setup is not None
        self.size = (number(self.content, entry, 24, 2), number(self.content, entry, 26, 2))
        if not all(self.size) or self.size[0] * self.size[1] > MOST_FRAME:
            raise _Refusal(CODEC)
        if self.setup.width * self.setup.height > MOST_FRAME:
            raise _Refusal(CODEC)

    def _table(self, kind: bytes) -> Part:
        if kind not in self.found:
            raise Unclear(f"no table {kind!r}")
        return self.found[kind]

    def _length(self) -> int:
        """How long it is, by the time of its pictures. Raises _Refusal for too long."""
        rows = table(self.content, self._table(b"stts"), 2, MOST_SAMPLES)
        if not self.timescale:
            raise Unclear("no measure of time")
        milliseconds = sum(count * delta for count, delta in rows) * 1000 // self.timescale
        if milliseconds > self.most:
            raise _Refusal(TOO_LONG)
        return milliseconds

    def _pictures(self, data: list[Part]) -> None:
        """Copy the samples into the data, cleaned, and the tables that lead to them."""
        if (b"stco" in self.found) == (b"co64" in self.found) or self.setup is None:
            raise Unclear("no single table of chunks")
        lengths = film_parts.sizes(self.content, self._table(b"stsz"), MOST_SAMPLES)
        starts = film_parts.chunks(
            self.content, self._table(b"stco" if b"stco" in self.found else b"co64"), MOST_SAMPLES
        )
        runs = table(self.content, self._table(b"stsc"), 3, MOST_SAMPLES)
        self._counted(len(lengths))
        ranges = sorted(film_parts.places(starts, runs, lengths))
        last, pictures = 0, False
        for start, end in ranges:
            if start < last or not any(part.body <= start and end <= part.end for part in data):
                raise Unclear("a picture outside of the data, or over another")
            sample = bytearray(self.content[start:end])
            pictures = h264.cleaned(sample, self.setup) or pictures
            self.copy.out[start:end] = sample
            last = end
        if not pictures:
            raise Unclear("no pictures")
        for part in self.found.values():
            self.copy.exactly(part, part.size)

    def _counted(self, samples: int) -> None:
        """Each table counts the same samples."""
        for kind in (b"stts", b"ctts"):
            if kind in self.found:
                rows = table(self.content, self.found[kind], 2, MOST_SAMPLES)
                if sum(row[0] for row in rows) != samples:
                    raise Unclear("tables that count differently")
        if b"stss" in self.found:
            keys = [row[0] for row in table(self.content, self.found[b"stss"], 1, MOST_SAMPLES)]
            if keys != sorted(set(keys)) or (keys and not (keys[0] >= 1 and keys[-1] <= samples)):
                raise Unclear("first pictures that are not there")
