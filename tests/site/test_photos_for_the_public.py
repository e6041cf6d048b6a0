"""A photo is public only after somebody has looked who neither took it nor did the work; covered, and taken back."""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, override_settings
from PIL import Image

from civicloop.evidence import actions as storing
from civicloop.evidence import boxes, publishing, selectors, storage
from civicloop.evidence.covering import Box
from civicloop.evidence.models import Boxes, Evidence, PublicPhoto
from civicloop.foundation import clock, ids
from civicloop.matters import erasure, proof, public_photos, uploads
from civicloop.matters import publishing as deciding
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from civicloop.matters.publishing import Decision
from civicloop.people.models import Account
from civicloop.receipts.proof import verify_matter
from civicloop.site.acting import SESSION_CODES
from tests import world
from tests.evidence.pictures import drawn, encoded
from tests.matters import loop

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FACE = Box(100, 60, 180, 160)


@pytest.fixture(autouse=True)
def monday(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        yield


def photo(matter: UUID, stage: str, user: str = "worker", seed: int = 3, *, looked: bool = True) -> UUID:
    actor, evidence = world.actor(user), ids.uuid7(clock.now())
    prepared = uploads.take_upload(
        actor, upload=encoded(drawn(seed=seed)), filename="a.jpg", stage=stage, matter_id=matter, evidence_id=evidence
    )
    uploads.add_evidence(actor, prepared)
    if looked:
        Boxes.objects.create(
            matter_id=matter, id=ids.uuid7(), evidence_id=evidence, detector="test", made_at=clock.now(),
            boxes=[["face", FACE.left, FACE.top, FACE.right, FACE.bottom, 0.9]],
        )  # fmt: skip
    return evidence


def solved(**values: Any) -> tuple[UUID, UUID, UUID]:
    """A solved matter with a photo of the grid worker before and one of the unit's worker after."""
    matter = loop.report("grid", **values)
    before = photo(matter, "before", "grid")
    loop.to_handling(matter)
    after = photo(matter, "after", "worker", seed=4)
    loop.act("worker", matter, "handle", result="已更换井盖")
    loop.act("receiver", matter, "feed_back")
    loop.photo(matter, "other")
    loop.act("checker", matter, "post_check", "pass")
    loop.act("clerk", matter, "close")
    assert Matter.objects.get(id=matter).end == "solved"
    return matter, before, after


def decide(user: str, matter: UUID, evidence: UUID, outcome: str = "public", **values: Any) -> Any:
    act_id = values.pop("act_id", None) or ids.uuid7()
    decision = Decision(outcome, **{"boxes": (FACE,)} | values if outcome == "public" else values)
    return deciding.decide(world.actor(user), matter_id=matter, evidence_id=evidence, decision=decision, act_id=act_id)


def refusal(user: str, matter: UUID, evidence: UUID, outcome: str = "public", **values: Any) -> str:
    with pytest.raises(Refused) as refused:
        decide(user, matter, evidence, outcome, **values)
    return str(refused.value.code)


def signed_in(user: str) -> Client:
    browser = Client()
    browser.force_login(Account.objects.get(username=user))
    return browser


def everybody(path: str) -> Any:
    return Client().get(path)


def address(evidence: UUID) -> str:
    return f"/photos/{PublicPhoto.objects.get(evidence_id=evidence).public_id}.jpg"


def test_a_checker_publishes_and_everybody_sees_it_covered_a_day_later() -> None:
    matter, before, after = solved()
    waiting = public_photos.waiting(world.actor("checker"), 10)
    assert {each.photo.id for each in waiting} == {before, after}
    assert decide("checker", matter, after).status == 201
    decide("checker", matter, before, "not_public", reason="viewpoint")
    assert public_photos.waiting(world.actor("checker"), 10) == []

    assert everybody(address(after)).status_code == 404  # whoever reported shall not be known by the hour
    assert "已公开" not in everybody("/done").content.decode()
    with clock.at(clock.now() + 2 * DAY):
        page = everybody("/done").content.decode()
        assert address(after) in page
        assert "东风街道办事处" in page  # whoever did the work
        assert str(matter) not in page
        assert Matter.objects.get(id=matter).number not in page
        answer = everybody(address(after))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        public = Image.open(io.BytesIO(answer.content))
        box = public.crop((FACE.left + 8, FACE.top + 8, FACE.right - 8, FACE.bottom - 8)).convert("L")
        assert box.getextrema()[1] - box.getextrema()[0] <= 4
        assert address(after) in everybody("/").content.decode()
        assert everybody(address(after).replace(".jpg", "-small.jpg")).status_code == 200
    entries = list(Entry.objects.filter(matter_id=matter, action=deciding.ACTION).order_by("seq"))
    assert [(each.result, each.role) for each in entries] == [("public", "checker"), ("not_public", "checker")]
    assert proof.verify(matter) == []


def test_the_entry_names_the_public_picture() -> None:
    matter, _before, after = solved()
    decide("checker", matter, after)
    body = bytes(Entry.objects.filter(matter_id=matter).latest("seq").body)
    row = PublicPhoto.objects.get()
    content = storage.default().get(row.picture)
    assert f"sha256:{hashlib.sha256(content).hexdigest()}".encode() in body


def test_sent_twice_it_is_one_decision_and_other_content_is_refused() -> None:
    matter, before, after = solved()
    once = ids.uuid7()
    assert decide("checker", matter, after, act_id=once).status == 201
    row = PublicPhoto.objects.get()
    assert decide("checker", matter, after, act_id=once).status == 200
    assert PublicPhoto.objects.get().public_id == row.public_id
    assert refusal("checker", matter, before, act_id=once) == "id_reused"
    assert refusal("checker", matter, after) == "decided_already"
    assert refusal("supervisor", matter, after, "not_public", reason="useless") == "decided_already"


def test_taken_back_it_is_gone_and_may_be_published_anew_at_another_address() -> None:
    matter, _before, after = solved()
    decide("checker", matter, after)
    first = address(after)
    with clock.at(clock.now() + 2 * DAY):
        assert everybody(first).status_code == 200
        decide("supervisor", matter, after, "taken_back", before="public", reason="uncovered")
        assert everybody(first).status_code == 404
        assert first not in everybody("/done").content.decode()
        row = PublicPhoto.objects.get()
        assert (row.state, row.picture, row.public_id) == ("taken_back", "", None)
        assert refusal("checker", matter, after, "taken_back", before="taken_back", reason="useless") == (
            "decided_already"
        )
        decide("checker", matter, after, before="taken_back", boxes=(FACE, Box(0, 0, 40, 40)))
        assert address(after) != first
        assert everybody(first).status_code == 404
        assert everybody(address(after)).status_code == 200
    assert proof.verify(matter) == []


def test_nobody_publishes_the_own_photo_or_the_own_work() -> None:
    matter, before, after = solved()
    own = photo(matter, "after", "checker", seed=9)
    assert refusal("checker", matter, own) == "own_work"
    assert own not in {each.photo.id for each in public_photos.waiting(world.actor("checker"), 10)}
    assert own in {each.photo.id for each in public_photos.waiting(world.actor("supervisor"), 10)}
    decide("supervisor", matter, own)
    Matter.objects.filter(id=matter).update(
        handlers=[[None, None, world.actor("checker").unit_id]]
    )  # as if the checkers' unit had done it
    assert refusal("checker", matter, after) == "own_work"
    decide("checker", matter, own, "taken_back", before="public", reason="uncovered")  # less is always allowed
    page = signed_in("checker").get(f"/publishing/{matter}/{before}").content.decode()
    assert "须由他人查看" in page
    assert 'value="cover"' not in page


@pytest.mark.parametrize("user", ["worker", "grid", "clerk", "receiver", "leader", "audit"])
def test_other_posts_do_not_publish(user: str) -> None:
    matter, _before, after = solved()
    assert refusal(user, matter, after) == "not_found"
    assert signed_in(user).get("/publishing/").status_code == 403
    assert signed_in(user).get(f"/publishing/{matter}/{after}").status_code == 403
    assert public_photos.waiting(world.actor(user), 10) == []


def test_another_places_supervisor_knows_nothing_of_it() -> None:
    matter, _before, after = solved()
    Matter.objects.filter(id=matter).update(
        district=None, subdistrict=None, community=None, grid=None
    )  # outside every area: the city's
    assert refusal("supervisor", matter, after) == "not_found"
    browser = signed_in("supervisor")
    assert browser.get(f"/publishing/{matter}/{after}").status_code == 404
    assert browser.get(f"/publishing/{matter}/{after}/covered.jpg").status_code == 404
    assert public_photos.waiting(world.actor("supervisor"), 10) == []


def test_confidential_open_and_other_matters_are_never_public() -> None:
    matter, _before, after = solved()
    decide("checker", matter, after)
    path = address(after)
    with clock.at(clock.now() + 2 * DAY):
        for change in ({"confidentiality": 1}, {"complained_of": [1]}, {"end": ""}, {"end": "explained"}):
            kept = {name: getattr(Matter.objects.get(id=matter), name) for name in change}
            Matter.objects.filter(id=matter).update(**change)
            assert everybody(path).status_code == 404, change
            assert path not in everybody("/done").content.decode()
            Matter.objects.filter(id=matter).update(**kept)
        assert everybody(path).status_code == 200
    with clock.at(clock.now() + 90 * DAY):
        assert everybody(path).status_code == 404
    still_open = loop.report("grid")
    waits = photo(still_open, "before", "grid")
    assert refusal("checker", still_open, waits) == "not_public_here"
    assert waits not in {each.photo.id for each in public_photos.waiting(world.actor("checker"), 10)}


def test_a_photo_waits_until_the_machine_has_looked() -> None:
    matter, _before, _after = solved()
    unlooked = photo(matter, "after", "worker", seed=8, looked=False)
    assert unlooked not in {each.photo.id for each in public_photos.waiting(world.actor("checker"), 10)}
    with clock.at(clock.now() + timedelta(minutes=2)):
        boxes.look(batch=10)
    assert unlooked in {each.photo.id for each in public_photos.waiting(world.actor("checker"), 10)}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"boxes": (Box(0, 0, 9999, 10),)}, "bad_boxes"), ({"outcome": "shown"}, "not_offered"),
        ({"outcome": "not_public", "reason": ""}, "missing"), ({"outcome": "not_public", "reason": "other"}, "missing"),
        ({"outcome": "not_public", "reason": "other", "words": "x" * 501}, "too_long"),
        ({"outcome": "taken_back", "reason": "useless"}, "decided_already"),
    ],
)  # fmt: skip
def test_what_is_no_decision_is_refused_and_nothing_is_written(values: dict[str, Any], code: str) -> None:
    matter, _before, after = solved()
    entries = Entry.objects.filter(matter_id=matter).count()
    assert refusal("checker", matter, after, **{"outcome": "public"} | values) == code
    assert Entry.objects.filter(matter_id=matter).count() == entries
    assert not PublicPhoto.objects.exists()


def test_the_act_alone_is_not_offered_to_programs() -> None:
    from civicloop.matters import actions

    matter, _before, after = solved()
    wanted = actions.Act(matter, deciding.ACTION, ids.uuid7(), "public", {"evidence": str(after), "boxes": []})
    with pytest.raises(Refused) as refused:
        actions.act(world.actor("checker"), wanted)
    assert refused.value.code == "unknown_action"


def rows(*edges: tuple[float, float, float, float] | None, **more: str) -> dict[str, str]:
    """The form of the boxes as a browser without scripts sends it."""
    sent = {"box-TOTAL_FORMS": str(len(edges)), "box-INITIAL_FORMS": "0", "act_id": str(ids.uuid7()), "before": ""}
    for number, each in enumerate(edges):
        for side, value in zip(("left", "top", "right", "bottom"), each or ("",) * 4, strict=True):
            sent[f"box-{number}-{side}"] = str(value)
    return sent | more


def test_the_pages_without_scripts() -> None:
    matter, _before, after = solved()
    browser, path = signed_in("checker"), f"/publishing/{matter}/{after}"
    assert path in browser.get("/publishing/").content.decode()
    page = browser.get(path).content.decode()
    assert 'name="box-0-left" value="' in page  # what the detector found, to be kept, moved or removed
    moved = rows((10, 10, 40, 50), None, (60, 60, 80, 90.5))
    page = browser.post(path, moved | {"step": "draw"}).content.decode()
    assert page.count('class="photo-box"') == 2
    removed = moved | {"step": "draw", "box-0-remove": "on"}
    assert browser.post(path, removed).content.decode().count('class="photo-box"') == 1
    page = browser.post(path, moved | {"step": "cover"}).content.decode()
    assert 'value="publish"' in page
    answer = browser.post(path, moved | {"step": "publish"})
    assert (answer.status_code, answer["Location"]) == (302, "/publishing/")
    assert len(PublicPhoto.objects.get().boxes) == 2
    page = browser.get(path).content.decode()
    assert "撤回公开" in page
    answer = browser.post(path, {"step": "take_back", "before": "public", "reason": "private", "act_id": "x"})
    assert answer.status_code == 302
    assert PublicPhoto.objects.get().state == "taken_back"
    said = signed_in("clerk").get(f"/matters/{matter}").content.decode()
    assert "照片已公开 · 遮挡 2 处" in said
    assert "住宅或其他私人空间" in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((10, 10, 5, 50), "右须大于左"), ((10, 10, "", 50), "四个数都要填"), ((10, 10, 140, 50), "100"),
        (("x", 1, 2, 3), "数字"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_said_and_nothing_is_lost(wrong: Any, words: str) -> None:
    matter, _before, after = solved()
    answer = signed_in("checker").post(f"/publishing/{matter}/{after}", rows(wrong, (1, 2, 33.3, 44), step="cover"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert 'value="33.3"' in page


def test_the_covered_preview_is_what_would_be_published() -> None:
    matter, _before, after = solved()
    browser, path = signed_in("checker"), f"/publishing/{matter}/{after}/covered.jpg"
    named = [[FACE.left, FACE.top, FACE.right, FACE.bottom]]
    seen = browser.get(path, {"boxes": json.dumps(named)})
    assert "no-store" in seen["Cache-Control"]
    decide("checker", matter, after)
    assert storage.default().get(PublicPhoto.objects.get().picture) == seen.content
    for bad in ("[[1,2]]", "{", "[[0,0,99999,1]]", '["a"]', "7"):
        assert browser.get(path, {"boxes": bad}).status_code == 404


def test_the_reporter_is_told() -> None:
    matter, _before, after = solved()
    decide("checker", matter, after)
    browser = Client()
    session = browser.session
    session[SESSION_CODES] = [str(matter)]
    session.save()
    assert "其中一张照片已公开" in browser.get(f"/status/{matter}").content.decode()


def test_erasure_by_schedule_takes_the_public_photo_and_the_sweeper_its_object() -> None:
    matter, _before, after = solved()
    decide("checker", matter, after)
    row = PublicPhoto.objects.get()
    assert selectors.referenced({row.picture, row.thumbnail}) == {row.picture, row.thumbnail}
    with clock.at(world.START + timedelta(days=366 * 11)):
        made = erasure.propose(world.actor("security"), rule="texts")
        erasure.decide(world.actor("audit"), list_id=made.id, yes=True, reason="")
        assert erasure.carry_out() == 1
        assert not PublicPhoto.objects.exists()
        assert not Evidence.objects.filter(matter_id=matter).exists()
        assert selectors.referenced({row.picture, row.thumbnail}) == set()
        assert verify_matter(matter).findings == []
    storing.sweep_orphans(seconds=-5)
    with pytest.raises(storage.Missing):
        storage.default().get(row.picture)


def test_what_was_taken_back_is_swept_and_what_is_public_stays() -> None:
    matter, before, after = solved()
    decide("checker", matter, before)
    decide("checker", matter, after)
    gone = PublicPhoto.objects.get(evidence_id=after).picture
    decide("checker", matter, after, "taken_back", before="public", reason="uncovered")
    storing.sweep_orphans(seconds=-5)
    assert storage.default().get(PublicPhoto.objects.get(evidence_id=before).picture)
    with pytest.raises(storage.Missing):
        storage.default().get(gone)


def test_the_store_that_is_away_is_said_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    matter, _before, after = solved()

    def away(*_args: object) -> None:
        raise storage.Away("no")

    monkeypatch.setattr(publishing, "read_object", away)
    assert refusal("checker", matter, after) == "not_stored"
    assert signed_in("checker").get(f"/publishing/{matter}/{after}").status_code == 503
    assert not PublicPhoto.objects.exists()


def test_pages_of_what_was_put_right_cost_few_statements_and_name_each_matter_once(
    django_assert_max_num_queries: Any,
) -> None:
    made = []
    for number in range(3):
        with clock.at(world.START + timedelta(minutes=number)):
            matter, before, after = solved()
            decide("checker", matter, before)
            decide("checker", matter, after)
            made.append(matter)
    with clock.at(clock.now() + 2 * DAY):
        with django_assert_max_num_queries(4):
            lines, following = public_photos.shown(limit=2)
        assert [row.id for row, _pictures in lines] == [made[2], made[1]]
        lines, end = public_photos.shown(following, limit=2)
        assert [row.id for row, _pictures in lines] == [made[0]]
        assert end is None
        first = everybody("/done").content.decode()
        assert first.count('<article class="done">') == 3
        for odd in ("x", "2026-03-02", "2026-99-99T00:00:00Z", following.isoformat() if following else ""):
            assert Client().get("/done", {"before": odd}).status_code == 200
