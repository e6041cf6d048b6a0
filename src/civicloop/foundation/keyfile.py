"""Secret keys kept as files with mode 0600, outside the database."""

import os
import secrets
from functools import cache
from pathlib import Path

BYTES = 32


@cache
def kept(path: Path) -> bytes:
    """The key of `path` as `read_or_make` gives it, read once by a process: a key file is never written again."""
    return read_or_make(path)


def read_or_make(path: Path) -> bytes:
    """The 32 key bytes stored in `path`; made with the system's random source when the file is missing.

    Safe when several processes start at once: the file is linked into place only if nobody else has done so.
    """
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        write_once(path, (secrets.token_hex(BYTES) + "\n").encode("ascii"))
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def write_once(path: Path, content: bytes) -> None:
    """Put `content` into `path` (mode 0600, durable), unless somebody else was quicker; nobody sees half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
