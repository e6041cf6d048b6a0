"""The receipt as a PDF: readable with the font that ships with the product, a QR code, and the whole receipt inside."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as fonts
import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.matters import api
from civicloop.matters.models import Matter
from civicloop.receipts import actions, keys, pdf, selectors
from tests.matters import erasing, loop
from tests.receipts.conftest import on
from tests.receipts.test_a_receipt_is_checked_without_the_platform import SCRIPT
from tests.site.test_portal_report_and_track import follow, send

pytestmark = pytest.mark.django_db
PAGES = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture(autouse=True)
def _fresh_bounds():
    for each in (api.CODE_TRIES, api.CODE_TRIES_OF_MATTER):
        each.forget()


def closed(**values: Any) -> dict[str, Any]:
    """The receipt of a matter under one root."""
    with on():
        matter = loop.report(address="和平路 1 号", **values)
        loop.act("clerk", matter, "file", condition=loop.condition())
    with on(1):
        actions.close_due()
        return selectors.receipt(matter)


def made(receipt: dict[str, Any], story: list[pdf.Line] | None = None) -> bytes:
    return pdf.make(receipt, story=story or [], author="样例市", base="https://city.example")


def checked(folder: Path, content: bytes) -> subprocess.CompletedProcess[str]:
    path = folder / "receipt.pdf"
    path.write_bytes(content)
    key = keys.current().public.hex()
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, path, "--key", key, "--json"], capture_output=True, text=True, env={"LANG": "C"}
    )


def test_one_file_is_enough_to_check_it(tmp_path: Path) -> None:
    receipt = closed()
    content = made(receipt)
    done = checked(tmp_path, content)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"]
    assert any("under the signed root of 2026-03-02" in each for each in found["facts"])


def test_a_receipt_that_was_changed_inside_the_pdf_is_found(tmp_path: Path) -> None:
    receipt = closed()
    receipt["entries"][0]["texts"]["text"]["value"] = "路口井盖完好。"
    done = checked(tmp_path, made(receipt))
    assert done.returncode == 1
    assert "not the words that were hashed" in done.stdout
    other = checked(tmp_path, b"%PDF-1.7\nnothing attached")
    assert other.returncode == 2
    assert "has no receipt in it" in other.stderr


def test_it_is_a_pdf_for_archives_with_the_shipped_font() -> None:
    content = made(closed())
    assert content.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>3</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    embedded = set(re.findall(rb"/FontName/[A-Z]{6}\+([\w-]+)", content))
    assert embedded == {b"NotoSansSC-Regular"}
    # notofonts/noto-cjk, Sans/SubsetOTF/SC: the font of the package is the published one, unchanged
    known = "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9"
    assert hashlib.sha256(fonts.sans_path().read_bytes()).hexdigest() == known


@pytest.mark.parametrize("words", ["路灯坏了 😀", "a\x02b", "‮反", "𠮷野家 龘"])
def test_signs_without_a_shape_do_not_cost_the_receipt(tmp_path: Path, words: str) -> None:
    content = made(closed(text=words))
    assert checked(tmp_path, content).returncode == 0


@pytest.mark.parametrize("words", ['#panic("x")', '#read("/etc/passwd")', "$x^2$", "= 标题", "*b* _i_ `c` \\ <a> @b"])
def test_nothing_that_somebody_wrote_is_read_as_markup(words: str) -> None:
    receipt = closed(text=words, title=words)
    plain = closed(text="甲" * len(words), title="甲" * len(words))
    story = [pdf.Line(clock.now(), words, words)]
    assert len(PAGES.findall(made(receipt, story))) == len(PAGES.findall(made(plain, story)))
    assert pdf._data(receipt, story, words, "https://city.example")["text"] == words


def test_the_same_receipt_gives_the_same_file() -> None:
    receipt = closed()
    assert made(receipt) == made(receipt)


def test_before_the_first_night_and_after_erasure_it_says_so() -> None:
    with on():
        matter = loop.report()
        early = selectors.receipt(matter)
    data = pdf._data(early, [], "样例市", "https://city.example")
    assert data["proofs"] == []
    assert data["link"] == "https://city.example/track"
    assert made(early).startswith(b"%PDF")
    with on():
        erasing.lawfully(matter)
        assert pdf._data(selectors.receipt(matter), [], "样例市", "https://city.example")["text"] == "（已按规定删除）"


def test_the_code_leads_to_the_published_fingerprint() -> None:
    receipt = closed()
    data = pdf._data(receipt, [], "样例市", "https://city.example")
    root = receipt["proofs"][-1]["root"]
    assert data["link"] == f"https://city.example/roots/2026-03-02#{root['hash']}"
    assert root["hash"] in Client().get("/roots/2026-03-02").content.decode()
    assert data["qr"].startswith("<svg")


def test_a_long_text_runs_over_several_pages() -> None:
    assert len(PAGES.findall(made(closed(text="很长的一段话。" * 700)))) >= 4


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "办理经过"), ("en", "What has happened")])
def test_it_speaks_the_readers_language(language: str, words: str) -> None:
    from django.utils import translation

    receipt = closed()
    with translation.override(language):
        assert pdf._data(receipt, [], "x", "https://city.example")["words"]["happened"] == words
        assert b"/Lang(zh-CN)" in made(receipt) if language == "zh-hans" else b"/Lang(en-GB)" in made(receipt)


def test_the_status_page_gives_it_out(tmp_path: Path) -> None:
    client = Client()
    page = follow(client, send(client))
    assert f'href="{page}/receipt.pdf"' in client.get(page).content.decode()
    answer = client.get(f"{page}/receipt.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{Matter.objects.get().number}.pdf"'
    assert checked(tmp_path, answer.content).returncode == 0
    assert Client().get(f"{page}/receipt.pdf")["Location"] == "/track"
