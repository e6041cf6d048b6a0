"""举报保密: a complaint about a unit is neither seen by it nor given to it; what it is about is kept with it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters import opening, reading, rewriting, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from civicloop.people import access, actions
from civicloop.people.choices import Role
from civicloop.people.models import Account, Unit
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START):
        yield


def refused(code: str, work: Any) -> None:
    with pytest.raises(Refused) as raised:
        work()
    assert raised.value.code == code


def sees(user: str, matter: UUID) -> bool:
    """Whether a user may open the matter; lists, their ways and pages agree on it."""
    actor = world.actor(user)
    found = reading.read(matter)
    assert found is not None
    opened = access.sees(actor, found.subject).allowed
    assert opened == Matter.objects.filter(selectors.visible(actor), id=matter).exists()
    assert opened == any(Matter.objects.filter(way, id=matter).exists() for way in selectors.ways(actor))
    assert opened == (matter in {row.id for row in selectors.matters(actor, selectors.Filters()).rows})
    return opened


def complaint(*units: str, user: str | None = None, **values: Any) -> UUID:
    return loop.report(user, complained_of=units, **({"text": "每晚十一点后有人在我家楼下倾倒渣土"} | values))


def test_a_complaint_about_the_desk_of_a_place_goes_to_the_desk_above_it() -> None:
    matter = complaint("s1-centre")
    found = reading.read(matter)
    assert found is not None
    assert found.row["unit_id"] == world.unit("d1-centre")
    assert found.row["confidentiality"] == 1
    assert found.row["complained_of"] == [world.unit("s1-centre")]
    assert sees("d1-clerk", matter)
    for user in ("clerk", "grid"):
        assert not sees(user, matter)


def test_nobody_of_the_unit_or_below_it_sees_a_complaint_whatever_the_post() -> None:
    Unit.objects.filter(code="s1-property").update(parent_id=world.unit("s1-office"))
    matter = complaint("s1-office")
    assert sees("clerk", matter)
    for user in ("receiver", "worker", "head", "property"):
        assert not sees(user, matter)
    for user, role in (("auditor-here", "audit_admin"), ("leader-here", "leader"), ("checker-here", "checker")):
        account = actions.create_account(SYSTEM, username=user, account_names={"zh-hans": user}, password=None)
        post = actions.create_post(
            SYSTEM, code=f"{user}-post", role=role, unit_id=world.unit("s1-property"),
            area_id=places("99"), confidentiality=9,
        )  # fmt: skip
        actions.hold(SYSTEM, account_id=account.id, post_id=post.id)
        assert not sees(user, matter)


def places(code: str) -> int:
    from civicloop.places import selectors as areas

    return areas.by_code(code).id


def test_a_post_elsewhere_does_not_help_somebody_who_has_one_in_the_unit() -> None:
    matter = complaint("s1-office")
    assert sees("clerk", matter)
    post = actions.create_post(
        SYSTEM, code="second-post", role="unit_worker", unit_id=world.unit("s1-office"), area_id=places("990101001")
    )
    actions.hold(SYSTEM, account_id=Account.objects.get(username="clerk").id, post_id=post.id)
    assert not sees("clerk", matter)


def test_a_complaint_is_not_given_to_the_unit_that_it_is_about() -> None:
    matter = complaint("s1-office")
    loop.act("clerk", matter, "file", condition=loop.condition())
    refused("complained_of", lambda: loop.act("clerk", matter, "dispatch"))  # the catalogue suggests s1-office
    refused("complained_of", lambda: loop.act("clerk", matter, "dispatch", answering="s1-office"))
    loop.act("clerk", matter, "dispatch", answering="d1-urban")
    assert sees("d1-receiver", matter)
    assert not sees("receiver", matter)


def test_a_complaint_goes_by_itself_to_the_unit_above_the_one_that_it_is_about() -> None:
    Unit.objects.filter(code="s1-office").update(parent_id=world.unit("d1-urban"))
    matter = complaint("s1-office")
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    found = reading.read(matter)
    assert found is not None
    assert found.row["unit_id"] == world.unit("d1-urban")


def test_a_desk_records_whom_a_report_is_about_and_the_unit_loses_sight_of_it() -> None:
    matter = loop.report()
    loop.act("clerk", matter, "name_complained", units=["s1-property"])
    found = reading.read(matter)
    assert found is not None
    assert (found.row["complained_of"], found.row["confidentiality"]) == ([world.unit("s1-property")], 1)
    assert Entry.objects.filter(matter_id=matter, action="name_complained").count() == 1
    loop.act("clerk", matter, "name_complained", units=["s1-office"])  # adds, never takes away
    found = reading.read(matter)
    assert found is not None
    assert found.row["complained_of"] == sorted([world.unit("s1-property"), world.unit("s1-office")])


def test_what_cannot_be_recorded_is_refused_with_nothing_written() -> None:
    matter = loop.report()
    refused("unknown_unit", lambda: loop.act("clerk", matter, "name_complained", units=["no-such-unit"]))
    refused("not_units", lambda: loop.act("clerk", matter, "name_complained", units="s1-office"))
    refused("not_units", lambda: loop.act("clerk", matter, "name_complained", units=[True]))
    refused("unknown_unit", lambda: loop.act("clerk", matter, "name_complained", units=[10**15]))
    refused("unknown_unit", lambda: complaint("s1\x00"))
    refused("own_unit", lambda: loop.act("clerk", matter, "name_complained", units=["s1-centre"]))
    refused("forbidden", lambda: loop.act("grid", matter, "name_complained", units=["s1-office"]))
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    refused("lies_with_unit", lambda: loop.act("clerk", matter, "name_complained", units=["s1-office"]))
    refused("unknown_unit", lambda: complaint("no-such-unit"))
    refused("too_many", lambda: complaint(*[f"unit-{number}" for number in range(11)]))
    assert Entry.objects.filter(matter_id=matter, action="name_complained").count() == 0


def test_a_complaint_that_only_the_accused_could_take_in_is_not_taken() -> None:
    Unit.objects.exclude(code="city-centre").update(parent_id=world.unit("city-centre"))
    refused("nobody_left", lambda: complaint("city-centre"))
    assert Matter.objects.count() == 0


def test_an_identity_is_not_opened_by_the_unit_and_the_reporter_sees_each_opening() -> None:
    matter = complaint("s1-office", reporter={"name": "举报人甲", "phone": "13800001234"})
    purpose = opening.Purpose("ask_back", "张三核实时间地点")
    refused("not_found", lambda: opening.open_values(world.actor("head"), matter, [1], purpose))
    assert opening.told(matter) == []
    opened = opening.open_values(world.actor("clerk"), matter, [1], purpose)
    assert [each.text for each in opened] == ["举报人甲"]
    told = opening.told(matter)
    assert [(each.at, each.post) for each in told] == [(world.START, str(Role.ACCEPTANCE_CLERK.label))]
    assert [each.purpose for each in told] == [str(opening.PURPOSES["ask_back"])]
    assert "张三" not in str(told)


REWRITTEN = "群众反映和顺里社区存在违规倾倒建筑垃圾的情况，请说明管理情况。"


def second_clerk() -> None:
    account = actions.create_account(SYSTEM, username="clerk-b", account_names={"zh-hans": "乙"}, password=None)
    post = actions.create_post(
        SYSTEM, code="clerk-b-post", role="dispatcher", unit_id=world.unit("s1-centre"), area_id=places("990101001")
    )
    actions.hold(SYSTEM, account_id=account.id, post_id=post.id)


def test_the_unit_is_given_a_rewritten_text_that_a_second_person_released() -> None:
    second_clerk()
    matter = complaint(
        "s1-office", kind="01001", address="紫荆巷七号院", reporter={"name": "欧阳", "phone": "13800001234"}
    )
    written = loop.act("clerk", matter, "rewrite", text=REWRITTEN)
    refused(
        "own_request",
        lambda: rewriting.release(world.actor("clerk"), matter_id=matter, rewrite=written.seq, act_id=ids.uuid7()),
    )
    assert Matter.objects.count() == 1
    act_id = ids.uuid7()
    for _again in range(2):
        copy = rewriting.release(world.actor("clerk-b"), matter_id=matter, rewrite=written.seq, act_id=act_id)
    assert Matter.objects.count() == 2
    loop.act("clerk", copy, "file", condition=loop.condition())
    loop.act("clerk", copy, "dispatch")
    assert sees("receiver", copy)
    assert not sees("receiver", matter)
    row = Matter.objects.get(id=copy)
    assert (row.text, row.lon, row.lat, row.address, row.grid_id, row.parent_id) == (
        REWRITTEN,
        None,
        None,
        "",
        None,
        None,
    )
    kept = str([(bytes(e.body), e.texts) for e in map(line_of, Entry.objects.filter(matter_id=copy))])
    for secret in (str(matter), Matter.objects.get(id=matter).number, "紫荆巷", "渣土", "117.02"):
        assert secret not in kept
    refused(
        "no_such_text",
        lambda: rewriting.release(world.actor("clerk-b"), matter_id=matter, rewrite=written.seq, act_id=ids.uuid7()),
    )


def line_of(entry: Entry) -> Any:
    from types import SimpleNamespace

    from civicloop.matters.models import EntryText

    texts = list(EntryText.objects.filter(matter_id=entry.matter_id, seq=entry.seq).values_list("value", flat=True))
    return SimpleNamespace(body=entry.body, texts=texts)


def test_a_rewritten_text_repeats_nothing_by_which_the_writer_is_known() -> None:
    matter = complaint("s1-office", address="紫荆巷七号院")
    refused("too_like", lambda: loop.act("clerk", matter, "rewrite", text="有人说每晚十一点后有人在我家楼下倾倒渣土。"))
    refused("too_like", lambda: loop.act("clerk", matter, "rewrite", text="地点在紫荆巷七号院附近"))
    refused("holds_number", lambda: loop.act("clerk", matter, "rewrite", text="请联系 138 0000 1234"))
    refused("missing", lambda: loop.act("clerk", matter, "rewrite", text=" "))
    refused("not_found", lambda: loop.act("receiver", matter, "rewrite", text=REWRITTEN))
    refused("no_complaint", lambda: loop.act("clerk", loop.report(), "rewrite", text=REWRITTEN))
    refused("unknown_action", lambda: loop.act("clerk", matter, "release_rewrite", rewrite=2))
