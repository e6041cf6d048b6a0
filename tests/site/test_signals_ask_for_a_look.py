"""Photos that look alike ask somebody to look again: found over the city and a year, judged by somebody else, kept."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageEnhance

from civicloop.evidence import signals
from civicloop.evidence import sql as evidence_sql
from civicloop.evidence.models import Rule, Signal
from civicloop.foundation import clock, ids
from civicloop.matters import proof, uploads
from civicloop.matters import signals as judging
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry
from civicloop.people.access import Actor
from tests import world
from tests.evidence.pictures import drawn, encoded
from tests.matters import loop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        yield


def photo(matter: UUID, content: bytes, stage: str = "after", user: str = "grid", synthetic: bool = False) -> UUID:
    actor, evidence = world.actor(user), ids.uuid7(clock.now())
    prepared = uploads.take_upload(
        actor, upload=content, filename="a.jpg", stage=stage, matter_id=matter, evidence_id=evidence,
        synthetic=synthetic,
    )  # fmt: skip
    uploads.add_evidence(actor, prepared)
    return evidence


def found() -> list[tuple[str, UUID, UUID]]:
    with clock.at(clock.now() + 2 * signals.LAG):
        signals.look()
    return list(Signal.objects.order_by("found_at", "id").values_list("rule", "matter_id", "other_matter_id"))


def later(minutes: int = 1) -> "clock.at":
    return clock.at(clock.now() + timedelta(minutes=minutes))


def edited(content: bytes) -> bytes:
    """The same picture, smaller, brighter and compressed again."""
    picture = Image.open(io.BytesIO(content))
    smaller = ImageEnhance.Brightness(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4))).enhance(1.05)
    return encoded(smaller, quality=70)


def test_the_same_and_nearly_the_same_photo_elsewhere_are_found() -> None:
    one, two, three, four = (loop.report() for _matter in range(4))
    content = encoded(drawn(seed=5))
    photo(one, content)
    with later():
        photo(two, content)
        with later():
            photo(three, edited(content))
            photo(four, encoded(drawn(seed=6)))
            assert set(found()) == {
                (Rule.SAME, two, one), (Rule.ALIKE, three, one), (Rule.ALIKE, three, two),
            }  # fmt: skip
            assert set(found()) == set(found())  # looking again finds nothing twice
            assert Signal.objects.count() == 3


def test_before_and_after_that_look_the_same_are_found_and_a_change_is_not() -> None:
    same, changed = loop.report(), loop.report()
    content = encoded(drawn(seed=7))
    photo(same, content, "before")
    photo(changed, encoded(drawn(seed=8)), "before")
    with later():
        photo(same, edited(content), "after")
        photo(changed, encoded(drawn(seed=9)), "after")
        # the second pair shows no change, but two places
        assert sorted(found()) == sorted([(Rule.UNCHANGED, same, same), (Rule.SCENE, changed, changed)])


def test_walls_the_dark_drawn_photos_and_last_years_are_left_alone() -> None:
    one, two = loop.report(), loop.report()
    wall = encoded(Image.new("RGB", (480, 360), "#888888"))
    photo(one, wall)
    drawn_one = encoded(drawn(seed=10))
    photo(one, drawn_one, synthetic=True)
    with later():
        photo(two, edited(wall))
        photo(two, drawn_one, synthetic=True)
        assert found() == []
    old = loop.report()
    photo(old, encoded(drawn(seed=11)))
    with clock.at(world.START + timedelta(days=400)):
        photo(loop.report(), encoded(drawn(seed=11)))
        assert found() == []


def test_each_way_of_being_alike_is_found_by_an_index() -> None:
    """Of the statement only how photos are alike: in an empty table its other conditions seem the cheaper ones."""
    alike = evidence_sql.LIKE[evidence_sql.LIKE.index("(e.sha256") : evidence_sql.LIKE.index("ORDER BY")]
    given = {"sha256": "0" * 64} | {f"part{number}": 4711 + number for number in range(4)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT id FROM evidence_evidence e WHERE {alike}", given)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert plan.count("Bitmap Index Scan") == 5 * plan.count("BitmapOr") > 0, plan


def test_looking_costs_a_bounded_number_of_statements_a_photo() -> None:
    for number in range(6):
        photo(loop.report(), encoded(drawn(seed=20 + number)))
    with (
        clock.at(clock.now() + 2 * signals.LAG),
        CaptureQueriesContext(
            connection,
        ) as counted,
    ):
        signals.look()
    assert len(counted) <= 8 + 3 * 6


@pytest.fixture
def signal() -> Signal:
    one, two = loop.report(), loop.report()
    content = encoded(drawn(seed=12))
    photo(one, content)
    with later():
        photo(two, content)
        found()
    return Signal.objects.get()


def judge(actor: Actor, signal: Signal, outcome: str = "false_alarm", reason: str = "是同一处的两个井盖。") -> None:
    judging.judge(
        actor, matter_id=signal.matter_id, signal_id=signal.id, outcome=outcome, reason=reason, act_id=ids.uuid7()
    )


def test_a_checker_judges_and_it_stands_in_the_timeline(signal: Signal) -> None:
    judge(world.actor("checker"), signal)
    signal.refresh_from_db()
    assert signal.state == "false_alarm"
    entry = Entry.objects.filter(matter_id=signal.matter_id).latest("seq")
    assert (entry.action, entry.result, entry.role) == (judging.ACTION, "false_alarm", "checker")
    assert proof.verify(signal.matter_id) == []
    assert {"rule": "same", "open": 0, "real": 0, "false_alarm": 1, "false_share": 1.0} in signals.rates()
    with pytest.raises(Refused) as refused:
        judge(world.actor("checker"), signal, "real")
    assert refused.value.code == "no_such_signal"


@pytest.mark.parametrize(
    ("user", "reason", "code"),
    [
        ("worker", "…", "not_found"), ("grid", "…", "forbidden"), ("clerk", "…", "forbidden"),
        ("checker", "  ", "missing"), ("checker", "x" * 501, "missing"),
    ],
)  # fmt: skip
def test_who_may_not_judge_and_what_is_missing(signal: Signal, user: str, reason: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        judge(world.actor(user), signal, reason=reason)
    assert refused.value.code == code
    signal.refresh_from_db()
    assert signal.state == "open"


def test_the_act_alone_is_not_offered_to_programs(signal: Signal) -> None:
    from civicloop.matters import actions

    wanted = actions.Act(
        signal.matter_id, judging.ACTION, ids.uuid7(), "real", {"signal": str(signal.id), "reason": "x"}
    )
    with pytest.raises(Refused) as refused:
        actions.act(world.actor("checker"), wanted)
    assert refused.value.code == "unknown_action"


def signed_in(user: str) -> Client:
    from civicloop.people.models import Account

    browser = Client()
    browser.force_login(Account.objects.get(username=user))
    return browser


def test_the_page_of_signals(signal: Signal) -> None:
    browser = signed_in("checker")
    page = browser.get("/signals/").content.decode()
    assert "同一张照片已用于其他事项" in page
    assert f"/signals/{signal.matter_id}/{signal.id}" in page
    sent = {"act_id": str(ids.uuid7()), "outcome": "real", "reason": "两处门牌相同。", "next": "/signals/"}
    answer = browser.post(f"/signals/{signal.matter_id}/{signal.id}", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/signals/")
    page = browser.get("/signals/").content.decode()
    assert "没有待复看的线索" in page
    assert "0 %" in page
    assert "两处门牌相同" in signed_in("checker").get(f"/matters/{signal.matter_id}").content.decode()


@pytest.mark.parametrize("user", ["receiver", "worker", "grid", "clerk", "property"])
def test_the_unit_and_the_desk_see_no_signals(signal: Signal, user: str) -> None:
    assert signed_in(user).get("/signals/").status_code == 403
    assert judging.of_matter(world.actor(user), signal.matter_id) == []
