"""Tiles and counts are exact and fresh at every zoom, before and after folding, whatever happens to the matters."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.foundation import clock
from civicloop.matters import cells
from civicloop.matters.models import CellDelta, Matter
from civicloop.onemap import actions, jobs
from civicloop.onemap.models import Rollup
from tests import world
from tests.matters import loop
from tests.onemap.steps import address, ask, counted, everywhere, features
from tests.site.desks import signed_in

pytestmark = pytest.mark.django_db
BESIDE, AWAY = (117.12, 39.05), (117.25, 39.05)
ZOOMS = (5, 8, 9, 10, 11, 12, 13, 14, 15, 18, 20)
CITY = "audit"  # a post of the whole city


def _made() -> dict[str, UUID]:
    """Two here, one beside, one away; one of the two handled and closed."""
    found = {"new": loop.report(kind="01001"), "beside": loop.report(point=BESIDE), "away": loop.report(point=AWAY)}
    found["closed"] = loop.report(kind="01001", point=(117.021, 39.051))
    loop.to_handling(found["closed"])
    loop.to_check(found["closed"])
    loop.photo(found["closed"], "other")
    loop.act("checker", found["closed"], "post_check", "pass")
    loop.act("clerk", found["closed"], "close")
    return found


@pytest.fixture(autouse=True)
def _at_the_start():  # type: ignore[no-untyped-def]
    with clock.at(world.START):
        yield


def test_every_zoom_counts_the_same_before_and_after_folding() -> None:
    _made()
    assert CellDelta.objects.exists()
    fresh = {
        zoom: (everywhere(CITY, zoom), everywhere(CITY, zoom, "?state=all")) for zoom in (8, 9, 10, 12, 13, 14, 15)
    }
    assert set(fresh.values()) == {(3, 4)}
    assert actions.fold() > 0
    assert not CellDelta.objects.exists()
    assert actions.differences() == 0
    folded = {zoom: (everywhere(CITY, zoom), everywhere(CITY, zoom, "?state=all")) for zoom in fresh}
    assert folded == fresh
    loop.report(point=BESIDE)  # counts and what is not folded yet in one
    assert [everywhere(CITY, zoom) for zoom in (9, 11, 13, 16)] == [4] * 4


def test_a_tile_is_read_with_one_statement() -> None:
    _made()
    actions.fold()
    ask(CITY, 9)  # the reference data are read by now
    asked = [(9, "", 1), (12, "?class=01", 1), (14, "?stage=dispatch", 1), (16, "", 1), (9, "?due=overdue", 1)]
    for zoom, query, most in (*asked, (9, "?since=2026-03", 3)):
        with CaptureQueriesContext(connection) as seen:
            ask(CITY, zoom, query)
        of_tile = [q["sql"] for q in seen.captured_queries if "onemap_" in q["sql"] or "matters_" in q["sql"]]
        assert len(of_tile) <= most, (zoom, query)


def test_filters_narrow_the_same_way_at_every_zoom() -> None:
    made = _made()
    actions.fold()
    with clock.at(world.START + timedelta(days=30)):
        late = Matter.objects.filter(end="", due_at__lt=clock.now(), cell__isnull=False).count()
        assert 0 < late < 4
        for zoom in ZOOMS[2:9]:
            assert everywhere(CITY, zoom, "?due=overdue") == late
            assert everywhere(CITY, zoom, "?due=soon") == 0
            assert everywhere(CITY, zoom, "?state=ended") == 1
            assert everywhere(CITY, zoom, "?class=01") == 1
            assert everywhere(CITY, zoom, "?state=all&since=2026-03&until=2026-03") == 4
            assert everywhere(CITY, zoom, "?state=all&since=2026-04") == 0
            assert everywhere(CITY, zoom, "?area=990101002") == 1
            stage = Matter.objects.get(id=made["new"]).stage
            assert everywhere(CITY, zoom, f"?stage={stage}") == 3


def test_many_of_a_month_are_counted_instead_of_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _made()
    actions.fold()
    loop.report(point=AWAY)
    monkeypatch.setattr("civicloop.onemap.selectors.RAW_MOST", 0)
    assert [everywhere(CITY, zoom, "?since=2026-03") for zoom in (9, 11, 13)] == [4] * 3
    assert [everywhere(CITY, zoom, "?until=2026-02") for zoom in (9, 11, 13)] == [0] * 3


def test_near_by_a_single_matter_says_its_stage_and_whether_it_is_late() -> None:
    made = _made()
    (one,) = features(CITY, 16, at=BESIDE)
    assert one.properties == {"n": 1, "late": 0, "state": Matter.objects.get(id=made["beside"]).stage}
    with clock.at(world.START + timedelta(days=30)):
        (one,) = features(CITY, 18, "?state=all", at=(117.021, 39.051))
        assert one.properties == {"n": 1, "late": 0, "state": "ended"}
        late = [each.properties["late"] for each in features(CITY, 16, "?due=overdue")]
        assert sum(late) == counted(CITY, 16, "?due=overdue")


def test_a_matter_that_becomes_confidential_or_loses_its_place_leaves_the_map() -> None:
    made = _made()
    actions.fold()
    before = everywhere(CITY, 11)
    matter = Matter.objects.get(id=made["beside"])
    cells.leave(matter.id)
    Matter.objects.filter(id=matter.id).update(cell=None, lon=None, lat=None)
    assert everywhere(CITY, 11) == before - 1
    assert everywhere(CITY, 16) == before - 1
    actions.fold()
    assert everywhere(CITY, 11) == before - 1
    assert actions.differences() == 0


def test_made_anew_the_counts_are_the_same() -> None:
    _made()
    actions.fold()
    before = sorted(Rollup.objects.values_list("level", "area", "cell", "month", "state", "class_code", "n"))
    loop.report()
    actions.rebuild()
    assert not CellDelta.objects.exists()
    assert actions.differences() == 0
    after = Rollup.objects.values_list("level", "area", "cell", "month", "state", "class_code", "n")
    assert len(before) <= len(after)
    Rollup.objects.filter(level=15).update(n=99)
    assert actions.differences() > 0
    actions.rebuild()
    assert actions.differences() == 0


def test_an_installation_that_is_older_than_its_map_gets_its_counts() -> None:
    _made()
    CellDelta.objects.all().delete()  # as if reported before there was a map
    assert everywhere(CITY, 9) == 0
    jobs.look_after()
    assert everywhere(CITY, 9) == 3
    loop.report()
    jobs.look_after()  # once is enough: afterwards it is folded
    assert everywhere(CITY, 9) == 4


def test_the_news_change_with_every_change_and_with_nothing_else() -> None:
    browser = signed_in("clerk")
    first = browser.get("/map/news")
    assert first.status_code == 200
    again = browser.get("/map/news", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    loop.report()
    other = browser.get("/map/news", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200
    actions.fold()
    assert browser.get("/map/news").json() != other.json()


def test_a_tile_that_the_browser_has_is_not_sent_again() -> None:
    _made()
    first = ask(CITY, 16)
    again = signed_in(CITY).get(address(16), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = signed_in(CITY).get(address(12, "areas"), headers={"Accept-Encoding": "gzip"})
    assert packed.status_code == 200
