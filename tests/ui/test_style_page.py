"""The living style page and the shell around it: both languages, no account, no database."""

import re
from html.parser import HTMLParser

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import path

from civicloop.ui import context, pages
from tests.ui.urls import urlpatterns as own

pytestmark = [pytest.mark.urls(__name__), pytest.mark.filterwarnings("ignore:No directory at")]


def _refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def _damaged(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [*own, path("refused", _refused), path("damaged", _damaged), path("broken", _broken)]


class Structure(HTMLParser):
    """Collects what a reader of the page depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: set[str] = set()
        self.headings: list[int] = []
        self.unnamed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.refers.update((given.get(name) or "").split())
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img" and "alt" not in given:
            self.unnamed.append(str(given.get("src")))


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell without the room of accounts, as this room alone must work."""
    monkeypatch.setattr(context, "_describe", [])


@pytest.mark.parametrize(("language", "said"), [("zh-hans", "事项卡片"), ("en", "Matter card")])
def test_the_style_page_renders_in_both_languages(language: str, said: str) -> None:
    page = Client().get("/style", headers={"accept-language": language})
    assert page.status_code == 200
    text = page.content.decode()
    assert said in text
    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in text
    other = (
        re.findall(r"[㐀-鿿]+", re.sub(r'lang="zh-Hans">简体中文|[^>]*〔中〕', "", text)) if language == "en" else []
    )
    assert other == []


def test_every_reference_of_a_label_has_its_element_and_no_id_is_used_twice() -> None:
    found = Structure()
    found.feed(Client().get("/style").content.decode())
    doubled = {each for each in found.ids if found.ids.count(each) > 1}
    # the same sample form stands on the page twice
    assert {each for each in doubled if not each.startswith("id_")} == set()
    assert found.refers - set(found.ids) == set()
    assert found.unnamed == []
    assert found.headings[0] == 1 or 1 in found.headings


def test_the_policy_allows_own_scripts_only() -> None:
    page = Client().get("/style")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"] + ";"


@pytest.mark.parametrize(
    ("address", "status"), [("/none", 404), ("/refused", 403), ("/damaged", 400), ("/broken", 500)]
)
@pytest.mark.parametrize(("language", "kept"), [("zh-hans", "已保留"), ("en", "What was kept")])
def test_an_error_says_what_happened_what_was_kept_and_what_to_do(
    address: str, status: int, language: str, kept: str
) -> None:
    page = Client(raise_request_exception=False).get(address, headers={"accept-language": language})
    assert page.status_code == status
    text = page.content.decode()
    assert kept in text
    assert 'href="/"' in text


def test_the_server_error_page_needs_no_request() -> None:
    assert "dl" in get_template("500.html").render()


def test_the_theme_is_kept_and_shown_and_goes_back_only_within_the_site() -> None:
    client = Client()
    answer = client.post("/theme", {"theme": "dark", "next": "/style?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/style?x=1")
    assert 'data-theme="dark"' in client.get("/style").content.decode()
    assert client.post("/theme", {"theme": "neon", "next": "https://elsewhere.example/"}).headers["Location"] == "/"
    assert "data-theme=" not in client.get("/style").content.decode().split("<body")[0]


def test_the_service_worker_is_served_at_the_root() -> None:
    answer = Client().get("/sw.js")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_the_shell_survives_a_request_without_a_user() -> None:
    request = RequestFactory().get("/style")
    assert pages.style(request).status_code == 200
    assert context.Shell(request).person is None
    assert context.Shell(request).navigation == []


def test_a_person_sees_the_post_and_can_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = (context.Post("a", "Clerk"), context.Post("b", "Head", True))
    person = context.Person("Somebody", frozenset({"head"}), posts, "/post", "/sign-out", key="7")
    monkeypatch.setattr(context, "_describe", [lambda _request: person])
    text = Client().get("/style", headers={"accept-language": "en"}).content.decode()
    assert "Somebody" in text
    assert re.search(r'<button name="post" value="b" aria-current="true">', text)
    assert "data-sign-out" in text


@pytest.mark.parametrize("face", ["page", "resident", "field"])
def test_text_of_people_never_becomes_markup(face: str) -> None:
    evil = "<script>alert(1)</script>😀\u202eabc\" onload='x'"
    source = (
        '{% extends "ui/' + face + '.html" %}{% block content %}{% matter_card card %}{% timeline story %}'
        "{% mark evil %}{% empty_state evil evil evil evil %}{% error_block evil evil evil evil %}"
        "{% figure evil evil %}"
        "{{ evil|code }}{{ evil|masked }}{{ names|t }}{% act_sheet sheet %}{% place_picker address=evil %}"
        "{% people_line people %}{% evidence_pair picture picture %}{% deadline_strip word=evil %}{% endblock %}"
    )
    bag = {
        "evil": evil,
        "card": {"title": evil, "number": evil, "place": evil, "url": "/x", "unit": evil, "marks": [{"word": evil}]},
        "story": [{"what": evil, "who": evil, "text": evil, "when": None}],
        "names": {"zh-hans": evil},
        "sheet": {"code": "x", "title": evil, "url": "/x", "happens": evil, "hidden": {evil: evil}, "confirm": evil},
        "people": [{"post": evil, "unit": evil}],
        "picture": {"url": "/p", "alt": evil, "caption": evil},
    }
    text = engines["django"].from_string(source).render(bag, RequestFactory().get("/"))
    assert "<script>alert" not in text
    assert "onload='x'" not in text


def test_the_track_of_what_has_ended_counts_no_stages() -> None:
    """A report that was declined at its first step has not reached "1 of 7": it is over."""
    template = engines["django"].from_string("{% stage_track stages=words current=0 ended=over %}")
    under_way = template.render({"words": ["a", "b", "c"], "over": False})
    assert "1/3" in under_way
    over = template.render({"words": ["a", "b", "c"], "over": True})
    assert "1/3" not in over
    assert over.count("track-done") == 3
