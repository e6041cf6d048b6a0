"""The key that signs roots and receipts: Ed25519 (RFC 8032), by setting SM2 (GB/T 32918); a file outside database and
backup.

The public half of every key that was ever used stays beside it as `roots-<id>.pub`, so that roots of a former key can
still be checked, also those of the other algorithm. What the database says about keys is never asked: whoever rewrites
it must not bring his own key.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from civicloop.foundation import sm2
from civicloop.foundation.keyfile import kept

ED25519, SM2 = "ed25519", "sm2"
NAMES = {ED25519: "Ed25519 (RFC 8032)", SM2: "SM2 (GB/T 32918)"}
LENGTHS = {32: ED25519, sm2.PUBLIC: SM2}  # bytes of a public key tell its algorithm
# what a signature is for: one never passes for the other
ROOT, RECEIPT, ERASURE = b"civicloop root\n", b"civicloop receipt\n", b"civicloop erasure\n"


@dataclass(frozen=True)
class PublicKey:
    """A key as it is published."""

    id: str
    public: bytes
    current: bool

    @property
    def algorithm(self) -> str:
        """Which kind of key it is."""
        return LENGTHS[len(self.public)]

    @property
    def standard(self) -> str:
        """Its algorithm with the standard, for people."""
        return NAMES[self.algorithm]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "keys"


def id_of(public: bytes) -> str:
    """The name of a key: the first 16 hexadecimal digits of its SHA-256, so that nobody can name another one so."""
    return hashlib.sha256(public).hexdigest()[:16]


def chosen() -> str:
    """The algorithm that signs from now on: CIVICLOOP_SIGNATURE."""
    return os.environ.get("CIVICLOOP_SIGNATURE", "") or ED25519


def wrong_setting() -> str:
    """Why this machine cannot sign as the setting says, in an operator's words; no key is looked at."""
    if chosen() not in NAMES:
        return f"CIVICLOOP_SIGNATURE is {chosen()!r}: set it to {' or '.join(NAMES)}"
    try:
        if chosen() == SM2:
            sm2.try_out()
    except sm2.CannotSign as reason:
        return str(reason)
    return ""


def trouble() -> str:
    """Why nothing can be signed here, in an operator's words; empty when all is well. A look makes no key."""
    if (words := wrong_setting()) or not _path().exists():
        return words
    try:
        found = current()
        fits = signed(ROOT, b"trial", sign(ROOT, b"trial"), found.public)
    except (sm2.CannotSign, ValueError, OSError) as reason:
        return f"roots and receipts cannot be signed: {reason}"
    return "" if fits else f"{_path()} and its public half do not belong together: put back the kept copy"


def _path() -> Path:
    """The file of the private key that signs now."""
    return _folder() / ("roots-sm2.key" if chosen() == SM2 else "roots.key")


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(kept(_path()))


@cache
def _sm2_public(path: Path) -> bytes:
    """Read once by a process, as `kept` does; the key is made at the first use."""
    if not path.exists():
        sm2.make_key(path)
    return sm2.public_of(path)


def current() -> PublicKey:
    """The key that signs now; made at the first use, its public half published beside it. Raises sm2.CannotSign."""
    public = _sm2_public(_path()) if chosen() == SM2 else _private().public_key().public_bytes_raw()
    found = PublicKey(id_of(public), public, current=True)
    path = _folder() / f"roots-{found.id}.pub"
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fresh.write_text(public.hex() + "\n", encoding="ascii")
        fresh.replace(path)
    return found


def published(*, make: bool = True) -> list[PublicKey]:
    """The key that signs now, then every former one; only files that bear the name that follows from their key.

    With `make` a key that is not there yet is made; a proof makes none.
    """
    now = current() if make or _path().exists() else None
    former = []
    for path in sorted(_folder().glob("roots-*.pub")):
        try:
            public = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError:
            continue
        named = path.name == f"roots-{id_of(public)}.pub" and len(public) in LENGTHS
        if named and (now is None or public != now.public):
            former.append(PublicKey(id_of(public), public, current=False))
    return [now, *former] if now else former


def described() -> list[dict[str, str]]:
    """Every published key as documents name it, the current one first."""
    return [{"id": key.id, "algorithm": key.algorithm, "public": key.public.hex()} for key in published()]


def sign(purpose: bytes, message: bytes) -> bytes:
    """The signature of `purpose` ‖ `message` by the key that signs now, 64 bytes. Raises sm2.CannotSign."""
    if chosen() == SM2:
        return sm2.sign(_path(), purpose + message)
    return _private().sign(purpose + message)


def signed(purpose: bytes, message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the signature is that of this key for this message."""
    if LENGTHS.get(len(public)) == SM2:
        return sm2.signed(public, purpose + message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, purpose + message)
    except (InvalidSignature, ValueError):
        return False
    return True
