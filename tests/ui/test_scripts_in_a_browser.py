"""The scripts of the faces in headless Chromium: the queue of the field, drafts, places, keys, live parts.

The pages are made here, from the shell's templates, and served without a database.
"""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from civicloop.foundation.identifiers import personal_numbers
from civicloop.ui import context
from tests.ui.urls import urlpatterns as own

pytestmark = [pytest.mark.browser, pytest.mark.urls(__name__), pytest.mark.filterwarnings("ignore:No directory at")]

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass
class Desk:
    """What the served pages were sent, and how they answer."""

    received: list[dict[str, Any]] = field(default_factory=list)
    refuse: bool = False
    polls: int = 0


state = Desk()


def _page(request: HttpRequest, face: str, body: str, head: str = "") -> HttpResponse:
    source = '{% extends "ui/' + face + '.html" %}{% block title %}t{% endblock %}' + head
    source += "{% block content %}" + body + "{% endblock %}"
    return HttpResponse(engines["django"].from_string(source).render({}, request))


def words(request: HttpRequest) -> HttpResponse:
    """A text that several people will read."""
    return _page(request, "resident", '<textarea aria-label="text"></textarea>')


def outside(request: HttpRequest) -> HttpResponse:
    """A field page that keeps itself on the phone and queues its form."""
    form = """<form method="post" action="/receive" enctype="multipart/form-data" data-queue="report" data-once>
      {% csrf_token %}<input type="hidden" name="id" data-client-id>
      <input name="title" aria-label="title"><div data-photo><input type="file" name="photo" accept="image/*">
      <div data-photo-preview data-words-remove="x" data-words-large="small"></div></div>
      <button class="btn btn-primary">send</button></form>"""
    return _page(request, "field", form, '{% block offline %}<meta name="offline" content="keep">{% endblock %}')


def receive(request: HttpRequest) -> HttpResponse:
    """Accepts by a redirect, or refuses with a page that carries the reason."""
    if state.refuse:
        return HttpResponse('<main><p class="form-error">too late for this</p></main>', status=422)
    photo = request.FILES.get("photo")
    size = Image.open(photo).size if photo else None
    state.received.append({"id": request.POST["id"], "title": request.POST["title"], "photo": size})
    return redirect("/thanks")


def thanks(request: HttpRequest) -> HttpResponse:
    return _page(request, "field", "<p>accepted</p>")


def resident(request: HttpRequest) -> HttpResponse:
    """A form with a draft, a place with a map, and narrowing lists."""
    form = """<form method="post" action="/receive" data-draft="report">{% csrf_token %}
      <input type="hidden" name="id" data-client-id><textarea name="text" aria-label="text"></textarea>
      <input type="tel" name="phone" aria-label="phone">
      {% place_picker shapes_url="/shapes" areas_url="/areas" levels=levels first=first %}</form>"""
    form = "{% block inner %}" + form + "{% endblock %}"
    source = '{% extends "ui/resident.html" %}{% block content %}' + form + "{% endblock %}"
    bag = {
        "levels": [{"code": "one", "label": "one"}, {"code": "two", "label": "two"}],
        "first": [{"code": "A", "name": {"zh-hans": "甲"}}],
    }
    return HttpResponse(engines["django"].from_string(source).render(bag, request))


def receipt(request: HttpRequest) -> HttpResponse:
    return _page(request, "resident", '<p data-draft-done="report">number</p>')


def shapes(request: HttpRequest) -> JsonResponse:
    ring = [[117.0, 39.0], [117.4, 39.0], [117.4, 39.3], [117.0, 39.3], [117.0, 39.0]]
    feature = {
        "type": "Feature",
        "properties": {"code": "A", "name": "甲"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return JsonResponse({"type": "FeatureCollection", "features": [feature]})


def areas(request: HttpRequest) -> JsonResponse:
    return JsonResponse([{"code": request.GET["parent"] + "1", "name": {"zh-hans": "甲一"}}], safe=False)


def live(request: HttpRequest) -> HttpResponse:
    return _page(request, "page", '<p data-poll="/part" id="part">first</p>')


def part(request: HttpRequest) -> HttpResponse:
    state.polls += 1
    return HttpResponse('<p data-poll="/part" id="part">second</p>')


urlpatterns = [
    *own,
    *(
        path(view.__name__, view)
        for view in (outside, receive, thanks, resident, receipt, shapes, areas, live, part, words)
    ),
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The served pages, seen by a signed-in person, without the rooms above."""
    person = context.Person("Somebody", key="7")
    monkeypatch.setattr(context, "_describe", [lambda _request: person])
    state.__init__()  # type: ignore[misc]
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def phone(chromium: Any) -> Iterator[BrowserContext]:
    made = chromium.new_context(
        viewport={"width": 390, "height": 800},
        locale="zh-CN",
        geolocation={"longitude": 117.2, "latitude": 39.13, "accuracy": 12},
        permissions=["geolocation"],
    )
    yield made
    made.close()


def photo(tmp_path: Path) -> Path:
    file = tmp_path / "big.png"
    stripes = Image.effect_noise((3000, 1200), 80)
    stripes.convert("RGB").save(file)
    return file


def opened(phone: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """A page, and every complaint that the browser makes about it (a refused script above all)."""
    page = phone.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
    page.goto(address)
    return page, complaints


def test_a_report_taken_without_a_network_survives_a_reload_and_goes_out_once(
    phone: BrowserContext, address: str, tmp_path: Path
) -> None:
    page, complaints = opened(phone, f"{address}/outside")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("caches.open('kept').then(c => c.match('/outside')).then(r => !!r)")
    page.reload()
    page.wait_for_function("!!navigator.serviceWorker.controller")
    phone.set_offline(True)
    page.get_by_label("title").fill("井盖缺失")
    page.set_input_files("input[name=photo]", photo(tmp_path))
    expect(page.locator("[data-photo-preview] img")).to_have_count(1)
    page.get_by_role("button", name="send").click()
    expect(page.locator("#queue")).to_contain_text("还有 1 条没发出")
    expect(page.locator("input[name=title]")).to_have_value("")
    page.reload()
    expect(page.locator("#queue")).to_contain_text("还有 1 条没发出")
    assert state.received == []
    phone.set_offline(False)
    expect(page.locator("#queue")).to_be_hidden(timeout=15_000)
    assert len(state.received) == 1
    sent = state.received[0]
    assert sent["title"] == "井盖缺失"
    assert UUID7.fullmatch(sent["id"])
    assert sent["photo"] == (2048, 819)
    assert complaints == []


def test_with_a_network_the_person_arrives_at_the_answer(phone: BrowserContext, address: str) -> None:
    page, _ = opened(phone, f"{address}/outside")
    page.get_by_label("title").fill("a")
    page.get_by_role("button", name="send").click()
    page.wait_for_url("**/thanks")
    assert [each["title"] for each in state.received] == ["a"]


def test_what_the_server_refuses_stays_on_the_phone_with_its_reason(phone: BrowserContext, address: str) -> None:
    state.refuse = True
    page, _ = opened(phone, f"{address}/outside")
    page.get_by_label("title").fill("b")
    page.get_by_role("button", name="send").click()
    expect(page.locator("#queue")).to_contain_text("too late for this")
    page.reload()
    expect(page.locator("#queue")).to_contain_text("too late for this")
    state.refuse = False
    page.locator("[data-queue-send]").click()
    expect(page.locator("#queue")).to_be_hidden(timeout=15_000)
    assert [each["title"] for each in state.received] == ["b"]


def test_another_person_on_the_same_phone_sends_nothing_of_the_first(
    phone: BrowserContext, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.refuse = True
    page, _ = opened(phone, f"{address}/outside")
    page.get_by_label("title").fill("mine")
    page.get_by_role("button", name="send").click()
    expect(page.locator("#queue")).to_contain_text("too late")
    state.refuse = False
    monkeypatch.setattr(context, "_describe", [lambda _request: context.Person("Other", key="8")])
    page.reload()
    page.wait_for_timeout(500)
    expect(page.locator("#queue")).to_be_hidden()
    assert state.received == []


def test_a_draft_stays_until_there_is_a_receipt_but_never_a_phone_number(phone: BrowserContext, address: str) -> None:
    page, complaints = opened(phone, f"{address}/resident")
    page.get_by_label("text").fill("路灯不亮")
    page.get_by_label("phone").fill("13800001234")
    identity = page.locator("input[name=id]").input_value()
    assert UUID7.fullmatch(identity)
    page.reload()
    assert page.get_by_label("text").input_value() == "路灯不亮"
    assert page.locator("input[name=id]").input_value() == identity
    assert page.get_by_label("phone").input_value() == ""
    assert "13800001234" not in page.evaluate("JSON.stringify(localStorage)")
    page.goto(f"{address}/receipt")
    page.goto(f"{address}/resident")
    assert page.get_by_label("text").input_value() == ""
    assert page.locator("input[name=id]").input_value() != identity
    assert complaints == []


def test_a_place_comes_from_the_phone_the_map_or_the_lists(phone: BrowserContext, address: str) -> None:
    page, complaints = opened(phone, f"{address}/resident")
    page.get_by_role("button", name="我就在现场").click()
    expect(page.locator("[data-place-said]")).to_contain_text("12")
    assert page.locator("[data-lon]").input_value() == "117.200000"
    assert page.locator("[data-crs]").input_value() == "wgs84"
    page.locator("area-map svg").click()
    lon = float(page.locator("[data-lon]").input_value())
    lat = float(page.locator("[data-lat]").input_value())
    assert lon == pytest.approx(117.2, abs=0.01)
    assert lat == pytest.approx(39.15, abs=0.01)
    assert page.locator("[data-lon]").input_value() != "117.200000"
    page.get_by_label("one", exact=True).select_option("A")
    expect(page.get_by_label("two", exact=True).locator("option")).to_have_count(2)
    page.get_by_label("two", exact=True).select_option("A1")
    assert complaints == []


def test_a_desk_is_worked_by_keys_and_nothing_acts_unseen(phone: BrowserContext, address: str) -> None:
    page, complaints = opened(phone, f"{address}/style")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator("[data-chosen]").count() == 1
    assert "井盖缺失" in page.locator("[data-chosen]").inner_text()
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette")).to_be_visible()
    page.locator("dialog.palette input").fill("延期")
    assert page.locator("dialog.palette li").all_inner_texts() == ["申请延期"]
    page.keyboard.press("Enter")
    expect(page.locator("#act-sample-2 [data-act-button]")).to_be_focused()
    assert page.url.split("#")[0].endswith("/style")
    assert complaints == []


def test_an_act_with_a_question_is_asked_first(phone: BrowserContext, address: str) -> None:
    page, _ = opened(phone, f"{address}/style")
    sheet = page.locator("#act-sample form")
    sheet.evaluate("form => { form.noValidate = true; form.action = '/thanks' }")
    sheet.locator("[data-act-button]").click()
    expect(page.get_by_text("确认处置完毕，提交反馈？")).to_be_visible()
    page.get_by_role("button", name="取消").click()
    assert page.url.endswith("/style")
    sheet.locator("[data-act-button]").click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url("**/thanks")


def test_a_live_part_asks_again_and_the_theme_changes_at_once(phone: BrowserContext, address: str) -> None:
    page, complaints = opened(phone, f"{address}/live")
    page.get_by_role("button", name="深色").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    expect(page.locator("#part")).to_have_text("second", timeout=9_000)
    assert state.polls >= 1
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert complaints == []


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_screen(chromium: Any, address: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, locale="zh-CN")
    for where in ("/style", "/outside", "/resident", "/live"):
        page.goto(address + where)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    page.close()


def test_touch_targets_outside_are_large(phone: BrowserContext, address: str) -> None:
    page, _ = opened(phone, f"{address}/outside")
    box = page.get_by_role("button", name="send").bounding_box()
    assert box is not None
    assert box["height"] >= 64
    assert page.evaluate("getComputedStyle(document.querySelector('main p, main button')).fontSize") == "20px"


# what htmx says of a piece that it has brought
BROUGHT = "(part) => document.dispatchEvent(new CustomEvent('htmx:load', { detail: { elt: part } }))"


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("请联系13812345678", True), ("身份证11010519491231002X", True), ("电话 138-1234-5678 晚上打", True),
        ("受理编号20261123-0002906-0，门口有3个坑", False), ("订单号20261123138123456789", False),
        ("110105194912310021", False),
    ],
)  # fmt: skip
def test_a_personal_number_in_a_text_is_pointed_out(
    phone: BrowserContext, address: str, text: str, warned: bool
) -> None:
    page, complaints = opened(phone, f"{address}/words")
    page.locator("textarea").evaluate(BROUGHT)
    page.locator("textarea").fill(text)
    assert (page.locator(".form-warning").inner_text() != "") is warned  # once, whatever htmx has brought beside it
    assert personal_numbers(text) == set() or warned  # the server's rules say the same
    assert complaints == []
