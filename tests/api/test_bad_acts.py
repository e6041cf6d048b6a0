"""Acts that must not happen: by the wrong post, out of step, stale, twice, on the own work. Nothing is half-written."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from civicloop.foundation import clock, ids
from civicloop.matters.models import Entry, Fact, Matter, Outbox
from tests import world
from tests.api.calls import Caller, condition, done, is_chinese, refusal, walk_to_check, walk_to_handling

pytestmark = pytest.mark.django_db


@pytest.fixture
def matter() -> str:
    """A reported matter."""
    return str(done(Caller().report(), 201)["id"])


def written(matter: str) -> tuple[int, int, int]:
    """How much there is of a matter."""
    return tuple(model.objects.filter(matter_id=matter).count() for model in (Entry, Fact, Outbox))  # type: ignore[return-value]


def said_in_both(user: str, status: int, code: str, call: Callable[[Caller], Any]) -> dict[str, Any]:
    """The same refusal in Chinese and in English; the body of the last."""
    for language, chinese in (("zh-hans", True), ("en", False)):
        body = refusal(call(Caller(user, language=language)), status, code)
        assert is_chinese(body["detail"]) is chinese, body["detail"]
    return body


@pytest.mark.parametrize(
    ("user", "status", "code"),
    [
        ("leader", 403, "forbidden"),
        ("grid", 403, "forbidden"),
        ("checker", 403, "forbidden"),
        ("receiver", 404, "not_found"),
        ("s2-clerk", 404, "not_found"),
        ("d2-clerk", 404, "not_found"),
        ("channel", 404, "not_found"),
        ("system", 404, "not_found"),
    ],
)
def test_the_wrong_post_may_not_act_and_learns_no_more_than_it_may(
    matter: str, user: str, status: int, code: str
) -> None:
    before = written(matter)
    for language, chinese in (("zh-hans", True), ("en", False)):
        body = refusal(Caller(user, language=language).act(matter, "file", condition=condition()), status, code)
        assert is_chinese(body["detail"]) is chinese, body["detail"]
    assert written(matter) == before


def test_an_act_on_a_stale_step_version_is_refused_with_the_present_one(matter: str) -> None:
    clerk = Caller("clerk")
    first = done(clerk.act(matter, "file", if_match='"1"', condition=condition()), 201)
    before = written(matter)
    body = said_in_both("clerk", 412, "stale", lambda clerk: clerk.act(matter, "dispatch", if_match='"1"'))
    assert body["step_version"] == first["step_version"]
    assert written(matter) == before
    done(clerk.act(matter, "note", note="看过"), 201)  # moves nothing, so the step version stays
    done(clerk.act(matter, "dispatch", if_match=str(first["step_version"])), 201)
    refusal(clerk.act(matter, "dispatch", if_match="soon"), 422, "not_a_number")


def test_an_act_out_of_step_is_refused(matter: str) -> None:
    clerk, before = Caller("clerk"), written(matter)
    said_in_both("clerk", 409, "out_of_step", lambda clerk: clerk.act(matter, "close"))
    said_in_both("clerk", 422, "unknown_action", lambda clerk: clerk.act(matter, "fly"))
    refusal(clerk.act(matter, "file", "twice", condition=condition()), 422, "unknown_result")
    assert written(matter) == before


BAD_DATA: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "missing", "condition"),
    "no such condition": ({"condition": 10**9}, "unknown_condition", "condition"),
    "words for a condition": ({"condition": "first"}, "unknown_condition", "condition"),
    "a list for a condition": ({"condition": [1]}, "unknown_condition", "condition"),
    "a field of another act": ({"condition": 1, "photo": "x"}, "unknown_field", "photo"),
}


@pytest.mark.parametrize("what", BAD_DATA)
def test_data_that_the_act_cannot_take_name_their_field(matter: str, what: str) -> None:
    data, code, field = BAD_DATA[what]
    before = written(matter)
    body = refusal(Caller("clerk").act(matter, "file", **data), 422, code)
    assert body["field"] == field
    assert is_chinese(body["detail"])
    assert written(matter) == before


@pytest.mark.parametrize("person", ["nobody", "a\x00b", 10**15, -1, True, 1.5, {"a": 1}, "d1-worker"])
def test_work_is_given_only_to_a_worker_of_the_answering_unit(matter: str, person: Any) -> None:
    clerk, receiver = Caller("clerk"), Caller("receiver")
    done(clerk.act(matter, "file", condition=condition()))
    done(clerk.act(matter, "dispatch"))
    done(receiver.act(matter, "accept"))
    body = done(receiver.act(matter, "assign", worker=person), 422)
    assert body["code"] in {"unknown_person", "wrong_person", "not_text"}
    assert Matter.objects.get(id=matter).step == "accepted"


@pytest.mark.parametrize("unit", ["nowhere", "a\x00b", 10**18, -1, False, 0.5, [1]])
def test_a_matter_is_dispatched_only_to_a_unit_that_exists(matter: str, unit: Any) -> None:
    clerk = Caller("clerk")
    done(clerk.act(matter, "file", condition=condition()))
    body = done(clerk.act(matter, "dispatch", answering=unit), 400 if unit == 10**18 else 422)
    assert body["code"] in {"unknown_unit", "unreadable", "not_text"}
    assert Matter.objects.get(id=matter).step == "filed"


def test_handling_without_a_photo_says_which_condition_asks_for_it(matter: str) -> None:
    walk_to_handling(matter)
    body = refusal(Caller("worker").act(matter, "handle", result="已更换"), 422, "evidence_missing")
    assert "结案条件" in body["detail"]
    english = refusal(Caller("worker", language="en").act(matter, "handle", result="done"), 422, "evidence_missing")
    assert "closing condition" in english["detail"]


def test_an_old_photo_does_not_prove_new_work(matter: str) -> None:
    walk_to_handling(matter)
    walk_to_check(matter)
    checker, worker = Caller("checker"), Caller("worker")
    later = itertools.count(1)
    clock.set_process_clock(lambda: world.START + timedelta(minutes=next(later)))
    done(checker.upload(matter, "other"))
    done(checker.act(matter, "post_check", "fail", reason="井盖仍松动"), 201)
    refusal(worker.act(matter, "handle", result="再次更换"), 422, "evidence_missing")


def test_the_handler_cannot_check_the_own_work(matter: str) -> None:
    from civicloop.people import access, actions
    from civicloop.people.models import Account, Post

    system, account = access.system("tests"), Account.objects.get(username="worker")
    second = Post.objects.get(code="checker-post")
    actions.hold(system, account_id=account.id, post_id=second.id)
    as_checker = Caller(token=actions.create_token(system, account_id=account.id, post_id=second.id))
    walk_to_handling(matter)
    walk_to_check(matter)
    done(as_checker.upload(matter, "other"))
    before = written(matter)
    for language, chinese in (("zh-hans", True), ("en", False)):
        as_checker.headers["Accept-Language"] = language
        assert is_chinese(refusal(as_checker.act(matter, "post_check", "pass"), 403, "own_work")["detail"]) is chinese
    offered = done(as_checker.get(f"/matters/{matter}/actions"))
    assert not {"pass", "fail"} & {each["result"] for each in offered if each["action"] == "post_check"}
    assert written(matter) == before
    done(Caller("checker").upload(matter, "other"))
    done(Caller("checker").act(matter, "post_check", "pass"), 201)


def test_an_act_repeated_after_a_lost_reply_answers_the_same(matter: str) -> None:
    clerk, act_id = Caller("clerk"), str(ids.uuid7(world.START))
    first = done(clerk.act(matter, "file", act_id=act_id, condition=condition()), 201)
    before = written(matter)
    assert done(clerk.act(matter, "file", act_id=act_id, condition=condition()), 200) == first
    done(clerk.act(matter, "dispatch"), 201)
    assert done(clerk.act(matter, "file", act_id=act_id, condition=condition()), 200) == first
    other = condition(2)
    said_in_both("clerk", 409, "id_reused", lambda c: c.act(matter, "file", act_id=act_id, condition=other))
    refusal(Caller("d1-clerk").act(matter, "file", act_id=act_id, condition=condition()), 409, "id_reused")
    assert written(matter)[0] == before[0] + 1


def test_no_matter_is_found_under_a_strange_id() -> None:
    clerk = Caller("clerk")
    refusal(clerk.act("019cac0f-2680-753e-bd36-02eb1e02589e", "file", condition=condition()), 404, "not_found")
    assert clerk.get("/matters/1").status_code == 404


def test_strange_text_in_an_act_is_kept_exactly_as_sent(matter: str) -> None:
    text = "😀 \u202eabc <b>{{ 7*7 }}</b> '; DROP TABLE x; -- كسر"
    worker = Caller("worker")
    walk_to_handling(matter)
    done(worker.upload(matter, "after"))
    done(worker.act(matter, "handle", result=text), 201)
    lines = done(Caller("clerk").get(f"/matters/{matter}/timeline"))
    assert lines[-1]["texts"]["result"] == text
    refusal(Caller("clerk").act(matter, "note", note="a\x00b"), 422, "not_text")
