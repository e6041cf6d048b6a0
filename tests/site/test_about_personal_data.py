"""What is kept of persons is said to everybody, and to the administrators with table and column."""

import csv
import html
import io

import pytest
from django.test import Client

from civicloop.records import inventory
from tests.site import desks

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return html.unescape(response.content.decode())


def test_everybody_reads_what_is_kept_of_persons_without_signing_in(client: Client) -> None:
    page = client.get("/about-personal-data")
    said = text(page)
    assert page.status_code == 200
    for fact in inventory.facts():
        assert fact.what["zh-hans"] in said
        assert inventory.rules()[fact.retention].kept["zh-hans"] in said
    assert "个人信息保护法第十三条第一款第三项" in said
    assert "records_sealedvalue" not in said


def test_the_readers_on_the_page_are_those_that_access_lets_open(client: Client) -> None:
    said = text(client.get("/about-personal-data"))
    household = said.split('id="household"')[1].split("</section>")[0]
    assert "网格员" in household
    reporter = said.split('id="reporter"')[1].split("</section>")[0]
    assert "受理员" in reporter
    assert "网格员" not in reporter


def test_the_page_speaks_english_whole(client: Client) -> None:
    client.cookies["django_language"] = "en"
    said = text(client.get("/about-personal-data"))
    assert "Who may open it" in said
    assert "〔中〕" not in said


def test_every_page_leads_to_it_from_its_foot(client: Client) -> None:
    foot = text(client.get("/")).split('<footer class="site-footer">')[1]
    assert 'href="/about-personal-data"' in foot
    assert "个人信息说明" in foot


@pytest.mark.parametrize("user", ["system", "audit"])
def test_administrators_see_table_and_column_and_take_the_register_away(user: str) -> None:
    browser = desks.signed_in(user)
    assert 'href="/admin/personal-data"' in text(browser.get("/admin/"))
    assert "matters_matter.address" in text(browser.get("/admin/personal-data"))
    file = browser.get("/admin/personal-data.csv")
    lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert {line[0] for line in lines[1:]} == inventory.names()
    assert all(len(line) == len(lines[0]) for line in lines)


@pytest.mark.parametrize("address", ["/admin/personal-data", "/admin/personal-data.csv"])
def test_a_grid_worker_does_not_get_the_register_of_columns(address: str) -> None:
    assert desks.signed_in("grid").get(address).status_code == 403
