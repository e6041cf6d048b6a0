"""Of a film only its pictures are shown: no place, device, name, voice, and no byte that no picture uses."""

import random
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicloop.evidence import films, h264
from civicloop.evidence.errors import EvidenceRefused
from civicloop.evidence.film_parts import Unclear, parts
from tests.evidence.films_made import DEVICE, NOTE, PLACE, SERIAL, VOICE, Made, box, film, full, numbers, pps, sps

MINUTE = 60_000
PERSONAL = (PLACE, DEVICE, DEVICE[:12], VOICE, NOTE, SERIAL, b"hidden", b"appl")
PLAIN = film(pictures=3, chunks=1)


def take(content: bytes, *, most_bytes: int = 60 << 20, seconds: int = 60) -> films.Film:
    return films.take(content, "现场.mp4", most_bytes=most_bytes, most_milliseconds=seconds * 1000)


def refusal(content: bytes, **bounds: int) -> str:
    with pytest.raises(EvidenceRefused) as refused:
        take(content, **bounds)
    return refused.value.code


def kinds(content: bytes) -> list[bytes]:
    return [part.kind for part in parts(content, 0, len(content), outermost=True)]


@pytest.mark.parametrize(
    ("values", "media_type"),
    [({}, films.MP4), ({"brand": b"qt  "}, films.MOV), ({"large": True}, films.MP4), ({"profile": 100}, films.MP4)],
    ids=["mp4", "mov", "64 bits", "high profile"],
)
def test_pictures_stay_and_what_a_phone_wrote_goes(values: dict[str, object], media_type: str) -> None:
    content = film(**values)
    found = take(content)
    assert (found.media_type, found.milliseconds, found.width, found.height) == (media_type, 1000, 64, 48)
    assert found.had_sound
    assert len(found.content) == len(content)
    for each in PERSONAL:
        assert each in content
        assert each not in found.content
    assert kinds(found.content) == [b"ftyp", b"mdat", b"moov", b"free", b"free"]
    assert numbers(3_800_000_000) not in found.content


def test_the_pictures_themselves_are_the_same() -> None:
    made = Made(sei=b"x" * 251)  # a length that one unit of SEI cannot have
    found = take(made.film()).content
    for sample in made.samples():
        picture = sample[sample.index(b"\x65") :]
        assert picture in found


def test_a_film_that_was_cleaned_stays_as_it_is() -> None:
    once = take(film()).content
    assert take(once).content == once
    assert not take(once).had_sound


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"entry": b"hvc1"}, "film_codec"), ({"entry": b"mp4v"}, "film_codec"), ({"entry": b"encv"}, "film_locked"),
        ({"extra_entry": box(b"sinf", box(b"frma", b"avc1"))}, "film_locked"),
        ({"extra_top": box(b"moof", b"")}, "film_streamed"), ({"extra_top": box(b"sidx", bytes(24))}, "film_streamed"),
        ({"extra_moov": box(b"mvex", b"")}, "film_streamed"), ({"dref_flags": 0}, "film_streamed"),
        ({"dref": b"urn "}, "film_streamed"), ({"step": 6001}, "film_too_long"),
        ({"replaced": {b"stsd": full(b"stsd", numbers(1), Made(width=4096, height=2320).description())}}, "film_codec"),
        ({"offset": -16}, "damaged"), ({"offset": 100_000}, "damaged"), ({"brand": b"\0\0\0\0"}, "damaged"),
        ({"extra_top": box(b"moov", b"")}, "damaged"), ({"extra_moov": box(b"trak", b"")}, "damaged"),
        ({"extra_stbl": full(b"co64", numbers(0))}, "damaged"), ({"extra_stbl": full(b"stts", numbers(0))}, "damaged"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(values: dict[str, object], code: str) -> None:
    assert refusal(film(**values)) == code


@pytest.mark.parametrize(
    "replaced",
    [
        {b"stsz": full(b"stsz", numbers(0, 2, 5, 5))}, {b"stsz": full(b"stsz", numbers(1 << 31, 3))},
        {b"stsz": full(b"stsz", numbers(1, 0xFFFFFFFF))}, {b"stco": full(b"stco", numbers(0xFFFFFFFF))},
        {b"stsc": full(b"stsc", numbers(1, 1, 0xFFFFFFFF, 1))}, {b"stsc": full(b"stsc", numbers(1, 2, 3, 1))},
        {b"stsc": full(b"stsc", numbers(0))}, {b"stts": full(b"stts", numbers(1, 4, 60))},
        {b"stts": full(b"stts", numbers(1, 3, 60), b"hidden")}, {b"stss": full(b"stss", numbers(1, 9))},
        {b"stco": full(b"co64", numbers(1, 0, 60))}, {b"stsd": full(b"stsd", numbers(2))}, {b"stsz": b""},
        {b"stts": full(b"stts", numbers(1, 0xFFFFFFFF, 0xFFFFFFFF))},
    ],
)  # fmt: skip
def test_tables_that_do_not_fit_are_refused(replaced: dict[bytes, bytes]) -> None:
    assert refusal(film(pictures=3, chunks=1, replaced=replaced)) in {"damaged", "film_too_long"}


def test_pictures_that_lie_over_each_other_are_refused() -> None:
    made = Made(pictures=2, chunks=2)
    content = made.film()
    at = content.index(b"stco") + 12
    first = content[at : at + 4]
    assert refusal(content[: at + 4] + first + content[at + 8 :]) == "damaged"


def test_bounds_are_said() -> None:
    assert refusal(PLAIN, most_bytes=1000) == "film_too_large"
    assert refusal(film(pictures=30), seconds=2) == "film_too_long"
    with pytest.raises(EvidenceRefused) as refused:
        take(PLAIN, most_bytes=1 << 10)
    assert "现场.mp4" in str(refused.value)


@pytest.mark.parametrize("keep", [0, 4, 7, 8, 40, 200, 2000, len(PLAIN) - 1, len(PLAIN) - 30])
def test_a_broken_upload_is_refused(keep: int) -> None:
    assert refusal(PLAIN[:keep]) == "damaged"


def test_another_set_on_the_way_is_refused() -> None:
    """Each picture could have another size, and a decoder would make room for it."""
    setup = h264.Setup(4, frozenset({sps(64, 48), pps()}), 64, 48)
    known, other = sps(64, 48), sps(8192, 8192)
    assert not h264.cleaned(bytearray(numbers(len(known)) + known), setup)
    with pytest.raises(h264.Unclear):
        h264.cleaned(bytearray(numbers(len(other)) + other), setup)
    assert h264.frame_size(other) == (8192, 8192)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 258, 259, 260, 515, 1000])
def test_units_that_say_nothing_have_every_length(size: int) -> None:
    for kind in (h264.SEI, 14):
        found = h264.nothing(kind, size)
        assert len(found) == size
        assert found[0] == (h264.SEI if kind == h264.SEI and size >= 4 and (size - 4) % 256 != 255 else h264.FILLER)
        assert size < 2 or found[-1] == 0x80
        assert b"\0\0" not in found[2:]


KNOWN = frozenset(b"moov trak mdia stbl stsd stsz stsc stco stts avc1 avcC mdat hdlr elst dref mvhd".split())


def harmless(content: bytes) -> None:
    """Refused, or of the same size and without what was hidden in it."""
    try:
        found = take(content)
    except EvidenceRefused:
        return
    assert len(found.content) == len(content)
    for each in (PLACE, VOICE, NOTE, b"hidden"):
        assert each not in found.content


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_bring_nothing_down_and_nothing_out(data: st.DataObject) -> None:
    content = bytearray(PLAIN)
    heads = [at for at in range(len(content) - 8) if bytes(content[at + 4 : at + 8]) in KNOWN]
    for _change in range(data.draw(st.integers(1, 4))):
        near = data.draw(st.sampled_from(heads)) + data.draw(st.integers(0, 24))
        at = data.draw(st.one_of(st.just(near), st.integers(0, len(content) - 1)))
        content[min(at, len(content) - 1)] = data.draw(
            st.one_of(st.sampled_from([0, 1, 8, 127, 255]), st.integers(0, 255))
        )
    harmless(bytes(content))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400), st.integers(0, 2**64 - 1), st.sampled_from([b"moov", b"trak", b"mdat", b"free", b"uuid"])
)
@example(b"", 2**63, b"mdat")
@example(b"", 15, b"moov")
def test_random_parts_and_large_sizes(body: bytes, size: int, kind: bytes) -> None:
    start = box(b"ftyp", b"isom", numbers(0), b"isom")
    for part in (struct.pack(">I4sQ", 1, kind, size) + body, struct.pack(">I4s", size & 0xFFFFFFFF, kind) + body):
        harmless(start + part)
        harmless(start + part + PLAIN[len(start) :])
        harmless(PLAIN + part)


def test_parts_within_parts_cost_no_depth() -> None:
    deep = b""
    for _level in range(20_000):
        deep = struct.pack(">I4s", len(deep) + 8, b"moov") + deep if len(deep) < 100_000 else deep
    for kind in (b"moov", b"udta", b"trak"):
        harmless(box(b"ftyp", b"isom", numbers(0), b"isom") + box(kind, deep) + PLAIN[24:])
    many = box(b"free") * 100_000
    assert refusal(PLAIN + many) == "damaged"
    with pytest.raises(Unclear):
        parts(many, 0, len(many))


def test_noise_is_no_film() -> None:
    chance = random.Random(5)
    for _each in range(50):
        assert refusal(b"\0\0\0\x18ftypisom" + chance.randbytes(300)) == "damaged"
