"""The sealing and look-up keys as files: one of each seals now, earlier ones stay until nothing needs them.

`sealing.key` is the key that seals now; an earlier one lies beside it as `sealing-<id>.key`, named by its own hash, so
that a file under another key's name is never used. The same for `lookup.key`. Files only: which values need which key,
and the change from one to the next, is `resealing`.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from civicloop.foundation import ciphers
from civicloop.foundation.keyfile import BYTES, read_or_make

SEALING, LOOKUP = "sealing", "lookup"
FAMILIES = (SEALING, LOOKUP)


def folder() -> Path:
    """Where the key files lie: outside the database and outside its backup."""
    return Path(settings.DATA_DIR) / "keys"


def path_of(family: str, key_id: str = "") -> Path:
    """The file of the key that seals now, or of an earlier one by its id."""
    return folder() / (f"{family}-{key_id}.key" if key_id else f"{family}.key")


def _read(path: Path) -> ciphers.Key:
    try:
        secret = read_or_make(path)
    except ValueError as reason:
        raise ciphers.CannotSeal(f"{path} is damaged: put back the kept copy") from reason
    if len(secret) != BYTES:
        raise ciphers.CannotSeal(f"{path} is damaged: put back the kept copy")
    return ciphers.Key.of(secret)


def current(family: str = SEALING) -> ciphers.Key:
    """The key that seals (or hashes) now; made at the first use. Read anew each time: a change holds at once.

    Raises ciphers.CannotSeal.
    """
    return _read(path_of(family))


def former(family: str = SEALING) -> dict[str, ciphers.Key]:
    """The earlier keys that are still here, by id; a file whose name is not that of its key is none."""
    found = {}
    for path in sorted(folder().glob(f"{family}-k*.key")):
        key = _read(path)
        if path == path_of(family, key.id):
            found[key.id] = key
    found.pop(current(family).id, None)
    return found


def holder(key_id: str, family: str = SEALING) -> ciphers.Key:
    """The key of that id, whichever it is. Raises ciphers.CannotOpen when it is not here, CannotSeal when damaged.

    The key that seals now comes first: it is kept under its own id before another takes its place, so that it is found
    here at every moment of a change.
    """
    now = current(family)
    if now.id == key_id:
        return now
    path = path_of(family, key_id)
    if not key_id.isalnum() or not path.exists():
        raise ciphers.CannotOpen("another key")
    key = _read(path)
    if key.id != key_id:
        raise ciphers.CannotOpen("another key")
    return key


def every(family: str) -> list[ciphers.Key]:
    """The key of now, then the earlier ones."""
    return [current(family), *former(family).values()]


def make(family: str) -> ciphers.Key:
    """A new key, kept under its own id; it does nothing before `take_over`."""
    key = ciphers.Key.of(secrets.token_bytes(BYTES))
    _keep(family, key)
    return key


def take_over(family: str, key_id: str) -> None:
    """Let the kept key of that id seal from now on; the one of before stays under its own id. Harmless again.

    Raises ciphers.CannotOpen when that key is not here.
    """
    now = current(family)
    if now.id == key_id:
        return
    key = holder(key_id, family)
    _keep(family, now)
    fresh = _written(path_of(family), key)
    fresh.replace(path_of(family))
    _sync()


def remove(family: str, key_id: str) -> None:
    """Take away the file of an earlier key. Ask first whether anything needs it (resealing.needed)."""
    if current(family).id == key_id:
        raise ValueError("the key that seals now stays")
    path_of(family, key_id).unlink(missing_ok=True)
    _sync()


def _keep(family: str, key: ciphers.Key) -> None:
    """The key in a file of its own id, durably."""
    path = path_of(family, key.id)
    if not path.exists():
        _written(path, key).replace(path)
        _sync()


def _written(path: Path, key: ciphers.Key) -> Path:
    """A temporary file beside `path` with this key in it, on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key.secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _sync() -> None:
    """The names in the folder, on the disk."""
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
