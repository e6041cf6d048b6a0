"""From a resident's report to a close that somebody else has verified, over HTTP, with five tokens."""

import pytest

from civicloop.matters import proof
from tests import world
from tests.api.calls import Caller, condition, done, refusal, walk_to_check, walk_to_handling

pytestmark = [pytest.mark.django_db, pytest.mark.both_servers]


def test_from_report_to_a_verified_close_with_five_tokens() -> None:
    channel, clerk, receiver = Caller("channel"), Caller("clerk"), Caller("receiver")
    worker, checker = Caller("worker"), Caller("checker")
    reported = done(channel.report(reporter={"name": "张女士", "phone": "13800000000"}), 201)
    matter = reported["id"]
    reporter = Caller(code=reported["check_code"])
    done(reporter.upload(matter, "before"), 201)

    offered = done(clerk.get(f"/matters/{matter}/actions"))
    assert "file" in {each["action"] for each in offered}
    need = next(each for each in offered if each["action"] == "file")["needs"][0]
    assert (need["code"], need["kind"], need["words"]) == ("condition", "filing_condition", "立案条件")

    assert done(clerk.act(matter, "file", condition=condition()), 201)["step"] == "filed"
    assert done(clerk.act(matter, "dispatch"), 201)["step"] == "dispatched"
    assert done(receiver.act(matter, "accept"), 201)["step"] == "accepted"
    assert done(receiver.act(matter, "assign", worker="worker"), 201)["step"] == "handling"
    done(worker.upload(matter, "after"), 201)
    assert done(worker.act(matter, "handle", result="已更换井盖"), 201)["step"] == "handled"
    assert done(receiver.act(matter, "feed_back"), 201)["step"] == "to_check"
    done(checker.upload(matter, "other"), 201)
    assert done(checker.act(matter, "post_check", "pass"), 201)["step"] == "checked"
    assert done(clerk.act(matter, "close"), 201)["step"] == "closed"

    seen = done(clerk.get(f"/matters/{matter}"))
    assert (seen["end"], seen["stage"], seen["due_at"]) == ("solved", "evaluate", None)
    assert [area["level"] for area in seen["areas"]] == ["district", "subdistrict", "community", "grid"]
    lines = done(clerk.get(f"/matters/{matter}/timeline"))
    assert [line["action"] for line in lines] == [
        "report", "evidence", "file", "dispatch", "accept", "assign", "evidence", "handle", "feed_back", "evidence",
        "post_check", "close",
    ]  # fmt: skip
    assert proof.verify(matter) == []
    found = done(clerk.get("/matters", text=reported["number"]))["items"]
    assert [line["id"] for line in found] == [matter]

    receipt = done(Caller(code=reported["check_code"]).get(f"/receipts/{reported['number']}"))
    assert (receipt["end"], receipt["stage"]) == ("solved", "evaluate")
    assert receipt["story"][0]["words"] == "待受理"


def test_the_channel_reports_and_sees_nothing_else() -> None:
    channel = Caller("channel")
    matter = done(channel.report(), 201)["id"]
    refusal(channel.get(f"/matters/{matter}"), 404, "not_found")
    refusal(channel.act(matter, "file", condition=condition()), 404, "not_found")
    refusal(channel.get("/matters"), 403, "forbidden")


def test_a_failed_check_comes_back_to_the_same_clock() -> None:
    clerk, checker = Caller("clerk"), Caller("checker")
    matter = done(Caller().report(), 201)["id"]
    walk_to_handling(matter, clerk=clerk)
    walk_to_check(matter)
    before = _handling_clock(clerk, matter)
    assert before["state"] == "stopped"
    done(checker.upload(matter, "other"))
    back = done(checker.act(matter, "post_check", "fail", reason="井盖仍松动"), 201)
    assert back["step"] == "handling"
    after = _handling_clock(clerk, matter)
    assert (after["state"], after["started_at"], after["limit"]) == ("running", before["started_at"], before["limit"])


def test_every_clock_can_be_recounted() -> None:
    clerk = Caller("clerk")
    matter = done(Caller().report(), 201)["id"]
    walk_to_handling(matter, clerk=clerk)
    counted = _handling_clock(clerk, matter)
    assert counted["intervals"]
    assert counted["due_at"].startswith("2026-03-02T")  # 2 continuous hours from 09:00


def _handling_clock(caller: Caller, matter: str) -> dict[str, object]:
    clocks = done(caller.get(f"/matters/{matter}/clocks"))
    mine: dict[str, object] = next(clock for clock in clocks if clock["name"] == "handle")
    return mine


def test_somebody_elses_code_opens_nothing() -> None:
    mine, other = done(Caller().report()), done(Caller().report())
    refusal(Caller(code=other["check_code"]).get(f"/matters/{mine['id']}"), 401, "unauthenticated")
    assert done(Caller(code=mine["check_code"]).get(f"/matters/{mine['id']}"))["number"] == mine["number"]
    assert world.SPOT
