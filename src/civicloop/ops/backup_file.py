"""The file of a backup: a header, then sealed pieces, the last of them marked.

Header: 20 bytes of magic, 9 bytes key id, 32 bytes salt. Each file has a key of its own (HKDF-SHA-256 of the kept key
and the salt), so the nonces may count from nought. Piece: 4 bytes length, then AES-256-GCM of one byte of kind and the
content; nonce = 11 bytes number of the piece and 1 byte that is 1 for the last; the header is associated data. A
piece that was changed, left out, moved or cut off therefore does not open.
"""

import os
import secrets
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from civicloop.foundation import ciphers, keyfile

MAGIC = b"CIVICLOOP BACKUP 1\n\0"
KEY_ID, SALT = 9, 32
HEADER = len(MAGIC) + KEY_ID + SALT
LONGEST = 1 << 28
HEAD, TABLE, ROWS, FILE, MANIFEST = b"H", b"T", b"R", b"F", b"M"


class Trouble(Exception):
    """What is wrong with a key or a file, in an operator's words."""


def make_key(path: Path) -> None:
    """Make a new key file with mode 0600. Raises Trouble when something is there already."""
    if path.exists():
        raise Trouble(f"{path} is there already and is left as it is")
    keyfile.read_or_make(path)


def read_key(path: Path) -> bytes:
    """The secret of a key file. Raises Trouble when it is missing, damaged or readable by others."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Trouble(f"others may read {path}: chmod 600 {path}")
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as reason:
        raise Trouble(f"the key cannot be read: {reason} (make one: civicloop backup --make-key FILE)") from reason
    except ValueError as reason:
        raise Trouble(f"{path} is no key file") from reason
    if len(secret) != keyfile.BYTES:
        raise Trouble(f"{path} is no key file")
    return secret


def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"civicloop backup 1").derive(secret))


def _id(secret: bytes) -> bytes:
    return ciphers.Key.of(secret).id.encode()


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))


class Writer:
    """Seals pieces one after the other into a file."""

    def __init__(self, file: BinaryIO, secret: bytes) -> None:
        salt = secrets.token_bytes(SALT)
        self.file, self.number, self.bytes = file, 0, HEADER
        self.header = MAGIC + _id(secret) + salt
        self.cipher = _cipher(secret, salt)
        file.write(self.header)

    def put(self, kind: bytes, content: bytes, *, last: bool = False) -> None:
        """Seal one piece."""
        sealed = self.cipher.encrypt(_nonce(self.number, last), kind + content, self.header)
        if len(sealed) > LONGEST:
            raise Trouble("a piece is too long")
        self.file.write(struct.pack(">I", len(sealed)) + sealed)
        self.number += 1
        self.bytes += 4 + len(sealed)


def read(file: BinaryIO, secret: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of every piece from the beginning. Raises Trouble as soon as something is not as written."""
    file.seek(0)
    header = file.read(HEADER)
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise Trouble("this is no backup of CivicLoop, or its beginning is damaged")
    if header[len(MAGIC) : len(MAGIC) + KEY_ID] != _id(secret):
        raise Trouble("this is not the key with which the backup was made, or the beginning of the file is damaged")
    cipher, number, last = _cipher(secret, header[-SALT:]), 0, False
    while not last:
        length = file.read(4)
        sealed = file.read(min(int.from_bytes(length, "big"), LONGEST)) if len(length) == 4 else b""
        if len(length) < 4 or len(sealed) < int.from_bytes(length, "big"):
            raise Trouble(f"the backup is cut off or damaged at piece {number}")
        plain, last = _open(cipher, sealed, number, header)
        yield plain[:1], plain[1:]
        number += 1
    if file.read(1):
        raise Trouble("something was added to the end of the backup")


def _open(cipher: AESGCM, sealed: bytes, number: int, header: bytes) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return cipher.decrypt(_nonce(number, last), sealed, header), last
        except InvalidTag:
            continue
    raise Trouble(f"the backup is damaged at piece {number}")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
