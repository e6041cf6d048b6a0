"""Every law refuses what breaks it, and names the step."""

# ruff: noqa: E501  a case is one line, so that the cases can be read as a table

import pytest

from civicloop.procedures.rules.proof import prove
from tests.procedures.small import POSTS, proof, small

ON_SPOT = """
[sample.spot]
zh = "抽查"
en = "Sample"
share = 0.2
seed = "daily"
on_fail = { raise_by = 0.1 }
[step.spot]
zh = "待抽查"
en = "Spot"
stage = "check"
holder = ["checker"]
clock = "check"
[action.on_spot]
zh = "自处"
en = "On the spot"
from = ["new"]
to = "spot"
work = true
on_the_spot = true
[action.draw]
zh = "抽查"
en = "Draw"
from = ["spot"]
by = ["system"]
sample = "spot"
result.no = { zh = "未抽中", en = "Not drawn", check = "sampled", to = "closed" }
result.yes = { zh = "抽中", en = "Drawn", drawn = true, to = "spot_check" }
[step.spot_check]
zh = "待抽查核查"
en = "Spot check"
stage = "check"
holder = ["checker"]
clock = "check"
[action.check_spot]
as = "check"
zh = "核查"
en = "Check"
from = ["spot_check"]
result.pass = { zh = "通过", en = "Pass", check = "pass", to = "closed" }
result.fail = { zh = "不通过", en = "Fail", check = "fail", to = "again" }
[step.again]
zh = "待派"
en = "Again"
stage = "dispatch"
holder = ["clerk"]
clock = "begin"
[action.assign_again]
as = "assign"
zh = "派遣"
en = "Assign"
from = ["again"]
to = "handling"
assigns = ["worker"]
starts = ["handle"]
"""
DROP = '[action.drop]\nzh = "了结"\nen = "Drop"\nfrom = ["handling"]\nto = "over"\nneeds = ["reason"]\n'
LEVELS = (
    (
        'worker = { kind = "person"',
        'level = { kind = "level", levels = ["subdistrict", "district"], zh = "层级", en = "level" }\nworker = { kind = "person"',
    ),
    ('start = "new"', 'start = "new"\ncloses_at = "level"'),
)
UP = '[action.up]\nzh = "上报"\nen = "Up"\nfrom = ["new"]\nraises = "level"\n'
HELP_REFERENCES = 'joins = { help = "answered" }\n'


def over(end: str) -> str:
    return f'[step.over]\nzh = "了结"\nen = "Over"\nstage = "evaluate"\nend = "{end}"\n'


CASES = [
    # law, step, code, changes, more
    ("1a", "lost", "unreachable_step", (), '[step.lost]\nzh = "x"\nen = "x"\nstage = "handle"\nholder = ["clerk"]\nclock = "begin"\n'),
    ("1a", "closed", "start_is_an_end", (('start = "new"', 'start = "closed"'),), ""),
    ("1a", "new", "impossible_act", (('zh = "派遣"\nen = "Assign"', 'zh = "派遣"\nen = "Assign"\nwhen = "not has(reason) and has(reason)"'),), ""),
    ("1b", "dead", "trap", (), '[step.dead]\nzh = "x"\nen = "x"\nstage = "handle"\nholder = ["clerk"]\nclock = "begin"\n[action.die]\nzh = "x"\nen = "x"\nfrom = ["new"]\nto = "dead"\n'),
    ("1b", "dead", "trap", (), '[step.dead]\nzh = "x"\nen = "x"\nstage = "handle"\nholder = ["clerk"]\nclock = "begin"\n[action.die]\nzh = "x"\nen = "x"\nfrom = ["new"]\nto = "dead"\n[action.rescue]\nzh = "x"\nen = "x"\nfrom = ["dead"]\nto = "declined"\nby = ["ladder"]\n'),  # a city's ladder need not ask for it
    ("1b", "review", "trap", (('zh = "审核"\nen = "Review"\nfrom', 'zh = "审核"\nen = "Review"\napproval = "chief2"\nfrom'),), '[approval.chief2]\nlevels = [{ by = ["clerk"] }]\nwithin = "1 work_day"\nlapse = "approved"\n'),
    ("1b", "to_check", "trap", (('from = ["to_check"]\n', 'from = ["to_check"]\nwhen = "guard:small.maybe"\n'),), ""),
    ("2a", "to_check", "no_such_post", (('post = "checker"', 'post = "angel"'),), ""),
    ("2a", "review", "no_holder", (('holder = ["chief"], ', ""),), ""),
    ("2a", "handling", "empty_seat", (('assigns = ["worker"]\n', ""),), ""),
    ("2b", "to_check", "no_clock", (('holder = ["checker"], clock = "check"', 'holder = ["checker"]'),), ""),
    ("2b", "handling", "clock_not_running", (('assigns = ["worker"]\nstarts = ["handle"]', 'assigns = ["worker"]'),), ""),
    ("2b", "handling", "clock_not_running", ((', counts = "reworks", revives = ["handle"] }', ', counts = "reworks" }'),), ""),
    ("2b", "to_check", "clock_runs_unseen", (('work = true\nstops = ["handle"]', "work = true"),), ""),
    ("2b", "to_check", "task_clock_at_step", (('holder = ["checker"], clock = "check"', 'holder = ["checker"], clock = "help"'),), ""),
    ("2c", "handling", "restarted_clock", (), '[action.fresh]\nzh = "x"\nen = "x"\nfrom = ["handling"]\nstarts = ["handle"]\n'),
    ("2c", "new", "revives_unstopped", (('assigns = ["worker"]\nstarts = ["handle"]', 'assigns = ["worker"]\nrevives = ["handle"]'),), ""),
    ("2c", "new", "pauses_stopped", (('en = "Wait"\nfrom = ["handling"]', 'en = "Wait"\nfrom = ["new", "handling"]'),), ""),
    ("2c", "handling", "step_clock_by_hand", (('work = true\nstops = ["handle"]', 'work = true\nstops = ["handle"]\nrelimits = ["check"]'),), ""),
    ("2c", "handling", "step_clock_by_hand", (('work = true\nstops = ["handle"]', 'work = true\nstops = ["handle", "check"]'),), ""),
    ("2d", "to_check", "outsider_without_clock", (('stage = "check", holder = ["checker"]', 'stage = "check", holder = ["reporter"]'), ('from = ["to_check"]\n', 'from = ["to_check"]\nneeds = ["signature"]\n')), ""),
    ("3a", "closed", "closed_unchecked", (('from = ["handling"]\nto = "to_check"', 'from = ["handling"]\nto = "closed"'),), ""),
    ("3a", "closed", "closed_unchecked", (('check = "pass", to = "closed" }\nresult.fail', 'to = "closed" }\nresult.fail'),), ""),
    ("3b", "to_check", "checks_nothing", (("work = true\nstops", "stops"), ('answers = { done = "pass", cannot = "fail" }\nwork = true', 'answers = { done = "pass", cannot = "fail" }')), ""),
    ("3c", "to_check", "check_by_handler", (('stage = "check", holder = ["checker"]', 'stage = "check", holder = ["worker"]'),), ""),
    ("3c", "to_check", "check_by_nobody", (('from = ["to_check"]\n', 'from = ["to_check"]\nby = ["checker", "ladder"]\n'),), ""),
    ("3c", "to_check", "check_by_nobody", (('from = ["to_check"]\n', 'from = ["to_check"]\nby = ["clock:check"]\n'),), ""),
    ("3c", "to_check", "unsigned_check", (('stage = "check", holder = ["checker"]', 'stage = "check", holder = ["reporter"]'),), ""),
    ("3c", "to_check", "apart_too_narrow", (('from = ["to_check"]\n', 'from = ["to_check"]\napart = ["unit"]\napart_why = "x"\n'),), ""),
    ("3d", "to_check", "closed_at_other_level", LEVELS, ""),
    ("3d", "new", "raised_by_other_level", LEVELS, UP),
    ("3d", "new", "raised_without_reason", LEVELS, UP),
    ("3e", "over", "unbegun_after_work", (), over("void") + '[action.drop]\nzh = "x"\nen = "x"\nfrom = ["to_check"]\nto = "over"\n'),
    ("3f", "to_check", "sampled_not_on_the_spot", (), '[sample.s]\nzh = "x"\nen = "x"\nshare = 0.1\nseed = "daily"\non_fail = { raise_by = 0.1 }\n[action.draw]\nzh = "x"\nen = "x"\nfrom = ["to_check"]\nby = ["system"]\nsample = "s"\nresult.no = { zh = "x", en = "x", check = "sampled", to = "closed" }\nresult.yes = { zh = "x", en = "x", drawn = true, to = "review" }\n'),
    ("3f", "spot", "sample_not_by_system", (), ON_SPOT.replace('by = ["system"]\n', "")),
    ("3f", "spot", "sample_needs_two_results", (), ON_SPOT.replace('drawn = true, to = "spot_check"', 'to = "spot_check"')),
    ("3f", "new", "drawn_without_check", (), ON_SPOT.replace('drawn = true, to = "spot_check"', 'drawn = true, to = "new"')),
    ("3f", "spot_check", "failed_sample_ends", (), ON_SPOT.replace('check = "fail", to = "again"', 'check = "fail", to = "over"') + over("withdrawn")),
    ("3f", "new", "on_the_spot_without_work", (), ON_SPOT.replace("work = true\n", "")),
    ("4a", "", "approval_without_end", (('within = "1 work_day"\nlapse', "lapse"),), ""),
    ("4a", "", "approval_without_levels", (('levels = [{ by = ["chief"] }]', "levels = []"),), ""),
    ("4a", "handling", "asker_decides", (('levels = [{ by = ["chief"] }]', 'levels = [{ by = ["worker"] }]'),), ""),
    ("4b", "", "hold_without_end", (('up_to = "3 work_day"\n', ""),), ""),
    ("4b", "", "hold_without_end", (("times = 1\n", ""),), ""),
    ("4c", "new", "uncounted_loop", (('to = "new"\ncounts = "returns"', 'to = "new"'),), ""),
    ("4c", "handling", "uncounted_loop", (('opens = "help"\ncounts = "helps"', 'opens = "help"'),), ""),
    ("4d", "review", "adjudicator_is_party", (('stage = "check", holder = ["chief"]', 'stage = "check", holder = ["checker"]'),), ""),
    ("4d", "to_check", "check_cannot_fail", ((', adjudicates = "reworks", revives', ", revives"),), ""),
    ("4d", "to_check", "check_cannot_fail", (('reworks = { max = 2, then = "review" }', "reworks = { max = 2 }"),), ""),
    ("4d", "handling", "extension_unbounded", (('counts = "extensions"\n', ""),), ""),
    ("4d", "handling", "extension_unbounded", (('approval = "chief"\ncounts', "counts"),), ""),
    ("4d", "handling", "end_without_approval", (), over("forced") + DROP),
    ("4d", "handling", "end_without_approval", (), over("explained") + DROP),
    ("4d", "closed", "reopened_uncounted", (), '[action.reopen]\nzh = "x"\nen = "x"\nfrom = ["closed"]\nby = ["chief"]\nto = "new"\n'),
    ("4d", "closed", "outsider_uncounted", (), '[action.rate]\nzh = "评价"\nen = "Rate"\nfrom = ["closed"]\nby = ["reporter"]\n'),
    ("5a", "to_check", "closes_over_tasks", ((HELP_REFERENCES, ""),), ""),
    ("5a", "handling", "never_joined", ((HELP_REFERENCES, ""),), ""),
    ("5a", "to_check", "free_system_move", (), '[action.jump]\nzh = "x"\nen = "x"\nfrom = ["to_check"]\nby = ["system"]\nto = "review"\n'),
    ("5b", "", "tasks_without_silence", (('each = "helper"', 'each = "reporter"'),), ""),
    ("5b", "", "tasks_without_clock", (('among = "helpers"\nclock = "help"', 'among = "helpers"'),), ""),
    ("5b", "", "tasks_unclear", (('each = "helper"\n', ""),), ""),
    ("5b", "", "unknown_procedure", (('each = "helper"\namong = "helpers"\nclock = "help"', 'matter = "other"'),), ""),
]  # fmt: skip


def test_the_small_procedure_is_closed() -> None:
    assert proof().problems == ()
    back = ('to = "new"\ncounts = "returns"', 'to = "again"\ncounts = "returns"')
    assert proof(back, more=ON_SPOT).problems == ()


def test_a_sample_may_not_be_drawn_again_after_a_return() -> None:
    found = proof(more=ON_SPOT).problems
    assert [(problem.law, problem.step) for problem in found] == [("3f", "spot"), ("1b", "spot")]


@pytest.mark.parametrize(("law", "step", "code", "changes", "more"), CASES)
def test_a_broken_procedure_is_refused(
    law: str, step: str, code: str, changes: tuple[tuple[str, str], ...], more: str
) -> None:
    found = [(problem.law, problem.step, problem.code) for problem in proof(*changes, more=more).problems]
    assert (law, step, code) in found


def test_every_law_has_a_refused_example() -> None:
    laws = ["1a", "1b", "2a", "2b", "2c", "2d", "3a", "3b", "3c", "3d", "3e", "3f", "4a", "4b", "4c", "4d", "5a", "5b"]
    assert {case[0] for case in CASES} == set(laws)


def test_an_unregistered_guard_is_refused_and_a_registered_one_is_not() -> None:
    change = ('zh = "退回"\n', 'zh = "退回"\nwhen = "guard:small.maybe"\n')
    assert [p.code for p in proof(change, guards=frozenset()).problems] == ["unknown_guard"]
    assert proof(change, guards=frozenset({"small.maybe"})).ok


def test_a_guard_with_a_complement_is_a_way_out() -> None:
    changes = (
        ('en = "Pass", check', 'en = "Pass", when = "guard:small.maybe", check'),
        (
            'en = "Fail", check = "fail", to = "handling", counts',
            'en = "Fail", when = "not guard:small.maybe", check = "fail", to = "review", counts',
        ),
    )
    found = proof(*changes, ('reworks = { max = 2, then = "review" }', 'reworks = { max = 2, then = "review" }'))
    assert "trap" in {problem.code for problem in found.problems}  # the failing half is counted and may be used up


def test_the_message_has_the_shortest_way() -> None:
    found = proof(('from = ["handling"]\nto = "to_check"', 'from = ["handling"]\nto = "closed"'))
    unchecked = next(problem for problem in found.problems if problem.code == "closed_unchecked")
    assert unchecked.path == ("assign", "handle")


def test_sub_matters_must_map_every_end_and_not_nest_in_a_circle() -> None:
    change = ('each = "helper"\namong = "helpers"\nclock = "help"\nanswers = { done = "pass", cannot = "fail" }', 'matter = "small"\nanswers = { closed = "pass" }')  # fmt: skip
    parent = small(change)
    codes = {problem.code for problem in prove(parent, POSTS, {"small": parent}).problems}
    assert {"end_not_mapped", "nested_in_a_circle"} <= codes
