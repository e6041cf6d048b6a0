"""Grid events as a district works them: every way from report to end that the desk knows."""

from civicloop.procedures.rules.run import ClockEffect, approval_levels, group_result
from tests.procedures.journey import Journey, kinds

TO_HANDLED = ("file", "dispatch", "accept", "assign", "handle")


def grid() -> Journey:
    return Journey("grid-event")


def test_a_plain_case_is_filed_dispatched_handled_checked_closed_and_rated_once() -> None:
    case = grid()
    case.act("send_pre_verify", "pre_verify", *TO_HANDLED, "feed_back")
    assert case.clocks["handle"] == "stopped"
    case.act("post_check.pass", "close")
    assert case.end == "solved"
    assert set(case.clocks.values()) == {"stopped"}
    case.act("rate")
    assert case.refused("rate") == "bound_used_up"


def test_a_case_is_sent_to_verify_once() -> None:
    case = grid()
    case.act("send_pre_verify", "pre_verify")
    assert case.refused("send_pre_verify") == "bound_used_up"


def test_a_failed_check_comes_back_to_the_worker_on_the_same_clock() -> None:
    case = grid()
    case.act(*TO_HANDLED, "feed_back")
    failed = case.act("post_check.fail")
    assert (case.step, case.clocks["handle"]) == ("handling", "runs")
    assert failed.check == "fail"
    case.act("handle", "feed_back", "post_check.pass", "close")
    assert kinds(case.log, "handle") == ["start", "stop", "revive", "stop"]


def test_the_third_failed_check_goes_to_the_supervisor_who_may_find_it_done() -> None:
    case = grid()
    case.act(*TO_HANDLED, "feed_back", "post_check.fail", "handle", "feed_back", "post_check.fail")
    third = case.act("handle", "feed_back", "post_check.fail")
    assert (case.step, third.diverted, case.clocks["handle"]) == ("rework_review", True, "stopped")
    case.act("review_rework.again")
    assert (case.step, case.last.state.count("reworks"), case.clocks["handle"]) == ("handling", 0, "runs")
    case.act("handle", "feed_back", "post_check.fail")
    assert case.step == "handling"


def test_three_returns_lead_to_designation_and_no_fourth_return_is_offered() -> None:
    case = grid()
    case.act("file", "dispatch", "return", "dispatch", "accept", "return", "dispatch")
    third = case.act("return")
    assert (case.step, third.diverted, third.count) == ("designating", True, 3)
    assert case.clocks["handle"] == "stopped"
    designated = case.act("designate")
    assert (case.step, designated.assigns, case.clocks["handle"]) == ("accepted", ("answering",), "runs")
    assert "return" not in case.offers()
    assert case.refused("return") == "bound_used_up"


def test_a_return_is_reviewed_before_it_takes_effect() -> None:
    case = grid()
    case.act("file", "dispatch")
    from civicloop.procedures.rules.run import offered

    offer = next(o for o in offered(case.procedure, case.last.state, case.given()) if o.action == "return")
    assert offer.approval == "return_review"
    assert case.procedure.approvals["return_review"].lapse == "approved"


def test_handled_on_the_spot_and_not_drawn_closes_by_itself() -> None:
    case = grid()
    spot = case.act("handle_on_spot")
    assert (spot.work, spot.on_the_spot) == (True, True)
    assert case.offers("system") == {"draw_sample.not_drawn", "draw_sample.drawn"}
    case.act("draw_sample.not_drawn")
    assert (case.end, case.last.state.work, case.last.state.spot) == ("solved", "checked", True)
    assert "handle" not in case.clocks


def test_handled_on_the_spot_and_drawn_is_checked_like_any_other() -> None:
    case = grid()
    drawn = case.act("handle_on_spot", "draw_sample.drawn")
    assert (case.step, drawn.drawn, case.last.state.work) == ("to_spot_check", "on_the_spot", "unchecked")
    assert case.offers("checker") == {"post_check.pass", "post_check.fail", "post_check.cannot_see"}
    case.act("post_check.pass", "close")
    assert case.end == "solved"


def test_a_failed_sample_goes_back_to_work_and_says_whose_share_to_raise() -> None:
    case = grid()
    case.act("handle_on_spot", "draw_sample.drawn")
    failed = case.act("post_check.fail")
    assert (case.step, failed.sample_failed, case.last.state.spot) == ("filed", "on_the_spot", False)
    case.act("dispatch", "accept", "assign", "handle", "feed_back", "post_check.pass", "close")
    assert (case.end, case.last.state.spot) == ("solved", False)


def test_a_checker_who_could_not_see_tries_again_and_then_the_supervisor_decides() -> None:
    case = grid()
    case.act(*TO_HANDLED, "feed_back", "post_check.cannot_see")
    assert (case.step, case.last.state.work) == ("to_check", "unchecked")
    case.act("post_check.cannot_see")
    assert case.step == "rework_review"


def test_an_emergency_is_ordered_orally_handled_and_filed_afterwards() -> None:
    case = grid()
    ordered = case.act("order_orally")
    assert ordered.emergency
    assert ClockEffect("start", "handle", "ordered_at") in ordered.clocks
    assert ClockEffect("start", "filing", "ordered_at") in ordered.clocks
    case.act("handle")
    assert (case.step, case.clocks["filing"], case.clocks["handle"]) == ("emergency_handled", "runs", "runs")
    case.act("file")
    assert (case.step, case.clocks["filing"]) == ("handled", "stopped")
    case.act("feed_back", "post_check.pass", "close")
    assert case.end == "solved"


def test_an_emergency_may_be_filed_before_it_is_handled() -> None:
    case = grid()
    case.act("order_orally", "file")
    assert (case.step, case.clocks["handle"], case.clocks["filing"]) == ("accepted", "runs", "stopped")


def test_suspension_pauses_the_clock_and_everything_else_and_resumes_by_itself() -> None:
    case = grid()
    case.act("file", "dispatch", "accept")
    held = case.act("suspend")
    assert ClockEffect("pause", "handle", "review_on") in held.clocks
    assert case.refused("assign") == "in_hold"
    assert {"resume", "withdraw", "force_close"} == case.offers()
    case.end_hold()
    assert (case.clocks["handle"], case.step) == ("runs", "accepted")
    assert case.refused("suspend") == "hold_used_up"


def test_two_extensions_before_expiry_and_none_after() -> None:
    case = grid()
    case.act("file", "dispatch", "accept", "request_extension")
    assert ("extend", "handle") in case.log
    case.overdue.add("handle")
    assert case.refused("request_extension") == "overdue"
    case.overdue.clear()
    case.act("request_extension")
    assert case.refused("request_extension") == "bound_used_up"


def test_a_unit_heads_own_request_starts_at_the_second_level() -> None:
    procedure = grid().procedure
    assert [level.by for level in approval_levels(procedure, "extension", ["receiver"])] == [
        ("unit_head",),
        ("dispatcher",),
    ]
    assert [level.by for level in approval_levels(procedure, "extension", ["unit_head"])] == [("dispatcher",)]


def test_the_lead_cannot_feed_back_before_all_co_units_have_answered() -> None:
    case = grid()
    case.act("file", "dispatch", "accept", "split", "assign", "handle")
    assert case.refused("feed_back") == "tasks_open"
    tasks = case.procedure.tasks["co_handle"]
    assert group_result(tasks, ["done", None]) == "open"
    assert group_result(tasks, ["done", "cannot"]) == "fail"
    case.settle("co_handle", "fail")
    case.act("feed_back")
    assert (case.step, case.last.state.group("co_handle")) == ("to_check", "none")


def test_a_return_cancels_open_co_unit_tasks() -> None:
    case = grid()
    assert case.act("file", "dispatch", "accept", "split", "return").cancels == ("co_handle",)


def test_passing_up_changes_who_dispatches_and_who_closes_once() -> None:
    case = grid()
    raised = case.act("file", "escalate")
    assert raised.raised == (("dispatching_level", "district"),)
    assert case.refused("escalate") == "top_level"
    holder = case.procedure.holders
    assert {holder[code].of for code in case.procedure.steps["checked"].holders} == {"dispatching_level"}


def test_declined_voided_and_passed_on_are_different_ends() -> None:
    assert [
        (case.act(act), case.end)[1] for case, act in ((grid(), "decline"), (grid(), "void"), (grid(), "transfer"))
    ] == [
        "not_filed",
        "void",
        "transferred",
    ]


def test_an_explanation_needs_approval_and_is_not_solved() -> None:
    case = grid()
    explained = case.act("file", "dispatch", "accept", "explain")
    assert (explained.approval, case.end) == ("explanation", "explained")


def test_enforcement_keeps_the_case_open_on_its_legal_clock() -> None:
    case = grid()
    case.act("file", "dispatch", "accept", "assign", "enter_enforcement")
    assert (case.step, case.end, case.clocks["handle"], case.clocks["enforcement"]) == (
        "in_enforcement",
        None,
        "stopped",
        "runs",
    )
    case.act("conclude_enforcement.enforced", "post_check.pass", "close")
    assert case.end == "solved"


def test_enforcement_without_a_penalty_comes_back_to_the_same_clock() -> None:
    case = grid()
    case.act("file", "dispatch", "accept", "assign", "enter_enforcement", "conclude_enforcement.no_case")
    assert (case.step, kinds(case.log, "handle")) == ("accepted", ["start", "stop", "revive"])


def test_the_reporter_may_withdraw_at_any_open_step_and_all_clocks_stop() -> None:
    case = grid()
    case.act("file", "dispatch", "accept")
    assert case.offers("reporter") == {"withdraw"}
    case.act("withdraw")
    assert (case.end, case.clocks["handle"]) == ("withdrawn", "stopped")


def test_reopening_starts_a_new_round_that_needs_work_and_check_again() -> None:
    case = grid()
    case.act(*TO_HANDLED, "feed_back", "post_check.fail", "handle", "feed_back", "post_check.pass", "close")
    reopened = case.act("reopen")
    assert (reopened.reopened, case.step, case.last.state.work) == (True, "filed", "none")
    assert case.last.state.count("reworks") == 0
    assert case.last.state.count("reopenings") == 1


def test_a_wait_for_the_reporter_pauses_the_clock_and_silence_ends_it() -> None:
    case = grid()
    case.act("file", "dispatch", "accept", "ask")
    assert case.clocks["handle"] == "paused"
    assert case.offers("reporter") == {"answer", "withdraw"}
    case.act("answer")
    assert case.clocks["handle"] == "runs"
    case.act("ask")
    case.end_hold()
    assert case.refused("ask") == "hold_used_up"
