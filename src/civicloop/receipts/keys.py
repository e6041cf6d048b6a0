"""The key that signs roots and receipts: Ed25519 (RFC 8032), a file outside the database and outside its backup.

The public half of every key that was ever used stays beside it as `roots-<id>.pub`, so that roots of a former key can
still be checked. What the database says about keys is never asked: whoever rewrites it must not bring his own key.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from civicloop.foundation.keyfile import kept

ALGORITHM = "ed25519"
# what a signature is for: one never passes for the other
ROOT, RECEIPT, ERASURE = b"civicloop root\n", b"civicloop receipt\n", b"civicloop erasure\n"


@dataclass(frozen=True)
class PublicKey:
    """A key as it is published."""

    id: str
    public: bytes
    current: bool


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "keys"


def id_of(public: bytes) -> str:
    """The name of a key: the first 16 hexadecimal digits of its SHA-256, so that nobody can name another one so."""
    return hashlib.sha256(public).hexdigest()[:16]


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(kept(_folder() / "roots.key"))


def current() -> PublicKey:
    """The key that signs now; made at the first use, its public half published beside it."""
    public = _private().public_key().public_bytes_raw()
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
    now = current() if make or (_folder() / "roots.key").exists() else None
    former = []
    for path in sorted(_folder().glob("roots-*.pub")):
        try:
            public = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError:
            continue
        if path.name == f"roots-{id_of(public)}.pub" and len(public) == 32 and (now is None or public != now.public):
            former.append(PublicKey(id_of(public), public, current=False))
    return [now, *former] if now else former


def sign(purpose: bytes, message: bytes) -> bytes:
    """The signature of `purpose` ‖ `message` by the key that signs now, 64 bytes."""
    return _private().sign(purpose + message)


def signed(purpose: bytes, message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the signature is that of this key for this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, purpose + message)
    except (InvalidSignature, ValueError):
        return False
    return True
