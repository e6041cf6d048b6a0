"""The person concerned has a copy of what is kept (个保法 art. 45) and corrects it (art. 46), by number and code."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client, override_settings
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import actions, erasure, own_data, proof, sql
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, EntryText, Matter
from civicloop.people import access
from civicloop.records import sealing
from civicloop.records.models import AuditEntry, ReadEntry, SealedValue, Try
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
NAME, PHONE, OTHER = "张三丰", "13812341234", "13900005678"


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def matter() -> UUID:
    return loop.report(text="路口井盖不见了", reporter={"name": NAME, "phone": PHONE})


def browser(matter: UUID) -> Client:
    """The reporter's browser, which has shown the check code."""
    client = Client()
    session = client.session
    session["check_codes"] = [str(matter)]
    session.save()
    return client


def copy(client: Client, matter: UUID, said: str = PHONE, kind: str = "json") -> Any:
    return client.post(f"/status/{matter}/copy", {"copy-said": said, kind: "1"})


def correct(client: Client, matter: UUID, said: str = PHONE, act_id: UUID | None = None, **values: str) -> Any:
    data = {f"correct-{name}": value for name, value in values.items()}
    return client.post(
        f"/status/{matter}/correct", data | {"correct-said": said, "correct-act_id": str(act_id or ids.uuid7())}
    )


def kept(matter: UUID) -> dict[str, str]:
    """What is sealed, opened as a clerk would."""
    return {
        field: sealing.open_value(
            actor_id=1, actor_words="t", post_id=1, purpose="t", matter_id=matter, no=no
        )
        for no, field in sealing.fields_of(matter)
    }  # fmt: skip


def look_up(phone: str) -> int:
    return SealedValue.objects.filter(lookup__in=sealing.look_ups(phone)).count()


# -- a copy ---------------------------------------------------------------------------------------------------------


def test_a_copy_has_everything_kept_about_the_person_and_leaves_its_lines(matter: UUID) -> None:
    clerk = world.actor("clerk")
    sealing.open_value(
        actor_id=clerk.account_id,
        actor_words="clerk",
        post_id=clerk.post_id,
        purpose="办理后回访：核实",
        matter_id=matter,
        no=2,
    )
    answer = copy(browser(matter), matter)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "attachment" in answer["Content-Disposition"]
    found = json.loads(answer.content)
    assert {each["value"] for each in found["contact"]} == {NAME, PHONE}
    assert all(each["why"] and each["basis"] and each["kept"] and each["opens"] for each in found["contact"])
    assert found["text"] == "路口井盖不见了"
    assert found["number"] == Matter.objects.get(id=matter).number
    opened = [(each["by"], each["for"]) for each in found["openings"]]
    assert opened[0] == ("受理员", "办理后回访")
    assert opened[1:] == [("您本人（凭查询码）", "向本人提供副本")] * 2
    assert "clerk" not in answer.content.decode()
    assert "核实" not in answer.content.decode()  # an opener's own words stay with the auditor
    lines = list(ReadEntry.objects.filter(matter_id=matter, words="reporter").values_list("field", "account_id"))
    assert lines == [("reporter_name", None), ("reporter_phone", None)]
    audited = AuditEntry.objects.get(action="personal.copy")
    assert (audited.object, audited.detail) == (found["number"], {"fields": 2, "whole": True})


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "保存的您的个人信息"), ("en", "What is kept about you")])
def test_a_copy_to_read_says_the_same(matter: UUID, language: str, words: str) -> None:
    client = browser(matter)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    answer = copy(client, matter, kind="html")
    page = text(answer)
    for each in (words, NAME, PHONE, "路口井盖不见了"):
        assert each in page
    assert ".html" in answer["Content-Disposition"]


def test_who_has_only_the_slip_reads_no_name_and_no_phone(matter: UUID) -> None:
    found = json.loads(copy(browser(matter), matter, said="").content)
    assert {each["value"] for each in found["contact"]} == {"张**", "138****1234"}
    assert not ReadEntry.objects.filter(matter_id=matter).exists()
    assert AuditEntry.objects.get(action="personal.copy").detail == {"fields": 2, "whole": False}


@pytest.mark.parametrize("said", [OTHER, NAME, "1381234123", "张"])  # the name can be guessed: the phone counts
def test_a_wrong_phone_gives_no_copy(matter: UUID, said: str) -> None:
    answer = copy(browser(matter), matter, said=said)
    assert answer.status_code == 422
    assert "与先前留下的电话" in text(answer)
    assert PHONE not in text(answer).replace(f'value="{said}"', "")
    assert not ReadEntry.objects.filter(matter_id=matter).exists()


def test_spaces_in_the_phone_do_not_matter_and_a_name_counts_where_no_phone_is_kept(matter: UUID) -> None:
    assert copy(browser(matter), matter, said=" 138 1234 1234").status_code == 200
    named = loop.report(reporter={"name": NAME})
    assert json.loads(copy(browser(named), named, said=NAME).content)["contact"][0]["value"] == NAME


def test_somebody_else_gets_no_copy(matter: UUID) -> None:
    for client in (Client(), browser(loop.report()), signed_in("clerk")):
        answer = copy(client, matter)
        assert (answer.status_code, answer["Location"]) == (302, "/track")
    for actor in (world.actor("clerk"), access.ANONYMOUS, access.outsider("reporter", ids.uuid7())):
        with pytest.raises(Refused) as reason:
            own_data.values(actor, matter, PHONE)
        assert reason.value.code == "not_found"
    assert not ReadEntry.objects.filter(matter_id=matter).exists()


def test_tries_are_bounded_over_all_processes(matter: UUID) -> None:
    client = browser(matter)
    for _each in range(own_data.TRIES.most):
        assert copy(client, matter, said=OTHER).status_code == 422
    answer = copy(client, matter)
    assert "今天次数过多" in text(answer)
    assert not ReadEntry.objects.filter(matter_id=matter).exists()
    assert Try.objects.exists()


def test_a_copy_of_a_household_holds_its_own_data_only() -> None:
    visit = loop.report("grid", procedure="visit-problem", channel="visit", reporter={"name": NAME, "phone": PHONE})
    found = json.loads(copy(browser(visit), visit).content)
    assert [each["what"] for each in found["contact"]] == ["住户 · 姓名", "住户 · 电话"]


# -- a correction ---------------------------------------------------------------------------------------------------


def test_a_corrected_phone_takes_the_place_of_the_former_which_is_destroyed(matter: UUID) -> None:
    answer = correct(browser(matter), matter, phone=OTHER)
    assert answer.status_code == 302
    assert kept(matter) == {"reporter_name": NAME, "reporter_phone": OTHER}
    assert (look_up(PHONE), look_up(OTHER)) == (0, 1)
    entry = Entry.objects.filter(matter_id=matter).order_by("-seq")[0]
    assert (entry.action, entry.role) == ("correct", "reporter")
    body = bytes(entry.body).decode()
    assert '"corrected":["phone"]' in body
    assert PHONE not in body
    assert OTHER not in body
    assert Matter.objects.get(id=matter).fingerprint == b""
    assert proof.verify(matter) == []


def test_staff_see_that_it_was_corrected_and_the_person_sees_it_too(matter: UUID) -> None:
    client = browser(matter)
    correct(client, matter, phone=OTHER, note="是中山路，不是和平路")
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    for words in ("139****5678", "本人于", "本人更正了信息", "是中山路，不是和平路"):
        assert words in page, words
    page = text(client.get(f"/status/{matter}"))
    for words in ("您更正了信息", "是中山路，不是和平路"):
        assert words in page, words
    assert OTHER not in page


def test_what_was_reported_is_never_rewritten(matter: UUID) -> None:
    texts = dict(EntryText.objects.filter(matter_id=matter, seq=1).values_list("field", "value"))
    correct(browser(matter), matter, said="", note="是中山路")  # a note needs no proof: it replaces nothing
    assert dict(EntryText.objects.filter(matter_id=matter, seq=1).values_list("field", "value")) == texts
    assert Matter.objects.get(id=matter).text == "路口井盖不见了"
    assert EntryText.objects.get(matter_id=matter, field="note").value == "是中山路"
    assert kept(matter)["reporter_phone"] == PHONE


def test_the_same_correction_sent_twice_is_done_once(matter: UUID) -> None:
    client, act_id = browser(matter), ids.uuid7()
    for _each in range(2):
        assert correct(client, matter, act_id=act_id, phone=OTHER).status_code == 302
    assert Entry.objects.filter(matter_id=matter, action="correct").count() == 1
    assert [field for _no, field in sealing.fields_of(matter)] == ["reporter_name", "reporter_phone"]
    assert correct(client, matter, said=OTHER, phone=PHONE).status_code == 302  # and again, another one
    assert kept(matter)["reporter_phone"] == PHONE
    assert proof.verify(matter) == []


def test_who_gave_nothing_may_add_a_phone_without_proof() -> None:
    matter = loop.report()
    page = text(browser(matter).get(f"/status/{matter}"))
    assert 'name="correct-said"' not in page
    assert correct(browser(matter), matter, said="", phone=PHONE).status_code == 302
    assert kept(matter) == {"reporter_phone": PHONE}


@pytest.mark.parametrize(
    ("said", "values", "words"),
    [
        ("", {"phone": OTHER}, "与先前留下的电话"), (OTHER, {"name": "李四"}, "与先前留下的电话"),
        (PHONE, {}, "请填写要更正的内容"), (PHONE, {"phone": "1" * 41}, "40"), (PHONE, {"note": "字" * 2001}, "2000"),
        (PHONE, {"name": "a\x00b"}, "空字符"),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing_and_keeps_what_was_typed(
    matter: UUID, said: str, values: dict[str, str], words: str
) -> None:
    answer = correct(browser(matter), matter, said=said, **values)
    assert answer.status_code == 422
    assert words in text(answer)
    assert kept(matter) == {"reporter_name": NAME, "reporter_phone": PHONE}
    assert not Entry.objects.filter(matter_id=matter, action="correct").exists()


def test_nobody_else_corrects_and_no_call_of_the_api_goes_past_the_proof(matter: UUID) -> None:
    for client in (Client(), browser(loop.report()), signed_in("clerk")):
        assert correct(client, matter, phone=OTHER)["Location"] == "/track"
    for actor in (world.actor("clerk"), access.outsider("reporter", matter)):
        with pytest.raises(Refused):
            actions.act(actor, actions.Act(matter, "correct", ids.uuid7(), None, {"phone": OTHER}))
    assert kept(matter)["reporter_phone"] == PHONE


def test_after_the_end_and_the_erasure_no_contact_data_come_back(matter: UUID) -> None:
    Matter.objects.filter(id=matter).update(step="not_filed", end="not_filed", ended_at=clock.now())
    with clock.at(clock.now() + timedelta(days=800)):
        row = erasure.propose(world.actor("security"), rule="contacts")
        erasure.decide(world.actor("audit"), list_id=row.id, yes=True, reason="")
        assert erasure.carry_out() == 1
        assert Matter.objects.get(id=matter).fingerprint == b""
        answer = correct(browser(matter), matter, said="", phone=OTHER)
        assert "不再需要" in text(answer)
    assert sealing.fields_of(matter) == []
    assert proof.verify(matter) == []


def test_the_application_destroys_nothing_without_a_correction(matter: UUID) -> None:
    with pytest.raises(ProgrammingError, match="does not say this correction"), transaction.atomic():
        connection.cursor().execute(sql.SUPERSEDE, {"id": matter})
    assert kept(matter)["reporter_phone"] == PHONE
