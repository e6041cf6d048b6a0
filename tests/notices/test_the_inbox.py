"""The inbox: what somebody was told, read by that person alone, with a way on that asks again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.foundation import clock
from civicloop.notices import contacts, selectors, sql
from civicloop.notices.actions import To, Urgency, tell
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Contact, Delivery, Notice
from civicloop.people import access
from civicloop.people.models import Post
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.notices import telling
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
NOW = world.START + timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday() -> Any:
    with clock.at(NOW):
        yield


def told(number: int, user: str = "head", **rest: Any) -> list[Notice]:
    for each in range(number):
        tell(key=f"{user}{each}", topic="urged", to=[To(account=telling.account(user))],
             data={"number": f"20260302-{each:07}-X", "times": each + 1}, **rest)  # fmt: skip
    return list(Notice.objects.filter(account_id=telling.account(user)).order_by("id"))


def test_the_header_counts_what_is_unread_in_one_statement_by_its_index() -> None:
    assert "bell-count" not in text(signed_in("head").get("/inbox/"))
    told(3)
    page = text(signed_in("head").get("/receiving/"))
    assert '<span class="bell-count">3<' in page
    assert 'href="/inbox/"' in page
    with CaptureQueriesContext(connection) as queries:
        assert selectors.unread(telling.account("head")) == 3
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + sql.UNREAD, {"account": telling.account("head"), "most": 100})
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "notice_unread" in plan
    told(120, "worker")
    assert '<span class="bell-count">99+<' in text(signed_in("worker").get("/receiving/"))


def test_a_page_of_the_inbox_costs_the_same_however_much_it_holds() -> None:
    client = signed_in("head")
    told(2)
    client.get("/inbox/")  # what every process reads once
    with CaptureQueriesContext(connection) as few:
        client.get("/inbox/")
    for each in range(100):
        tell(key=f"more{each}", topic="urged", to=[To(account=telling.account("head"))], data={"number": "1"})
    with CaptureQueriesContext(connection) as many:
        client.get("/inbox/")
    assert len(many) == len(few)


def test_pages_are_turned_by_keys_and_hold_each_notice_once() -> None:
    rows = told(120)
    client, seen, url = signed_in("head"), list[str](), "/inbox/"
    for _page in range(3):
        page = text(client.get(url))
        seen += [row.data["number"] for row in reversed(rows) if row.data["number"] in page]
        url = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [row.data["number"] for row in reversed(rows)]


def test_opening_a_notice_reads_it_and_leads_to_its_matter_which_asks_again() -> None:
    matter = loop.report()
    tell(key="a", topic="urged", to=[To(account=telling.account("clerk"))], data={"number": "1"}, matter_id=matter)
    row = Notice.objects.get(key="a")
    client = signed_in("clerk")
    done = client.get(f"/inbox/{row.pk}")
    assert (done.status_code, done["Location"]) == (302, f"/matters/{matter}")
    row.refresh_from_db()
    assert row.read_at == NOW
    assert client.get(done["Location"]).status_code == 200
    Post.objects.filter(code="clerk-post").update(area_id=Post.objects.get(code="d2-clerk-post").area_id,
                                                  unit_id=Post.objects.get(code="d2-clerk-post").unit_id)  # fmt: skip
    assert client.get(done["Location"]).status_code == 404  # the post looks after another place now


def test_nobody_reads_or_marks_the_notices_of_another() -> None:
    (row,) = told(1)
    stranger = signed_in("worker")
    assert stranger.get(f"/inbox/{row.pk}").status_code == 404
    stranger.post("/inbox/read", {"notice": row.pk})
    stranger.post("/inbox/read", {"until": row.pk})
    row.refresh_from_db()
    assert row.read_at is None
    assert row.data["number"] not in text(stranger.get("/inbox/"))


def test_marking_all_leaves_what_came_after_the_page_was_made() -> None:
    rows = told(3)
    signed_in("head").post("/inbox/read", {"until": rows[1].pk})
    assert list(Notice.objects.filter(read_at=None).values_list("key", flat=True)) == ["head2"]
    assert "head2" not in text(signed_in("head").get("/inbox/?unread=1"))
    signed_in("head").post("/inbox/read", {"notice": rows[2].pk})
    assert "没有消息" in text(signed_in("head").get("/inbox/?unread=1"))


@pytest.mark.parametrize("sent", [{"notice": "x"}, {"until": "9" * 30}, {}, {"notice": "-1"}])
def test_what_is_no_id_marks_nothing(sent: dict[str, str]) -> None:
    told(1)
    assert signed_in("head").post("/inbox/read", sent).status_code == 302
    assert Notice.objects.filter(read_at=None).count() == 1
    assert signed_in("head").get("/inbox/?before=" + sent.get("notice", "zz")).status_code == 200


def test_a_channel_post_has_no_inbox_and_nobody_without_an_account() -> None:
    assert signed_in("channel").get("/inbox/").status_code == 403
    from django.test import Client

    assert Client().get("/inbox/").status_code == 302


def test_the_inbox_speaks_the_language_of_its_reader() -> None:
    told(1)
    client = signed_in("head")
    assert "第 1 次催办" in text(client.get("/inbox/"))
    assert "urged 1 times" in text(client.get("/inbox/", headers={"accept-language": "en"}))


# -- ways out ----------------------------------------------------------------------------------------------------------


def test_an_address_is_entered_muted_replaced_and_taken_back_by_its_owner() -> None:
    client, account = signed_in("head"), telling.account("head")
    assert client.post("/inbox/ways/email", {"what": "enter", "to": "head@city.example"}).status_code == 302
    row = Contact.objects.get(account_id=account)
    assert (row.channel, row.muted) == ("email", False)
    assert b"city.example" not in bytes(row.envelope)
    assert "head@city.example" not in text(client.get("/inbox/ways"))
    client.post("/inbox/ways/email", {"what": "mute"})
    assert Contact.objects.get(account_id=account).muted
    told(1)
    assert not Delivery.objects.exists()
    client.post("/inbox/ways/email", {"what": "unmute"})
    client.post("/inbox/ways/email", {"what": "enter", "to": "other@city.example"})
    assert Contact.objects.filter(account_id=account).count() == 1
    client.post("/inbox/ways/email", {"what": "take_back"})
    assert not Contact.objects.exists()
    lines = AuditEntry.objects.filter(action__startswith="notices.contact").order_by("id")
    assert [line.action.rpartition(".")[2] for line in lines] == ["enter", "mute", "mute", "enter", "take_back"]
    assert "city.example" not in str(list(lines.values()))


@pytest.mark.parametrize(
    ("channel", "to"),
    [
        ("email", "nobody"), ("email", "a@b.example\nBcc: c@d.example"), ("email", "a@b.example,c@d.example"),
        ("sms", "12345"), ("sms", "+86 1"), ("sms", "1381234567x"), ("chat", "li lei"), ("chat", ""),
        ("chat", '"></at>'), ("email", "a" * 400),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_kept_for_correction(channel: str, to: str) -> None:
    done = signed_in("head").post(f"/inbox/ways/{channel}", {"what": "enter", "to": to})
    assert done.status_code == 422
    assert 'role="alert"' in text(done)
    assert not Contact.objects.exists()


def test_another_way_or_another_act_does_not_exist() -> None:
    client = signed_in("head")
    assert client.post("/inbox/ways/pigeon", {"what": "enter", "to": "x"}).status_code == 404
    assert client.post("/inbox/ways/email", {"what": "steal"}).status_code == 404
    with pytest.raises(NoticeError) as refused:
        contacts.enter(access.ANONYMOUS, channel="email", to="a@b.example")
    assert refused.value.code == "forbidden"


def test_addresses_follow_a_change_of_keys() -> None:
    telling.contact("head")
    assert sum(contacts.ADDRESSES.needed().values()) == 1
    step = contacts.ADDRESSES.step("")
    assert (step.position, step.closed) == ("", 0)


# -- the log -----------------------------------------------------------------------------------------------------------


def dead() -> Delivery:
    telling.contact("head")
    told(1, urgency=Urgency.NORMAL)
    Delivery.objects.update(state="dead", error="smtp_550", tries=6)
    return Delivery.objects.get()


def test_the_system_administrator_sees_what_was_given_up_and_sends_it_again() -> None:
    row, client = dead(), signed_in("system")
    page = text(client.get("/admin/notices/?state=dead"))
    assert "smtp_550" in page
    assert "head@" not in page
    assert "已放弃：1 条" in page
    assert client.post(f"/admin/notices/{row.pk}/resend").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.tries, row.due_at) == ("waiting", 0, NOW)
    line = AuditEntry.objects.get(action="notices.resend")
    assert (line.words, line.object) == ("system", f"delivery {row.pk}")
    client.post(f"/admin/notices/{row.pk}/resend")  # again: it has not been given up
    assert AuditEntry.objects.filter(action="notices.resend").count() == 1
    assert client.post("/admin/notices/999999/resend").status_code == 404


def test_an_auditor_looks_and_does_not_send() -> None:
    row, client = dead(), signed_in("audit")
    page = text(client.get("/admin/notices/"))
    assert "smtp_550" in page
    assert "resend" not in page
    assert client.post(f"/admin/notices/{row.pk}/resend").status_code == 403
    for user in ("head", "security", "leader", "clerk"):
        assert signed_in(user).get("/admin/notices/").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [("channel=email", 1), ("channel=sms", 0), ("state=sent", 0), ("day=2026-03-02", 1), ("day=2026-03-03", 0),
     ("state=nonsense", 1), ("day=x", 1), ("before=1", 0)],
)  # fmt: skip
def test_the_log_is_narrowed(query: str, found: int) -> None:
    row = dead()
    if query == "before=1":
        query = f"before={row.pk}"
    assert text(signed_in("system").get(f"/admin/notices/?{query}")).count("smtp_550") == found


def test_the_wording_is_shown_whole_in_both_languages() -> None:
    page = text(signed_in("system").get("/admin/notices/wording"))
    assert "有一件事项交给您" in page
    assert "A matter has come to you" in page
    assert "您反映的问题已收到" in page
