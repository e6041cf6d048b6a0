"""One matter on one page, the list of matters and its export, approvals."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation

from civicloop.foundation import clock, ids
from civicloop.matters import actions
from civicloop.matters.models import Entry, Matter
from tests import world
from tests.api.calls import jpeg
from tests.evidence.pictures import PDF
from tests.matters import loop
from tests.site.desks import dispatched, signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def test_a_closed_matter_tells_its_whole_story() -> None:
    matter = loop.report(kind="01001")
    loop.to_close(matter)
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    for words in (
        "已结案",
        "核查 · 通过",
        "已更换井盖",
        "收单员",
        "东风街道办事处",
        "022-0000",
        "示意",
        "条件1",
        "本市设置",
    ):
        assert words in page, words
    for hash_ in Entry.objects.filter(matter_id=matter).values_list("hash", flat=True):
        assert bytes(hash_).hex() in page
    assert "计时" in page.split("时限计算明细")[1]


def test_the_usual_way_on_is_open_and_everything_else_is_folded() -> None:
    matter = dispatched()
    page = text(signed_in("receiver").get(f"/matters/{matter}"))
    accept, back = page.split('id="act-accept"')[1], page.split('id="act-return"')[1]
    assert "<details>" not in accept.split("<form")[0]
    assert "<details>" in back.split("<form")[0]
    assert page.index('id="act-accept"') < page.index('id="act-return"')


def test_a_reason_that_was_chosen_from_a_list_is_told_in_words() -> None:
    matter = loop.report()
    loop.act("clerk", matter, "decline", not_filed_reason="repeated", reason="与上周的案件相同")
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    assert "同一问题已立案" in page
    assert "与上周的案件相同" in page


def test_what_one_must_not_know_of_is_not_found() -> None:
    matter = loop.report()
    assert signed_in("s2-clerk").get(f"/matters/{matter}").status_code == 404
    assert signed_in("clerk").get(f"/matters/{ids.uuid7()}").status_code == 404
    assert signed_in("channel").get(f"/matters/{matter}").status_code == 403


def test_a_post_chosen_in_the_session_decides_what_is_offered() -> None:
    from civicloop.people import access, actions
    from civicloop.people.models import Account, Post

    matter = dispatched()
    account, post = Account.objects.get(username="clerk"), Post.objects.get(code="receiver-post")
    actions.hold(access.system("tests"), account_id=account.id, post_id=post.id)
    client = signed_in("clerk")
    assert 'id="act-accept"' not in text(client.get(f"/matters/{matter}"))
    session = client.session
    session["post"] = post.id
    session.save()
    assert 'id="act-accept"' in text(client.get(f"/matters/{matter}"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("添加照片 · 处置前", "添加文件 · 其他", "JPEG")),
        ("en", ("Photo added · Before handling", "File added · Other", "JPEG")),
    ],
)
def test_a_photo_and_a_file_stand_in_the_story_with_kind_size_and_digest(
    language: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    with override_settings(DATA_DIR=tmp_path):
        matter, grid, sent = loop.report(), world.actor("grid"), {"photo.jpg": jpeg(), "report.pdf": PDF}
        for stage, (name, content) in zip(("before", "other"), sent.items(), strict=True):
            prepared = actions.take_upload(
                grid, upload=content, filename=name, stage=stage, matter_id=matter, evidence_id=ids.uuid7()
            )
            actions.add_evidence(grid, prepared)
        client = signed_in("clerk")
        page = text(client.get(f"/matters/{matter}", headers={"Accept-Language": language}))
    story = page.split('class="matter-story"')[1]
    for word in (*words, *(hashlib.sha256(content).hexdigest()[:16] for content in sent.values())):
        assert word in story, word
    assert story.count("/thumbnail") == 1  # a file has no picture


def test_html_in_a_report_stays_text() -> None:
    matter = loop.report(title="<script>1</script>", text="<img src=x> 😀 \u202eabc")
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    assert "<script>1" not in page
    assert "&lt;img src=x&gt;" in page


def test_a_stale_act_says_so_and_keeps_what_was_typed() -> None:
    matter = dispatched()
    loop.act("receiver", matter, "accept")
    values = {"action": "return", "act_id": str(ids.uuid7()), "step_version": "2", "reason": "不属于本单位职责"}
    response = signed_in("receiver").post(f"/matters/{matter}/act", values)
    assert response.status_code == 412
    assert "不属于本单位职责" in text(response)
    assert "重新办理" in text(response)


# -- approvals ------------------------------------------------------------------------------------------------------


def test_an_extension_is_approved_by_somebody_else_at_both_levels() -> None:
    matter = loop.report(kind="01001")
    loop.to_handling(matter)
    loop.act("receiver", matter, "request_extension", reason="等待配件")
    before = Matter.objects.get(id=matter).due_at
    assert "等待配件" not in text(signed_in("receiver").get("/approvals/"))
    for user in ("head", "clerk"):
        client = signed_in(user)
        assert "等待配件" in text(client.get("/approvals/"))
        answer = {"request": "1", "yes": "yes", "act_id": str(ids.uuid7()), "next": "/approvals/"}
        assert client.post(f"/matters/{matter}/decide", answer)["Location"] == "/approvals/"
    after = Matter.objects.get(id=matter).due_at
    assert before is not None
    assert after is not None
    assert after > before


def test_a_no_needs_a_reason() -> None:
    matter = dispatched()
    loop.act("receiver", matter, "return", reason="不属于本单位职责")
    client = signed_in("clerk")
    answer = {"request": "1", "yes": "no", "act_id": str(ids.uuid7())}
    assert client.post(f"/matters/{matter}/decide", answer).status_code == 422
    assert client.post(f"/matters/{matter}/decide", answer | {"reason": "属于贵单位职责"}).status_code == 302
    assert Matter.objects.get(id=matter).step == "dispatched"


# -- the list -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"甲事项", "乙事项"}),
        ("area=990101001001", {"甲事项", "乙事项"}),
        ("area=990102", set()),
        ("area=000000", set()),
        ("unit=s1-office", {"乙事项"}),
        ("unit=东风街道办", {"乙事项"}),
        ("unit=东风街道", set()),
        ("stage=collect", {"甲事项"}),
        ("step=dispatched", {"乙事项"}),
        ("procedure=grid-event", {"甲事项", "乙事项"}),
        ("due=overdue", {"甲事项", "乙事项"}),  # to be accepted, to be received: fifteen minutes each
        ("card=yellow", set()),
        ("raised=city", set()),
        ("state=ended", set()),
        ("text=乙事", {"乙事项"}),
        ("state=nonsense", set()),
    ],
)
def test_the_list_is_narrowed_by_what_is_asked_and_says_when_it_cannot(query: str, titles: set[str]) -> None:
    loop.report(title="甲事项")
    dispatched(title="乙事项")
    with clock.at(world.START + timedelta(minutes=30)):
        page = text(signed_in("clerk").get(f"/matters/?{query}"))
    body = page.split("<tbody>")[1] if "<tbody>" in page else ""
    assert {title for title in ("甲事项", "乙事项") if title in body} == titles


def test_the_list_goes_on_by_keys_and_comes_to_an_end() -> None:
    for number in range(53):
        loop.report(title=f"第{number}件")
    client, seen, address = signed_in("clerk"), 0, "/matters/?state=open"
    for _page in range(2):
        page = text(client.get(address))
        seen += page.count("data-item")
        address = "/matters/" + page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert seen == 53
    assert 'rel="next"' not in page
    assert client.get("/matters/?after=nonsense").status_code == 400


def test_the_export_holds_what_is_seen_and_no_formula() -> None:
    loop.report(title="=HYPERLINK(1)")
    loop.report(title="另一件")
    assert "'=HYPERLINK(1)" in text(signed_in("clerk").get("/matters/export.csv"))
    assert "HYPERLINK" not in text(signed_in("clerk").get("/matters/export.csv?text=另一"))
    assert text(signed_in("s2-clerk").get("/matters/export.csv")).count("\n") == 1
    assert signed_in("clerk").get("/matters/export.csv?area=000000").status_code == 400
