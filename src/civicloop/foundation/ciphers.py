"""Sealing of values: SM4-GCM (GB/T 32907) or AES-256-GCM, each envelope with algorithm id and key id.

Envelope: 1 byte algorithm, 1 byte length of the key id, the key id, 12 bytes nonce, cipher text with 16 bytes tag. The
associated data bind it to its owner, so that an envelope moved to another row does not open.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SM4_GCM, AES_GCM = 1, 2
NAMES = {"sm4-gcm": SM4_GCM, "aes-256-gcm": AES_GCM}
# the hash that goes with each cipher: one setting chooses both
LOOK_UP_HASHES = {SM4_GCM: "sm3", AES_GCM: "sha256"}
NONCE, TAG = 12, 16


class CannotOpen(ValueError):
    """The envelope is damaged, belongs to another owner, or its key is not here."""


class CannotSeal(RuntimeError):
    """There is no such cipher, or this machine's OpenSSL lacks it; the text says what to set."""


@dataclass(frozen=True)
class Key:
    """A sealing key: its id travels in the envelope; `secret` has 32 bytes (SM4 uses the first 16)."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> "Key":
        """A key named by its own hash: another key, made after a file was lost, never bears the same name."""
        return cls("k" + hashlib.sha256(b"civicloop key id" + secret).hexdigest()[:8], secret)


def seal(key: Key, plain: bytes, owner: bytes, algorithm: int = SM4_GCM) -> bytes:
    """The envelope of `plain`, bound to `owner`. Raises CannotSeal when the cipher is missing."""
    nonce = secrets.token_bytes(NONCE)
    if algorithm == AES_GCM:
        sealed = AESGCM(key.secret).encrypt(nonce, plain, owner)
    elif algorithm != SM4_GCM:
        raise CannotSeal(f"unknown algorithm {algorithm}")
    else:
        try:
            encryptor = Cipher(algorithms.SM4(key.secret[:16]), modes.GCM(nonce)).encryptor()
        except UnsupportedAlgorithm as reason:
            raise CannotSeal("this OpenSSL has no SM4: set CIVICLOOP_CIPHER=aes-256-gcm") from reason
        encryptor.authenticate_additional_data(owner)
        sealed = encryptor.update(plain) + encryptor.finalize() + encryptor.tag
    return bytes((algorithm, len(key.id))) + key.id.encode() + nonce + sealed


def key_id(envelope: bytes) -> str:
    """The id of the key that an envelope needs. Raises CannotOpen."""
    if len(envelope) < 2 or len(envelope) < 2 + envelope[1] + NONCE + TAG:
        raise CannotOpen("too short")
    return envelope[2 : 2 + envelope[1]].decode("ascii", "replace")


def unseal(key: Key, envelope: bytes, owner: bytes) -> bytes:
    """The plain bytes. Raises CannotOpen. Only records.sealing may call this (a structural test holds it)."""
    if key_id(envelope) != key.id:
        raise CannotOpen("another key")
    rest = envelope[2 + envelope[1] :]
    nonce, sealed = rest[:NONCE], rest[NONCE:]
    try:
        if envelope[0] == AES_GCM:
            return AESGCM(key.secret).decrypt(nonce, sealed, owner)
        if envelope[0] != SM4_GCM:
            raise CannotOpen("unknown algorithm")
        decryptor = Cipher(algorithms.SM4(key.secret[:16]), modes.GCM(nonce, sealed[-TAG:])).decryptor()
        decryptor.authenticate_additional_data(owner)
        return decryptor.update(sealed[:-TAG]) + decryptor.finalize()
    except InvalidTag as reason:
        raise CannotOpen("damaged, or bound to another owner") from reason
    except UnsupportedAlgorithm as reason:
        raise CannotOpen("sealed with SM4, which this OpenSSL lacks") from reason


def look_up(key: Key, value: str, algorithm: int = SM4_GCM) -> bytes:
    """A keyed hash of a normalised value, by which equal values are found without opening anything.

    1 byte algorithm, 1 byte length of the key id, the key id, 32 bytes HMAC-SM3 or HMAC-SHA-256. Raises CannotSeal.
    """
    if algorithm not in LOOK_UP_HASHES:
        raise CannotSeal(f"unknown algorithm {algorithm}")
    try:
        hashed = hmac.new(key.secret, value.strip().casefold().encode(), LOOK_UP_HASHES[algorithm]).digest()
    except ValueError as reason:
        raise CannotSeal("this OpenSSL has no SM3: set CIVICLOOP_CIPHER=aes-256-gcm") from reason
    return bytes((algorithm, len(key.id))) + key.id.encode() + hashed
