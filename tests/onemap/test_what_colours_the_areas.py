"""Areas are coloured by an indicator in a period, or by how matters stood at the end of a day; for whom figures are."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some

from civicloop.figures import folding, rules, selectors, showing
from civicloop.foundation import clock
from civicloop.matters.choices import Stage
from civicloop.matters.models import Matter
from civicloop.onemap.rules import classes
from tests import world
from tests.figures import months
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
BESIDE, AWAY = (117.12, 39.05), (117.25, 39.05)
LEADER = "leader"  # of the first district


def asked(browser: Client, query: str) -> dict[str, dict[str, object]]:
    """What the script is told of the areas, by id."""
    answer = browser.get(f"/map/areas?{query}")
    assert answer.status_code == 200
    areas: dict[str, dict[str, object]] = answer.json()["areas"]
    return areas


@pytest.mark.parametrize("code", ["reported", "valid_rate"])
def test_an_indicator_says_the_same_as_the_figures_and_opens_to_its_matters(code: str) -> None:
    months.live(10)
    with clock.at(months.NOW):
        actor, browser = world.actor(LEADER), signed_in(LEADER)
        table = selectors.table(actor, selectors.cut_for(actor, by="area", area="", period="2026-03"), [code])
        query = f"indicator={code}&period=2026-03"
        said = asked(browser, query)
        page = text(browser.get(f"/map/?{query}"))
        assert {row.member for row in table.rows if row.code} == set(said)
        for row in table.rows:
            figure = row.figures[code]
            cell = showing.cell(figure)
            if not row.code:
                continue
            each = said[row.member]
            assert (each["words"], each["sample"], each["few"]) == (cell.value, cell.sample, figure.value.small)
            assert unescape(str(each["url"])) in unescape(page)
            opened = text(browser.get(str(each["url"])))
            assert len(re.findall(r'href="/matters/[0-9a-f-]{36}"', opened)) == figure.value.of
        assert table.whole.figures[code].value.of > 0
        few = code == "valid_rate"  # fewer than thirty reports: hatched, with words, and in no class
        assert ("样本不足" in page) is few
        assert ('<path class="few"' in page) is few
        assert any(each["band"] for each in said.values()) is not few


def test_enough_are_in_round_classes_that_the_legend_names(monkeypatch: pytest.MonkeyPatch) -> None:
    months.live(8)
    with clock.at(months.NOW):
        monkeypatch.setattr("civicloop.figures.rules.value_of", _never_small())
        said = asked(signed_in(LEADER), "indicator=valid_rate&period=2026-03")
        page = text(signed_in(LEADER).get("/map/?indicator=valid_rate&period=2026-03"))
        assert all(each["band"] for each in said.values() if each.get("words", "—") != "—")
        assert re.search(r'<span class="swatch band-1"></span>\d+\.\d–\d+\.\d %', page)
        assert 'class="few"' not in page


def _never_small() -> Callable[[rules.Indicator, Mapping[str, int]], rules.Value]:
    made = rules.value_of
    return lambda indicator, sums: replace(made(indicator, sums), small=False)


def test_posts_that_see_no_figures_of_areas_get_the_map_without_them() -> None:
    loop.report(kind="01001")
    for user in ("receiver", "head"):
        browser = signed_in(user)
        assert 'name="indicator"' not in text(browser.get("/map/"))
        refused = text(browser.get("/map/?indicator=reported"))
        assert "地图改为显示符合条件的事项" in refused
        assert "/figures/matters" not in refused
        assert not any(each.get("url") for each in asked(browser, "indicator=reported").values())
        assert browser.get("/map/days").status_code == 400
        assert "地图改为显示符合条件的事项" in text(browser.get("/map/?day=2026-03-01"))
    assert Client().get("/map/days").status_code in (302, 401)
    assert signed_in(LEADER).get("/map/days?area=990102").status_code == 404


def standing() -> dict[str, list[int]]:
    """How the open matters of the first district stand at this moment, by subdistrict and stage."""
    found: dict[str, list[int]] = {}
    for area, stage in Matter.objects.filter(end="", confidentiality=0, district__isnull=False).values_list(
        "subdistrict_id", "stage"
    ):
        found.setdefault(str(area), [0] * len(Stage))[list(Stage.values).index(stage)] += 1
    return found


@pytest.mark.parametrize("folded", [False, True])
def test_a_day_shows_what_stood_at_its_end_also_over_the_end_of_a_month(folded: bool) -> None:
    stood: dict[date, dict[str, list[int]]] = {}
    made: list[UUID] = []
    for after, act in enumerate(("report", "handle", "nothing", "close", "nothing")):
        moment = world.START + timedelta(days=20 + 4 * after)  # from the 22nd of March to the 7th of April
        with clock.at(moment):
            if act == "report":
                made += [loop.report(kind="01001"), loop.report(kind="01001", point=BESIDE)]
                loop.report(point=AWAY)
                loop.report(confidentiality=1)
            elif act == "handle":
                loop.to_handling(made[0])
            elif act == "close":
                loop.act("s2-clerk", made[1], "void", void_reason="test_entry")
                loop.report(kind="01001")
            if folded:
                folding.round()
            for later in range(4):
                stood[moment.date() + timedelta(days=later)] = standing()
    with clock.at(world.START + timedelta(days=39)):
        browser = signed_in(LEADER)
        series = browser.get("/map/days").json()
        for day, areas in stood.items():
            if day > clock.now().date():
                continue
            said = asked(browser, f"day={day}")
            place = series["days"].index(str(day))
            for area in said:
                wanted = sum(areas.get(area, []))
                assert said[area].get("words", "0") == str(wanted), (day, area)
                assert series["areas"].get(area, [0] * 90)[place] == wanted, (day, area)
        handled = text(browser.get(f"/map/?day={sorted(stood)[5]}"))
        assert "日终未结" in handled
        assert 'id="list"' not in handled  # the list shows how matters stand now
        assert re.search(r'<td class="number">1</td>', handled)
        one_stage = asked(browser, f"day={sorted(stood)[5]}&stage=handle")
        assert sum(int(str(each.get("words", 0))) for each in one_stage.values()) == 1


def test_what_is_not_kept_is_said_and_what_says_nothing_is_not_found() -> None:
    browser = signed_in(LEADER)
    with clock.at(world.START):
        for query in ("day=2026-03-09", "area=990101001&day=2026-03-01", "indicator=nothing",
                      "indicator=reported&period=never", "area=990101001001001&indicator=reported"):  # fmt: skip
            page = browser.get(f"/map/?{query}")
            assert page.status_code == 200, query
            assert "地图改为显示符合条件的事项" in text(page), query
        for query in ("day=yesterday", "indicator=%3Cb%3E"):
            assert browser.get(f"/map/?{query}").status_code == 404, query


@given(some.lists(some.integers(0, 1000).map(lambda n: n / 10), min_size=1, max_size=40))
def test_every_value_lies_in_its_class_and_there_are_few_of_them(values: list[float]) -> None:
    ends = classes.by_steps(values)
    assert 2 <= len(ends) <= classes.MOST + 1
    for value in values:
        number = classes.step(value, ends)
        assert ends[number - 1] <= value <= ends[number]
