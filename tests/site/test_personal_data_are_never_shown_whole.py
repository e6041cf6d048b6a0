"""Every page, file and answer of the API, for every role: name, phone and document of a reporter only ever masked."""

import html
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern
from django.utils import translation
from pypdf import PdfReader

from civicloop.foundation import clock, ids
from civicloop.matters import actions
from civicloop.people.access import ANONYMOUS
from civicloop.records.models import ReadEntry, SealedValue
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text
from tests.structure.test_the_whole import routes

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:No directory at")]
PERSON = {"name": "欧阳晓岚", "phone": "13812341234", "document": "120101199003071239"}
PLACE = "和顺里三号楼二门五零一"


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def made() -> Any:
    lon, lat = world.SPOT
    new = actions.NewMatter(
        id=ids.uuid7(), title="井盖缺失", text="路口井盖不见了。", kind="01001", lon=lon, lat=lat, crs="wgs84",
        address=PLACE, reporter=PERSON,
    )  # fmt: skip
    made = actions.report(ANONYMOUS, new)
    loop.to_handling(made.id)
    return made


def addresses(matter: UUID) -> list[str]:
    """Every address that needs nothing, or only the matter, filled in; the pattern of Django or of the API."""
    from civicloop.api.app import api

    found = []
    for address, pattern in routes():
        if address.startswith(("api/v1/", "i18n/")):
            continue
        found.append("/" + filled(address, pattern, matter))
    for prefix, router in api._routers:
        for path in router.path_operations:
            found.append(
                "/api/v1" + re.sub(r"[{<](?:uuid:)?matter_id[}>]", str(matter), f"/{prefix}/{path}".replace("//", "/"))
            )
    found += [f"/api/v1/matters/{matter}{tail}" for tail in ("", "/timeline", "/clocks", "/actions", "/evidence")]
    return [each for each in found if not re.search(r"[<{(]", each)]


def filled(address: str, pattern: URLPattern, matter: UUID) -> str:
    del pattern
    plain = address.replace("<uuid:matter_id>", str(matter)).replace(r"(?P<kind>csv|xlsx)", "csv")
    return plain.replace("^", "").replace("$", "").replace("\\.", ".")


def body(response: Any) -> str:
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content).decode("utf-8", "replace")
    if response.headers.get("Content-Type") == "application/pdf":
        file = PdfReader(io.BytesIO(response.content))
        attached = [each.decode() for contents in file.attachments.values() for each in contents]
        return "\n".join([*(page.extract_text() for page in file.pages), *attached])
    return html.unescape(response.content.decode("utf-8", "replace"))


def shown(said: str) -> list[str]:
    return [name for name, value in PERSON.items() if value in said]


@pytest.mark.parametrize("user", sorted(world.POSTS))
def test_nobody_sees_them_whole_on_any_page_or_answer(user: str, made: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser, bearer = signed_in(user), {"Authorization": f"Bearer {world.token(user)}"}
    leaks, seen = [], 0
    for address in addresses(made.id):
        answer = browser.get(address, headers=bearer if address.startswith("/api/") else {})
        seen += answer.status_code == 200
        leaks += [(address, each) for each in shown(body(answer))]
    assert leaks == []
    assert seen > 5
    assert f"/api/v1/matters/{made.id}" in addresses(made.id)
    assert shown(caplog.text) == []
    assert not ReadEntry.objects.exists()


def test_a_stranger_sees_neither_person_nor_house(made: Any) -> None:
    browser, seen = Client(), 0
    for address in addresses(made.id):
        answer = browser.get(address)
        seen += answer.status_code == 200
        said = body(answer)
        assert shown(said) == [], address
        assert PLACE not in said, address
    assert seen > 5


def test_not_even_the_reporters_own_page_and_receipt_carry_them(made: Any) -> None:
    browser = Client()
    answer = browser.post("/track", {"number": made.number, "code": made.check_code})
    assert answer.status_code == 302
    for tail in ("", "/receipt.json", "/receipt.pdf"):
        answer = browser.get(f"/status/{made.id}{tail}")
        assert answer.status_code == 200, tail
        said = body(answer)
        assert tail in {"", "/receipt.json"} or made.number in said
        assert shown(said) == [], tail


def test_the_desk_sees_them_masked_and_whole_only_in_the_answer_of_the_opening(made: Any) -> None:
    clerk = signed_in("clerk")
    page = text(clerk.get(f"/matters/{made.id}"))
    assert "138****1234" in page
    assert shown(page) == []
    number = SealedValue.objects.get(matter_id=made.id, field="reporter_phone").no
    opened = clerk.post(
        f"/matters/{made.id}/open", {"no": [str(number)], "purpose": "call_back", "words": "核实井盖位置"}
    )
    assert shown(text(opened)) == ["phone"]
    assert "no-store" in opened["Cache-Control"]
    assert ReadEntry.objects.filter(matter_id=made.id, field="reporter_phone").count() == 1
    assert shown(text(clerk.get(f"/matters/{made.id}"))) == []


def test_a_number_typed_into_a_text_stands_in_no_list() -> None:
    matter = loop.report(title="", text=f"打{PERSON['phone']}，证件{PERSON['document']}，井盖没有了")
    bearer = {"Authorization": f"Bearer {world.token('clerk')}"}
    browser = signed_in("clerk")
    for address in ("/matters/", "/matters/export.csv", f"/matters/{matter}/card", "/search/?q=井盖"):
        assert shown(body(browser.get(address, headers=bearer))) == [], address
    assert "打138****1234，证件1****************9，井盖" in text(browser.get("/matters/"))
    assert PERSON["phone"] in text(browser.get(f"/matters/{matter}"))  # whoever handles it reads what was written
