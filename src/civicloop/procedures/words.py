"""Words for what the pure rules find: faults of files, broken laws, refusals, in the reader's language."""

from collections.abc import Mapping

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from civicloop.procedures.rules.build import Fault
from civicloop.procedures.rules.migration import MigrationRefused
from civicloop.procedures.rules.run import Refusal
from civicloop.procedures.rules.static import Problem

FAULTS: Mapping[str, object] = {
    "not_toml": _("This is not TOML: %(about)s"),
    "not_a_table": _("A table is expected here"),
    "not_text": _("Text is expected here, not %(about)s"),
    "not_a_flag": _("true or false is expected here, not %(about)s"),
    "not_a_number": _("A number is expected here, not %(about)s"),
    "not_a_list": _("A list is expected here, not %(about)s"),
    "too_small": _("The number %(about)s is too small"),
    "bad_code": _("“%(about)s” is no name: use small letters, digits and _"),
    "bad_limit": _("“%(about)s” is no limit: write a number and a unit, such as “4 work_hour”"),
    "bad_levels": _("Levels must be known and rise from the lowest: %(about)s"),
    "bad_share": _("A sample needs 0 < share ≤ at_most ≤ 1 and a raise above 0"),
    "missing_key": _("“%(about)s” is missing"),
    "unknown_key": _("The language has no key “%(about)s” here"),
    "unknown_value": _("“%(about)s” is not one of the possible values"),
    "condition_syntax": _("This condition cannot be read: %(about)s"),
    "condition_not_allowed": _("A condition may not contain this: %(about)s"),
    "clock_without_limit": _("A clock has exactly one of limit, limits and until"),
    "limits_not_closed": _("Of several limits all but the last need a condition, and the last has none"),
    "photo_without_why": _("A demand for a photo must say why: which condition needs it"),
    "declared_twice": _("This is declared twice with different content (%(about)s)"),
    "changes_nothing": _("There is no “%(about)s” here to change"),
    "unknown_base": _("There is no procedure “%(about)s” to adapt"),
    "unknown_fragment": _("There is no fragment “%(about)s”"),
    "unknown_parameter": _("The fragment has no parameter “%(about)s”"),
    "unknown_step": _("There is no step “%(about)s”"),
    "unknown_holder": _("There is no holder “%(about)s”"),
    "unknown_need": _("There is no need “%(about)s”"),
    "unknown_clock": _("There is no clock “%(about)s”"),
    "unknown_bound": _("There is no bound “%(about)s”"),
    "unknown_approval": _("There is no approval “%(about)s”"),
    "unknown_hold": _("There is no hold “%(about)s”"),
    "unknown_tasks": _("There is no group of tasks “%(about)s”"),
    "unknown_seat": _("There is no such seat “%(about)s”"),
    "unknown_sample": _("There is no sample “%(about)s”"),
    "unknown_document": _("There is no document “%(about)s”"),
    "unknown_fact": _("There is no fact “%(about)s”"),
}

PROBLEMS: Mapping[str, object] = {
    "start_is_an_end": _("the procedure starts at an end"),
    "unreachable_step": _("no way leads to this step"),
    "impossible_act": _("this act can never be done"),
    "trap": _("from here no end is sure: everything depends on outsiders, approvals, guards or used-up bounds"),
    "unknown_guard": _("nobody has registered the guard %(about)s"),
    "no_such_post": _("no such post: %(about)s"),
    "no_holder": _("nobody holds this step"),
    "empty_seat": _("a matter can get here with nobody in the seat %(about)s"),
    "no_clock": _("this step has neither a clock nor a reason for having none"),
    "task_clock_at_step": _("%(about)s is a clock of tasks and cannot be that of a step"),
    "clock_not_running": _("a matter can get here while the clock %(about)s does not run"),
    "clock_runs_unseen": _("a matter can get here while the clock %(about)s runs, which this step does not name"),
    "not_a_date": _("%(about)s is not a date"),
    "not_a_moment": _("%(about)s is not a moment"),
    "step_clock_by_hand": _("the clock %(about)s starts and stops with its step or task, not by an act"),
    "restarted_clock": _("the clock %(about)s is started while it runs, which washes its deadline away"),
    "revives_unstopped": _("the clock %(about)s is revived though it was not stopped"),
    "pauses_stopped": _("the clock %(about)s is paused though it does not run"),
    "outsider_without_clock": _("this step waits for %(about)s, and no clock ends the waiting"),
    "closed_unchecked": _("a matter can be closed as done without a check after the last handling"),
    "unbegun_after_work": _("the end says that the matter was never taken on (%(about)s), but it can follow work"),
    "checks_nothing": _("this check can come before any handling"),
    "check_by_handler": _("the check is open only to those who handle: %(about)s"),
    "check_by_nobody": _("the system or a clock cannot check; only a sampled check may be drawn by the system"),
    "unsigned_check": _("a check by %(about)s needs a signature or a code"),
    "apart_too_narrow": _("apart must keep the person and give a reason"),
    "closed_at_other_level": _("%(about)s may close here, but the level that dispatched is the level that closes"),
    "raised_by_other_level": _("%(about)s passes the matter up without holding the level it is at"),
    "raised_without_reason": _("passing a matter up needs a reason from a list"),
    "end_without_approval": _("the end %(about)s needs an approval that silence does not give"),
    "on_the_spot_without_work": _("on_the_spot belongs to acts that are handling"),
    "sample_not_by_system": _("a sample is drawn by the system alone, and names its sample"),
    "sample_needs_two_results": _("a sample has exactly two results: drawn and not drawn, without conditions"),
    "drawn_without_check": _("what is drawn does not come to a check that can pass and fail"),
    "failed_sample_ends": _("a sampled matter that fails its check does not go back to work"),
    "sampled_not_on_the_spot": _("a sample can be drawn here though some work was not done on the spot"),
    "approval_without_levels": _("the approval %(about)s has no levels"),
    "approval_without_end": _("the approval %(about)s must say within what time, and what its lapse means"),
    "asker_decides": _("whoever asks is also the last level of the approval %(about)s"),
    "hold_without_end": _("the hold %(about)s needs an end (up_to) and a number of times"),
    "uncounted_loop": _("this goes round without being counted: %(about)s"),
    "adjudicator_is_party": _("whoever decides here also counts up: %(about)s"),
    "check_cannot_fail": _("after the last failed check this check can only pass: nobody resets %(about)s"),
    "extension_unbounded": _("extending the clock %(about)s must be counted and approved"),
    "extension_by_nothing": _("the extension of %(about)s does not say by how much"),
    "reopened_uncounted": _("leaving an end must be counted"),
    "outsider_uncounted": _("%(about)s may do this without end: it moves nothing and is not counted"),
    "closes_over_tasks": _("a matter can be closed here while the tasks %(about)s are open"),
    "never_joined": _("nothing waits for the tasks %(about)s"),
    "free_system_move": _("an act by the system must wait for tasks"),
    "tasks_unclear": _("the tasks %(about)s need either each and among or a matter, and their answers"),
    "tasks_without_clock": _("the tasks %(about)s need a clock of their own"),
    "tasks_without_silence": _("the tasks %(about)s ask somebody outside and do not say what silence means"),
    "unknown_procedure": _("there is no such procedure: %(about)s"),
    "end_not_mapped": _("this end of the sub-matter has no answer: %(about)s"),
    "no_such_end": _("the sub-matter has no such end: %(about)s"),
    "nested_in_a_circle": _("sub-matters lead back to this procedure: %(about)s"),
}

REFUSALS: Mapping[str, object] = {
    "unknown_fact": _("This value is not possible: %(about)s"),
    "fact_missing": _("This must be said when reporting: %(about)s"),
    "unknown_action": _("There is no such act: %(about)s"),
    "unknown_result": _("This act has no such result: %(about)s"),
    "out_of_step": _("The matter does not stand where this can be done."),
    "in_hold": _("The matter is on hold; this can be done when the hold has ended."),
    "not_in_hold": _("This can be done only while the matter is on hold."),
    "condition": _("The condition for this act is not met."),
    "not_due": _("This happens only when the limit is over."),
    "overdue": _("The limit is over; this had to be asked for before."),
    "bound_used_up": _("This can be done no more often in this matter."),
    "hold_used_up": _("The matter cannot be put on hold again."),
    "tasks_open": _("Tasks that belong to this matter are not answered yet."),
    "clock_not_running": _("The clock that this is about does not run."),
    "top_level": _("The matter is at the highest level already."),
    "not_sampled": _("A sample is drawn only of what was handled on the spot."),
    "no_such_tasks": _("There are no such tasks: %(about)s"),
    "not_open": _("These tasks are not open."),
    "no_hold": _("The matter is not on hold."),
}

MIGRATIONS: Mapping[str, object] = {
    "unknown_table": _("The map has an unknown table: %(about)s"),
    "unmapped_step": _("The map says nothing about the step %(about)s"),
    "unknown_step": _("The new version has no step %(about)s"),
    "end_mapped": _("The step %(about)s may not be mapped to an end"),
    "lands_nowhere": _("A matter at the step %(about)s would land where no matter of the new version can be"),
}


def fault(found: Fault) -> str:
    """What is wrong in a file, with line and place."""
    words = str(FAULTS.get(found.code, found.code)) % {"about": found.about}
    line = gettext("line %(line)s, ") % {"line": found.line} if found.line else ""
    return f"{line}{found.where}: {words}" if found.where else words


def problem(found: Problem) -> str:
    """Which law a procedure breaks, at which step and act, and one shortest way there."""
    place = " · ".join(part for part in (found.step, found.action) if part)
    words = str(PROBLEMS[found.code]) % {"about": found.about}
    text = f"{place}: {words}" if place else words
    if found.path:
        text += str(pgettext_lazy("shortest way", " (for example by %(path)s)")) % {"path": " → ".join(found.path)}
    return text


def refusal(found: Refusal) -> str:
    """Why an act may not happen now."""
    return str(REFUSALS[found.code]) % {"about": found.about}


def migration(found: MigrationRefused) -> str:
    """Why open matters may not be moved."""
    words = str(MIGRATIONS[found.code]) % {"about": found.step}
    if found.path:
        words += str(pgettext_lazy("shortest way", " (for example by %(path)s)")) % {"path": " → ".join(found.path)}
    return words
