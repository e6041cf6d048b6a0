"""Films for the tests of this room, put together by hand: H.264 pictures of plain samples (I_PCM), in MP4 or MOV.

With what phones write beside the pictures: place, device, name, a track of sound, a track of notes, a unit of SEI.
"""

import struct
from dataclasses import dataclass, field

PLACE, DEVICE, VOICE, NOTE, SERIAL = (
    b"+39.0500+117.0200/",
    b"PhoneMaker 15 Pro",
    b"voice of Zhang San",
    b"face 1",
    b"SN-4711",
)


class Bits:
    """Writes bits, numbers of exponential Golomb code among them."""

    def __init__(self) -> None:
        self.text = ""

    def put(self, value: int, count: int) -> "Bits":
        self.text += format(value, f"0{count}b") if count else ""
        return self

    def ue(self, value: int) -> "Bits":
        code = format(value + 1, "b")
        self.text += "0" * (len(code) - 1) + code
        return self

    def stop(self) -> bytes:
        """The bytes, with the stop bit."""
        self.text += "1"
        return self.whole()

    def whole(self) -> bytes:
        self.text += "0" * (-len(self.text) % 8)
        return int(self.text, 2).to_bytes(len(self.text) // 8, "big")


def unit(kind: int, payload: bytes, ref: int = 3) -> bytes:
    """A unit with its head and emulation prevention."""
    out, zeros = bytearray([ref << 5 | kind]), 0
    for each in payload:
        if zeros >= 2 and each <= 3:
            out.append(3)
            zeros = 0
        out.append(each)
        zeros = zeros + 1 if each == 0 else 0
    return bytes(out)


def sps(width: int, height: int, profile: int = 66) -> bytes:
    """A sequence parameter set of whole macroblocks."""
    bits = Bits().put(profile, 8).put(0xC0, 8).put(30, 8).ue(0)
    if profile == 100:
        bits.ue(1).ue(0).ue(0).put(0, 2)
    bits.ue(0).ue(2).ue(1).put(0, 1).ue(width // 16 - 1).ue(height // 16 - 1).put(1, 1).put(1, 1).put(0, 2)
    return unit(7, bits.stop())


def pps() -> bytes:
    """A picture parameter set: CAVLC, no filters asked for."""
    bits = Bits().ue(0).ue(0).put(0, 2).ue(0).ue(0).ue(0).put(0, 3).ue(0).ue(0).ue(0).put(0b100, 3)
    return unit(8, bits.stop())


def picture(width: int, height: int, number: int) -> bytes:
    """A picture of plain samples: a bright square that moves."""
    bits = Bits().ue(0).ue(7).ue(0).put(0, 4).ue(number % 2).put(0, 2).ue(0).ue(1)
    payload = bytearray()
    columns = width // 16
    for block in range(columns * (height // 16)):
        here = (block % columns + block // columns + number) % 4 == 0
        bits.ue(25)
        payload += bits.whole()  # up to the samples, which begin at a whole byte
        payload += bytes([200 if here else 60]) * 256 + bytes([110]) * 64 + bytes([150 if here else 120]) * 64
        bits = Bits()
    payload += b"\x80"
    return unit(5, bytes(payload))


def box(kind: bytes, *payload: bytes, large: bool = False) -> bytes:
    """A part of the film."""
    body = b"".join(payload)
    if large:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *payload: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


@dataclass
class Made:
    """What a film is put together from; tests change single things."""

    width: int = 64
    height: int = 48
    pictures: int = 10
    scale: int = 600
    step: int = 60  # of the scale: a tenth of a second
    brand: bytes = b"isom"
    profile: int = 66
    sei: bytes = SERIAL
    entry: bytes = b"avc1"
    extra_top: bytes = b""
    extra_moov: bytes = b""
    extra_stbl: bytes = b""
    extra_entry: bytes = b""
    dref: bytes = b"url "
    dref_flags: int = 1
    large: bool = False
    sound: bool = True
    chunks: int = 2
    offset: int = 0  # by which the places of the pictures are wrong
    replaced: dict[bytes, bytes] = field(default_factory=dict)  # parts of the tables, by their kind

    def samples(self) -> list[bytes]:
        found = []
        for number in range(self.pictures):
            size = 16 + len(self.sei)
            said = b"\x05" + b"\xff" * (size // 255) + bytes([size % 255]) + bytes(16) + self.sei + b"\x80"
            said = unit(6, said, ref=0)
            units = [b"\x09\xf0", said, picture(self.width, self.height, number)]
            found.append(b"".join(numbers(len(each)) + each for each in units))
        return found

    def film(self) -> bytes:
        """The file: ftyp, mdat, moov, as cameras write it, with a description and free space behind."""
        start = box(b"ftyp", self.brand, numbers(512), self.brand, b"avc1")
        samples = self.samples()
        per_chunk = -(-len(samples) // self.chunks)
        groups = [samples[at : at + per_chunk] for at in range(0, len(samples), per_chunk)]
        data, places = b"hidden between", []
        head = len(start) + (16 if self.large else 8)
        for group in groups:
            places.append(head + len(data) + self.offset)
            data += b"".join(group) + VOICE  # sound lies between the pictures
        end = box(b"udta", box(b"\xa9xyz", PLACE)) + self.extra_top + box(b"free", DEVICE)
        return start + box(b"mdat", data, large=self.large) + self.movie(samples, groups, places) + end

    def movie(self, samples: list[bytes], groups: list[list[bytes]], places: list[int]) -> bytes:
        length = len(samples) * self.step
        matrix = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
        head = full(b"mvhd", numbers(3_800_000_000, 3_800_000_000, self.scale, length, 0x10000), b"\x01\0" + bytes(10),
                    matrix, bytes(24), numbers(4))  # fmt: skip
        known = {
            b"stsd": full(b"stsd", numbers(1), self.description()),
            b"stts": full(b"stts", numbers(1, len(samples), self.step)),
            b"stss": full(b"stss", numbers(len(samples), *range(1, len(samples) + 1))),
            b"stsc": full(b"stsc", numbers(*self.runs(groups))),
            b"stsz": full(b"stsz", numbers(0, len(samples), *map(len, samples))),
            b"stco": full(b"stco", numbers(len(places), *places)),
        } | self.replaced
        tables = box(b"stbl", *known.values(), self.extra_stbl)
        here = full(b"dref", numbers(1), full(self.dref, flags=self.dref_flags))
        media = box(b"minf", full(b"vmhd", bytes(8), flags=1), box(b"dinf", here), tables)
        video = self.track(1, b"vide", length, matrix, media)
        others = self.track(2, b"soun", length, matrix, box(b"minf", box(b"stbl"))) if self.sound else b""
        others += self.track(3, b"meta", length, matrix, box(b"minf", NOTE, b"\0\0"))
        said = box(b"udta", box(b"\xa9mak", DEVICE), box(b"\xa9xyz", PLACE)) + box(b"meta", bytes(4), PLACE)
        return box(b"moov", head, video, others, said, box(b"uuid", bytes(16), DEVICE), self.extra_moov)

    def runs(self, groups: list[list[bytes]]) -> list[int]:
        rows: list[tuple[int, int, int]] = []
        for number, group in enumerate(groups, 1):
            if not rows or rows[-1][1] != len(group):
                rows.append((number, len(group), 1))
        return [len(rows), *(value for row in rows for value in row)]

    def track(self, number: int, kind: bytes, length: int, matrix: bytes, media: bytes) -> bytes:
        size = numbers(self.width << 16, self.height << 16)
        head = full(
            b"tkhd", numbers(3_800_000_000, 3_800_000_000, number, 0, length, 0, 0, 0, 0), matrix, size, flags=3
        )
        times = full(b"mdhd", numbers(3_800_000_000, 3_800_000_000, self.scale, length, 0x55C40000))
        named = full(b"hdlr", b"mhlr", kind, b"appl", bytes(8), DEVICE, b"\0")
        edits = box(b"edts", full(b"elst", numbers(1, length, 0, 0x10000)))
        return box(b"trak", head, edits, box(b"mdia", times, named, media), box(b"udta", box(b"name", DEVICE)))

    def description(self) -> bytes:
        sets = [sps(self.width, self.height, self.profile), pps()]
        record = bytes([1, *sets[0][1:4], 0xFF, 0xE1]) + struct.pack(">H", len(sets[0])) + sets[0]
        record += b"\x01" + struct.pack(">H", len(sets[1])) + sets[1]
        if self.profile == 100:
            record += bytes([0xFD, 0xF8, 0xF8, 0])
        maker = bytes([len(DEVICE)]) + DEVICE + bytes(31 - len(DEVICE))
        body = bytes(6) + b"\0\1" + bytes(4) + DEVICE[:12] + struct.pack(">HH", self.width, self.height)
        body += numbers(0x480000, 0x480000, 0) + b"\0\1" + maker + b"\x00\x18\xff\xff"
        return box(self.entry, body, box(b"avcC", record), self.extra_entry)


def film(**values: object) -> bytes:
    """A film with these things changed."""
    return Made(**values).film()  # type: ignore[arg-type]
