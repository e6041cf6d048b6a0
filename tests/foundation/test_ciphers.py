"""Sealed values open with their key for their owner, and in no other way."""

import hmac

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import ciphers
from civicloop.foundation.ciphers import AES_GCM, SM4_GCM, CannotOpen, CannotSeal, Key

KEY = Key("k1", bytes(range(32)))
BOTH = pytest.mark.parametrize("algorithm", [SM4_GCM, AES_GCM])


def test_sm4_gives_the_example_of_the_standard() -> None:
    # GB/T 32907-2016, annex A.1: the same bytes as key and text
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()
    assert (encryptor.update(block) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_gives_the_example_of_rfc_8998(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 8998, appendix A.1
    key = Key("", bytes.fromhex("0123456789abcdeffedcba9876543210") + bytes(16))
    nonce = bytes.fromhex("00001234567800000000abcd")
    owner = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    monkeypatch.setattr(ciphers.secrets, "token_bytes", lambda _count: nonce)
    envelope = ciphers.seal(key, plain, owner)
    assert envelope[:2] == b"\x01\x00"
    assert envelope[2:14] == nonce
    assert envelope[14:-16].hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert envelope[-16:].hex() == "83de3541e4c2b58177e065a9bf7b62ec"


@BOTH
@given(plain=st.binary(max_size=300), owner=st.binary(max_size=40))
def test_what_is_sealed_opens_for_its_owner(algorithm: int, plain: bytes, owner: bytes) -> None:
    envelope = ciphers.seal(KEY, plain, owner, algorithm)
    assert envelope[0] == algorithm
    assert ciphers.key_id(envelope) == "k1"
    assert len(envelope) == 2 + 2 + 12 + len(plain) + 16
    assert ciphers.unseal(KEY, envelope, owner) == plain


@BOTH
def test_equal_values_are_sealed_differently(algorithm: int) -> None:
    assert len({ciphers.seal(KEY, b"13800000000", b"o", algorithm) for _each in range(50)}) == 50


@BOTH
def test_an_envelope_of_another_owner_does_not_open(algorithm: int) -> None:
    with pytest.raises(CannotOpen):
        ciphers.unseal(KEY, ciphers.seal(KEY, b"x", b"matter 1", algorithm), b"matter 2")


@BOTH
def test_another_key_does_not_open(algorithm: int) -> None:
    envelope = ciphers.seal(KEY, b"x", b"o", algorithm)
    with pytest.raises(CannotOpen, match="another key"):
        ciphers.unseal(Key("k2", KEY.secret), envelope, b"o")
    with pytest.raises(CannotOpen):
        ciphers.unseal(Key("k1", bytes(32)), envelope, b"o")


@BOTH
@given(data=st.data())
def test_no_flipped_bit_opens(algorithm: int, data: st.DataObject) -> None:
    envelope = bytearray(ciphers.seal(KEY, b"Zhang San", b"o", algorithm))
    envelope[data.draw(st.integers(0, len(envelope) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        ciphers.unseal(KEY, bytes(envelope), b"o")


@given(st.binary(max_size=60))
def test_no_other_bytes_open(envelope: bytes) -> None:
    with pytest.raises(CannotOpen):
        ciphers.unseal(KEY, envelope, b"o")


@BOTH
def test_a_shortened_envelope_does_not_open(algorithm: int) -> None:
    envelope = ciphers.seal(KEY, b"Zhang San", b"o", algorithm)
    for length in range(len(envelope)):
        with pytest.raises(CannotOpen):
            ciphers.unseal(KEY, envelope[:length], b"o")


def test_an_unknown_algorithm_neither_seals_nor_opens() -> None:
    envelope = b"\x07" + ciphers.seal(KEY, b"x", b"o")[1:]
    with pytest.raises(CannotOpen, match="unknown algorithm"):
        ciphers.unseal(KEY, envelope, b"o")
    with pytest.raises(CannotSeal):
        ciphers.seal(KEY, b"x", b"o", 7)


def test_look_ups_find_equal_values_of_one_key_only() -> None:
    assert ciphers.look_up(KEY, " 13800000000 ") == ciphers.look_up(KEY, "13800000000")
    assert ciphers.look_up(KEY, "11010119900307123x") == ciphers.look_up(KEY, "11010119900307123X")
    assert ciphers.look_up(KEY, "13800000000") != ciphers.look_up(KEY, "13800000001")
    assert ciphers.look_up(KEY, "13800000000") != ciphers.look_up(Key("k1", bytes(32)), "13800000000")


@BOTH
def test_look_ups_name_their_hash_and_key(algorithm: int) -> None:
    name = {SM4_GCM: "sm3", AES_GCM: "sha256"}[algorithm]
    expected = hmac.new(KEY.secret, b"13800000000", name).digest()
    assert ciphers.look_up(KEY, "13800000000", algorithm) == bytes((algorithm, 2)) + b"k1" + expected


def test_look_ups_of_an_unknown_or_missing_hash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotSeal, match="unknown algorithm"):
        ciphers.look_up(KEY, "13800000000", 7)
    monkeypatch.setitem(ciphers.LOOK_UP_HASHES, SM4_GCM, "a hash that this machine lacks")
    with pytest.raises(CannotSeal, match="CIVICLOOP_CIPHER"):
        ciphers.look_up(KEY, "13800000000")


def test_a_key_is_named_by_what_it_is() -> None:
    first, second = Key.of(bytes(32)), Key.of(bytes(range(32)))
    assert first == Key.of(bytes(32))
    assert first.id != second.id
    assert len(first.id) == 9
    with pytest.raises(CannotOpen, match="another key"):
        ciphers.unseal(second, ciphers.seal(first, b"x", b"o"), b"o")


def test_a_machine_without_sm4_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = ciphers.seal(KEY, b"x", b"o")

    def missing(*_given: object) -> None:
        raise UnsupportedAlgorithm("SM4")

    monkeypatch.setattr(ciphers, "Cipher", missing)
    with pytest.raises(CannotSeal, match="CIVICLOOP_CIPHER"):
        ciphers.seal(KEY, b"x", b"o")
    with pytest.raises(CannotOpen, match="SM4"):
        ciphers.unseal(KEY, envelope, b"o")
    assert ciphers.unseal(KEY, ciphers.seal(KEY, b"x", b"o", AES_GCM), b"o") == b"x"
