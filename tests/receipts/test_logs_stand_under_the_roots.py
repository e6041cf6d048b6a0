"""Whoever owns the database and changes a line of the audit log, the read log or the settings is found out.

The tampering is done past every key and grant, as the database's superuser; `verify` then runs as the application.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from django.db import models

from civicloop.foundation import chain, clock
from civicloop.receipts import actions, jobs, logproof, logs, proof, roots
from civicloop.receipts.commands import verify
from civicloop.receipts.models import DailyRoot, LogHead, LogLine
from civicloop.records import actions as records
from civicloop.records import audit, sealing
from civicloop.records.models import AuditEntry, ReadEntry, SealedValue, Setting
from tests.matters import loop
from tests.receipts.conftest import at, on

pytestmark = pytest.mark.both_servers
Owner = Callable[..., list[tuple[object, ...]]]
MONDAY = at().date()
MODELS = {"audit": AuditEntry, "read": ReadEntry, "setting": Setting}


def line(action: str) -> AuditEntry:
    return audit.write(
        actor_id=5, post_id=6, actor_words="clerk", action=action, object="an object", outcome="done",
        detail={"rows": 3, "share": 0.1, "名": ["甲", None]},
    )  # fmt: skip


def opened(matter: UUID) -> None:
    number = SealedValue.objects.filter(matter_id=matter).order_by("no")[0].no
    sealing.open_value(actor_id=5, actor_words="clerk", post_id=6, purpose="call back", matter_id=matter, no=number)


@pytest.fixture
def city(committing: str) -> UUID:
    """Three days with lines in all three logs, each closed in the night after it."""
    matter = None
    for day in range(3):
        with on(day):
            matter = loop.report(reporter={"name": "张女士", "phone": "13800000000"})
            opened(matter)
            opened(matter)
            line("test.first")
            line("test.second")
            records.set_setting(
                actor_id=None, post_id=None, actor_words="tests", code="sign_in.idle_minutes", value=20 + day
            )
        with on(day + 1):
            assert jobs.round() == 1
    assert matter is not None
    return matter


def look() -> proof.Report:
    with on(3):
        return proof.verify_logs()


def found() -> set[tuple[str, str, int]]:
    """What `verify --logs` finds in the logs: code, log, number of the line or head."""
    return {(each.code, each.log, each.number) for each in look().logs.changes}


def run(*options: str) -> dict[str, Any]:
    with on(3):
        done = CliRunner().invoke(verify, [*options, "--json"])
    said = dict(json.loads(done.stdout))
    assert done.exit_code == (0 if said["ok"] else 1)
    return said


@contextmanager
def changed(owner: Owner, table: str, column: str, value: str, where: str) -> Iterator[None]:
    """A column with another value, for a while."""
    before = owner(f'SELECT "{column}"::text, ctid FROM {table} WHERE {where}')
    assert len(before) == 1, where
    told = owner(f'UPDATE {table} SET "{column}" = {value} WHERE {where} RETURNING ctid')
    try:
        yield
    finally:
        kind = owner(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            table, column,
        )[0][0]  # fmt: skip
        owner(f'UPDATE {table} SET "{column}" = %s::{kind} WHERE ctid = %s', before[0][0], told[0][0])


def lines_of(log: str, day: int = 1) -> list[int]:
    head = LogHead.objects.get(log=log, day=MONDAY + timedelta(day))
    return list(LogLine.objects.filter(log=log, no=head.no).order_by("line_id").values_list("line_id", flat=True))


def test_every_line_stands_under_a_root_and_nothing_is_found_where_nothing_was_changed(city: UUID) -> None:
    report = look()
    assert report.ok
    assert report.logs.heads == 9
    assert report.logs.late == []
    covered = {log: LogLine.objects.filter(log=log).count() for log in MODELS}
    assert report.logs.lines == sum(covered.values())
    # what the last closing itself wrote waits for the next one; settings of the world were made by the real clock
    with on(3):
        assert covered["audit"] == AuditEntry.objects.filter(at__lt=at(2.6)).count()
        assert covered["read"] == ReadEntry.objects.count() == 6
    for root in DailyRoot.objects.all():
        told = chain.content(bytes(root.body))["logs"]
        heads = {head.log: {"no": head.no, "hash": bytes(head.hash).hex()} for head in LogHead.objects.filter(
            day=root.day
        )}  # fmt: skip
        assert told == heads
    for options in (["--all"], ["--logs"], ["--day", MONDAY.isoformat()]):
        said = run(*options)
        assert said["ok"]
        assert said["log_lines"] > 0
    with on(3):
        words = CliRunner().invoke(verify, ["--logs"]).stdout
    assert f"{report.logs.lines} lines of logs under 9 heads looked at, 0 of them later than their day" in words


def columns_of(model: type[models.Model]) -> set[str]:
    return {field.column for field in model._meta.concrete_fields if field.column is not None} - {"pk"}


def test_no_column_is_left_out() -> None:
    assert {log.name: set(log.columns) for log in logs.LOGS} == {n: columns_of(m) for n, m in MODELS.items()}
    assert {log.table for log in logs.LOGS} == {model._meta.db_table for model in MODELS.values()}
    assert set(HEAD_COLUMNS) == columns_of(LogHead)
    assert set(LINE_COLUMNS) == columns_of(LogLine)


# every kind of column → a value that is another one
OTHER = {
    "id": "id + 5000000", "at": "at + interval '1 microsecond'", "set_at": "set_at - interval '1 microsecond'",
    "account_id": "coalesce(account_id, 0) + 1", "post_id": "coalesce(post_id, 0) + 1",
    "matter_id": "'00000000-0000-7000-8000-000000000000'",
    "version": "version + 50", "detail": "detail || '{\"rows\": 4}'", "value": "'99'",
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_every_column_of_every_line(city: UUID, owner: Owner, name: str) -> None:
    log = next(each for each in logs.LOGS if each.name == name)
    number = lines_of(name)[-1]
    for column in log.columns:
        other = OTHER.get(column, f"\"{column}\" || '.'")
        with changed(owner, log.table, column, other, f"id = {number}"):
            if column == "id":
                assert found() == {("log_line_missing", name, number), ("log_line_added", name, number + 5_000_000)}
            else:
                assert found() == {("log_line_changed", name, number)}, column
            said = run("--day", (MONDAY + timedelta(1)).isoformat())
            assert any(f["log"] == name and f["seq"] == number for f in said["findings"])
            assert run("--day", MONDAY.isoformat())["ok"]
    assert found() == set()  # all was put back


def test_a_line_taken_out_two_swapped_and_one_slipped_in(city: UUID, owner: Owner) -> None:
    first, second = lines_of("read")
    owner("CREATE TABLE kept AS SELECT * FROM records_readentry WHERE id = %s", first)
    owner("DELETE FROM records_readentry WHERE id = %s", first)
    assert found() == {("log_line_missing", "read", first)}
    with on(3):
        said = CliRunner().invoke(verify, ["--all"]).stdout
    assert f"CHANGED  read log, line {first}, day 2026-03-03: the line was taken out of the log" in said
    owner("INSERT INTO records_readentry SELECT * FROM kept")
    assert found() == set()
    owner("UPDATE records_readentry SET at = at + interval '1 s' WHERE id = %s", second)
    assert found() == {("log_line_changed", "read", second)}
    owner("UPDATE records_readentry SET at = at - interval '1 s' WHERE id = %s", second)
    for before, after in ((first, -1), (second, first), (-1, second)):
        owner("UPDATE records_readentry SET id = %s, purpose = purpose || %s WHERE id = %s", after, str(after), before)
    assert found() == {("log_line_changed", "read", first), ("log_line_changed", "read", second)}
    added = owner(
        "INSERT INTO records_auditentry (at, words, action, object, outcome, detail, address) "
        "SELECT at, words, action, 'another', outcome, detail, address FROM records_auditentry WHERE id = %s "
        "RETURNING id", lines_of("audit", 0)[-1],
    )[0][0]  # fmt: skip
    assert ("log_line_added", "audit", added) in found()


def test_a_line_that_came_late_is_told_as_late_once_it_is_covered(city: UUID) -> None:
    with on(1, hours=3):
        late = line("test.late").pk
    assert found() == {("log_line_added", "audit", late)}
    with on(4):
        assert len(actions.close_due()) == 1
    report = look()
    assert report.ok
    assert [(each.log, each.number) for each in report.logs.late] == [("audit", late)]
    assert run("--logs")["late"][0]["seq"] == late


HEAD_COLUMNS = {
    "log": "'setting'", "no": "no + 100", "day": "day + 1", "until": "\"until\" + interval '1 second'",
    "lines": "lines + 1", "root": "set_byte(root, 0, get_byte(root, 0) # 1)", "algorithm": "2",
    "body": "set_byte(body, 40, get_byte(body, 40) # 1)", "hash": "set_byte(hash, 0, get_byte(hash, 0) # 1)",
}  # fmt: skip
LINE_COLUMNS = {
    "log": "'setting'", "line_id": "line_id + 5000000", "no": "no + 1",
    "hash": "set_byte(hash, 0, get_byte(hash, 0) # 1)",
}  # fmt: skip


def test_every_column_of_heads_and_of_kept_hashes(city: UUID, owner: Owner) -> None:
    for column, other in HEAD_COLUMNS.items():
        where = "log = 'audit' AND no = 2"
        if column == "log":  # two heads cannot bear one number
            owner("UPDATE receipts_loghead SET no = no + 50 WHERE log = 'setting' AND no = 2")
        with changed(owner, "receipts_loghead", column, other, where):
            assert "audit" in {each.log for each in look().logs.changes}, column
            assert not run("--all")["ok"]
        if column == "log":
            owner("UPDATE receipts_loghead SET no = no - 50 WHERE log = 'setting' AND no = 52")
    number = lines_of("audit")[0]
    for column, other in LINE_COLUMNS.items():
        with changed(owner, "receipts_logline", column, other, f"log = 'audit' AND line_id = {number}"):
            names = found()
            assert names & {
                ("log_line_changed", "audit", number), ("log_line_added", "audit", number),
                ("log_hashes_changed", "audit", 2),
            }, column  # fmt: skip
    assert found() == set()


def test_a_tail_that_is_cut_off_and_a_log_without_its_head(city: UUID, owner: Owner) -> None:
    numbers = lines_of("read", 2)
    owner("DELETE FROM receipts_loghead WHERE log = 'read' AND no = 3")
    assert {("log_cut_off", "read", 3), ("log_lines_without_head", "read", 3)} <= found()
    owner("DELETE FROM receipts_logline WHERE log = 'read' AND no = 3")
    owner("DELETE FROM records_readentry WHERE id = ANY(%s)", numbers)
    assert found() == {("log_cut_off", "read", 3), ("log_truncated", "read", 3)}


def rebuild(owner: Owner, log: logs.Log) -> None:
    """What somebody does who knows the format: hash every line anew, and make every head anew."""
    previous = chain.GENESIS
    for head in LogHead.objects.filter(log=log.name).order_by("no"):
        rows = owner(
            f"SELECT l.line_id, {logs.texts(log)} FROM receipts_logline l JOIN {log.table} t ON t.id = l.line_id "
            "WHERE l.log = %s AND l.no = %s ORDER BY 1", log.name, head.no,
        )  # fmt: skip
        hashes = [(row[0], logs.line_hash(row[1:], log.columns)) for row in rows]  # type: ignore[arg-type]
        for number, each in hashes:
            owner("UPDATE receipts_logline SET hash = %s WHERE log = %s AND line_id = %s", each, log.name, number)
        root = logs.tree(log, [each for _number, each in hashes])
        made = logs.make(
            log, no=head.no, day=head.day, until=head.until, lines=len(hashes), root=root, previous=previous
        )
        owner(
            "UPDATE receipts_loghead SET root = %s, body = %s, hash = %s, lines = %s WHERE log = %s AND no = %s",
            root, made.body, made.hash, len(hashes), log.name, head.no,
        )  # fmt: skip
        previous = made.hash


def test_a_log_that_was_rebuilt_contradicts_the_signed_roots(city: UUID, owner: Owner) -> None:
    owner("UPDATE records_readentry SET account_id = 77 WHERE id = %s", lines_of("read")[0])
    rebuild(owner, logs.LOGS[1])
    assert found() == {("log_rewritten", "read", 2), ("log_rewritten", "read", 3)}
    # whoever writes it into the roots, too, has no key to sign them with
    root = DailyRoot.objects.get(day=MONDAY + timedelta(1))
    told: dict[str, Any] = chain.content(bytes(root.body))  # type: ignore[assignment]
    told["logs"]["read"]["hash"] = bytes(LogHead.objects.get(log="read", no=2).hash).hex()
    made = roots.make(
        no=root.no, day=root.day, until=root.until, leaves=root.leaves, root=bytes(root.root),
        previous=bytes(root.previous), made_at=root.made_at, key=root.key_id, logs=told["logs"],
    )  # fmt: skip
    owner("UPDATE receipts_dailyroot SET body = %s, hash = %s WHERE day = %s", made.body, made.hash, root.day)
    codes = {each.code for each in look().findings}
    assert {"root_not_signed", "copy_differs", "root_broken_link"} <= codes


def test_an_opening_on_a_quiet_day_gets_a_root_and_closings_alone_get_none(city: UUID) -> None:
    with on(5):
        opened(city)
    with on(6):
        made = actions.close_due()
    assert [(root.day, root.leaves) for root in made] == [(MONDAY + timedelta(5), 0)]
    for day in range(7, 20):
        with on(day):
            assert actions.close_due() == []
    with on(20):
        assert proof.verify_all().ok


def test_strange_values_stop_neither_a_closing_nor_a_proof(city: UUID, owner: Owner) -> None:
    owner(
        "INSERT INTO records_auditentry (id, at, account_id, words, action, object, outcome, detail, address) VALUES "
        "(-5, %s, 9223372036854775807, '', 'x', '', '', '{\"n\": 1e400}', '')", at(3),
    )  # fmt: skip
    owner("UPDATE records_readentry SET at = 'infinity' WHERE id = %s", lines_of("read")[0])
    with on(4):
        assert len(actions.close_due()) == 1
        changes = proof.verify_all().logs.changes
    assert {(each.code, each.log) for each in changes} == {("log_line_changed", "read")}
    assert LogLine.objects.filter(log="audit", line_id=-5).exists()


def test_roots_of_earlier_builds_name_no_logs(committing: str) -> None:
    with on(), pytest.MonkeyPatch.context() as earlier:
        loop.report()
        earlier.setattr(actions, "LOGS", ())
        with clock.at(at(1)):
            assert len(actions.close_due()) == 1
        assert "logs" not in chain.content(bytes(DailyRoot.objects.get().body))
    with on(1):
        assert proof.verify_all().ok
        loop.report()
    with on(2):
        assert len(actions.close_due()) == 1
        assert proof.verify_all().ok
    assert LogLine.objects.filter(log="audit").exists()


def test_every_finding_has_its_words() -> None:
    for code in logproof.WORDS:
        said = logproof.words(logproof.Change(code, "read", 7, MONDAY, "more"))
        assert said.startswith(("read log, line 7", "read log, head 7"))
        assert said.endswith("(more)")
