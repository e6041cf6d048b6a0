"""Every day that is over gets one signed root over the heads of what it changed; nothing that comes late is lost."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from civicloop.foundation import chain, clock, merkle
from civicloop.foundation.merkle import Leaf
from civicloop.matters.models import Entry
from civicloop.ops import loading, rounds
from civicloop.ops.grants import append_only
from civicloop.receipts import actions, days, jobs, keys, publishing, selectors
from civicloop.receipts.models import DailyLeaf, DailyRoot
from civicloop.records import actions as records
from civicloop.records import settings
from civicloop.records.models import AuditEntry
from tests.matters import loop
from tests.receipts.conftest import at, on

MONDAY = date(2026, 3, 2)
pytestmark = pytest.mark.both_servers


def heads() -> dict[UUID, tuple[int, bytes]]:
    """The last entry of every matter."""
    rows = Entry.objects.order_by("matter_id", "seq").values_list("matter_id", "seq", "hash")
    return {matter: (seq, bytes(head)) for matter, seq, head in rows}


def leaves(day: date) -> dict[UUID, tuple[int, bytes]]:
    return {leaf.matter_id: (leaf.seq, leaf.head) for leaf in selectors.leaves_of(day)}


@pytest.mark.django_db
def test_a_day_stands_under_one_signed_root() -> None:
    with on():
        first, second = loop.report(), loop.report()
        loop.act("clerk", first, "note", note="看过")
    with on(1):
        root = actions.close_day(MONDAY)
    assert root is not None
    assert leaves(MONDAY) == heads() == {first: (2, heads()[first][1]), second: (1, heads()[second][1])}
    tree = merkle.Tree([Leaf(matter, seq, head) for matter, (seq, head) in heads().items()])
    assert (root.no, root.leaves, bytes(root.root), bytes(root.previous)) == (1, 2, tree.root, chain.GENESIS)
    assert root.until == datetime(2026, 3, 2, 16, tzinfo=UTC)
    told = chain.content(bytes(root.body))
    assert told["root"] == tree.root.hex()
    assert told["day"] == "2026-03-02"
    assert bytes(root.hash) == chain.entry_hash(chain.GENESIS, bytes(root.body))
    public = keys.current()
    assert root.key_id == public.id
    assert keys.signed(keys.ROOT, bytes(root.hash), bytes(root.signature), public.public)
    assert not keys.signed(keys.RECEIPT, bytes(root.hash), bytes(root.signature), public.public)
    line = AuditEntry.objects.get(action="roots.close")
    assert (line.object, line.detail["leaves"], line.detail["hash"]) == ("2026-03-02", 2, bytes(root.hash).hex())


@pytest.mark.django_db
def test_closing_a_day_again_changes_nothing() -> None:
    with on():
        loop.report()
    with on(1):
        root = actions.close_day(MONDAY)
    with on(2):
        again = actions.close_day(MONDAY)
        assert actions.close_due() == []
    assert again == root
    assert DailyRoot.objects.count() == DailyLeaf.objects.count() == 1
    assert AuditEntry.objects.filter(action="roots.close").count() == 1


@pytest.mark.django_db
def test_a_day_that_is_not_over_is_not_closed() -> None:
    with on():
        loop.report()
        with pytest.raises(actions.NotOver):
            actions.close_day(MONDAY)
        assert actions.close_due() == []
    end = days.bounds(MONDAY)[1]
    with clock.at(end + days.GRACE - timedelta(microseconds=1)), pytest.raises(actions.NotOver):
        actions.close_day(MONDAY)
    with clock.at(end + days.GRACE):
        assert [root.day for root in actions.close_due()] == [MONDAY]


@pytest.mark.django_db
def test_each_root_covers_the_one_before_it_also_after_an_outage() -> None:
    with on():
        quiet, busy = loop.report(), loop.report()
    with on(2):
        loop.act("clerk", busy, "note", note="看过")
    with on(3):
        loop.act("clerk", busy, "note", note="又看过")
    with on(9):
        made = actions.close_due()
    assert [root.day for root in made] == [MONDAY, MONDAY + timedelta(2), MONDAY + timedelta(3)]
    assert [root.no for root in made] == [1, 2, 3]
    assert [bytes(root.previous) for root in made] == [chain.GENESIS, *(bytes(root.hash) for root in made[:2])]
    assert [sorted(seq for seq, _head in leaves(root.day).values()) for root in made] == [[1, 1], [2], [3]]
    assert quiet in leaves(MONDAY)
    with on(30):
        assert actions.close_due() == []  # quiet days have no root


@pytest.mark.django_db
def test_the_statistic_day_of_the_city_decides() -> None:
    with on():  # 09:00 of the city
        morning = loop.report()
    with on(hours=9):
        evening = loop.report()
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code="figures.day_start", value="17:30")
    settings.forget()  # a rolled-back test never commits, which is when the process forgets by itself
    assert days.bounds(MONDAY)[0] == at(hours=8.5)
    with on(2):
        made = actions.close_due()
    assert [(root.day, list(leaves(root.day))) for root in made] == [
        (MONDAY - timedelta(1), [morning]),
        (MONDAY, [evening]),
    ]


@pytest.mark.django_db
def test_what_comes_late_stands_under_the_next_root() -> None:
    with on():
        first = loop.report()
    with on(1):
        assert len(actions.close_due()) == 1
    with on(hours=14):  # committed only now: a clock that was set back, a transaction that took its time
        late = loop.report()
        loop.act("clerk", first, "note", note="看过")
    with on(1.1):
        assert actions.close_due() == []  # Monday has its root; Tuesday's will take it along
    with on(1.2):
        loop.report()
    with on(2):
        made = actions.close_due()
    assert [root.day for root in made] == [MONDAY + timedelta(1)]
    assert leaves(MONDAY + timedelta(1)) == heads()
    assert late in leaves(MONDAY + timedelta(1))
    assert leaves(MONDAY)[first][0] == 1
    assert leaves(MONDAY + timedelta(1))[first][0] == 2


@pytest.mark.django_db
def test_what_comes_late_into_quiet_days_waits_for_one_night_only() -> None:
    with on():
        loop.report()
    with on(1):
        actions.close_due()
    with on(hours=14):
        late = loop.report()
    with on(2):
        made = actions.close_due()
    assert [root.day for root in made] == [MONDAY + timedelta(1)]
    assert list(leaves(MONDAY + timedelta(1))) == [late]


@pytest.mark.django_db
def test_what_comes_weeks_late_is_found_within_a_week() -> None:
    with on(-40):
        loop.report()
    with on(-39):
        actions.close_due()
    with on():
        loop.report()
    with on(1):
        actions.close_due()
    with on(-35):
        late = loop.report()  # a replay of old matters
    made = []
    for day in range(2, 9):
        with on(day):
            made += actions.close_due()
    assert len(made) == 1
    assert list(leaves(made[0].day)) == [late]


@pytest.mark.django_db
def test_a_clock_that_ran_ahead_delays_no_root() -> None:
    with on(400):
        ahead = loop.report()
    with on(401):
        assert len(actions.close_due()) == 1
    with on():
        now = loop.report()
    with on(1):
        made = actions.close_due()
    assert [(root.day, root.no, list(leaves(root.day))) for root in made] == [(MONDAY, 2, [now])]
    assert ahead not in leaves(MONDAY)


def test_two_workers_at_once_make_one_root(committing: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with on():
        for _each in range(5):
            loop.report()

    def close(_number: int) -> list[date]:
        try:
            with on(1):
                return [root.day for root in actions.close_due()]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(close, range(4)))
    assert all(each in ([], [MONDAY]) for each in found)
    assert DailyRoot.objects.count() == 1
    assert DailyLeaf.objects.count() == 5


@pytest.mark.django_db
def test_nothing_is_kept_of_a_closing_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with on():
        loop.report()

    def broken(_purpose: bytes, _message: bytes) -> bytes:
        raise OSError("the key file cannot be read")

    monkeypatch.setattr(keys, "sign", broken)
    with on(1):
        assert jobs.round() == 0
        assert not DailyRoot.objects.exists()
        assert not DailyLeaf.objects.exists()
        monkeypatch.undo()
        jobs.forget()
        assert jobs.round() == 1


@pytest.mark.django_db
def test_the_worker_closes_what_is_due_once_and_publishes_it(data_dir) -> None:
    with on():
        loop.report()
    with on(1):
        rounds.run_for_ever(once=True)
        rounds.run_for_ever(once=True)
    root = DailyRoot.objects.get()
    files = sorted(path.name for path in (data_dir / "roots").iterdir())
    assert files == ["2026-03-02.json"]
    content = json.loads((data_dir / "roots" / files[0]).read_text())
    assert content == publishing.document(root)
    assert bytes.fromhex(content["body"]) == bytes(root.body)


@pytest.mark.django_db
def test_between_two_days_a_round_asks_the_database_nothing(django_assert_num_queries) -> None:
    with on():
        loop.report()
    with on(1):
        assert jobs.round() == 1
        with django_assert_num_queries(0):
            assert jobs.round() == 0
    with on(2):
        assert jobs.round() == 0  # looked, and nothing there


@pytest.mark.django_db
def test_a_replay_under_way_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with on():
        loop.report()
    with on(1):
        loading.begin()
        rounds.run_for_ever(once=True)
        assert not DailyRoot.objects.exists()
        loading.finish()
        rounds.run_for_ever(once=True)
    assert DailyRoot.objects.exists()


@pytest.mark.django_db
def test_a_published_file_is_never_written_again(data_dir) -> None:
    with on():
        loop.report()
    with on(1):
        jobs.round()
    path = data_dir / "roots" / "2026-03-02.json"
    path.write_text("{}")
    assert publishing.publish() == 0
    assert path.read_text() == "{}"
    path.unlink()
    assert publishing.publish() == 1


@pytest.mark.django_db
def test_the_public_half_of_a_former_key_stays(data_dir) -> None:
    former = keys.current()
    signature = keys.sign(keys.ROOT, b"x")
    (data_dir / "keys" / "roots.key").rename(data_dir / "keys" / "roots.key.former")
    from civicloop.foundation import keyfile

    keyfile.kept.cache_clear()
    now = keys.current()
    assert now.id != former.id
    assert [(key.id, key.current) for key in keys.published()] == [(now.id, True), (former.id, False)]
    assert keys.signed(keys.ROOT, b"x", signature, keys.published()[1].public)
    (data_dir / "keys" / f"roots-{former.id}.pub").write_text(now.public.hex())
    assert [key.id for key in keys.published()] == [now.id]  # a file that does not hold the key of its name
    assert (data_dir / "keys" / "roots.key").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "column"),
    [("dailyroot", "day"), ("dailyleaf", "day"), ("loghead", "day"), ("logline", "no")],
)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_application_may_only_add(table: str, column: str, statement: str) -> None:
    table = f"receipts_{table}"
    assert table in append_only()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, column))


@pytest.mark.django_db
def test_every_partition_says_by_a_few_pages_where_a_day_lies() -> None:
    with connection.cursor() as cursor:
        parts = "FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'matters\\_entry\\_%'"
        cursor.execute(f"SELECT count(*) {parts}")
        partitions = cursor.fetchone()[0]
        indexes = "FROM pg_indexes WHERE tablename LIKE 'matters\\_entry\\_%' AND indexdef LIKE '%USING brin (at)%'"
        cursor.execute(f"SELECT count(*) {indexes}")
        assert cursor.fetchone()[0] == partitions > 4
