"""The auditor narrows both logs and takes what fits away as a file; nobody else does, and each file is a line too."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.people.models import Account
from civicloop.records import audit, selectors
from civicloop.records.models import AuditEntry, ReadEntry

pytestmark = pytest.mark.django_db
START = datetime(2031, 5, 4, 16, 30, tzinfo=UTC)  # 5 May, 00:30 in Shanghai


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(Account.objects.get(username="audit"))
    return client


def line(action: str = "unit.change", on: str = "u-1", outcome: str = "done", post: int = 70, days: int = 0) -> None:
    with clock.at(START + timedelta(days=days)):
        audit.write(
            actor_id=7, post_id=post, actor_words="system", action=action, object=on, outcome=outcome, detail={"n": 1}
        )


def opening(words: str = "clerk", field: str = "reporter_phone", purpose: str = "电话回访", post: int = 5) -> None:
    ReadEntry.objects.create(
        at=START, account_id=9, post_id=post, words=words, purpose=purpose, matter_id=ids.uuid7(), field=field
    )


def rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.content.decode()
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 5), ("outcome=refused", 1), ("object=u-2", 1), ("post=71", 1), ("action=unit.", 4), ("action=unit", 0),
        ("action=post.hold", 1), ("q=HOLD", 1), ("q=u-", 5), ("q=nowhere", 0), ("q=u-2&outcome=refused", 1),
        ("actor=7", 5), ("actor=system&post=71", 1),
    ],
)  # fmt: skip
def test_the_log_is_narrowed_by_what_the_auditor_asks(auditor: Client, query: str, number: int) -> None:
    line()
    line()
    line(on="u-2", outcome="refused")
    line(action="post.hold", on="u-9")
    line(post=71)
    period = "since=2031-05-05&until=2031-05-06"
    assert len(rows(auditor.get(f"/admin/audit/export.csv?{period}&{query}"))) == number
    page = auditor.get(f"/admin/audit?{period}&{query}").content.decode()
    assert page.count("<time ") == number


def test_a_period_is_whole_days_of_the_city(auditor: Client) -> None:
    line(days=-1)
    line()
    line(days=1)
    for period, number in (("since=2031-05-05&until=2031-05-05", 1), ("since=2031-05-05", 2), ("since=2031-05-07", 0)):
        assert len(rows(auditor.get(f"/admin/audit/export.csv?{period}&actor=7"))) == number
    wrong = auditor.get("/admin/audit/export.csv?since=2031-05-05&until=2031-05-04")
    assert wrong.status_code == 422
    assert "截止日期早于开始日期" in wrong.content.decode()


def test_a_search_by_text_covers_a_bounded_period(auditor: Client) -> None:
    line()
    assert auditor.get("/admin/audit/export.csv?q=u-1&since=2031-01-01&until=2031-12-31").status_code == 422
    assert not AuditEntry.objects.filter(action="audit.export").exists()
    assert rows(auditor.get("/admin/audit/export.csv?q=u-1")) == []  # the last weeks, seen from today
    assert len(rows(auditor.get("/admin/audit/export.csv?q=u-1&since=2031-04-01"))) == 1


def test_the_file_is_a_line_of_the_log_itself(auditor: Client) -> None:
    line()
    rows(auditor.get("/admin/audit/export.csv?since=2031-05-05&action=unit.change&q=u-1"))
    kept = AuditEntry.objects.get(action="audit.export")
    assert (kept.words, kept.outcome) == ("audit", "done")
    assert kept.post_id is not None
    assert (kept.detail["rows"], kept.detail["kind"], kept.detail["action"]) == (1, "csv", "unit.change")
    assert "u-1" not in json.dumps(kept.detail)  # what was typed as text may be anything


def test_no_cell_is_taken_for_a_formula(auditor: Client) -> None:
    line(on="=1+1")
    opening(purpose="@SUM(A1)")
    assert rows(auditor.get("/admin/audit/export.csv?actor=7"))[0][5] == "'=1+1"
    assert rows(auditor.get("/admin/reads/export.csv?actor=9"))[0][4] == "'@SUM(A1)"
    book = zipfile.ZipFile(io.BytesIO(auditor.get("/admin/audit/export.xlsx?actor=7").content))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert len(list(sheet.iter(f"{space}row"))) == 2
    assert list(sheet.iter(f"{space}f")) == []
    assert "'=1+1" in book.read("xl/sharedStrings.xml").decode()


def test_who_opened_what_for_which_purpose_is_taken_away_too(auditor: Client) -> None:
    opening()
    opening(field="reporter_name", words="checker", purpose="核查", post=6)
    for query, number in (("", 2), ("field=reporter_name", 1), ("post=5", 1), ("q=回访", 1), ("actor=checker", 1)):
        answer = auditor.get(f"/admin/reads/export.csv?since=2031-05-05&until=2031-05-05&{query}")
        assert len(rows(answer)) == number
    assert AuditEntry.objects.filter(action="reads.export").count() == 5


def test_more_than_a_file_holds_is_refused_whole(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "EXPORT_MOST", 2)
    line()
    line()
    assert len(rows(auditor.get("/admin/audit/export.csv?actor=7"))) == 2
    line()
    refused = auditor.get("/admin/audit/export.xlsx?actor=7")
    assert refused.status_code == 422
    assert "请缩短时间范围" in refused.content.decode()
    assert AuditEntry.objects.filter(action="audit.export").count() == 1


@pytest.mark.parametrize("user", ["system", "security", "clerk", "leader"])
def test_other_administrators_and_staff_see_nothing_of_it(client: Client, user: str) -> None:
    client.force_login(Account.objects.get(username=user))
    for address in ("audit", "reads", "audit/export.csv", "audit/export.xlsx", "reads/export.csv", "reads/export.xlsx"):
        assert client.get(f"/admin/{address}").status_code == 403
    assert not AuditEntry.objects.filter(action__endswith=".export").exists()
    assert Client().get("/admin/audit/export.csv").status_code == 302


def plan(wanted: QuerySet[Any]) -> str:
    ordered = wanted.order_by("-at", "-id")[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, values = ordered.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_every_way_of_asking_is_led_by_an_index() -> None:
    day = START.date()
    asked = [
        (selectors.audited(), "audit_by_time"), (selectors.audited(since=day, until=day), "audit_by_time"),
        (selectors.audited(q="x", since=day, until=day), "audit_by_time"),
        (selectors.audited(post=3), "audit_by_post"), (selectors.audited(object="u"), "audit_by_object"),
        (selectors.audited(outcome="refused"), "audit_by_outcome"), (selectors.audited(actor="x"), "audit_by_words"),
        (selectors.audited(actor="3"), "audit_by_account"), (selectors.audited(action="x"), "audit_by_action"),
        (selectors.read(), "read_by_time"), (selectors.read(actor="3"), "read_by_account"),
        (selectors.read(post=3), "read_by_post"), (selectors.read(actor="x"), "read_by_words"),
        (selectors.read(field="reporter_phone"), "read_by_field"), (selectors.read(matter_id=ids.uuid7()), "read_by_"),
    ]  # fmt: skip
    for wanted, index in asked:
        said = plan(wanted)
        assert index in said, said
        assert "Seq Scan" not in said
