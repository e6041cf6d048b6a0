"""同比 and 环比 on the same boundaries: merged areas are added up, divided ones are placed anew by their points."""

from datetime import datetime, timedelta

import pytest
import shapely
from django.test import Client

from civicloop.figures import folding, ground, rules, selectors
from civicloop.foundation import caches, clock
from civicloop.matters.models import Matter
from civicloop.people.models import Account
from civicloop.places import selectors as places
from civicloop.places.models import Area, AreaSuccession, AreaVersion, LayerRevision
from tests import world
from tests.matters import loop

MERGED = world.START + timedelta(days=35)


def test_sums_are_added_to_those_of_the_successor() -> None:
    sums = {"1": {"a": 2}, "2": {"a": 3, "b": 1}, "3": {"b": 5}}
    assert rules.merged(sums, {"1": "3", "2": "3"}) == {"3": {"a": 5, "b": 6}}
    assert rules.merged(sums, {}) == sums


def join(old: str, new: str) -> None:
    """An area goes up in another one, now."""
    before, after = places.by_code(old).id, places.by_code(new).id
    AreaVersion.objects.filter(area_id=before, valid_to=None).update(valid_to=MERGED)
    AreaSuccession.objects.create(predecessor_id=before, successor_id=after, at=MERGED)
    LayerRevision.objects.update(revision=99)
    caches.forget_all()


@pytest.mark.django_db
def test_a_merged_area_is_compared_with_what_its_parts_were() -> None:
    with clock.at(world.START):
        for point in (world.SPOT, world.SPOT, (117.15, 39.05)):
            loop.report(kind="01001", point=point)
        old, new = places.by_code("990101001").id, places.by_code("990101002").id
    with clock.at(MERGED):
        join("990101001", "990101002")
    with clock.at(MERGED + timedelta(hours=1)):
        loop.report(kind="01001", point=(117.15, 39.05))
        actor = world.actor("supervisor")
        cut = selectors.cut_for(actor, by="area", area="990101", period="2026-04")
        table = selectors.table(actor, cut, ["reported"])
    rows = {row.member: row.figures["reported"] for row in table.rows}
    assert str(old) not in rows
    assert (rows[str(new)].value.of, rows[str(new)].before.of) == (1, 3)
    assert rows[str(new)].change == pytest.approx(-66.7)
    whole = table.whole.figures["reported"]
    assert (whole.value.of, whole.before.of) == (1, 3)


EAST, WEST = "990101001001E", "990101001001W"
HALF = 117.025
OLD_GRID = "990101001001001"


def divide(moment: datetime) -> tuple[int, int]:
    """The grid at SPOT is two from a moment on; the eastern half belongs to another community."""
    old = places.by_code(OLD_GRID).id
    AreaVersion.objects.filter(area_id=old, valid_to=None).update(valid_to=moment)
    made = []
    for code, parent, box in (
        (WEST, "990101001001", (117.0, 39.0, HALF, 39.1)), (EAST, "990101002001", (HALF, 39.0, 117.05, 39.1)),
    ):  # fmt: skip
        area = Area.objects.create(level="grid", created_at=moment)
        AreaVersion.objects.create(
            area=area, code=code, names={"zh-hans": code}, parent_id=places.by_code(parent).id, layer="full_grid",
            synthetic=True, polygon=shapely.to_wkb(shapely.box(*box)), source="tests", valid_from=moment,
        )  # fmt: skip
        AreaSuccession.objects.create(predecessor_id=old, successor=area, at=moment)
        made.append(area.id)
    LayerRevision.objects.update(revision=98)
    caches.forget_all()
    return made[0], made[1]


@pytest.fixture
def divided(db: None) -> tuple[int, int]:
    """Four reports of March in the grid, three of them in its west, one without a point; divided in April."""
    with clock.at(world.START):
        for lon in (117.01, 117.02, 117.021, 117.04):
            loop.report(kind="01001", point=(lon, 39.05))
        nowhere = loop.report(kind="01001", point=(117.01, 39.05))
        Matter.objects.filter(id=nowhere).update(lon=None, lat=None)
        folding.round()
        loop.report(kind="01001", point=(117.15, 39.05))  # in the other community, and not folded
    with clock.at(MERGED):
        return divide(MERGED)


def told(area: str, period: str = "2026-04") -> tuple[selectors.Table, dict[str, tuple[int, int]]]:
    """The table of reports and, by code, what each part counts now and counted in the month before."""
    actor = world.actor("audit")
    with clock.at(MERGED + timedelta(hours=1)):
        table = selectors.table(actor, selectors.cut_for(actor, by="area", area=area, period=period), ["reported"])
    rows = {row.code: row.figures["reported"] for row in table.rows if row.code}
    return table, {code: (each.value.of, each.before.of) for code, each in rows.items()}


def test_what_a_divided_area_counted_is_placed_where_it_lies_today(divided: tuple[int, int]) -> None:
    west, east = divided
    with clock.at(MERGED + timedelta(minutes=1)):
        loop.report(kind="01001", point=(117.01, 39.05))
        loop.report(kind="01001", point=(117.04, 39.05))
    table, rows = told("990101001001")  # where the west still is
    assert rows[WEST] == (1, 3)
    by_member = {row.member: row.figures["reported"].before.of for row in table.rows}
    assert by_member[str(west)] == 3
    old = [row for row in table.rows if not row.code]
    assert [row.figures["reported"].before.of for row in old] == [1]  # what has no point stays where it was
    whole = table.whole.figures["reported"]
    assert (whole.value.of, whole.before.of) == (1, 4)  # without the report on the ground that went away
    assert table.placed == table.unplaced == ["和顺里第1网格"]
    table, rows = told("990101002001")  # where the east is now
    assert rows[EAST] == (1, 1)
    whole = table.whole.figures["reported"]
    assert (whole.value.of, whole.before.of) == (1, 2)
    assert sum(row.figures["reported"].before.of for row in table.rows) == 2
    assert {row.member for row in table.rows} >= {str(east)}


def test_what_is_too_much_to_be_placed_has_no_base_and_the_reader_is_told(
    divided: tuple[int, int], monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(ground, "MOST", 2)
    table, rows = told("990101001001")
    assert rows[WEST] == (0, 0)
    assert (table.placed, table.unplaced) == ([], ["和顺里第1网格"])
    client.force_login(Account.objects.get(username="supervisor"))
    with clock.at(MERGED + timedelta(hours=1)):
        page = client.get("/figures/", {"area": "990101001001", "period": "2026-04", "group": "intake"})
    assert "和顺里第1网格" in page.content.decode()


def test_boundaries_that_did_not_change_since_cost_nothing_and_say_nothing(divided: tuple[int, int]) -> None:
    table, _rows = told("990102001")
    assert not table.placed
    assert not table.unplaced
    assert not told("990101001001", "2026-06")[0].placed  # both periods lie after the division


@pytest.mark.django_db
def test_by_unit_or_kind_an_area_that_took_in_others_has_no_base_and_says_so(client: Client) -> None:
    with clock.at(world.START):
        for point in (world.SPOT, (117.15, 39.05)):
            loop.report(kind="01001", point=point)
    with clock.at(MERGED):
        join("990101001", "990101002")
    with clock.at(MERGED + timedelta(hours=1)):
        loop.report(kind="01001", point=(117.15, 39.05))
    asked = {"by": "channel", "area": "990101002", "period": "2026-04"}
    actor = world.actor("supervisor")

    def table(by: str, period: str) -> selectors.Table:
        cut = selectors.cut_for(actor, by=by, area="990101002", period=period)
        return selectors.table(actor, cut, ["reported"])

    client.force_login(Account.objects.get(username="supervisor"))
    with clock.at(MERGED + timedelta(hours=1)):
        found, page = table("channel", "2026-04"), client.get("/figures/", asked | {"group": "intake"})
        assert table("area", "2026-04").formed == []
    whole = found.whole.figures["reported"]
    assert (whole.value.of, whole.before.of, whole.change) == (1, 0, None)  # not 1 and 1: the other one's is missing
    assert [row.figures["reported"].before.of for row in found.rows] == [0]
    assert found.formed == ["东风街道"]
    assert "没有基数" in page.content.decode()
    with clock.at(MERGED + timedelta(days=40)):
        loop.report(kind="01001", point=(117.15, 39.05))
    with clock.at(MERGED + timedelta(days=61)):
        may, june = (table("channel", period).whole.figures["reported"] for period in ("2026-05", "2026-06"))
    assert (may.value.of, may.before.of) == (1, 0)  # April began before they were joined
    assert june.before.of == 1
