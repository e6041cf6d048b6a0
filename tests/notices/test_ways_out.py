"""Notices leave by mail, gateways and robots; what hangs, refuses or redirects holds up nothing else."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest

from civicloop.foundation import clock, outgoing
from civicloop.notices import jobs, sending
from civicloop.notices.actions import To, tell
from civicloop.notices.channels import chat, files, mail, web
from civicloop.notices.channels.base import Letter, Trouble
from civicloop.notices.circuit import circuit
from civicloop.notices.models import Contact, Delivery
from civicloop.records.models import ReadEntry
from tests import world
from tests.matters import loop
from tests.notices import telling
from tests.notices.receivers import Gateway, MailServer, gateway, mail_server

pytestmark = pytest.mark.django_db
DATA = {"number": "20260303-0000123-K", "times": 2}
WORK = world.START + timedelta(hours=1)  # 10:00


@pytest.fixture
def web_side(settings: Any) -> Iterator[Gateway]:
    settings.NOTICE_HOSTS = ["127.0.0.1"]
    with gateway() as made:
        yield made


@pytest.fixture
def mail_side(settings: Any) -> Iterator[MailServer]:
    with mail_server() as made:
        settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_FROM = "127.0.0.1", made.port, "闭环 <loop@city.example>"
        yield made


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    """Keys of the tests' installation, and a place for files of its own."""
    (tmp_path / "keys").symlink_to(settings.DATA_DIR / "keys")
    (settings.DATA_DIR / "keys").mkdir(parents=True, exist_ok=True)
    settings.DATA_DIR = tmp_path


def told(user: str, key: str = "a", **rest: Any) -> Delivery:
    tell(key=key, topic="urged", to=[To(account=telling.account(user))], data=DATA, **rest)
    return Delivery.objects.get(notice__key=key)


def test_without_any_set_up_a_letter_becomes_a_file_with_a_masked_address() -> None:
    with clock.at(WORK):
        telling.contact("head")
        row = told("head")
        assert jobs.send_all() == 1
        row.refresh_from_db()
        assert (row.state, row.tries, row.error, row.sent_at) == ("sent", 1, "", WORK)
    (path,) = files.folder().glob("*.json")
    content = json.loads(path.read_text())
    assert content["title"] == "催办"
    assert "20260303-0000123-K" in content["text"]
    assert content["to"] == "hea****"
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_letter_goes_out_by_mail_once_with_its_own_id(mail_side: MailServer, settings: Any) -> None:
    settings.ADDRESS = "https://city.example"
    with clock.at(WORK):
        telling.contact("head")
        row = told("head")
        assert (jobs.send_all(), jobs.send_all()) == (1, 0)
    ((to, text),) = mail_side.got
    message = message_from_string(text, policy=policy.default)
    assert (to, message["Subject"]) == ("head@city.example", "催办")
    assert message["Message-ID"] == f"<notice-{row.pk}@city.example>"
    body = message.get_content()
    assert "第 2 次催办" in body
    assert f"https://city.example/inbox/{row.notice_id}" in body


def test_each_opening_of_an_address_leaves_a_line_and_the_log_holds_no_address(mail_side: MailServer) -> None:
    with clock.at(WORK):
        telling.contact("head")
        told("head")
        matter = telling.reported()
        telling.consumed()
        jobs.send_all()
    lines = {(line.words, line.field, line.matter_id, line.account_id) for line in ReadEntry.objects.all()}
    assert lines == {("notices", "staff_email", None, None), ("notices", "reporter_phone", matter, None)}
    assert set(ReadEntry.objects.values_list("purpose", flat=True)) == {"告知本人办理进展"}
    assert "city.example" not in str(list(Delivery.objects.values()))


def test_the_reporter_sees_that_the_platform_opened_the_number_and_what_for() -> None:
    from civicloop.matters import opening

    with clock.at(WORK):
        matter = telling.reported()
        telling.consumed()
        jobs.send_all()
        (line,) = opening.told(matter)
    assert (line.post, line.purpose) == ("平台", "告知本人办理进展")


def test_nobody_but_the_platform_may_open_an_address() -> None:
    from civicloop.people import access

    assert access.may_address(sending.BY_NOTICES).allowed
    refused = [access.may_address(world.actor(user)).allowed for user in ("system", "security", "audit", "clerk")]
    assert refused == [False] * 4
    assert not access.may_address(access.outsider("reporter", loop.report())).allowed


def test_an_unknown_recipient_is_given_up_at_once_and_a_busy_server_is_tried_again(mail_side: MailServer) -> None:
    with clock.at(WORK):
        telling.contact("head")
        telling.contact("worker")
        mail_side.refuse.add("head@city.example")
        bad, good = told("head"), told("worker", "b")
        jobs.send_all()
        bad.refresh_from_db()
        good.refresh_from_db()
        assert (bad.state, bad.error, good.state) == ("dead", "smtp_550", "sent")
        mail_side.busy = True
        late = told("worker", "c")
        jobs.send_all()
        late.refresh_from_db()
        assert (late.state, late.error, late.due_at) == ("waiting", "smtp_421", WORK + timedelta(minutes=1))
        mail_side.busy = False
        assert jobs.send_all() == 0  # not before its time
    with clock.at(WORK + timedelta(minutes=1)):
        jobs.send_all()
    late.refresh_from_db()
    assert (late.state, late.tries) == ("sent", 2)


def test_a_sending_that_never_works_grows_its_waits_and_ends(web_side: Gateway, settings: Any) -> None:
    settings.SMS_URL, web_side.status = web_side.url(), 400
    waits, moment = [], WORK
    with clock.at(moment):
        matter = telling.reported()
        telling.consumed()
    row = Delivery.objects.get(notice__matter_id=matter)
    while row.state == "waiting" and len(waits) < 20:
        before = row.tries
        with clock.at(moment):
            jobs.send_all()
        row.refresh_from_db()
        if row.tries > before:  # else it waited for the end of quiet hours
            waits.append((row.due_at - moment).total_seconds() / 60)
        moment = row.due_at
    assert (row.state, row.error, row.tries) == ("dead", "status_400", 6)
    assert waits[:4] == [1, 5, 25, 125]
    assert len(web_side.got) == 6
    assert {body["id"] for _path, body, _secret in web_side.got} == {str(row.pk)}


def test_a_text_message_carries_the_secret_of_its_file(web_side: Gateway, settings: Any, tmp_path: Path) -> None:
    secret = tmp_path / "sms.secret"
    secret.write_text("a very secret word\n")
    settings.SMS_URL, settings.SMS_SECRET_FILE = web_side.url("/sms"), str(secret)
    with clock.at(WORK):
        matter = telling.reported()
        telling.consumed()
        jobs.send_all()
    ((path, body, authorization),) = web_side.got
    row = Delivery.objects.get(notice__matter_id=matter)
    assert (path, authorization) == ("/sms", "Bearer a very secret word")
    assert body == {"id": str(row.pk), "to": telling.PHONE, "text": body["text"]}
    assert body["text"].startswith("您反映的问题已收到，编号 ")


def test_a_redirect_is_not_followed(web_side: Gateway, settings: Any) -> None:
    with gateway() as elsewhere, clock.at(WORK):
        settings.SMS_URL = web_side.url()
        web_side.status, web_side.headers = 302, {"Location": elsewhere.url()}
        telling.reported()
        telling.consumed()
        jobs.send_all()
        assert elsewhere.got == []
    row = Delivery.objects.get()
    assert (row.state, row.error) == ("waiting", "status_302")


@pytest.mark.parametrize(
    "url",
    [
        "http://city.example/", "https://elsewhere.example/", "https://u:p@gate.example/", "https://gate.example:8443/",
        "http://169.254.169.254/latest", "file:///etc/passwd", "https://gate.example.evil.example/", "http://[::1]/",
        "https:///x", "gopher://gate.example/", "https://gate.example:99999/",
    ],
)  # fmt: skip
def test_only_hosts_of_the_list_are_asked(url: str, settings: Any) -> None:
    settings.NOTICE_HOSTS = ["gate.example", ""]
    with pytest.raises(Trouble) as refused:
        web.post(url, {})
    assert refused.value.code == "host_not_allowed"
    assert outgoing.allowed("https://gate.example/x?y=1", {"gate.example"})
    assert outgoing.allowed("https://gate.example:8443/", {"gate.example:8443"})


def test_a_receiver_that_hangs_is_left_alone_and_holds_up_no_other(
    web_side: Gateway, mail_side: MailServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing.ask, "__kwdefaults__", {**(outgoing.ask.__kwdefaults__ or {}), "timeout": 0.2})
    settings.SMS_URL, web_side.hang = web_side.url(), True
    began = time.monotonic()
    with clock.at(WORK):
        for _each in range(8):
            telling.reported()
        telling.contact("head")
        told("head", "z")
        telling.consumed()
        jobs.send_all()
        assert len(mail_side.got) == 1
        assert len(web_side.got) == 3  # then it was left alone
        assert circuit.rests("sms", "127.0.0.1") > 0
        rows = Delivery.objects.filter(channel="sms")
        assert sorted(rows.values_list("tries", flat=True)) == [0] * 5 + [1] * 3
        assert set(rows.filter(tries=1).values_list("error", flat=True)) == {"timeout"}
    assert time.monotonic() - began < 20  # three times the time-out, not eight times a browser's patience
    web_side.hang = False
    web_side.release.set()
    circuit.forget()
    with clock.at(WORK + timedelta(minutes=2)):
        jobs.send_all()
    assert set(rows.values_list("state", flat=True)) == {"sent"}


ROBOTS = """
[robot.default]
style = "wecom"
url = "{url}?key=city"
[robot.d1-urban]
style = "dingtalk"
url = "{url}?access_token=urban"
secret = "SEC1"
[robot.s1-office]
style = "feishu"
url = "{url}/office"
secret = "SEC2"
"""


def test_the_robot_of_the_nearest_unit_speaks_in_its_own_style(
    web_side: Gateway, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "robots.toml"
    path.write_text(ROBOTS.format(url=web_side.url("/hook")))
    settings.CHAT_FILE = str(path)
    with clock.at(WORK):
        for user in ("head", "d1-worker", "leader"):
            telling.contact(user, "chat", f"{user}-id")
            post = world.actor(user).post_id
            tell(key=user, topic="urged", to=[To(post=post)], data=DATA)
        jobs.send_all()
    said = {path.partition("&")[0]: (path, body) for path, body, _secret in web_side.got}
    assert said["/hook?key=city"][1]["text"]["mentioned_list"] == ["leader-id"]
    assert said["/hook/office"][1]["msg_type"] == "text"
    assert said["/hook/office"][1]["content"]["text"].startswith('<at user_id="head-id"></at> 催办：')
    assert {"timestamp", "sign"} <= set(said["/hook/office"][1])
    address, body = said["/hook?access_token=urban"]
    assert "&timestamp=" in address
    assert "&sign=" in address
    assert body["at"] == {"atUserIds": ["d1-worker-id"]}
    assert telling.states() == {"sent": 3}


def test_a_robot_that_says_no_and_one_that_is_not_there_are_told_apart(
    web_side: Gateway, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "robots.toml"
    path.write_text(ROBOTS.format(url=web_side.url("/hook")))
    settings.CHAT_FILE = str(path)
    web_side.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    letter = Letter(1, "a", "标题", "内容", units=["nowhere"])
    with pytest.raises(Trouble, match="refused"):
        chat.Chat().send(letter)
    path.write_text("[robot.other]\n")
    with pytest.raises(Trouble, match="no_robot"):
        chat.Chat().send(letter)
    path.unlink()
    with pytest.raises(Trouble, match="no_secret"):
        chat.Chat().send(letter)


@pytest.mark.parametrize("to", ["a@b.example\nBcc: all@b.example", "a@b.example, c@b.example", "nobody", "a@@b"])
def test_an_address_that_is_more_than_one_is_never_sent_to(to: str, mail_side: MailServer) -> None:
    with pytest.raises(Trouble, match="bad_address"):
        mail.Mail().send(Letter(1, to, "标题", "内容"))
    assert mail_side.got == []


def test_nothing_goes_in_the_clear_to_another_machine(mail_side: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "LOOPBACK", frozenset())
    with pytest.raises(Trouble):
        mail.Mail().send(Letter(1, "a@b.example", "标题", "内容"))
    assert mail_side.got == []


def test_who_has_taken_the_address_back_is_sent_nothing() -> None:
    with clock.at(WORK):
        telling.contact("head")
        row = told("head")
        Contact.objects.all().delete()
        jobs.send_all()
    row.refresh_from_db()
    assert (row.state, row.error) == ("dropped", "no_address")


def test_a_sender_that_died_leaves_a_lease_that_ends(mail_side: MailServer) -> None:
    with clock.at(WORK):
        telling.contact("head")
        row = told("head")
        _until, ids = sending._claim("email", 10)  # and then it is gone
        assert ids == [row.pk]
        assert jobs.send_all() == 0  # somebody else waits for the lease
    with clock.at(WORK + sending.LEASE + timedelta(seconds=1)):
        assert jobs.send_all() == 1
    assert len(mail_side.got) == 1
    row.refresh_from_db()
    assert (row.state, row.tries) == ("sent", 2)
