"""The store of contents: names are hashes, writes are whole or not at all, and their order is the one that survives."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from civicloop.evidence.storage import Damaged, LocalStore, Missing

DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "evidence")


def aged(store: LocalStore, name: str, days: float) -> None:
    past = store.path(name).stat().st_mtime - days * DAY
    os.utime(store.path(name), (past, past))


def files(store: LocalStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file() and path.name != "lock"]


def test_what_is_put_is_found_under_its_hash(store: LocalStore) -> None:
    name = store.put(b"content")
    assert name == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert store.path(name) == store.root / "ed" / "70" / name
    assert store.get(name) == b"content"
    assert store.put(b"content") == name
    assert len(files(store)) == 1


def test_only_the_owner_of_the_process_can_read_the_files(store: LocalStore) -> None:
    path = store.path(store.put(b"content"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_no_path_is_made_of_what_is_no_name(store: LocalStore, name: str) -> None:
    with pytest.raises(Missing):
        store.get(name)


def test_what_is_missing_or_damaged_is_never_given_out(store: LocalStore) -> None:
    with pytest.raises(Missing):
        store.get("0" * 64)
    name = store.put(b"content")
    store.path(name).write_bytes(b"c0ntent")
    with pytest.raises(Damaged):
        store.get(name)


def test_a_file_cut_short_is_written_again(store: LocalStore) -> None:
    name = store.put(b"content")
    store.path(name).write_bytes(b"con")
    store.put(b"content")
    assert store.get(name) == b"content"


def steps(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a put does to the disk, in order."""
    done: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def sync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        done.append(f"sync {'folder' if os.path.isdir(path) else 'file'} {os.path.relpath(path, store.root)[:5]}")
        real_sync(descriptor)

    def rename(source: str, target: Path) -> None:
        done.append("rename")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", rename)
    return done


def test_a_content_is_on_the_disk_before_its_name_is(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    done = steps(store, monkeypatch)
    store.put(b"content")
    assert done == ["sync folder .", "sync folder ed", "sync file unfin", "rename", "sync folder ed/70"]
    done.clear()
    store.put(b"content")  # somebody else's rename may not be on the disk yet
    assert done == ["sync folder ed/70"]


def killed_before(store: LocalStore, content: bytes, step: int) -> bool:
    """Let a process put `content` and kill it before its step of that number; False when it has no such step."""
    child = os.fork()
    if child == 0:
        done = 0

        def watched(real: Callable[..., object]) -> Callable[..., object]:
            def call(*given: object, **named: object) -> object:
                nonlocal done
                if done == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                done += 1
                return real(*given, **named)

            return call

        try:
            for name in ("mkdir", "open", "fsync", "rename", "utime"):
                setattr(os, name, watched(getattr(os, name)))
            store.put(content)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("there", [False, True])
def test_a_kill_at_any_moment_leaves_the_content_whole_or_absent(tmp_path: Path, there: bool) -> None:
    content, name = os.urandom(100_000), ""
    step = 0
    while True:
        store = LocalStore(tmp_path / str(step))
        if there:
            name = store.put(content)
        if not killed_before(store, content, step):
            break
        objects = [path for path in files(store) if path.parent.name != "unfinished"]
        assert [path.read_bytes() for path in objects] in ([], [content])
        assert len(objects) == 1 or not there
        name = store.put(content)  # no lock is left behind, and what was begun does not stand in the way
        assert store.get(name) == content
        store.remove_unfinished(-60.0)
        assert files(store) == [store.path(name)]
        step += 1
    assert step >= (3 if there else 8)
    assert store.get(name or store.put(content)) == content


@pytest.mark.parametrize("fails", ["fsync", "rename"])
def test_a_full_disk_leaves_nothing_half_written(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    store.put(b"first")

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, fails, full)
        with pytest.raises(OSError, match="No space"):
            store.put(b"second")
    assert len(files(store)) == 1
    assert store.get(store.put(b"second")) == b"second"


def test_demonstrations_may_give_up_durability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path, durable=False)
    done = steps(store, monkeypatch)
    name = store.put(b"content")
    assert done == ["rename"]
    assert store.get(name) == b"content"


def test_the_same_content_put_by_many_at_once_is_one_whole_file(store: LocalStore) -> None:
    content = os.urandom(200_000)
    names: list[str] = []
    writers = [threading.Thread(target=lambda: names.append(store.put(content))) for _writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(names) == 8
    assert len(set(names)) == 1
    assert len(files(store)) == 1
    assert store.get(names[0]) == content


def test_only_old_objects_are_offered_to_the_sweeper(store: LocalStore) -> None:
    old, young = store.put(b"old"), store.put(b"young")
    aged(store, old, 2)
    assert list(store.older_than(DAY)) == [old]
    assert store.remove([old, young, "0" * 64], DAY) == 1
    assert store.get(young) == b"young"
    with pytest.raises(Missing):
        store.get(old)


def test_an_object_put_again_after_the_sweeper_looked_stays(store: LocalStore) -> None:
    name = store.put(b"content")
    aged(store, name, 2)
    offered = list(store.older_than(DAY))
    store.put(b"content")
    assert store.remove(offered, DAY) == 0
    assert store.get(name) == b"content"


def test_unfinished_writes_of_a_crash_are_cleared_after_a_day(store: LocalStore) -> None:
    store.put(b"content")
    for name, days in (("dead", 2.0), ("alive", 0.5)):
        path = store.root / "unfinished" / name
        path.write_bytes(b"part")
        past = path.stat().st_mtime - days * DAY
        os.utime(path, (past, past))
    assert store.remove_unfinished(DAY) == 1
    assert (store.root / "unfinished" / "alive").exists()
