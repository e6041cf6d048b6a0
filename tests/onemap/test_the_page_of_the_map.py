"""The page of the map without scripts: drawing, figures, table and list say the same, step by step down to the grid."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.onemap import actions
from civicloop.records import actions as records
from civicloop.records import settings
from tests import world
from tests.matters import loop
from tests.onemap.steps import counted
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
BESIDE, AWAY = (117.12, 39.05), (117.25, 39.05)


@pytest.fixture(autouse=True)
def _at_the_start():  # type: ignore[no-untyped-def]
    with clock.at(world.START):
        yield


def rows(page: str) -> dict[str, tuple[int, int]]:
    """The table of the areas below: name → (matters, overdue)."""
    cells = r'<tr><td><a href="\?[^"]*">([^<]+)</a></td><td class="number">(\d+)</td><td class="number">(.*?)</td></tr>'
    found = re.findall(cells, page)
    return {name: (int(number), int(re.sub(r"<[^>]+>", "", late))) for name, number, late in found}


def listed(page: str) -> int:
    """How many matters the list shows."""
    return len(re.findall(r'<li><a href="/matters/[0-9a-f-]{36}">', page))


def figures(page: str) -> list[int]:
    """Open, overdue, due within a day, ended."""
    return [int(number) for number in re.findall(r'class="figure-number"><a [^>]*>(\d+)</a>', page)]


def test_the_way_leads_from_the_city_to_the_grid_and_each_step_counts_the_same() -> None:
    for point in (world.SPOT, (117.07, 39.05), BESIDE, AWAY):
        loop.report(kind="01001", point=point)
    actions.fold()
    loop.report(point=world.SPOT)
    browser = signed_in("audit")
    assert rows(text(browser.get("/map/"))) == {"甲区": (4, 0), "乙区": (1, 0)}
    opened, late, _soon, ended = figures(text(browser.get("/map/")))
    assert (opened, late, ended) == (5, 0, 0)
    assert rows(text(browser.get("/map/?area=990101"))) == {"东风街道": (3, 0), "新开街道": (1, 0)}
    assert rows(text(browser.get("/map/?area=990101001"))) == {"和顺里社区": (3, 0)}
    assert rows(text(browser.get("/map/?area=990101001001"))) == {"和顺里第1网格": (2, 0), "和顺里第2网格": (1, 0)}
    grid = text(browser.get("/map/?area=990101001001001"))
    assert listed(grid) == 2
    assert "甲区</a> / " in grid
    classed = text(browser.get("/map/?class=01"))
    assert rows(classed) == {"甲区": (3, 0), "乙区": (1, 0)}
    assert "area=990101&amp;class=01" in classed  # the filter goes along


def test_what_is_late_is_told_apart_and_opens_its_list() -> None:
    loop.report(kind="01001")
    loop.report(kind="01001", point=AWAY)
    with clock.at(world.START + timedelta(days=30)):
        page = text(signed_in("audit").get("/map/"))
        late = counted("audit", 9, "?due=overdue")
        assert late > 0
        assert sum(number for _all, number in rows(page).values()) == late
        late_ones = text(signed_in("audit").get("/map/?due=overdue"))
        assert listed(late_ones) == late


def test_a_post_begins_at_home_and_does_not_come_farther() -> None:
    loop.report(kind="01001")
    loop.report(point=AWAY)
    clerk = signed_in("clerk")
    page = text(clerk.get("/map/"))
    assert "东风街道" in page
    assert "乙区" not in page
    assert text(clerk.get("/map/?area=99")).count("东风街道") > 0  # the way up ends at home
    assert clerk.get("/map/?area=990102").status_code == 404
    assert clerk.get("/map/areas?area=990102").status_code == 404
    assert clerk.get("/map/areas").json()["level"] == "community"


def test_the_list_has_pages_and_says_what_is_confidential_to_who_may_read_it() -> None:
    for _number in range(22):
        loop.report(kind="01001")
    loop.report(title="绝密", confidentiality=1)  # the clerk's unit answers for it
    page = text(signed_in("clerk").get("/map/"))
    assert listed(page) == 20
    assert counted("clerk", 16) == 22
    assert "绝密" not in text(signed_in("supervisor").get("/map/"))
    further = re.search(r'href="(\?[^"]*after=[^"]*)#list"', page)
    assert further is not None
    second = text(signed_in("clerk").get("/map/" + further[1].replace("&amp;", "&")))
    assert listed(second) == 3
    # all are of one moment, so they come in any order
    assert re.search(
        r"绝密</a> <span class=\"mark[^>]*>.*?保密</span>", page + second
    )  # of one moment, so in any order


def test_a_spot_of_the_map_lists_the_matters_there_for_who_may_see_them() -> None:
    matter = loop.report(kind="01001", title="井盖缺失")
    loop.report(title="绝密", confidentiality=1)
    spot = f"?lon={world.SPOT[0]}&lat={world.SPOT[1]}&z=18"
    found = signed_in("clerk").get(f"/map/here{spot}").json()["matters"]
    assert [(line["title"], line["url"]) for line in found] == [("井盖缺失", f"/matters/{matter}")]
    assert signed_in("s2-clerk").get(f"/map/here{spot}").json() == {"matters": []}
    assert signed_in("clerk").get("/map/here?lon=x&lat=1&z=18").status_code == 400
    assert signed_in("clerk").get("/map/here?lon=nan&lat=1&z=18").status_code == 400


def _set(code: str, value: object) -> None:
    records.set_setting(actor_id=None, post_id=None, actor_words="tests", code=code, value=value)
    settings.forget()


def test_a_base_map_opens_the_policy_for_its_hosts_only_and_a_shifted_one_is_refused() -> None:
    browser = signed_in("clerk")
    assert "tiles.example" not in browser.get("/map/")["Content-Security-Policy"]
    _set("map.base", "tiles")
    _set("map.base_url", "https://tiles.example/vec/{z}/{x}/{y}.png")
    _set("map.base_credit", "样例底图")
    response = browser.get("/map/")
    assert "connect-src 'self' https://tiles.example;" in response["Content-Security-Policy"] + ";"
    assert "样例底图" in text(response)
    assert "tiles.example" not in browser.get("/matters/")["Content-Security-Policy"]
    _set("map.base_crs", "gcj02")
    response = browser.get("/map/")
    assert "tiles.example" not in response["Content-Security-Policy"]
    assert "tiles.example" not in text(response)
    assert "GCJ-02" in text(response)
    _set("map.base_crs", "wgs84")
    _set("map.base_url", "https://tiles.example/no-places.png")
    assert "tiles.example" not in text(browser.get("/map/"))


def test_what_the_script_is_told_holds_the_bounds_and_the_filter() -> None:
    page = text(signed_in("clerk").get("/map/?stage=dispatch"))
    found = re.search(r'data-config="([^"]+)"', page)
    assert found is not None
    config = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    assert config["bounds"] == [117.0, 39.0, 117.1, 39.1]
    assert config["filter"] == "area=990101001&stage=dispatch"
    assert "page" not in Client().get("/map/").content.decode()
