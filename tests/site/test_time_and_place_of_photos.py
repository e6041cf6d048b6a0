"""A photo whose time or place does not fit its matter asks for a look; what is not known asks for nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings

from civicloop.evidence import signals
from civicloop.evidence.models import Capture, Evidence, Rule, Signal
from civicloop.evidence.plausibility import Bounds, Circumstances, Shot, before_its_before, doubts
from civicloop.foundation import clock, ids
from civicloop.foundation.coordinates import wgs84_to_gcj02
from civicloop.matters import signals as judging
from civicloop.matters import uploads
from tests import world
from tests.evidence.test_how_a_photo_was_made import phone
from tests.evidence.test_the_same_scene import afterwards, street
from tests.matters import loop
from tests.site.test_field_work_outside import form, signed_in
from tests.site.test_field_work_outside import photo as shown

HERE = (117.02, 39.05)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
LIMITS = Bounds(timedelta(hours=72), timedelta(minutes=15), 3, 200)
MATTER = Circumstances(NOW, HERE)


def rules(shot: Shot, matter: Circumstances | None = MATTER) -> dict[str, int]:
    return dict(doubts(shot, matter, LIMITS))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(-73, {"early": 73 * 60}), (-72, {}), (-1, {}), (0.2, {}), (1, {"future": 60}), (8, {"future": 480})],
)
def test_the_time_may_be_off_by_a_clock_but_not_by_days(hours: float, expected: dict[str, int]) -> None:
    assert rules(Shot("before", NOW, NOW + timedelta(hours=hours))) == expected


def test_a_place_is_judged_by_its_own_accuracy() -> None:
    away = (HERE[0] - 0.01, HERE[1])  # 864 m
    assert rules(Shot("after", NOW, place=away, accuracy=10)) == {"far": 864}
    assert rules(Shot("after", NOW, place=away, accuracy=300)) == {}
    assert rules(Shot("after", NOW, place=away)) == {}  # how exact is not known
    assert rules(Shot("before", NOW, place=away, accuracy=10)) == {}
    assert rules(Shot("after", NOW, place=away, accuracy=10), Circumstances(NOW)) == {}
    assert rules(Shot("after", NOW, place=away, accuracy=10), None) == {}


def test_a_camera_that_writes_shifted_coordinates_is_no_alarm() -> None:
    assert rules(Shot("after", NOW, place=wgs84_to_gcj02(*HERE), accuracy=5)) == {}


@pytest.mark.parametrize(("minutes", "expected"), [(60, None), (0, None), (-15, None), (-16, 16), (-600, 600)])
def test_after_comes_after_before_but_for_a_wrong_clock(minutes: int, expected: int | None) -> None:
    before = Shot("before", NOW, NOW)
    after = Shot("after", NOW + timedelta(hours=1), NOW + timedelta(minutes=minutes))
    assert before_its_before(after, before, LIMITS) == expected
    assert before_its_before(Shot("after", NOW), before, LIMITS) is None
    assert before_its_before(after, Shot("before", NOW), LIMITS) is None


# -- through the loop ------------------------------------------------------------------------------------------------


@pytest.fixture
def monday(tmp_path: Path, db: Any) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        yield


def sent(
    matter: UUID, stage: str, taken: datetime | None, away: float | None = None, seed: int = 1, again: bool = False
) -> UUID:
    camera, gps = {}, {}
    if taken is not None:
        camera = {0x9003: taken.strftime("%Y:%m:%d %H:%M:%S"), 0x9011: "+00:00"}
    if away is not None:
        lon = world.SPOT[0] + away
        gps = {1: "N", 2: (world.SPOT[1], 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0), 31: 10.0}
    evidence = ids.uuid7(clock.now())
    shot = afterwards(street(seed), seed) if again else street(seed)
    prepared = uploads.take_upload(
        world.actor("grid"), upload=phone(camera, gps, picture=shot), filename="a.jpg", stage=stage,
        matter_id=matter, evidence_id=evidence, how="album",
    )  # fmt: skip
    uploads.add_evidence(world.actor("grid"), prepared)
    return evidence


def looked() -> list[tuple[str, UUID, UUID]]:
    with clock.at(clock.now() + 2 * signals.LAG):
        judging.look()
    return sorted(Signal.objects.values_list("rule", "evidence_id", "other_id"))


@pytest.mark.usefixtures("monday")
def test_an_old_album_photo_an_elsewhere_and_a_swapped_pair_are_found_once() -> None:
    matter, now = loop.report(), clock.now()
    before = sent(matter, "before", now - timedelta(minutes=5), seed=1)
    after = sent(matter, "after", now - timedelta(days=9), away=0.05, seed=2)
    expected = sorted([
        (Rule.EARLY, after, after), (Rule.FAR, after, after), (Rule.ORDER, after, before), (Rule.SCENE, after, before),
    ])  # fmt: skip
    assert looked() == expected
    assert looked() == expected
    row = Capture.objects.get(pk=(matter, after))
    assert (row.lon, row.lat, row.had_place) == (None, None, True)  # a place is forgotten once it was compared


@pytest.mark.usefixtures("monday")
def test_honest_photos_and_those_that_say_nothing_raise_nothing() -> None:
    honest, silent = loop.report(), loop.report()
    now = clock.now()
    sent(honest, "before", now - timedelta(hours=20), seed=1)
    sent(silent, "before", None, seed=3)
    with clock.at(now + timedelta(hours=3)):
        # a clock that is four minutes ahead
        sent(honest, "after", now + timedelta(hours=3, minutes=4), away=0.0005, seed=1, again=True)
        sent(silent, "after", None, seed=3, again=True)
        assert looked() == []


@pytest.mark.usefixtures("monday")
def test_a_checker_reads_how_it_was_made_and_the_reporter_does_not() -> None:
    matter, now = loop.report(), clock.now()
    sent(matter, "after", now - timedelta(days=9))
    looked()
    page = signed_in("checker").get("/signals/").content.decode()
    assert "早于上报很久拍摄" in page
    assert "来自相册 · 比上报早 1\xa0周拍摄" in page
    assert "来自相册" in signed_in("checker").get(f"/checks/{matter}").content.decode()
    assert "来自相册" not in signed_in("grid").get(f"/matters/{matter}").content.decode()


@pytest.mark.usefixtures("monday")
def test_each_page_and_the_api_pass_on_where_a_photo_came_from() -> None:
    grid = signed_in("grid")
    sent = form(text="垃圾桶倒了", result="已扶正", before_capture="camera", after_capture="album")
    for _time in range(2):  # the queue of a phone may send twice
        assert grid.post("/field/handled", sent | {"before": shown(10), "after": shown(200)}).status_code == 302
    stages = dict(Evidence.objects.values_list("id", "stage"))
    assert {(stages[row.evidence_id], row.how) for row in Capture.objects.all()} == {
        ("before", "camera"), ("after", "album"),
    }  # fmt: skip
    matter = loop.report()
    said = {"stage": "before", "capture": "camera", "file": shown(30)}
    answer = signed_in("checker").post(f"/api/v1/matters/{matter}/evidence", said)
    assert answer.status_code == 201
    assert Capture.objects.get(pk=(matter, UUID(answer.json()["id"]))).how == "camera"
    refused = signed_in("checker").post(f"/api/v1/matters/{matter}/evidence", said | {"capture": "drone"})
    assert refused.status_code == 422
    assert Evidence.objects.filter(matter_id=matter).count() == 1
