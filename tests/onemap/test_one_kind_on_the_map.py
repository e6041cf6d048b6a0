"""The map narrowed to one kind (小类): the same at every zoom, in figures, table, list and link, for every post."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.foundation import clock
from civicloop.matters.models import CellDelta, Matter
from civicloop.onemap import actions
from civicloop.onemap.models import KindRollup
from tests import world
from tests.matters import loop
from tests.onemap.steps import ask, everywhere, features
from tests.onemap.test_the_page_of_the_map import figures, listed, rows
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
BESIDE, AWAY = (117.12, 39.05), (117.25, 39.05)
ZOOMS = (5, 9, 11, 12, 14, 16)
KIND, OTHER = "01001", "06010"


@pytest.fixture(autouse=True)
def _at_the_start():  # type: ignore[no-untyped-def]
    with clock.at(world.START):
        yield


@pytest.fixture
def made() -> dict[str, UUID]:
    """Of the kind: two here (one of them ended), one beside, one confidential; one away of another, one of none."""
    found = {"open": loop.report(kind=KIND), "ended": loop.report(kind=KIND, point=(117.021, 39.051))}
    found["beside"] = loop.report(kind=KIND, point=BESIDE)
    found["other"] = loop.report(kind=OTHER, point=AWAY)
    found["none"] = loop.report()
    loop.report(kind=KIND, confidentiality=1)
    loop.to_handling(found["ended"])
    loop.to_check(found["ended"])
    loop.photo(found["ended"], "other")
    loop.act("checker", found["ended"], "post_check", "pass")
    loop.act("clerk", found["ended"], "close")
    return found


QUERIES = {
    KIND: 2, f"{KIND}&state=all": 3, f"{KIND}&state=ended": 1, f"{KIND}&state=all&since=2026-03": 3,
    f"{KIND}&state=all&since=2026-04": 0, OTHER: 1, f"{KIND}&area=990101": 2, f"{KIND}&area=990101002": 1,
    f"{KIND}&class=06": 2,  # the kind takes the place of a main class
}  # fmt: skip


@pytest.mark.parametrize("few", [0, 15_000])
def test_every_zoom_counts_the_same_read_one_by_one_or_counted(
    made: dict[str, UUID], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("civicloop.onemap.selectors.RAW_MOST", few)
    for zoom in (9, 11):
        assert {query: everywhere("audit", zoom, f"?kind={query}") for query in QUERIES} == QUERIES, zoom
    actions.fold()
    assert actions.differences() == 0
    for zoom in ZOOMS[:4] if few == 0 else ZOOMS:
        assert {query: everywhere("audit", zoom, f"?kind={query}") for query in QUERIES} == QUERIES, zoom


def test_what_is_late_of_a_kind_is_told_at_every_zoom(made: dict[str, UUID]) -> None:
    actions.fold()
    assert everywhere("audit", 9, f"?kind={KIND}&due=overdue") == 0
    with clock.at(world.START + timedelta(days=30)):
        assert [everywhere("audit", zoom, f"?kind={KIND}&due=overdue") for zoom in ZOOMS] == [2] * len(ZOOMS)
        assert everywhere("audit", 11, f"?kind={OTHER}&due=overdue") <= 1


@pytest.mark.parametrize(
    ("user", "of_it"), [("audit", 2), ("leader", 2), ("supervisor", 2), ("clerk", 1), ("s2-clerk", 1), ("d2-clerk", 0),
                        ("grid", 1), ("receiver", 0)],
)  # fmt: skip
def test_a_post_sees_of_a_kind_what_its_map_holds(made: dict[str, UUID], user: str, of_it: int) -> None:
    zooms = (9, 12, 16)
    assert {zoom: everywhere(user, zoom, f"?kind={KIND}") for zoom in zooms} == dict.fromkeys(zooms, of_it)


def test_a_kind_that_is_changed_moves_from_one_to_the_other_at_once(made: dict[str, UUID]) -> None:
    actions.fold()
    loop.act("clerk", made["none"], "file", condition=loop.condition(OTHER))
    assert CellDelta.objects.filter(matter_id=made["none"], kind_id=0, delta=-1).exists()
    assert [everywhere("audit", zoom, f"?kind={OTHER}") for zoom in (9, 13, 16)] == [2, 2, 2]
    actions.fold()
    assert actions.differences() == 0


def test_counts_of_kinds_that_are_wrong_are_found_and_made_anew(made: dict[str, UUID]) -> None:
    actions.fold()
    before = sorted(KindRollup.objects.values_list("kind", "level", "cell", "area", "month", "state", "n"))
    KindRollup.objects.filter(level=1).update(n=99)
    assert actions.differences() > 0
    actions.rebuild()
    assert actions.differences() == 0
    assert sorted(KindRollup.objects.values_list("kind", "level", "cell", "area", "month", "state", "n")) == before


def test_it_takes_one_statement_more_than_the_tile(made: dict[str, UUID]) -> None:
    actions.fold()
    ask("audit", 9, f"?kind={KIND}")  # the reference data are read by now
    for zoom, most in ((9, 2), (13, 1), (16, 1)):
        with CaptureQueriesContext(connection) as seen:
            ask("audit", zoom, f"?kind={KIND}&state=all")
        asked = [each["sql"] for each in seen.captured_queries]
        assert sum("onemap_" in each or "matters_" in each for each in asked) <= most, zoom


def test_figures_table_list_and_link_say_the_same_down_to_the_grid(made: dict[str, UUID]) -> None:
    actions.fold()
    browser = signed_in("audit")
    page = text(browser.get(f"/map/?kind={KIND}"))
    assert rows(page) == {"甲区": (2, 0), "乙区": (0, 0)}
    assert figures(page)[0] == 2
    assert figures(page)[3] == 1
    # the confidential one is in the list of who may read it, never on the map
    assert listed(page) == Matter.objects.filter(kind__code=KIND, end="", confidentiality=0).count()
    assert f"kind={KIND}" in re.findall(r'href="([^"]*)" data-share', page)[0]
    config = json.loads(re.findall(r'data-config="([^"]+)"', page)[0].replace("&quot;", '"').replace("&amp;", "&"))
    assert f"kind={KIND}" in config["filter"]
    assert rows(text(browser.get(f"/map/?area=990101&kind={KIND}"))) == {"东风街道": (1, 0), "新开街道": (1, 0)}
    assert rows(text(browser.get(f"/map/?area=990101001&kind={KIND}&state=all"))) == {"和顺里社区": (2, 0)}
    community = text(browser.get(f"/map/?area=990101001001&kind={KIND}&state=ended"))
    assert rows(community) == {"和顺里第1网格": (1, 0), "和顺里第2网格": (0, 0)}
    found = browser.get(f"/map/areas?kind={KIND}").json()["areas"]
    assert sorted(each.get("words", "0") for each in found.values()) == ["0", "2"]
    spot = f"lon={world.SPOT[0]}&lat={world.SPOT[1]}&z=18"
    assert len(browser.get(f"/map/here?{spot}&kind={KIND}").json()["matters"]) == 1
    assert browser.get(f"/map/here?{spot}&kind={OTHER}").json() == {"matters": []}


def test_the_choice_lists_the_kinds_by_their_class_and_says_what_is_chosen(made: dict[str, UUID]) -> None:
    page = text(signed_in("audit").get(f"/map/?kind={KIND}&since=2026-03"))
    assert re.search(rf'<optgroup label="01 [^"]+">\s*<option value="{KIND}" selected>{KIND} ', page)
    assert re.search(rf'<a href="\?[^"]*">小类：{KIND} [^<]+<', page)  # on paper and to be taken off
    assert '<span class="filters-count">1<' in page  # the month is folded away
    assert "filters-more" in page


@pytest.mark.parametrize("kind", ["99999", "x", "01 001", "gb:01001", "'"])
def test_a_kind_that_is_none_is_not_found(kind: str) -> None:
    assert ask("audit", 9, f"?kind={kind}").status_code == 404
    assert signed_in("audit").get("/map/", {"kind": kind}).status_code == 404


def test_near_by_a_matter_of_the_kind_says_its_stage(made: dict[str, UUID]) -> None:
    (one,) = features("audit", 16, f"?kind={KIND}", at=BESIDE)
    assert one.properties == {"n": 1, "late": 0, "state": Matter.objects.get(id=made["beside"]).stage}
