"""A grid worker reports, puts right on the spot, visits, applies for somebody, and sees what is to do."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from civicloop.matters.models import Matter
from civicloop.people.models import Account
from civicloop.records.models import AuditEntry, SealedValue
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
SAMPLED = {"closed", "to_spot_check"}  # the draw follows at once
HERE = {"lon": "117.02", "lat": "39.05", "crs": "wgs84"}


def signed_in(user: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def photo(shade: int = 90) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (shade, 80, 70)).save(out, "JPEG")
    return SimpleUploadedFile("现场.jpg", out.getvalue(), "image/jpeg")


def form(**values):
    return {"id": str(ids.uuid7()), "act_id": str(ids.uuid7()), **HERE} | values


def step() -> str:
    return loop.step(Matter.objects.get().id)


def test_home_has_the_four_buttons_and_needs_a_sign_in():
    assert Client().get("/field/").status_code == 302
    page = signed_in("grid").get("/field/").content.decode()
    for words in ("拍一件", "我处理好了", "去核查", "走访", "帮办代办"):
        assert words in page


def test_a_report_with_a_photo_and_the_same_again_from_the_queue():
    client, sent = signed_in("grid"), form(text="路灯不亮", kind="01037")
    for _ in range(2):
        answer = client.post("/field/report", sent | {"photo": photo()}, headers={"X-Queue": "1"})
        assert answer.status_code == 302
    followed = client.get(answer["Location"], headers={"X-Queue": "1"})
    assert followed.status_code == 204  # what is to be said waits for the person
    assert "已上报" in client.get(answer["Location"]).content.decode()
    matter = Matter.objects.get()
    assert matter.channel == "grid"
    assert matter.kind.code == "01037"
    assert Evidence.objects.get().stage == "before"
    assert "路灯不亮" in client.get("/field/mine").content.decode()


def test_without_a_point_the_own_community_is_taken():
    signed_in("grid").post(
        "/field/report", form(text="路灯不亮", lon="", lat="", crs="", area_community="990101001001")
    )
    assert Matter.objects.get().community_id is not None
    page = signed_in("grid").get("/field/report").content.decode()
    assert re.search(r'value="990101001001" selected', page)


def test_put_right_on_the_spot_in_one_form():
    client = signed_in("grid")
    sent = form(text="垃圾桶倒了", result="已扶正并清扫")
    answer = client.post("/field/handled", sent | {"before": photo(10), "after": photo(200)}, follow=True)
    assert step() in SAMPLED
    assert "已记录" in answer.content.decode()
    assert {row.stage for row in Evidence.objects.all()} == {"before", "after"}
    again = client.post("/field/handled", sent | {"before": photo(10), "after": photo(200)})
    assert again.status_code == 302
    assert Matter.objects.count() == 1


def test_a_missing_or_false_photo_leaves_nothing_half_done():
    client, sent = signed_in("grid"), form(text="垃圾桶倒了", result="已扶正")
    missing = client.post("/field/handled", sent | {"before": photo()})
    assert missing.status_code == 422
    assert "处置后照片" in missing.content.decode()
    fake = SimpleUploadedFile("假.jpg", b"PK\x03\x04" + b"0" * 300, "image/jpeg")
    refused = client.post("/field/handled", sent | {"before": photo(), "after": fake})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "假.jpg" in page
    assert "垃圾桶倒了" in page
    assert sent["id"] in page
    assert not Matter.objects.exists()
    client.post("/field/handled", sent | {"text": "垃圾桶倒了一排", "before": photo(10), "after": photo(200)})
    assert step() in SAMPLED


def test_far_from_the_own_area_it_is_reported_but_not_handled():
    sent = form(text="垃圾桶倒了", result="已扶正", lon="117.22")
    signed_in("grid").post("/field/handled", sent | {"before": photo(10), "after": photo(200)})
    assert step() == "reported"


def test_visit_fixed_on_the_spot_gives_the_household_its_code():
    client = signed_in("grid")
    sent = form(text="楼道灯坏了", outcome="fixed", result="已换灯泡", name="王大爷", phone="13900000000")
    page = client.post("/field/visit", sent, follow=True).content.decode()
    assert step() == "to_confirm"
    assert SealedValue.objects.count() == 2
    assert "王大爷" not in page
    number, code = re.findall(r'<dd><span class="code">([^<]+)</span>', page)[:2]
    household = Client()
    opened = household.post("/track", {"number": number, "code": code}, follow=True)
    assert 'value="confirm"' in opened.content.decode()
    matter = Matter.objects.get().id
    values = {"action": "confirm", "act_result": "solved", "act_id": str(ids.uuid7())}
    household.post(f"/status/{matter}/act", values)
    assert step() == "closed"


def test_visit_becomes_a_task_only_with_a_date():
    client, sent = signed_in("grid"), form(text="下水不畅", outcome="task")
    refused = client.post("/field/visit", sent)
    assert refused.status_code == 422
    assert "下水不畅" in refused.content.decode()
    assert not Matter.objects.exists()
    client.post("/field/visit", sent | {"due_on": "2027-03-20"})
    assert step() == "tasked"


def test_service_with_authorisation_and_papers():
    client = signed_in("grid")
    page = client.post("/field/service", form(text="代办老年证", name="赵奶奶"), follow=True)
    assert 'value="authorise"' in page.content.decode()
    url = f"/field/matters/{Matter.objects.get().id}/act"
    refused = client.post(url, {"action": "authorise", "act_id": str(ids.uuid7()), "signature": "赵"})
    assert refused.status_code == 422
    given = {"action": "authorise", "act_id": str(ids.uuid7()), "signature": "赵", "authorisation": photo()}
    assert client.post(url, given).status_code == 302
    papers = {"action": "apply", "act_id": str(ids.uuid7()), "materials": photo(33)}
    assert client.post(url, papers).status_code == 302
    assert step() == "to_accept"


def test_a_verification_is_on_the_list_and_done_there():
    matter = loop.report()
    loop.act("clerk", matter, "send_pre_verify")
    client = signed_in("grid")
    assert f"/field/matters/{matter}" in client.get("/field/checks").content.decode()
    assert 'value="pre_verify"' in client.get(f"/field/matters/{matter}").content.decode()
    given = {"action": "pre_verify", "act_id": str(ids.uuid7()), "note": "属实", "photo_before": photo()}
    assert client.post(f"/field/matters/{matter}/act", given).status_code == 302
    assert loop.step(matter) == "reported"


def test_open_checks_are_shown_to_the_worker_of_that_grid_alone():
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    for number, shown in ((1, True), (2, False)):
        user = f"grid-{number}"
        world.hire(user, "grid_worker", "s1-centre", f"99010100100100{number}")
        page = signed_in(user).get("/field/checks").content.decode()
        assert (f"/field/matters/{matter}" in page) is shown, user


def test_too_long_a_text_is_kept():
    text = "长" * 10_001
    answer = signed_in("grid").post("/field/report", form(text=text))
    assert answer.status_code == 422
    assert text in answer.content.decode()


def test_feedback_is_an_audit_line():
    answer = signed_in("grid").post("/field/feedback", {"text": "字再大一点"}, follow=True)
    assert "谢谢" in answer.content.decode()
    assert AuditEntry.objects.get(action="feedback").detail == {"text": "字再大一点"}


def test_another_districts_matter_is_not_found():
    matter = loop.report(point=(117.22, 39.05))
    assert signed_in("grid").get(f"/field/matters/{matter}").status_code == 404
