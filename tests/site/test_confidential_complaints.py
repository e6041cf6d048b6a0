"""举报保密 on pages and over the API: nothing of a complaint reaches an account of the unit that it is about."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from civicloop.evidence import storage
from civicloop.evidence.models import Evidence
from civicloop.foundation import clock, ids
from civicloop.matters import actions, opening
from civicloop.matters.models import Entry, Matter, Outbox
from civicloop.people import access
from civicloop.people import actions as people
from civicloop.places import selectors as places
from tests import world
from tests.evidence.pictures import from_a_phone
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
WORDS, TITLE, NAME, PHONE = "夜间私自倾倒渣土的详情紫云英", "紫云英举报", "欧阳紫霄", "13987654321"
POINT = (117.0234561, 39.0567891)
ADDRESS = "紫荆巷七号院"


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"), override_settings(DATA_DIR=tmp_path):
        yield


@pytest.fixture
def complaint() -> UUID:
    """About s1-office, with a photo, on its way: dispatched to another unit, beside an ordinary matter of s1-office."""
    matter = loop.report(
        title=TITLE, text=WORDS, address=ADDRESS, point=POINT, kind="01001", complained_of=("s1-office",),
        reporter={"name": NAME, "phone": PHONE},
    )  # fmt: skip
    prepared = actions.take_upload(
        access.outsider("reporter", matter), upload=from_a_phone(), filename="a.jpg", stage="before",
        matter_id=matter, evidence_id=ids.uuid7(),
    )  # fmt: skip
    actions.add_evidence(access.outsider("reporter", matter), prepared)
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch", answering="d1-urban")
    loop.act("clerk", matter, "note", note=f"{WORDS}的批注")
    ordinary = loop.report(kind="01001")
    loop.to_handling(ordinary)
    return matter


def told(matter: UUID) -> list[bytes]:
    """Every string and every picture by which the complaint could be known."""
    row, photo = Matter.objects.get(id=matter), Evidence.objects.get(matter_id=matter)
    strings = ["紫云英", NAME, PHONE, ADDRESS, row.number, str(matter), str(photo.id), "117.02345", "39.05678"]
    strings += [bytes(entry.hash).hex() for entry in Entry.objects.filter(matter_id=matter)]
    kept = storage.default()
    return [*(each.encode() for each in strings), kept.get(photo.derivative), kept.get(photo.thumbnail)]


def addresses(matter: UUID) -> Iterator[str]:
    """Every address of the installation, those of one matter filled in with this matter."""
    photo = Evidence.objects.get(matter_id=matter)
    known: dict[str, Any] = {
        "matter_id": matter, "evidence_id": photo.id, "which": "derivative",
        "number": Matter.objects.get(id=matter).number,
    }  # fmt: skip

    def walk(patterns: Any, space: str) -> Iterator[str]:
        for each in patterns:
            if isinstance(each, URLResolver):
                inner = f"{space}{each.namespace}:" if each.namespace else space
                yield from walk(each.url_patterns, inner)
            elif isinstance(each, URLPattern) and each.name:
                wanted = each.pattern.regex.groupindex
                if set(wanted) <= set(known):
                    yield reverse(f"{space}{each.name}", kwargs={name: known[name] for name in wanted})

    yield from walk(get_resolver().url_patterns, "")


SEARCHES = (
    "/matters/?text=紫云英", f"/matters/?text={PHONE}", f"/matters/?text={ADDRESS}", "/matters/export.csv",
    "/matters/export.csv?text=紫云英", "/api/v1/matters?limit=200", "/api/v1/matters?text=紫云英",
    "/api/v1/matters?order=due", "/api/v1/matters?unit=s1-office", "/api/v1/matters?desk=true",
)  # fmt: skip


@pytest.mark.parametrize("user", ["receiver", "worker", "head", "inside"])
def test_nothing_of_a_complaint_is_in_anything_that_the_unit_can_fetch(complaint: UUID, user: str) -> None:
    if user == "inside":  # every role at once, with the highest clearance, over the whole city
        account = people.create_account(
            access.system("tests"), username=user, account_names={"zh-hans": user}, password=None
        )
        post = people.create_post(
            access.system("tests"), code="inside-post", role="leader", unit_id=world.unit("s1-office"),
            also=["supervisor", "checker", "acceptance_clerk", "dispatcher", "unit_head", "receiving_clerk"],
            area_id=places.by_code("99").id, confidentiality=9,
        )  # fmt: skip
        people.hold(access.system("tests"), account_id=account.id, post_id=post.id)
    looked, leaks = fetched(user, complaint)
    assert leaks == []
    assert looked > 20


def fetched(user: str, matter: UUID) -> tuple[int, list[tuple[str, bytes]]]:
    """How many pages and files a user got, and what of the complaint was in them, by address."""
    client, secrets, looked = signed_in(user), told(matter), 0
    leaks = []
    for address in [*addresses(matter), *SEARCHES]:
        response = client.get(address)
        content = b"".join(response) if response.streaming else response.content
        asked = address.encode() + str(matter).encode()  # an answer may repeat what was asked for
        leaks += [(address, secret[:40]) for secret in secrets if secret not in asked and secret in content]
        looked += response.status_code == 200
    return looked, leaks


def test_the_same_look_finds_it_for_whoever_deals_with_it(complaint: UUID) -> None:
    _looked, leaks = fetched("d1-receiver", complaint)
    number = Matter.objects.get(id=complaint).number.encode()
    assert {"紫云英".encode(), ADDRESS.encode(), number} <= {secret for _address, secret in leaks}
    assert {f"/matters/{complaint}", "/matters/export.csv", "/api/v1/matters?text=紫云英"} <= {
        a for a, _secret in leaks
    }
    picture = storage.default().get(Evidence.objects.get(matter_id=complaint).derivative)
    assert picture[:40] in {secret for _address, secret in leaks}
    assert {NAME.encode(), PHONE.encode()}.isdisjoint({secret for _address, secret in leaks})


@pytest.mark.parametrize(
    "address",
    ["/matters/{m}", "/matters/{m}/order", "/field/matters/{m}", "/checks/{m}", "/api/v1/matters/{m}",
     "/api/v1/matters/{m}/timeline", "/api/v1/matters/{m}/clocks", "/api/v1/matters/{m}/actions"],
)  # fmt: skip
def test_the_unit_is_told_that_there_is_no_such_matter(complaint: UUID, address: str) -> None:
    assert signed_in("head").get(address.format(m=complaint)).status_code in {403, 404}


def test_the_photo_is_not_found_for_the_unit_and_shown_to_who_deals_with_it(complaint: UUID) -> None:
    photo = Evidence.objects.get(matter_id=complaint)
    for which in ("derivative", "thumbnail"):
        address = reverse("evidence", args=[complaint, photo.id, which])
        assert signed_in("head").get(address).status_code == 404
        assert signed_in("d1-receiver").get(address).status_code == 200


def test_acts_of_the_unit_on_it_are_refused_as_if_it_were_not_there(complaint: UUID) -> None:
    client = signed_in("receiver")
    seq = Matter.objects.get(id=complaint).seq
    posts: list[tuple[str, dict[str, str]]] = [
        (f"/matters/{complaint}/open", {"no": "1", "purpose": "duty", "words": "查一查"}),
        (f"/matters/{complaint}/complaint", {"act_id": str(ids.uuid7()), "unit": "d1-urban"}),
    ]
    for address, data in posts:
        assert client.post(address, data).status_code in {403, 404}, address
    assert Matter.objects.get(id=complaint).seq == seq


def test_what_is_sent_on_after_an_act_holds_nothing_of_the_complaint(complaint: UUID) -> None:
    bodies = str(list(Outbox.objects.filter(matter_id=complaint).values_list("body", flat=True)))
    for secret in ("紫", PHONE, NAME, "117.02"):
        assert secret not in bodies


def test_a_resident_names_the_unit_and_it_goes_past_it() -> None:
    data = {"text": "收费乱", "id": str(ids.uuid7()), "complained_of": "东风街道网格中心",
            "area_district": "990101", "area_subdistrict": "990101001"}  # fmt: skip
    response = Client().post("/report", data)
    assert response.status_code == 201, text(response)
    made = Matter.objects.get()
    assert made.complained_of == [world.unit("s1-centre")]
    assert made.unit_id == world.unit("d1-centre")
    assert signed_in("clerk").get(f"/matters/{made.id}").status_code == 404
    page = text(signed_in("d1-clerk").get(f"/matters/{made.id}"))
    assert "举报保密" in page
    assert "东风街道网格中心" in page


def test_a_unit_that_nobody_knows_is_said_at_its_field_and_nothing_is_taken() -> None:
    response = Client().post("/report", {"text": "收费乱", "id": str(ids.uuid7()), "complained_of": "没有的单位"})
    assert response.status_code == 422
    assert "没有叫这个名称的单位" in text(response)
    assert Matter.objects.count() == 0


def test_a_grid_worker_reports_in_confidence() -> None:
    data = {"text": "物业乱收费", "id": str(ids.uuid7()), "complained_of": "s1-property", "confidential": "on",
            "area_district": "990101", "area_subdistrict": "990101001"}  # fmt: skip
    response = signed_in("grid").post("/field/report", data)
    assert response.status_code == 302, text(response)
    made = Matter.objects.get()
    assert (made.complained_of, made.confidentiality) == ([world.unit("s1-property")], 1)


def test_a_clerk_records_the_unit_on_the_page() -> None:
    matter = loop.report()
    client = signed_in("clerk")
    address = f"/matters/{matter}/complaint"
    response = client.post(address, {"act_id": str(ids.uuid7()), "unit": "没\x00有"}, follow=True)
    assert response.status_code == 200
    response = client.post(address, {"act_id": str(ids.uuid7()), "unit": "没有的单位"}, follow=True)
    assert "没有叫这个名称的单位" in text(response)
    response = client.post(address, {"act_id": str(ids.uuid7()), "unit": "和顺里物业"}, follow=True)
    assert "已记下" in text(response)
    assert Matter.objects.get(id=matter).complained_of == [world.unit("s1-property")]


def test_the_reporter_reads_when_and_for_what_the_identity_was_opened_but_not_by_whom(complaint: UUID) -> None:
    client = Client()
    session = client.session
    session["check_codes"] = [str(complaint)]
    session.save()
    assert "还没有人查看过您的姓名" in text(client.get(f"/status/{complaint}"))
    opening.open_values(world.actor("clerk"), complaint, [1], opening.Purpose("call_back", "请测试员李四回访"))
    page = text(client.get(f"/status/{complaint}"))
    listed = page.split("谁查看过您的信息")[1].split("您写的内容")[0]
    assert "受理" in listed
    assert str(opening.PURPOSES["call_back"]) in listed
    for hidden in ("李四", "测试clerk", "clerk"):
        assert hidden not in listed


def test_a_text_for_the_unit_is_written_by_one_and_released_by_another_on_the_page(complaint: UUID) -> None:
    account = people.create_account(
        access.system("tests"), username="b", account_names={"zh-hans": "乙"}, password=None
    )
    post = people.create_post(
        access.system("tests"),
        code="b-post",
        role="dispatcher",
        unit_id=world.unit("s1-centre"),
        area_id=places.by_code("990101001").id,
    )
    people.hold(access.system("tests"), account_id=account.id, post_id=post.id)
    first, second, address = signed_in("clerk"), signed_in("b"), f"/matters/{complaint}/rewrite"
    refused = first.post(address, {"act_id": str(ids.uuid7()), "text": f"据说{WORDS}"})
    assert refused.status_code == 422
    assert f"据说{WORDS}</textarea>" in text(refused)  # it stays typed
    told_to_unit = "群众反映辖区有违规倾倒情况，请说明管理措施。"
    assert "已保存" in text(first.post(address, {"act_id": str(ids.uuid7()), "text": told_to_unit}, follow=True))
    waiting = Entry.objects.get(matter_id=complaint, action="rewrite").seq
    data = {"act_id": str(ids.uuid7()), "rewrite": str(waiting)}
    first.post(f"{address}/release", data)
    assert not Entry.objects.filter(matter_id=complaint, action="release_rewrite").exists()
    assert "/rewrite/release" in text(second.get(f"/matters/{complaint}"))
    assert "/rewrite/release" not in text(first.get(f"/matters/{complaint}"))
    second.post(f"{address}/release", data)
    copy = Matter.objects.get(text=told_to_unit)
    loop.act("clerk", copy.id, "file", condition=loop.condition())
    loop.act("clerk", copy.id, "dispatch")
    page = text(signed_in("receiver").get(f"/matters/{copy.id}"))
    assert told_to_unit in page
    for secret in told(complaint)[:9]:
        assert secret.decode() not in page
    _looked, leaks = fetched("receiver", complaint)
    assert leaks == []
    for stranger in ("receiver", "head"):
        assert signed_in(stranger).post(f"{address}/release", data).status_code == 404
