"""Who answers for this on pages: every rule looked at, questions, gaps, contradictions, lists of duties; as files."""

from datetime import UTC, datetime, timedelta

import pytest

from civicloop.catalogue import selectors
from civicloop.catalogue.models import Responsibility
from civicloop.catalogue.rules.answering import Rules
from civicloop.catalogue.rules.reports import overlaps
from civicloop.foundation import caches, clock
from civicloop.places.models import LayerRevision
from tests.catalogue.conftest import GB
from tests.catalogue.test_which_rule_decides import NOW, rule, shift

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.catalogue.urls"),
    pytest.mark.filterwarnings("ignore:No directory at"),
]
LOOK_UP = "/catalogue/responsibilities"


def text(response) -> str:
    return response.content.decode()


def kind(code: str) -> int:
    return selectors.kind_by_code(GB, "matter", code).id


def test_the_look_up_shows_every_rule_in_order_with_what_came_of_it(ruled, sign_in):
    client = sign_in("dispatcher")
    page = text(client.get(LOOK_UP, {"kind": kind("06028"), "area": "120101001", "moment": "2026-03-02T23:30"}))
    answer = page.split("<tbody>")[1].split("</tbody>")[0]
    assert answer.index("夜间生活噪声归公安") < answer.index("噪声归生态环境")
    assert "所需问题尚未回答" in answer
    assert "由此条决定" in answer
    assert "津公〔2025〕3号" in answer
    assert "噪声从哪里来" in page
    answered = client.get(
        LOOK_UP,
        {
            "kind": kind("06028"), "area": "120101001", "moment": "2026-03-02T23:30",
            "question_noise_source": "people",
        },
    )  # fmt: skip
    assert "单位120101-police" in text(answered).split("<h3>")[0]


def test_the_look_up_says_what_the_list_of_duties_takes_away(ruled, sign_in):
    page = text(sign_in("dispatcher").get(LOOK_UP, {"kind": kind("06010"), "area": "120101001"}))
    assert "履职事项清单，上级部门收回，第88项" in page
    assert "履职事项清单不允许该单位主办" in page


def test_a_point_may_be_asked_about_and_a_bad_one_is_explained(ruled, sign_in):
    LayerRevision.objects.update_or_create(id=1, defaults={"revision": 2})
    client = sign_in("dispatcher", "en")
    assert "outside every area" in text(client.get(LOOK_UP, {"point": "1.5, 2.5", "crs": "wgs84"}))
    assert "Write longitude and latitude" in text(client.get(LOOK_UP, {"point": "here"}))
    assert "impossible" in text(client.get(LOOK_UP, {"point": "500 2"}))


def test_an_answer_that_is_none_is_not_taken(ruled, sign_in):
    answer = sign_in("dispatcher").get(
        LOOK_UP, {"area": "120101001", "question_noise_source": "dogs", "question_x": "y"}
    )
    assert answer.status_code == 200


def test_a_kind_that_only_the_duty_desk_answers_for_is_a_gap(ruled, loaded, sign_in):
    client = sign_in("dispatcher")
    page = text(client.get("/catalogue/responsibilities/gaps", {"main_class": "06"}))
    assert "06001" in page
    assert "只有兜底值班席" in page
    assert "06010" not in page.split("<tbody>")[1].split("120102001")[0] or "区划120102" in page
    rows = text(client.get("/catalogue/responsibilities/gaps?as=csv")).splitlines()
    assert rows[0] == "\ufeffkind,kind_name,area_code,area_name,conditional,ownerless"
    of_drains = [row for row in rows if row.startswith("01003,")]
    assert of_drains == []  # each district's water authority
    assert any(row.startswith("06013,") and row.endswith(",no,0") for row in rows)
    matters = len(selectors.kinds(family="matter"))
    assert len(rows) - 1 < matters * 3
    narrow = text(client.get("/catalogue/responsibilities/gaps?as=csv&district=120102&main_class=06")).splitlines()
    assert {row.split(",")[2] for row in narrow[1:]} == {"120102001"}


def test_gaps_turn_by_pages(ruled, sign_in):
    client = sign_in("dispatcher")
    first = text(client.get("/catalogue/responsibilities/gaps"))
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = text(client.get(following))
    assert first.split("<tbody>")[1] != second.split("<tbody>")[1]


def test_the_shipped_rules_leave_no_gap_and_no_contradiction(loaded, sign_in):
    client = sign_in("dispatcher")
    assert "没有空白" in text(client.get("/catalogue/responsibilities/gaps"))
    assert "没有相互冲突的规则" in text(client.get("/catalogue/responsibilities/overlaps"))


def test_two_rules_of_equal_rank_for_different_units_contradict(ruled, loaded, sign_in):
    old = Responsibility.objects.get(
        kind_id=kind("06028"), area_id=loaded.areas["120101"], hours="", condition_no=0, valid_to=None
    )
    Responsibility.objects.create(
        kind_id=old.kind_id, area_id=old.area_id, unit_id=loaded.units["120101-urban"], reason={"zh-hans": "另有规定"},
        valid_from=clock.now() + timedelta(days=3),
    )  # fmt: skip
    caches.forget_all()
    client = sign_in("dispatcher")
    page = text(client.get("/catalogue/responsibilities/overlaps"))
    assert page.index("单位120101-eco") < page.index("单位120101-urban")
    (_head, line) = text(client.get("/catalogue/responsibilities/overlaps?as=csv")).splitlines()
    assert "另有规定" in line


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ({}, {}, True),
        ({}, {"unit_id": 101}, False),
        ({}, {"priority": 1}, False),
        ({}, {"area": 2}, False),
        ({"layer": "park"}, {"layer": "road"}, True),
        ({"layer": "park", "overlay_id": 50}, {"layer": "park", "overlay_id": 51}, False),
        ({"hours": (shift("22:00-06:00"),)}, {"hours": (shift("06:00-22:00"),)}, False),
        ({"hours": (shift("22:00-06:00"),)}, {"hours": (shift("05:00-08:00"),)}, True),
        ({"days": "working"}, {"days": "rest"}, False),
        ({"answers": (("inside", "yes"),)}, {"answers": (("inside", "no"),)}, False),
        ({"answers": (("inside", "yes"),)}, {"answers": (("far", "no"),)}, True),
        ({"valid_to": NOW + timedelta(days=1)}, {"valid_from": NOW + timedelta(days=1)}, False),
        ({"valid_to": NOW}, {}, False),
    ],
)
def test_only_rules_that_can_meet_contradict(first, second, meet):
    values = [{"unit_id": 101} | first, {"unit_id": 102} | second]
    lines = [rule(number, area=each.pop("area", 1), **each) for number, each in enumerate(values)]
    assert bool(overlaps(Rules(lines), NOW)) is meet


def test_the_list_of_duties_stands_with_its_papers(ruled, sign_in):
    page = text(sign_in("dispatcher").get("/catalogue/duty-lists"))
    assert "津委办〔2025〕1号" in page
    assert "上级部门收回" in page
    assert "2025-06-01" in page


@pytest.mark.parametrize("path", ["responsibilities/gaps", "responsibilities/overlaps", "duty-lists"])
def test_the_pages_are_for_the_staff(loaded, client, path):
    assert client.get(f"/catalogue/{path}").status_code == 302


# -- over HTTP -------------------------------------------------------------------------------------------------------


def asked(**values):
    from civicloop.catalogue import api
    from civicloop.people import access

    class Request:
        auth = access.system("test")

    return api.who_answers(Request(), api.WhoIn(**values))  # type: ignore[arg-type]


def test_the_api_says_who_answers_and_why(ruled):
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    open_ = asked(kind="06028", area="120101001", moment=night)
    assert (open_.unit, open_.reason_code, [each.code for each in open_.questions]) == (
        "120101-eco", "rule_kind", ["noise_source"],
    )  # fmt: skip
    answered = asked(kind="06028", area="120101001", moment=night, answers="noise_source=people")
    assert (answered.unit, answered.looks[0].verdict, answered.looks[0].paper) == (
        "120101-police", "decides", "津公〔2025〕3号",
    )  # fmt: skip
    listed = asked(kind="06010", area="120101001")
    assert listed.duty_item is not None
    assert (listed.unit, listed.reason_code, listed.duty_item.part) == ("120101-urban", "duty_list", "taken_back")
    assert asked(lon=1.5, lat=2.5, crs="wgs84").reason_code == "duty_desk"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"kind": "00000"}, 404), ({"area": "nowhere"}, 404), ({"lon": 1.0, "lat": 1.0}, 422),
        ({"moment": datetime.fromisoformat("2026-03-02T09:00")}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(ruled, values, status):
    from ninja.errors import HttpError

    with pytest.raises(HttpError) as refused:
        asked(**values)
    assert refused.value.status_code == status
