"""Whoever owns the database and changes anything in a timeline, a leaf or a root is found out; what it was is named.

The tampering is done past every key and grant, as the database's superuser; `verify` then runs as the application.
"""

import json
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from civicloop.foundation import chain, clock, keyfile
from civicloop.foundation.canonical import canonical
from civicloop.foundation.merkle import Leaf, Tree
from civicloop.matters.models import Entry, EntryText, Matter
from civicloop.matters.timeline import request_of
from civicloop.ops import checkup
from civicloop.ops.bench import seeding
from civicloop.ops.bench.city import City, Team
from civicloop.receipts import actions, jobs, keys, proof, publishing, roots, selectors
from civicloop.receipts.commands import verify
from civicloop.receipts.models import DailyLeaf, DailyRoot
from tests import world
from tests.conftest import size
from tests.matters import erasing, loop
from tests.receipts.conftest import at, on

pytestmark = pytest.mark.both_servers
Owner = Callable[..., list[tuple[object, ...]]]
MONDAY = at().date()


@pytest.fixture
def city(committing: str) -> tuple[UUID, UUID]:
    """Two matters with entries on three days, all closed and published; the first is under all three roots."""
    with on():
        first, second = loop.report(), loop.report()
        loop.act("clerk", first, "file", condition=loop.condition())
        loop.act("clerk", first, "dispatch")
    for day in (1, 2):
        with on(day):
            loop.act("clerk", first, "note", note="看过")
            loop.report()
    with on(3):
        assert jobs.round() == 3
    return first, second


def run(*options: str) -> tuple[Result, dict[str, Any]]:
    """`civicloop verify … --json`, three days after the tests' Monday."""
    with on(3):
        done = CliRunner().invoke(verify, [*options, "--json"])
    return done, json.loads(done.stdout)


def said(*options: str) -> str:
    """The same in words."""
    with on(3):
        return CliRunner().invoke(verify, options).stdout


def codes(found: dict[str, Any]) -> set[str]:
    return {each["code"] for each in found["findings"]}


def names(found: dict[str, Any], **values: Any) -> bool:
    """Whether a finding says all this."""
    return any(all(each[name] == value for name, value in values.items()) for each in found["findings"])


def test_nothing_is_found_where_nothing_was_changed(city: tuple[UUID, UUID]) -> None:
    for options in (["--all"], ["--matter", str(city[0])], ["--day", MONDAY.isoformat()]):
        done, found = run(*options)
        assert done.exit_code == 0, done.output
        assert found["ok"]
        assert found["findings"] == []
    number = Matter.objects.get(id=city[0]).number
    assert run("--matter", number.lower())[1]["entries"] == 5
    found = run("--all")[1]
    assert (found["matters"], found["entries"], found["roots"], found["leaves"], found["copies"]) == (4, 8, 3, 6, 3)
    assert run("--day", "2026-03-03")[1]["matters"] == 2
    assert "4 matters with 8 entries, 3 roots with 6 leaves looked at, 3 published copies: 0 findings" in said("--all")


OTHER = "00000000-0000-7000-8000-000000000000"
# every column of an entry → a value that is another one
ENTRY_COLUMNS = {
    "matter_id": f"'{OTHER}'", "seq": "seq + 100", "action": "'close'", "result": "'pass'", "act_id": f"'{OTHER}'",
    "at": "at + interval '1 microsecond'", "account_id": "coalesce(account_id, 0) + 1",
    "post_id": "coalesce(post_id, 0) + 1", "unit_id": "coalesce(unit_id, 0) + 1", "role": "'leader'",
    "step": "'closed'", "step_version": "step_version + 1",
    "fingerprint": "set_byte(fingerprint, 5, get_byte(fingerprint, 5) # 1)",
    "body": "set_byte(body, 60, get_byte(body, 60) # 1)", "hash": "set_byte(hash, 3, get_byte(hash, 3) # 1)",
}  # fmt: skip
EMPTIED = {"act_id": "NULL", "account_id": "NULL", "fingerprint": "''", "body": "''", "hash": "''", "role": "''"}


def columns_of(model: type[Any]) -> set[str]:
    return {field.column for field in model._meta.concrete_fields if field.column is not None} - {"pk"}


def test_no_column_is_left_out() -> None:
    assert set(ENTRY_COLUMNS) == columns_of(Entry)
    assert set(LEAF_COLUMNS) == columns_of(DailyLeaf)
    assert set(ROOT_COLUMNS) == columns_of(DailyRoot)
    assert set(TEXT_COLUMNS) == columns_of(EntryText)


@pytest.mark.parametrize(
    ("column", "value"), [*ENTRY_COLUMNS.items(), *EMPTIED.items()], ids=lambda each: str(each)[:12]
)
def test_every_column_of_an_entry(city: tuple[UUID, UUID], owner: Owner, column: str, value: str) -> None:
    matter = city[0]
    owner(f"UPDATE matters_entry SET {column} = {value} WHERE matter_id = %s AND seq = 3", matter)
    for options in (["--all"], ["--matter", str(matter)], ["--day", MONDAY.isoformat()]):
        done, found = run(*options)
        assert done.exit_code == 1, options
        assert any(each["matter"] == str(matter) and each["seq"] == 3 for each in found["findings"]), found
    plain = {"fingerprint": "request", "step": "to", "step_version": "version", "act_id": "act"}
    if column not in {"matter_id", "seq", "body", "hash"}:
        who = {"account_id", "post_id", "unit_id", "role"}
        about = "who" if column in who else plain.get(column, column)
        assert names(found, code="column_changed", matter=str(matter), seq=3, about=about)
    assert f"({matter}), entry 3" in said("--all")


TEXT_COLUMNS = {
    "matter_id": f"'{OTHER}'", "seq": "seq + 1", "field": "'address'", "value": "value || '。'",
    "salt": "set_byte(salt, 0, get_byte(salt, 0) # 1)",
}  # fmt: skip


@pytest.mark.parametrize("column", TEXT_COLUMNS)
def test_every_column_of_a_text(city: tuple[UUID, UUID], owner: Owner, column: str) -> None:
    if column == "field":
        owner("DELETE FROM matters_entrytext WHERE field = 'address'")
    where = "WHERE matter_id = %s AND seq = 1 AND field = 'text'"
    owner(f"UPDATE matters_entrytext SET {column} = {TEXT_COLUMNS[column]} {where}", city[0])
    done, found = run("--all")
    if column == "matter_id":  # it hangs on nothing now: from its own matter it is gone
        assert names(found, code="text_missing", matter=str(city[0]), seq=1, about="text")
        assert names(found, code="text_of_nothing", matter=OTHER)
    else:
        assert codes(found) & {"text_changed", "text_unknown"}
    assert done.exit_code == 1


LEAF_COLUMNS = {
    "matter_id": f"'{OTHER}'", "seq": "seq + 1", "day": "day + 1",
    "head": "set_byte(head, 9, get_byte(head, 9) # 1)",
}  # fmt: skip


@pytest.mark.parametrize("column", LEAF_COLUMNS)
def test_every_column_of_a_leaf(city: tuple[UUID, UUID], owner: Owner, column: str) -> None:
    matter = city[1]
    owner(f"UPDATE receipts_dailyleaf SET {column} = {LEAF_COLUMNS[column]} WHERE matter_id = %s", matter)
    for options in (["--all"], ["--day", MONDAY.isoformat()]):
        done, found = run(*options)
        assert done.exit_code == 1
        assert any(each["day"] == MONDAY.isoformat() for each in found["findings"])
        assert any(each["matter"] == str(matter) for each in found["findings"]), found


def test_a_day_moved_to_one_without_a_root(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("UPDATE receipts_dailyleaf SET day = day + 100 WHERE matter_id = %s", city[1])
    assert {"leaves_missing", "leaf_missing", "leaves_without_root"} <= codes(run("--all")[1])
    assert "leaves_without_root" in codes(run("--matter", str(city[1]))[1])


ROOT_COLUMNS = {
    "day": "day + 100", "no": "no + 100", "until": '"until" + interval \'1 second\'', "leaves": "leaves + 1",
    "root": "set_byte(root, 0, get_byte(root, 0) # 1)",
    "previous": "set_byte(previous, 0, get_byte(previous, 0) # 1)", "algorithm": "2",
    "made_at": "made_at + interval '1 microsecond'", "key_id": "'0123456789abcdef'",
    "body": "set_byte(body, 40, get_byte(body, 40) # 1)",
    "hash": "set_byte(hash, 0, get_byte(hash, 0) # 1)",
    "signature": "set_byte(signature, 0, get_byte(signature, 0) # 1)",
}  # fmt: skip


@pytest.mark.parametrize("with_copies", [True, False], ids=["copies", "no copies"])
@pytest.mark.parametrize("column", ROOT_COLUMNS)
def test_every_column_of_a_root(
    city: tuple[UUID, UUID], owner: Owner, data_dir: Any, column: str, with_copies: bool
) -> None:
    if not with_copies:
        for path in (data_dir / "roots").iterdir():
            path.unlink()
    tuesday = MONDAY + timedelta(1)
    owner(f'UPDATE receipts_dailyroot SET "{column}" = {ROOT_COLUMNS[column]} WHERE day = %s', tuesday)
    for options in (["--all"], ["--day", tuesday.isoformat()], ["--matter", str(city[0])]):
        done, found = run(*options)
        assert done.exit_code == 1, (column, options)
        shown = (tuesday + timedelta(100) if column == "day" else tuesday).isoformat()
        assert any(each["day"] in {shown, tuesday.isoformat()} for each in found["findings"]), found
    if column not in {"body", "hash", "signature", "algorithm"}:
        about = {"key_id": "key"}.get(column, column)
        assert names(run("--all")[1], code="root_column_changed", about=about)


def test_a_deleted_entry(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM matters_entry WHERE matter_id = %s AND seq = 2", city[0])
    found = run("--all")[1]
    assert names(found, code="missing", matter=str(city[0]), seq=2)
    assert "entries are missing" in said("--all")


def test_a_swapped_pair_of_entries(city: tuple[UUID, UUID], owner: Owner) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        owner("UPDATE matters_entry SET seq = %s WHERE matter_id = %s AND seq = %s", after, city[0], before)
    found = run("--matter", str(city[0]))[1]
    assert names(found, code="broken_link", seq=2)
    assert names(found, code="broken_link", seq=3)
    assert names(found, code="column_changed", seq=2, about="seq")


def test_a_tail_cut_off_with_the_matter_put_back(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM matters_entry WHERE matter_id = %s AND seq > 3", city[0])
    owner("DELETE FROM matters_entrytext WHERE matter_id = %s AND seq > 3", city[0])
    owner("UPDATE matters_matter SET seq = 3 WHERE id = %s", city[0])
    for options in (["--all"], ["--matter", str(city[0])], ["--day", "2026-03-03"]):
        found = run(*options)[1]
        assert codes(found) == {"cut_off"}  # the chain that is left is whole: only the roots know
        assert names(found, matter=str(city[0]), seq=4, day="2026-03-03", about="3")
    assert names(run("--all")[1], matter=str(city[0]), seq=5, day="2026-03-04", about="3")


def rebuild(matter: UUID, owner: Owner, first: int, **changes: Any) -> None:
    """What somebody does who knows the format: change an entry and compute the whole chain behind it anew."""
    previous = chain.GENESIS
    for entry in Entry.objects.filter(matter_id=matter).order_by("seq"):
        body = bytes(entry.body)
        if entry.seq == first:
            body = chain.body(canonical(chain.content(body) | changes))
        previous = chain.entry_hash(previous, body)
        statement = "UPDATE matters_entry SET body = %s, hash = %s WHERE matter_id = %s AND seq = %s"
        owner(statement, body, previous, matter, entry.seq)
    if "action" in changes:
        owner(
            "UPDATE matters_entry SET action = %s WHERE matter_id = %s AND seq = %s", changes["action"], matter, first
        )


def test_a_chain_that_was_rebuilt(city: tuple[UUID, UUID], owner: Owner) -> None:
    rebuild(city[0], owner, 2, action="close")
    found = run("--matter", str(city[0]))[1]
    assert codes(found) == {"rewritten"}
    assert [(each["seq"], each["day"]) for each in found["findings"]] == [
        (3, "2026-03-02"), (4, "2026-03-03"), (5, "2026-03-04")
    ]  # fmt: skip


def cover_anew(owner: Owner) -> None:
    """Let every leaf say the hash that its entry now has."""
    same = "l.matter_id = e.matter_id AND l.seq = e.seq"
    owner(f"UPDATE receipts_dailyleaf l SET head = e.hash FROM matters_entry e WHERE {same}")


def test_a_chain_that_was_rebuilt_with_its_leaves(city: tuple[UUID, UUID], owner: Owner) -> None:
    rebuild(city[0], owner, 5, action="close")
    cover_anew(owner)
    found = run("--all")[1]
    assert codes(found) == {"leaves_changed"}
    assert names(found, day="2026-03-04")


def rebuilt_root(owner: Owner, day: Any, sign: Callable[[bytes], bytes], key: str = "") -> None:
    """The tree of a day computed anew from its leaves, its root written over, signed with whatever there is."""
    root = DailyRoot.objects.get(day=day)
    leaves = [Leaf(each.matter_id, each.seq, bytes(each.head)) for each in DailyLeaf.objects.filter(day=day)]
    previous = DailyRoot.objects.filter(no=root.no - 1).first()
    made = roots.make(
        no=root.no, day=root.day, until=root.until, leaves=len(leaves), root=Tree(leaves).root,
        previous=bytes(previous.hash) if previous else chain.GENESIS, made_at=root.made_at, key=key or root.key_id,
    )  # fmt: skip
    told = chain.content(made.body)
    owner(
        "UPDATE receipts_dailyroot SET root = %s, previous = %s, leaves = %s, body = %s, hash = %s, signature = %s, "
        "key_id = %s WHERE day = %s",
        bytes.fromhex(str(told["root"])), bytes.fromhex(str(told["previous"])), len(leaves), made.body, made.hash,
        sign(made.hash), key or root.key_id, day,
    )  # fmt: skip


def test_a_chain_that_was_rebuilt_with_leaves_and_every_later_root(
    city: tuple[UUID, UUID], owner: Owner, data_dir: Any
) -> None:
    rebuild(city[0], owner, 4, action="close")
    cover_anew(owner)
    signatures = {root.day: bytes(root.signature) for root in DailyRoot.objects.all()}
    for number in (1, 2):
        day = MONDAY + timedelta(number)
        rebuilt_root(owner, day, lambda _hash, day=day: signatures[day])  # type: ignore[misc]
    found = run("--all")[1]
    assert codes(found) == {"root_not_signed", "copy_differs"}
    for path in (data_dir / "roots").iterdir():
        path.unlink()
    found = run("--all")[1]
    assert [(each["code"], each["day"]) for each in found["findings"]] == [
        ("root_not_signed", "2026-03-03"), ("root_not_signed", "2026-03-04")
    ]  # fmt: skip


def test_roots_signed_anew_with_a_key_of_the_tamperers_own(city: tuple[UUID, UUID], owner: Owner) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    name = keys.id_of(private.public_key().public_bytes_raw())
    rebuild(city[0], owner, 5, action="close")
    cover_anew(owner)
    rebuilt_root(owner, MONDAY + timedelta(2), lambda hash_: private.sign(keys.ROOT + hash_), name)
    found = run("--all")[1]
    assert names(found, code="root_key_unknown", day="2026-03-04", about=name)


def test_even_the_signing_key_leaves_the_published_copies(city: tuple[UUID, UUID], owner: Owner) -> None:
    rebuild(city[0], owner, 5, action="close")
    cover_anew(owner)
    rebuilt_root(owner, MONDAY + timedelta(2), lambda hash_: keys.sign(keys.ROOT, hash_))
    found = run("--all")[1]
    assert codes(found) == {"copy_differs"}
    assert names(found, day="2026-03-04")


def test_a_deleted_leaf_names_its_matter(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM receipts_dailyleaf WHERE matter_id = %s", city[1])
    for options in (["--all"], ["--day", MONDAY.isoformat()]):
        found = run(*options)[1]
        assert names(found, code="leaves_missing", day="2026-03-02", about="1 instead of 2")
        assert names(found, code="leaf_missing", matter=str(city[1]), seq=1, day="2026-03-02")
        assert not any(each["matter"] == str(city[0]) for each in found["findings"])


def test_an_added_leaf(city: tuple[UUID, UUID], owner: Owner) -> None:
    entry = Entry.objects.get(matter_id=city[0], seq=2)
    owner("INSERT INTO receipts_dailyleaf VALUES (%s, 2, %s, %s)", city[0], MONDAY, bytes(entry.hash))
    assert names(run("--all")[1], code="leaves_added", day="2026-03-02", about="3 instead of 2")


def test_two_leaves_swapped(city: tuple[UUID, UUID], owner: Owner) -> None:
    heads = {leaf.matter_id: bytes(leaf.head) for leaf in DailyLeaf.objects.filter(day=MONDAY)}
    for matter, other in (city, city[::-1]):
        owner("UPDATE receipts_dailyleaf SET head = %s WHERE day = %s AND matter_id = %s", heads[other], MONDAY, matter)
    found = run("--all")[1]
    assert names(found, code="leaves_changed", day="2026-03-02")
    for matter in city:
        assert names(found, code="rewritten", matter=str(matter), day="2026-03-02")


def test_a_deleted_root_in_the_middle(city: tuple[UUID, UUID], owner: Owner, data_dir: Any) -> None:
    (data_dir / "roots" / "2026-03-03.json").unlink()
    owner("DELETE FROM receipts_dailyroot WHERE no = 2")
    found = run("--all")[1]
    assert names(found, code="root_missing", seq=2)
    assert names(found, code="root_broken_link", seq=3)
    assert names(found, code="leaves_without_root", day="2026-03-03", about="2")


def test_the_last_root_deleted_with_its_leaves(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM receipts_dailyroot WHERE no = 3")
    owner("DELETE FROM receipts_dailyleaf WHERE day = '2026-03-04'")
    for options in (["--all"], ["--day", "2026-03-04"]):
        done, found = run(*options)
        assert done.exit_code == 1
        assert names(found, code="root_withdrawn", day="2026-03-04")
        assert found["open_days"] == ["2026-03-04"]
    assert "a root was published that is not in the database" in said("--all")


def test_two_roots_swapped(city: tuple[UUID, UUID], owner: Owner) -> None:
    for before, after in ((1, 99), (2, 1), (99, 2)):
        owner("UPDATE receipts_dailyroot SET no = %s WHERE no = %s", after, before)
    found = run("--all")[1]
    assert names(found, code="root_broken_link", seq=1)
    assert names(found, code="root_column_changed", seq=1, about="no")
    assert names(found, code="root_column_changed", seq=2, about="no")


def test_a_matter_deleted_whole(city: tuple[UUID, UUID], owner: Owner) -> None:
    for table, column in (("matters_entrytext", "matter_id"), ("matters_entry", "matter_id"), ("matters_matter", "id")):
        owner(f"DELETE FROM {table} WHERE {column} = %s", city[1])
    for options in (["--all"], ["--day", MONDAY.isoformat()], ["--matter", str(city[1])]):
        assert names(run(*options)[1], code="no_such_matter", matter=str(city[1])), options
    owner("DELETE FROM receipts_dailyleaf WHERE matter_id = %s", city[1])
    assert names(run("--all")[1], code="leaves_missing", day="2026-03-02", about="1 instead of 2")


def test_a_matter_deleted_whose_entries_are_left(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM matters_matter WHERE id = %s", city[1])
    assert names(run("--all")[1], code="no_such_matter", matter=str(city[1]))


def test_an_entry_slipped_in_behind_the_last_root(city: tuple[UUID, UUID], owner: Owner) -> None:
    names_ = "matter_id, action, result, at, account_id, post_id, unit_id, role, step, step_version, fingerprint"
    names_ += ", body, hash"
    copied = f"SELECT 2, {names_} FROM matters_entry WHERE matter_id = %s AND seq = 1"
    owner(f"INSERT INTO matters_entry (seq, {names_}) {copied}", city[1])
    found = run("--matter", str(city[1]))[1]
    assert names(found, code="beyond_end", matter=str(city[1]), seq=2)
    assert names(found, code="broken_link", seq=2)


def test_a_damaged_copy(city: tuple[UUID, UUID], data_dir: Any) -> None:
    (data_dir / "roots" / "2026-03-02.json").write_text("{")
    assert names(run("--all")[1], code="copy_unreadable", day="2026-03-02")
    (data_dir / "roots" / "2026-03-02.json").write_text("{}")
    assert names(run("--day", "2026-03-02")[1], code="copy_differs", day="2026-03-02")
    assert run("--day", "2026-03-03")[0].exit_code == 0


def test_lawful_erasure_is_told_as_erasure(city: tuple[UUID, UUID]) -> None:
    with on(3):
        made = erasing.lawfully(city[0])
    told = {"list": str(made.id), "on": "2026-03-05"}
    for options in (["--all"], ["--matter", str(city[0])]):
        done, found = run(*options)
        assert done.exit_code == 0
        assert found["ok"]
        assert {"matter": str(city[0]), "seq": 1, "field": "text", **told} in found["erased"]
        assert found["erased_count"] == len(found["erased"])
    words = f"erased   matter {city[0]}, entry 1: text title on 2026-03-05 under list {made.id}"
    assert words in said("--all")


def test_texts_that_the_owner_destroys_are_named(city: tuple[UUID, UUID], owner: Owner) -> None:
    owner("DELETE FROM matters_entrytext WHERE matter_id = %s AND field = 'title'", city[0])
    done, found = run("--matter", str(city[0]))
    assert done.exit_code == 1
    assert names(found, code="text_missing", matter=str(city[0]), seq=1, about="title")


def test_a_former_key_still_proves(city: tuple[UUID, UUID], data_dir: Any) -> None:
    (data_dir / "keys" / "roots.key").rename(data_dir / "keys" / "kept elsewhere")
    keyfile.kept.cache_clear()
    with on(3):
        loop.act("clerk", city[0], "note", note="看过")
    with on(4):
        assert len(actions.close_due()) == 1
    assert DailyRoot.objects.values("key_id").distinct().count() == 2
    assert run("--all")[0].exit_code == 0
    former = DailyRoot.objects.get(no=1).key_id
    (data_dir / "keys" / "roots.key").unlink()
    assert run("--all")[0].exit_code == 0
    assert not (data_dir / "keys" / "roots.key").exists()  # a proof makes no key
    (data_dir / "keys" / f"roots-{former}.pub").unlink()
    assert names(run("--all")[1], code="root_key_unknown", about=former)


def test_what_is_entered_while_it_looks_is_no_finding(city: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def act() -> None:
        with on(3, minutes=5):
            loop.act("clerk", city[0], "note", note="看过")
        connection.close()

    leaves = proof._leaves

    def later(*span: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:  # between two statements of the same look
            pool.submit(act).result()
        return leaves(*span)

    monkeypatch.setattr(proof, "_leaves", later)
    for options in (["--all"], ["--matter", str(city[0])]):
        assert run(*options)[1]["findings"] == []


def test_what_cannot_be_looked_at_is_said(city: tuple[UUID, UUID]) -> None:
    with on(3):
        for options, words in (
            ([], "say one of"), (["--all", "--day", "2026-03-02"], "say one of"), (["--day", "2026-03-05"], "not over"),
            (["--matter", "20260302-9999999-0"], "there is no matter"), (["--day", "gestern"], "gestern"),
        ):  # fmt: skip
            done = CliRunner().invoke(verify, options)
            assert done.exit_code != 0
            assert words in done.output + str(done.exception)
    done, found = run("--matter", OTHER)
    assert done.exit_code == 1
    assert names(found, code="no_such_matter", matter=OTHER)
    with clock.at(at(3)):
        assert selectors.open_days() == []
        assert publishing.copies().keys() == {"2026-03-02", "2026-03-03", "2026-03-04"}


def test_a_day_that_was_not_closed_says_so(committing: str) -> None:
    with on():
        loop.report()
    with on(1):
        assert dict(checkup.examine())["daily roots"] == ""  # the worker has the day for it
    with on(2):
        assert "since 2026-03-02: civicloop worker" in dict(checkup.examine())["daily roots"]
    done, found = run("--day", "2026-03-02")
    assert done.exit_code == 1
    assert names(found, code="no_root", day="2026-03-02")
    assert run("--day", "2026-03-01")[0].exit_code == 0  # nothing was entered
    done, found = run("--all")
    assert done.exit_code == 0
    assert found["open_days"] == ["2026-03-02"]


def test_entries_of_earlier_builds_are_whole_without_what_they_could_not_say(committing: str, owner: Owner) -> None:
    with on():
        matter = loop.report()
    told = chain.content(bytes(Entry.objects.get(matter_id=matter).body))
    body = chain.body(canonical({name: each for name, each in told.items() if name not in {"version", "request"}}))
    statement = "UPDATE matters_entry SET body = %s, hash = %s, fingerprint = substr(fingerprint, 1, 32)"
    owner(statement, body, chain.entry_hash(chain.GENESIS, body))
    assert run("--matter", str(matter))[0].exit_code == 0
    assert request_of(bytes(Entry.objects.get(matter_id=matter).fingerprint))[1] is None


CHANGES = [f"{column} = {value}" for column, value in ENTRY_COLUMNS.items() if column not in {"matter_id", "seq"}]


def test_of_many_timelines_each_that_was_changed_is_named(
    committing: str, owner: Owner, database_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = size(300, 100_000)
    monkeypatch.setattr(seeding, "MODELS", min(number, 200))
    with on(60):
        city = City([Team({}, "", world.AREAS["99"][3][0])], "", 0)
        seeding.fill(number, city, database_server.addresses(committing).owner)
    drawn = random.Random(6)
    with on(61, hours=1):
        acted = drawn.sample(list(Matter.objects.order_by("id").values_list("id", flat=True)), 20)
        for matter in acted:
            loop.act("clerk", matter, "note", note="看过")
    with on(63):
        roots_made = actions.close_due()
        begun = time.perf_counter()
        report = proof.verify_all()
        taken = time.perf_counter() - begun
    assert report.findings == []
    assert (report.matters, report.entries, report.leaves) == (number, number + 20, number + 20)
    rate = report.matters / taken
    print(f"\nverified {report.matters} timelines, {len(roots_made)} roots in {taken:.1f} s: {rate:,.0f} timelines/s")
    changed = drawn.sample(list(Entry.objects.values_list("matter_id", "seq")), number // 10)
    for place, change in enumerate(CHANGES):
        matters, seqs = zip(*changed[place :: len(CHANGES)], strict=True)
        those = "(matter_id, seq) IN (SELECT * FROM unnest(%s::uuid[], %s::int[]))"
        owner(f"UPDATE matters_entry SET {change} WHERE {those}", list(matters), list(seqs))
    with on(63):
        found = {(each.matter, each.seq) for each in proof.verify_all().findings}
    assert found >= set(changed)
    assert {matter for matter, _seq in found} == {matter for matter, _seq in changed}
