"""Problems found on visits, common problems and delegated services, as communities and residents meet them."""

from civicloop.procedures.rules.run import clock_limit
from tests.procedures.journey import Journey, kinds


def test_fixed_on_the_spot_is_confirmed_by_the_household() -> None:
    visit = Journey("visit-problem")
    visit.act("fix_on_spot")
    assert visit.offers("household") == {"confirm.solved", "confirm.not_solved", "withdraw"}
    visit.act("confirm.solved")
    assert visit.end == "solved"


def test_an_absent_household_is_not_taken_as_satisfied_but_called_back() -> None:
    visit = Journey("visit-problem")
    visit.act("fix_on_spot")
    assert visit.refused("unconfirmed") == "not_due"
    visit.overdue.add("confirm")
    visit.act("unconfirmed")
    assert (visit.step, visit.end) == ("to_call", None)
    visit.act("call_back.solved")
    assert visit.end == "solved"


def test_a_household_that_says_no_sends_it_back_to_the_same_clock() -> None:
    visit = Journey("visit-problem")
    visit.act("make_task", "handle", "confirm.not_solved")
    assert (visit.step, kinds(visit.log, "handle")) == ("tasked", ["start", "stop", "revive"])


def test_a_task_is_due_on_its_date_or_else_in_five_working_days() -> None:
    from civicloop.procedures.rules.conditions import Given

    visit = Journey("visit-problem")
    visit.act("make_task")
    with_date = clock_limit(visit.procedure, visit.last.state, "handle", Given(has=frozenset({"due_on"})))
    without = clock_limit(visit.procedure, visit.last.state, "handle", Given())
    assert (with_date.until, without.limit) == ("due_on", "5 work_day")


def test_handed_to_the_grid_it_waits_for_the_case_and_then_for_the_household() -> None:
    visit = Journey("visit-problem")
    assert visit.act("hand_to_grid").opens == "grid_event"
    assert visit.refused("grid_done") == "tasks_open"
    visit.settle("grid_event", "pass")
    visit.act("grid_done", "confirm.solved")
    assert visit.end == "solved"


def test_what_the_grid_could_not_do_becomes_a_task() -> None:
    visit = Journey("visit-problem")
    visit.act("hand_to_grid")
    visit.settle("grid_event", "fail")
    visit.act("grid_failed")
    assert (visit.step, visit.clocks["handle"]) == ("tasked", "runs")


def test_no_photo_is_asked_in_a_household() -> None:
    assert {need.kind for need in Journey("visit-problem").procedure.needs.values()}.isdisjoint({"photo", "file"})


def test_a_common_problem_is_written_off_after_review_and_look_backs() -> None:
    common = Journey("common-problem")
    common.act("adopt", "report_rectified", "review.pass")
    assert common.refused("all_clear") == "tasks_open"
    common.settle("look_back", "pass")
    common.act("all_clear")
    assert common.end == "written_off"


def test_a_common_problem_found_elsewhere_goes_on() -> None:
    common = Journey("common-problem")
    common.act("adopt", "report_rectified", "review.pass")
    common.settle("look_back", "fail")
    common.act("found_elsewhere", "decide.again")
    assert (common.step, common.clocks["handle"]) == ("rectifying", "runs")


def delegated(*acts: str) -> Journey:
    service = Journey("delegated-service")
    service.act("authorise", "apply", *acts)
    return service


def test_a_service_is_authorised_applied_handled_handed_over_and_confirmed() -> None:
    service = delegated("accept.yes", "handle", "hand_over", "confirm.solved")
    assert service.end == "done"


def test_a_correction_goes_back_to_the_grid_worker_and_stops_the_units_clock() -> None:
    service = delegated("accept.correct")
    assert (service.step, service.clocks["handle"]) == ("authorised", "stopped")


def test_the_third_correction_ends_as_not_accepted() -> None:
    service = delegated("accept.correct", "apply", "accept.correct", "apply", "accept.correct")
    assert service.end == "not_accepted"


def test_the_authorisation_can_be_taken_back_with_paper_and_date_even_while_waiting() -> None:
    service = delegated("accept.yes", "ask", "revoke")
    assert service.end == "withdrawn"
    needs = next(move.needs for move in service.procedure.moves_of("revoke"))
    assert needs == ("revocation", "revoked_on")


def test_extension_and_asking_the_resident() -> None:
    service = delegated("accept.yes", "request_extension", "ask")
    assert service.clocks["handle"] == "paused"
    service.act("answer")
    assert service.clocks["handle"] == "runs"


def test_a_resident_who_does_not_accept_the_result_three_times_reaches_the_supervisor() -> None:
    again = ("handle", "hand_over", "confirm.not_solved")
    service = delegated("accept.yes", *again, *again, *again)
    assert service.step == "rework_review"
    service.act("review_rework.accept")
    assert service.end == "done"
