"""Where contents lie: objects named by their SHA-256, behind one interface, written so that a crash loses nothing.

Order of a write: temporary file → fsync → rename → fsync of the folder; the caller commits its row only then. A crash
leaves at most an object without a row, which `sweep_orphans` (evidence.actions) removes after a day.
"""

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{64}")


class Missing(LookupError):
    """No object has this name."""


class Damaged(OSError):
    """The stored bytes do not have the hash that is their name."""


class Away(OSError):
    """The store cannot be reached, or did not do what it was asked; worth another try."""


class Store(Protocol):
    """The one storage interface: a folder here, an object store elsewhere."""

    def put(self, content: bytes) -> str:
        """Keep `content` durably and return its name (SHA-256, 64 hex digits). Raises OSError, then nothing is kept."""

    def get(self, name: str) -> bytes:
        """The content, its hash checked. Raises Missing, Damaged."""

    def older_than(self, seconds: float) -> Iterator[str]:
        """Names of objects that nobody has put for that long."""

    def remove(self, names: Collection[str], seconds: float) -> int:
        """Remove those that still nobody has put for that long; returns how many went."""

    def remove_unfinished(self, seconds: float) -> int:
        """Remove what a crash has left behind that long ago; returns how much went."""


class LocalStore:
    """A folder `ab/cd/<sha256>` on this machine. Without `durable` nothing is synced: for tests and demonstrations."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable

    def path(self, name: str) -> Path:
        """Where the object of this name lies. Raises Missing for what is no name, so no path is ever made of it."""
        if not NAME.fullmatch(name):
            raise Missing(name)
        return self.root / name[:2] / name[2:4] / name

    def put(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        path = self.path(name)
        with self._lock(fcntl.LOCK_SH):
            try:
                if path.stat().st_size == len(content):
                    os.utime(path)  # the sweeper counts a day from here
                    self._sync(path.parent)
                    return name
            except FileNotFoundError:
                pass
            self._folders(path.parent)
            self._write(path, content)
        return name

    def get(self, name: str) -> bytes:
        try:
            content = self.path(name).read_bytes()
        except FileNotFoundError as reason:
            raise Missing(name) from reason
        if hashlib.sha256(content).hexdigest() != name:
            raise Damaged(name)
        return content

    def older_than(self, seconds: float) -> Iterator[str]:
        limit = self._now() - seconds
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
            with os.scandir(folder) as entries:
                yield from (each.name for each in entries if _old(each, limit) and NAME.fullmatch(each.name))

    def remove(self, names: Collection[str], seconds: float) -> int:
        limit, gone = self._now() - seconds, 0
        with self._lock(
            fcntl.LOCK_EX
        ):  # nobody finds an object there and relies on it between the look and the removal
            for name in names:
                path = self.path(name)
                try:
                    if path.stat().st_mtime < limit:
                        path.unlink()
                        gone += 1
                except FileNotFoundError:
                    continue
        return gone

    def remove_unfinished(self, seconds: float) -> int:
        """Remove temporary files that a crash has left behind that long ago."""
        limit, gone = self._now() - seconds, 0
        for path in self._temporary().iterdir():
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _temporary(self) -> Path:
        folder = self.root / "unfinished"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _now(self) -> float:
        """The moment by the clock of the file system, which also dates the objects."""
        probe = self._temporary() / f"clock-{os.getpid()}-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        try:
            return probe.stat().st_mtime
        finally:
            probe.unlink()

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        """Writers share it, the sweeper has it alone."""
        descriptor = os.open(self._temporary().parent / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _write(self, path: Path, content: bytes) -> None:
        fresh = self._temporary() / f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                if self.durable:
                    os.fsync(file.fileno())
            os.rename(fresh, path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        self._sync(path.parent)

    def _folders(self, folder: Path) -> None:
        """Make `ab/cd`, each new folder's name itself durable in its parent."""
        for each in (folder.parent, folder):
            try:
                each.mkdir(mode=0o700)
            except FileExistsError:
                continue
            self._sync(each.parent)

    def _sync(self, folder: Path) -> None:
        if not self.durable:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _old(entry: os.DirEntry[str], limit: float) -> bool:
    try:
        return entry.stat().st_mtime < limit
    except FileNotFoundError:
        return False


def default() -> Store:
    """The store of this installation: a bucket when one is set, else a folder in its data folder.

    CIVICLOOP_FSYNC=0 gives up the folder's durability.
    """
    if settings.S3_BUCKET:
        from civicloop.evidence import buckets  # its library is large, and few installations need it

        return buckets.configured()
    return folder()


def folder() -> LocalStore:
    """The folder of this installation."""
    return LocalStore(Path(settings.DATA_DIR) / "evidence", durable=os.environ.get("CIVICLOOP_FSYNC", "1") != "0")
