"""The page and its call: who sees which area, the way down to the grid, bad addresses, how many statements it takes."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from civicloop.foundation import clock
from civicloop.people.models import Account
from civicloop.steering import open_work, placing, selectors, showing
from tests import statements, world
from tests.matters import loop

pytestmark = pytest.mark.django_db
PAGE, LIST, CALL = "/operations/", "/operations/matters", "/api/v1/operations"
NOON = world.START + timedelta(hours=3)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def signed_in(user: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def call(user: str, path: str = CALL, **asked: str):  # type: ignore[no-untyped-def]
    return Client().get(path, asked, headers={"Authorization": f"Bearer {world.token(user)}"})


def test_a_leader_goes_down_to_the_grid_and_opens_a_number() -> None:
    matter = loop.report(kind="01001")
    leader = signed_in("leader")
    with clock.at(NOON):
        for area, part in (("", "990101001"), ("990101001", "990101001001"), ("990101001001", "990101001001001"),
                           ("990101001001001", "")):  # fmt: skip
            page = leader.get(PAGE, {"area": area})
            assert page.status_code == 200, area
            assert not part or f"?area={part}" in page.content.decode()
        behind = leader.get(LIST, {"what": "overdue", "area": "990101001001001"})
        assert behind.status_code == 200
        assert str(matter) in behind.content.decode()
        found = call("leader", area="990101001001001").json()
    assert found["whole"]["open"]["number"] == found["whole"]["overdue"]["number"] == 1
    assert found["parts"] == []
    assert found["load"]["forecast"] is None


def test_nothing_is_said_where_nothing_is() -> None:
    page = signed_in("audit").get(PAGE)
    assert page.status_code == 200
    found = call("audit").json()
    assert found["whole"]["open"]["number"] == 0
    assert found["held"] == found["owed"] == found["promises"] == []
    assert [each["rates"][0]["value"] for each in found["compared"]] == [None] * 3


@pytest.mark.parametrize(
    ("user", "area", "status"),
    [("leader", "990102", 404), ("leader", "99", 404), ("clerk", "990101", 404), ("clerk", "990101001001", 200),
     ("head", "", 200), ("head", "990101001", 404), ("leader", "none", 404), ("receiver", "", 403), ("grid", "", 403),
     ("system", "", 403), ("audit", "990102", 200)],
)  # fmt: skip
def test_who_sees_which_area(user: str, area: str, status: int) -> None:
    client = signed_in(user)
    for path in (PAGE, LIST):
        assert client.get(path, {"area": area}).status_code == status, path
    for path in (CALL, f"{CALL}/matters"):
        assert call(user, path, area=area).status_code == status, path


def test_without_a_sign_in_there_is_no_page() -> None:
    assert Client().get(PAGE).status_code == 302
    assert Client().get(CALL).status_code == 401


def test_the_head_of_a_unit_sees_what_the_unit_holds() -> None:
    mine, other = loop.report(kind="01001"), loop.report(kind="01001")
    loop.act("clerk", mine, "file", condition=loop.condition(no=4))
    loop.act("clerk", mine, "dispatch")
    found = call("head").json()
    assert found["whole"]["open"]["number"] == 1
    assert [each["unit"] for each in found["held"]] == ["东风街道办事处"]
    listed = call("head", f"{CALL}/matters").json()
    assert [each["id"] for each in listed["items"]] == [str(mine)]
    assert str(other) not in signed_in("head").get(LIST).content.decode()


@pytest.mark.parametrize(
    "asked",
    [{"what": "everything"}, {"stage": "none"}, {"age": "x"}, {"unit": "-1"}, {"missed": "2"}, {"day": "today"},
     {"age": "6"}, {"day": "0001-01-01"}, {"day": "9999-12-31"},
     {"what": "received", "day": ""}, {"after": "x"}],
)  # fmt: skip
def test_an_address_that_says_nothing_is_refused(asked: dict[str, str]) -> None:
    assert signed_in("leader").get(LIST, asked).status_code == 400
    assert call("leader", f"{CALL}/matters", **asked).status_code == 422
    assert signed_in("leader").get(PAGE, {"by": "person"}).status_code == 400


def test_a_list_is_turned_page_by_page() -> None:
    for _each in range(3):
        loop.report(kind="01001")
    first = call("leader", f"{CALL}/matters", limit="2").json()
    rest = call("leader", f"{CALL}/matters", limit="2", after=first["next"]).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3


@pytest.mark.parametrize("area", ["", "990101", "990101001", "990101001001", "990101001001001"])
def test_the_page_takes_a_dozen_statements_whatever_there_is(area: str) -> None:
    actor, numbers = world.actor("audit"), []
    place = placing.place_for(actor, area)
    for more in (1, 6):
        for _each in range(more):
            loop.report(kind="01001")
        selectors.overview(actor, place)  # areas and calendars are in process, as after the first seconds of serving
        with statements.seen() as seen:
            selectors.overview(actor, place)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] <= 12


def test_a_page_asks_for_no_more_units_than_it_shows() -> None:
    mine, _other = loop.report(kind="01001"), loop.report(kind="01001")
    loop.act("clerk", mine, "file", condition=loop.condition(no=4))
    loop.act("clerk", mine, "dispatch")
    actor = world.actor("audit")
    place, at = placing.place_for(actor, ""), open_work.moments()
    whole, first = open_work.standing(actor, place, at), open_work.standing(actor, place, at, 1)
    assert (len(whole.held), whole.holders) == (2, 2)
    assert (first.held, first.holders) == (whole.held[:1], 2)
    assert (first.whole, first.parts, first.stages, first.ages) == (whole.whole, whole.parts, whole.stages, whole.ages)


def test_long_lists_are_cut_and_opened_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "LONGEST", 1)
    monkeypatch.setattr(showing, "COMPARED", 1)
    mine, _other = loop.report(kind="01001"), loop.report(kind="01001")
    loop.act("clerk", mine, "file", condition=loop.condition(no=4))
    loop.act("clerk", mine, "dispatch")
    client = signed_in("leader")
    cut = client.get(PAGE, {"area": "990101"}).content.decode()
    for name, block in (("stuck", "promises"), ("bands", "flow")):
        address = re.search(rf'href="([^"]*all={name}[^"]*)"', cut)
        assert address is not None
        whole = client.get(html.unescape(address[1])).content.decode()
        here = whole.partition(f'id="{name}"')[2].partition(f'id="{block}"')[0]
        assert f"all={name}" not in here
        assert here.count("<tr") > cut.partition(f'id="{name}"')[2].partition(f'id="{block}"')[0].count("<tr")
