"""The permission matrix of the tiles: own and other area, own and other unit, confidential, public, nobody, tokens."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.onemap import actions
from civicloop.onemap.models import PublicCell
from civicloop.onemap.rules import public
from tests import world
from tests.catalogue import components
from tests.matters import loop
from tests.onemap.decoding import decoded
from tests.onemap.steps import address, ask, counted, everywhere
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
BESIDE, AWAY = (117.12, 39.05), (117.25, 39.05)


@pytest.fixture(autouse=True)
def _at_the_start():  # type: ignore[no-untyped-def]
    with clock.at(world.START):
        yield


@pytest.fixture
def city() -> None:
    """Three in the first subdistrict (one with its office), one beside, one in the other district; two confidential."""
    loop.report(kind="01001")
    loop.report(kind="01001", point=(117.07, 39.05))
    handled = loop.report(kind="01001")
    loop.to_handling(handled)
    loop.report(point=BESIDE)
    loop.report(point=AWAY)
    loop.report(confidentiality=1)
    loop.report(complained_of=("s1-office",))


ZOOMS = (9, 10, 11, 13, 14, 15, 17)


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize(
    ("user", "all_of_it"),
    [("audit", 5), ("leader", 4), ("supervisor", 4), ("d2-clerk", 1), ("clerk", 3), ("s2-clerk", 1), ("grid", 3),
     ("receiver", 1), ("worker", 1), ("d1-receiver", 0)],
)  # fmt: skip
def test_a_post_sees_its_own_area_or_its_units_matters_at_every_zoom(
    city: None, user: str, all_of_it: int, folded: bool
) -> None:
    if folded:
        actions.fold()
    assert {zoom: everywhere(user, zoom) for zoom in ZOOMS} == dict.fromkeys(ZOOMS, all_of_it)


def test_what_is_confidential_is_in_no_tile_even_for_who_may_read_it(city: None) -> None:
    for zoom in (9, 12, 14, 16):
        assert counted("audit", zoom, "?state=all", world.SPOT) <= 5
    actions.fold()
    assert everywhere("audit", 16, "?state=all") == everywhere("audit", 9, "?state=all") == 5


def test_another_area_than_the_own_shows_nothing(city: None) -> None:
    actions.fold()
    assert everywhere("clerk", 11, "?area=990101002") == 0
    assert everywhere("clerk", 16, "?area=990102") == 0
    assert everywhere("d2-clerk", 9, "?area=990101001") == 0
    assert everywhere("leader", 13, "?area=990101001") == 3
    assert everywhere("clerk", 13, "?area=990101001001001") == 2
    assert everywhere("audit", 13, "?area=990101001001002") == 1


@pytest.mark.parametrize("user", ["system", "security", "channel"])
def test_posts_without_matters_have_no_map(city: None, user: str) -> None:
    assert ask(user, 9).status_code == 403
    assert signed_in(user).get("/map/").status_code == 403


def test_nobody_is_sent_to_the_sign_in(city: None) -> None:
    response = Client().get(address(9))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in")


def test_a_token_reads_tiles_within_its_post_and_a_false_one_none(city: None) -> None:
    headers = {"Authorization": f"Bearer {world.token('clerk')}"}
    response = Client().get(address(11), headers=headers)
    assert sum(each.properties["n"] for each in decoded(response.content)["matters"]) == 3
    assert Client().get(address(11), headers={"Authorization": "Bearer cl_nothing"}).status_code == 401
    assert Client().get(address(11), headers={"Authorization": "Basic x"}).status_code == 401
    other = {"Authorization": f"Bearer {world.token('system')}"}
    assert Client().get(address(11), headers=other).status_code == 403


def test_boundaries_are_for_everybody() -> None:
    low = decoded(Client().get(address(8, "areas")).content)
    assert {each.properties["level"] for each in low["areas"]} == {"district"}
    high = decoded(Client().get(address(13, "areas")).content)
    assert {each.properties["level"] for each in high["areas"]} == {"district", "subdistrict", "community", "grid"}
    assert "东风街道" in {each.properties["name"] for each in high["areas"]}
    assert Client().get(address(10, "overlays")).status_code == 200
    again = Client().get(address(13, "areas"), headers={"If-None-Match": Client().get(address(13, "areas"))["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/tiles/matters/9/512/0.mvt", "/tiles/areas/3/0/8.mvt", "/tiles/public/21/0/0.mvt", "/tiles/matters/30/0/0.mvt"],
)
def test_what_is_no_tile_is_not_found(path: str) -> None:
    assert signed_in("audit").get(path).status_code == 404


WRONG = ["?stage=nonsense", "?area=1", "?since=2026-13", "?since=x", "?due=never", "?state=x", "?class=%27"]


@pytest.mark.parametrize("query", WRONG)
def test_a_filter_that_says_nothing_is_not_found_rather_than_everything(query: str) -> None:
    assert ask("audit", 9, query).status_code == 404
    assert signed_in("audit").get(f"/map/{query}").status_code == 404


def districts(page: str) -> dict[str, tuple[str, str]]:
    """The table of the map for everybody: district → (open, put right)."""
    lines = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td><td class="number">(.*?)</td>', page)
    return {name: (re.sub("<[^>]+>", "", still), re.sub("<[^>]+>", "", solved)) for name, still, solved in lines}


def test_everybody_sees_coarse_cells_of_many_a_day_late() -> None:
    for _number in range(public.LEAST):
        loop.report(kind="01001")
    loop.report(kind="01001", point=AWAY)
    loop.report(kind="01001", confidentiality=1)

    def shown() -> list[dict[str, int]]:
        found = decoded(Client().get(address(11, "public")).content).get("matters", [])
        return [each.properties for each in found]

    assert "暂时没有可显示的内容" in text(Client().get("/map/public"))
    actions.show_public()
    assert shown() == []  # not a day old
    assert districts(text(Client().get("/map/public"))) == dict.fromkeys(["甲区", "乙区"], ("小于 5", "小于 5"))
    with clock.at(world.START + timedelta(hours=25)):
        actions.show_public()
        assert shown() == [{"open": 5, "solved": 0}]
        assert PublicCell.objects.count() == 1  # the single one far away is not shown
        assert {each.properties["open"] for each in decoded(Client().get(address(5, "public")).content)["matters"]} == {
            5
        }
        assert Client().get(address(14, "public")).status_code == 404
        page = text(Client().get("/map/public"))
        assert districts(page) == {"甲区": ("5", "小于 5"), "乙区": ("小于 5", "小于 5")}
        assert "/matters/" not in page
    with clock.at(world.START + timedelta(days=100)):
        actions.show_public()
        assert shown() == []


def test_components_are_shown_near_by_to_the_staff_only() -> None:
    components.some()
    near, far = address(17, "components", components.AT), address(14, "components", components.AT)
    found = decoded(signed_in("grid").get(near).content)["components"]
    assert {each.properties["code"]: each.properties["state"] for each in found} == {
        components.LID: "intact", components.LAMP: "intact",
    }  # fmt: skip
    assert components.FAR_LID not in str(found)
    assert decoded(signed_in("grid").get(far).content) == {}
    assert Client().get(near).status_code == 302
    assert signed_in("channel").get(near).status_code == 403
