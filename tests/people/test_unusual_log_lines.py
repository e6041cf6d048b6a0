"""What in the logs asks an auditor for a look: found once, with the way to its lines, judged with a reason."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.people import anomalies
from civicloop.people.actions import PeopleError
from civicloop.people.models import Account, Anomaly, Post
from civicloop.records import audit
from civicloop.records.models import AuditEntry, ReadEntry
from tests import world

pytestmark = pytest.mark.django_db
NOW = world.START + timedelta(hours=5, minutes=50)  # Monday, 14:50 in Shanghai
WORKING = world.START + timedelta(hours=5)  # 14:00


def post_of(user: str) -> int:
    return Post.objects.get(code=f"{user}-post").pk


def opened(number: int, at: datetime, user: str = "clerk") -> None:
    account = Account.objects.get(username=user).pk
    ReadEntry.objects.bulk_create(
        ReadEntry(
            at=at + timedelta(seconds=each), account_id=account, post_id=post_of(user), words=user, purpose="电话回访",
            matter_id=ids.uuid7(at), field="reporter_phone",
        )
        for each in range(number)
    )  # fmt: skip


def wrote(
    at: datetime, action: str, *, user: str = "", outcome: str = "done", address: str = "", **detail: Any
) -> None:
    token = audit.address.set(address)
    try:
        with clock.at(at):
            audit.write(
                actor_id=Account.objects.get(username=user).pk if user else None,
                post_id=post_of(user) if user else None, actor_words=user or "clerk", action=action, object="x",
                outcome=outcome, detail=detail,
            )  # fmt: skip
    finally:
        audit.address.reset(token)


def found() -> list[tuple[str, str, int]]:
    with clock.at(NOW):
        anomalies.look()
    return list(Anomaly.objects.order_by("id").values_list("kind", "key", "number"))


def test_many_openings_in_an_hour_are_found_once() -> None:
    opened(20, WORKING)
    assert found() == []  # as many as the setting lets pass
    opened(1, WORKING + timedelta(minutes=10))
    expected = [("openings_hour", f"post:{post_of('clerk')}", 21)]
    assert found() == expected
    opened(3, WORKING + timedelta(minutes=20))
    assert found() == expected
    assert AuditEntry.objects.filter(action="anomaly.find").count() == 1


def test_a_post_is_compared_with_its_own_past() -> None:
    for day in (3, 4, 5):  # Wednesday to Friday of the week before
        opened(15, WORKING - timedelta(days=day))
    opened(40, WORKING)
    assert found() == []
    opened(10, WORKING + timedelta(minutes=10))
    assert [(kind, number) for kind, _key, number in found()] == [("openings_hour", 50)]
    assert Anomaly.objects.get().usual == 15


def test_many_openings_spread_over_a_day_are_found() -> None:
    for hour in range(5):
        opened(13, world.START + timedelta(hours=hour, minutes=1))
    assert ("openings_day", f"post:{post_of('clerk')}", 65) in found()


def test_openings_outside_working_hours_are_found() -> None:
    opened(9, WORKING)
    opened(4, world.START - timedelta(hours=6))  # 03:00
    assert found() == []
    opened(1, world.START - timedelta(hours=5))
    assert found() == [("odd_hours", f"post:{post_of('clerk')}", 5)]


def test_many_refused_sign_ins_are_found_by_name_and_by_network() -> None:
    for number in range(9):
        wrote(WORKING, "sign_in", outcome="refused", address=f"2001:db8::{number:x}")
    assert found() == []
    wrote(WORKING, "sign_in", outcome="second_refused", address="2001:db8::ff")
    assert found() == [("refused", "name:clerk", 10), ("refused", "net:2001:db8::", 10)]


def test_an_administrators_new_network_is_found_and_a_known_one_is_not() -> None:
    wrote(NOW - timedelta(days=3), "post.hold", user="security", address="10.0.0.1")
    wrote(WORKING, "post.hold", user="security", address="10.0.0.1")
    wrote(NOW - timedelta(days=3), "unit.change", user="clerk", address="10.0.0.1")
    wrote(WORKING, "unit.change", user="clerk", address="10.9.9.9")  # no administrator
    wrote(WORKING, "unit.change", user="system", address="10.9.9.9")  # has no past to compare with
    assert found() == []
    wrote(WORKING, "post.hold", user="security", address="10.7.7.7")
    assert found() == [("new_place", f"post:{post_of('security')} 10.7.7.7", 1)]


def test_an_export_of_unusual_size_is_found() -> None:
    wrote(WORKING, "audit.export", user="audit", rows=5000)
    assert found() == []
    wrote(WORKING, "reads.export", user="audit", rows=5001)
    assert [(kind, number) for kind, _key, number in found()] == [("export", 5001)]
    wrote(WORKING - timedelta(days=9), "people.export", user="security", rows=6000)
    wrote(WORKING, "people.export", user="security", rows=7000)  # as large as it always is
    assert len(found()) == 1


def auditor(user: str = "audit") -> Client:
    browser = Client()
    browser.force_login(Account.objects.get(username=user))
    return browser


def test_the_auditor_follows_the_evidence_and_judges_with_a_reason() -> None:
    opened(21, WORKING)
    found()
    row, browser = Anomaly.objects.get(), auditor()
    page = browser.get("/admin/anomalies/").content.decode()
    assert "clerk-post" in page
    link = page.split('href="/admin/reads?')[1].split('"')[0].replace("&amp;", "&")
    assert browser.get(f"/admin/reads?{link}").content.decode().count("<time ") == 21
    for wrong in ({"judgement": "explained", "reason": " "}, {"judgement": "guilty", "reason": "x"}, {}):
        browser.post(f"/admin/anomalies/{row.pk}/judge", wrong)
        assert Anomaly.objects.get().judged_at is None
    browser.post(f"/admin/anomalies/{row.pk}/judge", {"judgement": "explained", "reason": "停水当天集中回访"})
    row.refresh_from_db()
    assert (row.judgement, row.reason, row.judged_at) == ("explained", "停水当天集中回访", world.START)
    assert AuditEntry.objects.get(action="anomaly.judge").words == "audit"
    assert "clerk-post" not in browser.get("/admin/anomalies/").content.decode()
    assert "停水当天集中回访" in browser.get("/admin/anomalies/?judged=1").content.decode()
    with pytest.raises(PeopleError) as refused:
        anomalies.judge(world.actor("audit"), anomaly_id=row.pk, judgement="pursued", reason="x")
    assert refused.value.code == "judged"


def test_nobody_judges_the_own_export() -> None:
    wrote(WORKING, "audit.export", user="audit", rows=9000)
    found()
    with pytest.raises(PeopleError) as refused:
        anomalies.judge(world.actor("audit"), anomaly_id=Anomaly.objects.get().pk, judgement="explained", reason="x")
    assert refused.value.code == "own"


@pytest.mark.parametrize("user", ["system", "security", "clerk", "leader"])
def test_nobody_else_sees_the_list_or_judges(user: str) -> None:
    opened(21, WORKING)
    found()
    row, browser = Anomaly.objects.get(), auditor(user)
    assert browser.get("/admin/anomalies/").status_code == 403
    answer = browser.post(f"/admin/anomalies/{row.pk}/judge", {"judgement": "explained", "reason": "x"})
    assert answer.status_code == 403
    assert Anomaly.objects.get().judged_at is None


def test_every_kind_leads_to_its_lines() -> None:
    opened(5, world.START - timedelta(hours=6))
    for _number in range(10):
        wrote(WORKING, "sign_in", outcome="refused", address="10.0.0.1")
    wrote(WORKING, "reads.export", user="security", rows=9000)
    found()
    browser = auditor()
    page = browser.get("/admin/anomalies/").content.decode()
    links = {part.split('"')[0].replace("&amp;", "&") for part in page.split('href="') if part.startswith("/admin/")}
    evidence = sorted(link for link in links if "since=" in link)
    assert len(evidence) == 4
    for link in evidence:
        assert browser.get(link).content.decode().count("<time ") > 0
