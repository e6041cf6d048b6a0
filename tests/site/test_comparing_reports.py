"""At the desk: what may be the same stands beside the matter, both open side by side, and are told apart."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from civicloop.foundation import clock
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def test_from_the_desk_to_side_by_side_and_apart() -> None:
    one, other = loop.report(kind="01001", title="井盖丢失"), loop.report(kind="01001", title="井盖不见了")
    clerk = signed_in("clerk")
    address = f"/matters/{one}/compare/{other}"
    page = text(clerk.get(f"/desk/?m={one}"))
    assert "可能是同一件事" in page
    assert address in page
    side_by_side = text(clerk.get(address))
    assert side_by_side.count("<section") == 2
    assert "0 米" in side_by_side
    assert "不是同一件事" in side_by_side
    after = text(clerk.post(f"{address}/apart", follow=True))
    assert "已记录" in after
    assert address not in after


def test_who_may_not_see_both_finds_no_page() -> None:
    one, other = loop.report(kind="01001"), loop.report(kind="01001", confidentiality=1, complained_of=("s1-centre",))
    clerk = signed_in("clerk")
    assert clerk.get(f"/matters/{one}/compare/{other}").status_code == 404
    assert clerk.post(f"/matters/{one}/compare/{other}/apart").status_code == 404
    assert clerk.get(f"/matters/{one}/compare/{one}").status_code == 404
    assert signed_in("d2-clerk").get(f"/matters/{one}/compare/{one}").status_code == 404


def test_who_only_looks_may_not_judge() -> None:
    one, other = loop.report(kind="01001"), loop.report(kind="01001")
    grid = signed_in("grid")
    assert "不是同一件事" not in text(grid.get(f"/matters/{one}/compare/{other}"))
    assert grid.post(f"/matters/{one}/compare/{other}/apart").status_code == 403
