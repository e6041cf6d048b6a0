"""A resident reports without an account, keeps number and code, follows, answers and rates."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from civicloop.foundation import clock, ids
from civicloop.matters import api
from civicloop.matters.models import Matter
from civicloop.site import portal
from tests.matters import loop

pytestmark = pytest.mark.django_db
PLACE = {"lon": "117.02", "lat": "39.05", "crs": "wgs84", "address": "和平路 1 号门口"}


@pytest.fixture(autouse=True)
def _fresh_bounds():
    for each in (api.CODE_TRIES, api.CODE_TRIES_OF_MATTER):
        each.forget()


def photo(name: str = "井盖.jpg", shade: int = 90) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (shade, 80, 70)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def send(client: Client, **values):
    form = {"id": str(ids.uuid7()), "text": "路口井盖不见了，很危险。", **PLACE} | values
    return client.post("/report", form)


def receipt_of(answer) -> tuple[str, str]:
    found = re.findall(r'<dd><span class="code">([^<]+)</span>', answer.content.decode())
    return found[0], found[1]


def follow(client: Client, answer) -> str:
    number, code = receipt_of(answer)
    opened = client.post("/track", {"number": number.lower(), "code": f" {code[:4]}-{code[4:]} "})
    assert opened.status_code == 302
    return opened["Location"]


def test_home_has_two_ways_to_report_and_the_way_back():
    page = Client().get("/").content.decode()
    assert "拍照反映" in page
    assert "文字反映" in page
    assert "查询码" in page


def test_report_without_account_and_track():
    answer = send(Client(), photo=photo(), name="李女士", phone="13800000000")
    assert answer.status_code == 201
    matter = Matter.objects.get()
    assert matter.channel == "resident"
    assert matter.community_id is not None
    another = Client()
    page = another.get(follow(another, answer)).content.decode()
    for words in ("已收到", "谁在办", "几点前", "办好了请您看"):
        assert words in page
    assert "李女士" not in page
    assert "13800000000" not in page
    picture = re.search(r'src="(/matters/[^"]+/thumbnail)"', page)
    assert picture
    assert another.get(picture[1]).status_code == 200
    assert Client().get(picture[1]).status_code == 404


def test_the_same_form_sent_twice_is_one_matter_with_one_photo():
    one = str(ids.uuid7())
    first = send(Client(), id=one, photo=photo())
    second = send(Client(), id=one, photo=photo())
    assert (first.status_code, second.status_code) == (201, 200)
    assert receipt_of(first) == receipt_of(second)
    from civicloop.evidence.models import Evidence

    assert Matter.objects.count() == 1
    assert Evidence.objects.count() == 1


def test_the_same_id_for_something_else_is_refused_and_the_text_kept():
    one = str(ids.uuid7())
    send(Client(), id=one)
    answer = send(Client(), id=one, text="另外一件事")
    assert answer.status_code == 409
    assert "另外一件事" in answer.content.decode()
    assert one not in answer.content.decode()


def test_ten_thousand_and_one_characters_keep_the_text():
    text = "字" * 10_001
    one = str(ids.uuid7())
    answer = send(Client(), id=one, text=text)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert text in page
    assert one in page
    assert "10001" in page
    assert "和平路 1 号门口" in page
    assert not Matter.objects.exists()


def test_an_empty_report_is_refused():
    answer = send(Client(), text=" ")
    assert answer.status_code == 422
    assert not Matter.objects.exists()


def test_html_and_emoji_stay_text():
    answer = send(Client(), text="<script>alert(1)</script> 😀 ‮abc")
    client = Client()
    page = client.get(follow(client, answer)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
    assert "😀" in page


def test_a_refused_photo_does_not_lose_the_report():
    client = Client()
    fake = SimpleUploadedFile("照片.jpg", b"PK\x03\x04" + b"0" * 400, "image/jpeg")
    answer = send(client, photo=fake)
    page = answer.content.decode()
    assert answer.status_code == 201
    assert "照片.jpg" in page
    matter = Matter.objects.get()
    added = client.post(f"/status/{matter.id}/photo", {"photo": photo()}, follow=True)
    assert "/thumbnail" in added.content.decode()
    assert Client().post(f"/status/{matter.id}/photo", {"photo": photo(shade=9)})["Location"] == "/track"


def test_a_place_in_words_and_lists_without_javascript():
    answer = Client().post("/report", {"text": "路灯不亮", "area_district": "990101", "narrow": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "东风街道" in page
    assert "路灯不亮" in page
    assert not Matter.objects.exists()
    chosen = {"area_district": "990101", "area_subdistrict": "990101001", "area_community": "990101001001"}
    send(Client(), lon="", lat="", crs="", **chosen)
    assert Matter.objects.get().community_id is not None


def test_impossible_coordinates_are_said_at_the_place():
    answer = send(Client(), lon="999")
    assert answer.status_code == 422
    assert "很危险" in answer.content.decode()
    assert not Matter.objects.exists()


def test_wrong_code_and_wrong_number_are_answered_alike():
    number, code = receipt_of(send(Client()))
    wrong = Client().post("/track", {"number": number, "code": "22222222"})
    unknown = Client().post("/track", {"number": "20260101-0000001-1", "code": code})
    assert wrong.status_code == unknown.status_code == 404
    assert number in wrong.content.decode()
    assert Client().get(f"/status/{Matter.objects.get().id}")["Location"] == "/track"


def test_tries_are_bounded():
    number, _code = receipt_of(send(Client()))
    client = Client()
    answers = [client.post("/track", {"number": number, "code": f"2222222{n}"}).status_code for n in range(2, 9)] * 1
    answers += [client.post("/track", {"number": number, "code": "ZZZZZZZZ"}).status_code for _ in range(6)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_anonymous_reports_are_bounded_and_keep_the_text(monkeypatch):
    monkeypatch.setattr(api.ANONYMOUS_REPORTS, "most", 1)
    assert send(Client()).status_code == 201
    answer = send(Client())
    assert answer.status_code == 429
    assert "很危险" in answer.content.decode()


def test_rating_once_and_withdrawing():
    client = Client()
    answer = send(client)
    matter = Matter.objects.get().id
    loop.to_close(matter)
    page = client.get(f"/status/{matter}").content.decode()
    assert "办好" in page
    assert 'value="rate"' in page
    values = {"action": "rate", "stars": "5", "act_id": str(ids.uuid7())}
    rated = client.post(f"/status/{matter}/act", values, follow=True).content.decode()
    assert 'value="rate"' not in rated
    again = client.post(f"/status/{matter}/act", values | {"act_id": str(ids.uuid7()), "stars": "1"})
    assert again.status_code == 409
    assert answer.status_code == 201


def test_withdraw_needs_a_reason_and_ends_it():
    client = Client()
    send(client)
    matter = Matter.objects.get()
    values = {"action": "withdraw", "act_id": str(ids.uuid7()), "reason": ""}
    refused = client.post(f"/status/{matter.id}/act", values)
    assert refused.status_code == 422
    client.post(f"/status/{matter.id}/act", values | {"reason": "已经有人修好了"})
    matter.refresh_from_db()
    assert matter.end == "withdrawn"


def test_a_question_is_answered_and_nobody_else_can():
    client = Client()
    send(client)
    matter = Matter.objects.get().id
    loop.to_handling(matter)
    loop.act("worker", matter, "ask", note="请问是路的哪一侧？")
    page = client.get(f"/status/{matter}").content.decode()
    assert "请问是路的哪一侧？" in page
    assert 'value="answer"' in page
    values = {"action": "answer", "act_id": str(ids.uuid7()), "note": "东侧"}
    assert Client().post(f"/status/{matter}/act", values)["Location"] == "/track"
    assert client.post(f"/status/{matter}/act", values).status_code == 302


def closed_long_ago(**values) -> None:
    with clock.at(clock.now() - timedelta(days=2)):
        matter = loop.report(id=ids.uuid7(clock.now()), **values)
        loop.to_close(matter)


def test_home_shows_what_was_done_this_week_by_kind_and_community_only():
    closed_long_ago(text="张三家门口的井盖", address="幸福路 3 号")
    portal.forget()
    page = Client().get("/").content.decode()
    assert "供水井盖异常" in page
    assert "和顺里社区" in page
    assert "张三" not in page
    assert "幸福路" not in page


def test_home_never_shows_what_is_confidential():
    closed_long_ago(confidentiality=1)
    portal.forget()
    assert "供水井盖异常" not in Client().get("/").content.decode()


def test_english_is_complete():
    page = Client().get("/report", headers={"Accept-Language": "en"}).content.decode()
    assert "What is the matter?" in page
    assert "Send the report" in page
