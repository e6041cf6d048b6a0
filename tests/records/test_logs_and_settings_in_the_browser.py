"""The pages of the logs and the settings: what they show, narrow, refuse, and how they go on."""

import html
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.records import audit, pages, selectors, settings
from civicloop.records.models import AuditEntry, ReadEntry, Setting

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.records.urls"),
    pytest.mark.filterwarnings("ignore:No directory at"),  # static files are collected when serving
]
START = datetime(2031, 5, 4, 16, 30, tzinfo=UTC)  # 5 May, 00:30 in Shanghai


@pytest.fixture(autouse=True)
def this_room_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rooms above, which say the codes in words, have no addresses here."""
    monkeypatch.setattr(pages, "_say", [])
    monkeypatch.setattr(pages, "_say_openings", [])


@pytest.fixture
def browser(client: Client) -> Client:
    client.cookies["django_language"] = "zh-hans"
    return client


@pytest.fixture
def administrator() -> Iterator[None]:
    before = list(pages._describe)
    pages.describe_doer(lambda _request: pages.Doer(7, 70, "系统管理员", may_change=True))
    yield
    pages._describe[:] = before


@pytest.fixture
def nobody() -> Iterator[None]:
    before = list(pages._describe)
    pages._describe.clear()
    yield
    pages._describe[:] = before


def text(response) -> str:
    return html.unescape(response.content.decode())


def written(count: int, action: str = "unit.change", words: str = "系统管理员", account: int = 7) -> None:
    for number in range(count):
        with clock.at(START + timedelta(minutes=number)):
            audit.write(
                actor_id=account, post_id=70, actor_words=words, action=action, object=f"u-{number:03}", outcome="done",
                detail={"n": number},
            )  # fmt: skip


def shown(page: str) -> list[str]:
    return [part[:5] for part in page.split('<td class="whole"><span class="code">') if part.startswith("u-")]


def test_the_audit_log_is_shown_newest_first_and_goes_on_to_the_end(browser: Client) -> None:
    written(120)
    seen: list[str] = []
    url = "/admin/audit?action=unit.change&actor=7"
    for _page in range(10):
        page = text(browser.get(url))
        seen += shown(page)
        if 'rel="next"' not in page:
            break
        url = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert seen == [f"u-{number:03}" for number in reversed(range(120))]


def test_lines_of_one_moment_are_neither_lost_nor_shown_twice(browser: Client) -> None:
    with clock.at(START):
        for number in range(70):
            audit.write(
                actor_id=1, post_id=1, actor_words="x", action="same.moment", object=f"u-{number:03}", outcome="done"
            )
    first, position = selectors.audit_lines(action="same.moment")
    second, end = selectors.audit_lines(action="same.moment", after=position)
    assert end is None
    assert {line.object for line in first} | {line.object for line in second} == {f"u-{n:03}" for n in range(70)}
    assert len(first) + len(second) == 70


def test_the_audit_log_is_narrowed_by_action_person_and_day(browser: Client) -> None:
    written(3)
    written(2, action="post.hold", words="安全管理员", account=8)
    assert len(shown(text(browser.get("/admin/audit?action=unit.&since=2031-05-05&until=2031-05-05")))) == 3
    assert len(shown(text(browser.get("/admin/audit?actor=安全管理员")))) == 2
    assert len(shown(text(browser.get("/admin/audit?actor=8&since=2031-05-05&until=2031-05-05")))) == 2
    assert "没有符合条件的记录" in text(browser.get("/admin/audit?since=2031-05-04&until=2031-05-04"))


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "until=9999-12-31", "since=0001-01-01", "q=x&since=2999-12-31",
     "q=x&until=2000-01-01", "after=nonsense", "after=~", "after=2031-01-01T00:00:00~5",
     "after=2031-01-01T00:00:00%2B00:00~" + "9" * 30, "after=0001-01-01T00:00:00%2B14:00~5",
     "after=9999-12-31T23:59:59-12:00~5", "actor=" + "9" * 60, "actor=" + "x" * 999, "matter=1"],
)  # fmt: skip
def test_strange_questions_get_a_page(browser: Client, query: str) -> None:
    assert browser.get(f"/admin/audit?{query}").status_code == 200
    assert browser.get(f"/admin/reads?{query}").status_code == 200


def test_what_nobody_types_is_no_page(browser: Client) -> None:
    assert browser.get("/admin/audit?action=%00").status_code == 404


def test_texts_are_shown_as_texts(browser: Client) -> None:
    with clock.at(START):
        audit.write(
            actor_id=1, post_id=1, actor_words="<b>x</b>", action="unit.change", object="<script>alert(1)</script>",
            outcome="done", detail={"name": "<img src=x>"},
        )  # fmt: skip
    raw = browser.get("/admin/audit?since=2031-05-05&until=2031-05-05").content.decode()
    for written_ in ("<b>x</b>", "<script>alert", "<img src=x>"):
        assert written_ not in raw


def test_the_read_log_says_who_opened_what_for_which_purpose(browser: Client) -> None:
    matter = ids.uuid7()
    for matter_id, words in ((matter, "回访员"), (ids.uuid7(), "核查员")):
        ReadEntry.objects.create(
            at=START,
            account_id=9,
            post_id=90,
            words=words,
            purpose="电话回访",
            matter_id=matter_id,
            field="reporter_phone",
        )
    page = text(browser.get(f"/admin/reads?matter={matter}"))
    assert "回访员" in page
    assert "电话回访" in page
    assert "核查员" not in page
    assert "核查员" in text(browser.get("/admin/reads?actor=9&since=2031-05-05&until=2031-05-05"))


@pytest.mark.usefixtures("administrator")
def test_the_system_administrator_sets_a_setting(browser: Client) -> None:
    assert "ICP备案号" in text(browser.get("/admin/settings"))
    answer = browser.post("/admin/settings/footer.filing_number", {"value": "津ICP备00000000号"})
    assert answer.status_code == 302
    page = text(browser.get("/admin/settings"))
    assert 'value="津ICP备00000000号"' in page
    assert "系统管理员" in page
    line = AuditEntry.objects.get(action="setting.set", object="footer.filing_number installation")
    assert (line.account_id, line.post_id, line.words) == (7, 70, "系统管理员")


@pytest.mark.usefixtures("administrator")
def test_a_wrong_value_comes_back_with_the_reason_and_what_was_typed(browser: Client) -> None:
    answer = browser.post("/admin/settings/figures.day_start", {"value": "25:00"})
    assert answer.status_code == 422
    assert 'value="25:00"' in text(answer)
    assert "格式不正确" in text(answer)
    assert browser.post("/admin/settings/partitions.quarters_ahead", {"value": "many"}).status_code == 422
    assert not Setting.objects.filter(code__in=["figures.day_start", "partitions.quarters_ahead"]).exists()


@pytest.mark.usefixtures("administrator")
def test_an_emptied_number_is_the_default_again(browser: Client) -> None:
    for value in ("6", ""):
        assert browser.post("/admin/settings/partitions.quarters_ahead", {"value": value}).status_code == 302
    settings.forget()
    assert settings.get_int("partitions.quarters_ahead") == 4
    assert "默认值" in text(browser.get("/admin/settings"))


@pytest.mark.usefixtures("administrator")
def test_an_unknown_setting_is_not_found(browser: Client) -> None:
    assert browser.post("/admin/settings/no.such", {"value": "1"}).status_code == 404
    assert browser.get("/admin/settings/site.name").status_code == 405


@pytest.mark.usefixtures("administrator")
def test_a_setting_is_found_by_a_word_of_its_name_or_code(browser: Client) -> None:
    by_name = text(browser.get("/admin/settings?q=备案号"))
    assert "footer.filing_number" in by_name
    assert "figures.day_start" not in by_name
    by_code = text(browser.get("/admin/settings?q=FIGURES.day"))
    assert "figures.day_start" in by_code
    assert "footer.filing_number" not in by_code
    assert "没有名称含此词的设置" in text(browser.get("/admin/settings?q=zzzz"))
    # a refusal shows the setting that was refused, whatever was looked for
    assert "25:00" in browser.post("/admin/settings/figures.day_start?q=zzzz", {"value": "25:00"}).content.decode()


@pytest.mark.usefixtures("nobody")
def test_whoever_is_not_known_may_only_look(browser: Client) -> None:
    page = text(browser.get("/admin/settings"))
    assert "网站名称" in page
    assert 'name="value"' not in page
    assert browser.post("/admin/settings/site.name", {"value": "x"}).status_code == 403
    assert not Setting.objects.filter(code="site.name").exists()


def test_the_same_in_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert "Audit log" in text(client.get("/admin/audit"))
    assert "Filing number (ICP)" in text(client.get("/admin/settings"))


def test_a_page_costs_one_reading_of_the_log(browser: Client, django_assert_max_num_queries) -> None:
    written(60)
    for url in ("/admin/audit", "/admin/reads", "/admin/settings"):
        with django_assert_max_num_queries(3):  # the settings in force are one of them, once in a while
            browser.get(url)


def test_every_page_has_its_duty() -> None:
    from civicloop.records.urls import BY_DUTY, urlpatterns

    assert [each for patterns in BY_DUTY.values() for each in patterns] == urlpatterns
    assert {each.name for each in urlpatterns} == {
        "audit", "reads", "audit_export", "reads_export", "settings", "set_value",
    }  # fmt: skip
