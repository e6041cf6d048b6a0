"""What happens to the matters of the demonstration: each script yields the time until its next scene.

Together they show every way a grid event, a problem found on a visit and a delegated service can go.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, locality
from civicloop.ops.demo.player import Player

Script = Iterator[timedelta]
Scenario = Callable[[Player], Script]


def minutes(p: Player, low: int, high: int) -> timedelta:
    """A pause of `low` to `high` minutes."""
    return timedelta(seconds=p.draw.randint(low * 60, high * 60))


def text_of(p: Player) -> tuple[str, str]:
    """(kind code, text) of a written report."""
    kind = p.draw.choice(p.texts["kind"])
    p.point_to(kind["code"])
    return kind["code"], str(p.draw.choice(kind["texts"])).format(at=p.draw.choice(p.texts["places"]))


def title_of(text: str) -> str:
    return text.split("，", maxsplit=1)[0].rstrip("。")[:24]


def begin(p: Player, who: str = "") -> str:
    """Report a grid event as a resident, a grid worker or a clerk; returns the kind's code."""
    code, text = text_of(p)
    actor = p.cast.at_desk(who, p.place.areas) if who else None
    channel = {"grid_worker": "grid", "acceptance_clerk": "desk"}.get(who, "resident")
    p.report(actor, title=title_of(text), text=text, kind=code if actor else "", channel=channel)
    if p.draw.random() < 0.6:
        p.photo("before", actor)
    return code


def conditions(code: str) -> list[int]:
    kind = catalogue.kind_by_code("GB/T 47678.5-2026", "matter", code)
    return [each.id for each in catalogue.conditions(kind.id)]


def condition(code: str) -> int:
    return conditions(code)[0]


def file(p: Player, code: str) -> None:
    pointing = {"component": p.component} if p.component else {}
    p.act(p.holder("acceptance_clerk"), "file", condition=condition(code), **pointing)


def dispatched(p: Player) -> Script:
    """From reported to dispatched, sometimes over a verification on the spot."""
    code = begin(p, p.draw.choice(["", "", "grid_worker", "acceptance_clerk"]))
    yield minutes(p, 2, 12)
    if p.draw.random() < 0.2:
        p.act(p.holder("acceptance_clerk"), "send_pre_verify")
        yield minutes(p, 8, 28)
        p.photo("before", p.holder("grid_worker"))
        p.act(p.holder("grid_worker"), "pre_verify", note="现场属实。")
        yield minutes(p, 2, 10)
    file(p, code)
    yield minutes(p, 2, 12)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 5, 60)


def assigned(p: Player) -> Script:
    """On to the worker."""
    p.act(p.holder("receiving_clerk"), "accept")
    yield minutes(p, 5, 40)
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 20, 300)


def handled(p: Player) -> Script:
    """Handling, with a photo, and the unit's feedback."""
    worker = p.holder("unit_worker")
    p.photo("after", worker)
    p.act(worker, "handle", result=p.pick("done"))
    yield minutes(p, 5, 40)
    p.act(p.holder("receiving_clerk"), "feed_back")
    yield minutes(p, 8, 40)


def checked(p: Player, outcome: str = "pass") -> Script:
    """The check by somebody else."""
    checker = p.holder("checker")
    if outcome == "cannot_see":
        p.act(checker, "post_check", "cannot_see", unseen_reason="no_access")
    else:
        p.photo("other", checker)
        data = {"reason": p.pick("fail")} if outcome == "fail" else {}
        p.act(checker, "post_check", outcome, **data)
    yield minutes(p, 5, 30)


def closed(p: Player) -> Script:
    """The close by the level that dispatched; sometimes a rating."""
    p.act(p.holder("dispatcher"), "close")
    if p.draw.random() < 0.4 and not p.was_done("rate"):
        yield minutes(p, 60, 2000)
        p.act(p.outside("reporter"), "rate", stars=p.draw.choice([3, 4, 5, 5, 5]))


def plain(p: Player) -> Script:
    """The ordinary way."""
    for part in (dispatched, assigned, handled, checked, closed):
        yield from part(p)


def on_the_spot(p: Player) -> Script:
    """Handled by the grid worker at once; the draw decides whether it is checked."""
    code, text = text_of(p)  # which moves the place to what the matter is about
    worker = p.cast.at_desk("grid_worker", p.place.areas)
    p.report(worker, title=title_of(text), text=text, kind=code, channel="grid")
    p.photo("before", worker)
    yield minutes(p, 6, 25)
    p.photo("after", worker)
    p.act(worker, "handle_on_spot", result=p.pick("done"))
    yield minutes(p, 30, 200)
    if p.step() != "to_spot_check":
        return
    checker = p.holder("checker")
    if p.draw.random() < 0.15:
        p.act(checker, "post_check", "cannot_see", unseen_reason="not_visible")
        yield minutes(p, 30, 200)
    p.photo("other", checker)
    if p.draw.random() < 0.3:
        p.act(checker, "post_check", "fail", reason=p.pick("fail"))
        yield minutes(p, 5, 20)
        p.act(p.holder("dispatcher"), "dispatch")
        yield minutes(p, 5, 20)
        for part in (assigned, handled, checked, closed):
            yield from part(p)
    else:
        p.act(checker, "post_check", "pass")
        yield minutes(p, 5, 20)
        yield from closed(p)


def rework(p: Player, fails: int = 1) -> Script:
    """A failed check, back to the same clock."""
    for part in (dispatched, assigned, handled):
        yield from part(p)
    for _number in range(fails):
        yield from checked(p, "fail")
        if p.step() == "rework_review":
            return
        yield from handled(p)
    yield from checked(p)
    yield from closed(p)


def rework_decided(p: Player) -> Script:
    """Three failed checks: the supervisor decides."""
    yield from rework(p, 3)
    outcome = p.draw.choice(["again", "other_unit", "accept"])
    p.act(p.holder("supervisor"), "review_rework", outcome, reason="多次核查不通过，经会商决定。")
    yield minutes(p, 10, 60)
    if outcome == "other_unit":
        p.act(p.holder("dispatcher"), "dispatch")
        yield minutes(p, 10, 60)
        yield from assigned(p)
    if outcome != "accept":
        yield from handled(p)
        yield from checked(p)
    yield from closed(p)


def returned(p: Player, times: int = 1) -> Script:
    """Not mine: back to the dispatcher; after the third time the common superior designates."""
    yield from dispatched(p)
    for _number in range(times):
        p.act(p.holder("receiving_clerk"), "return", reason=p.pick("return"))
        yield minutes(p, 10, 90)
        p.approve("dispatcher")
        yield minutes(p, 5, 20)
        if p.step() == "designating":
            p.act(p.superior(), "designate", reason="经会商指定承办。", catalogue="履职事项清单")
            yield minutes(p, 10, 60)
            p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
            yield minutes(p, 30, 200)
            break
        p.act(p.holder("dispatcher"), "dispatch")
        yield minutes(p, 10, 60)
    else:
        yield from assigned(p)
    for part in (handled, checked, closed):
        yield from part(p)


def returned_thrice(p: Player) -> Script:
    return returned(p, 3)


def passed_up(p: Player) -> Script:
    """The subdistrict whistles, the district dispatches and closes."""
    code = begin(p)
    yield minutes(p, 3, 12)
    file(p, code)
    yield minutes(p, 3, 10)
    reason = p.draw.choice(["no_authority", "crosses_subdistricts", "special_equipment", "several_departments"])
    p.act(p.holder("dispatcher"), "escalate", up_reason=reason, note="街道无法独立处置，请区级派遣。")
    p.level = "district"
    yield minutes(p, 3, 14)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 10, 60)
    for part in (assigned, handled, checked, closed):
        yield from part(p)


def ended_early(p: Player) -> Script:
    """Declined, void, passed to another channel, withdrawn."""
    begin(p)
    yield minutes(p, 3, 12)
    clerk = p.holder("acceptance_clerk")
    way = p.draw.choice(["decline", "decline", "void", "transfer", "withdraw"])
    if way == "decline":
        p.act(clerk, "decline", not_filed_reason="not_found", reason=p.pick("decline"))
    elif way == "void":
        p.act(clerk, "void", void_reason="entered_twice")
    elif way == "transfer":
        p.act(
            clerk,
            "transfer",
            channel="hotline",
            passed_number=f"ZB{p.draw.randint(10000, 99999)}",
            reason="属热线办理事项。",
        )
    else:
        p.act(p.outside("reporter"), "withdraw", reason="已自行解决。")


def emergency(p: Player) -> Script:
    """Ordered orally first, recorded afterwards."""
    code = begin(p, "acceptance_clerk")
    ordered = (clock.now() - timedelta(minutes=p.draw.randint(1, 9))).isoformat()
    p.act(p.holder("acceptance_clerk"), "order_orally", ordered_at=ordered, note="已电话通知先行处置。")
    yield minutes(p, 20, 90)
    if p.draw.random() < 0.5:
        clerk = p.holder("receiving_clerk")
        p.photo("after", clerk)
        p.act(clerk, "handle", result=p.pick("done"), worker=p.holder("unit_worker").words)
        yield minutes(p, 30, 300)
        p.act(p.holder("acceptance_clerk"), "file", condition=condition(code))
        yield minutes(p, 5, 30)
        p.act(p.holder("receiving_clerk"), "feed_back")
    else:
        p.act(p.holder("acceptance_clerk"), "file", condition=condition(code))
        yield minutes(p, 5, 30)
        p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
        yield minutes(p, 10, 60)
        yield from handled(p)
    yield minutes(p, 8, 30)
    yield from checked(p)
    yield from closed(p)


def asked(p: Player) -> Script:
    """The unit asks the reporter; the clock stands still meanwhile."""
    yield from dispatched(p)
    p.act(p.holder("receiving_clerk"), "accept")
    p.act(p.holder("receiving_clerk"), "ask", note="请补充具体楼门号。")
    yield minutes(p, 60, 900)
    p.act(p.outside("reporter"), "answer", note="在三号楼二门。")
    yield minutes(p, 10, 60)
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 30, 200)
    for part in (handled, checked, closed):
        yield from part(p)


def shared(p: Player) -> Script:
    """Lead and co-unit: the lead cannot feed back before the other has answered."""
    yield from dispatched(p)
    yield from assigned(p)
    helper = p.cast.by_area["receiving_clerk", p.place.areas["subdistrict"]]
    p.act(p.holder("receiving_clerk"), "split", co_units=[helper.unit_id], note="请协助疏导现场。")
    yield minutes(p, 30, 200)
    p.act(helper, "answer_part", task=p.task("co_handle"), answer="done", result="已协助完成。")
    yield minutes(p, 10, 60)
    for part in (handled, checked, closed):
        yield from part(p)


def explained(p: Player) -> Script:
    """Nothing to put right: explained, with two approvals."""
    yield from dispatched(p)
    p.act(p.holder("receiving_clerk"), "accept")
    p.act(p.holder("receiving_clerk"), "explain", reason="该处为经批准的临时占道施工，工期至月底。")
    yield minutes(p, 20, 90)
    p.approve("dispatcher", "supervisor")


def enforced(p: Player) -> Script:
    """Not done with a photo: an enforcement case on its legal clock."""
    yield from dispatched(p)
    yield from assigned(p)
    number = f"执立〔{clock.now().year}〕{p.draw.randint(100, 999)}号"
    p.act(p.holder("receiving_clerk"), "enter_enforcement", case_number=number, reason="涉嫌违法建设，立案调查。")
    yield timedelta(days=p.draw.randint(6, 25))
    clerk = p.holder("receiving_clerk")
    if p.draw.random() < 0.7:
        p.photo("after", clerk)
        p.act(clerk, "conclude_enforcement", "enforced", result="当事人已自行拆除。")
        yield minutes(p, 30, 100)
        yield from checked(p)
        yield from closed(p)
    else:
        p.act(clerk, "conclude_enforcement", "no_case", reason="情节轻微，已改正，不予处罚。")


def forced(p: Player) -> Script:
    """Closed by force: asked by the supervisor, so the leader has the last word."""
    yield from dispatched(p)
    p.act(p.holder("supervisor"), "force_close", reason="反映人失联且现场已拆迁。")
    yield minutes(p, 30, 200)
    p.act(p.holder("leader"), "decide", request=p.request(), yes=True)


def reopened(p: Player) -> Script:
    """Closed, found again, reopened."""
    yield from plain(p)
    yield timedelta(days=p.draw.randint(1, 6))
    p.act(p.holder("supervisor"), "reopen", reason="回访发现问题复现。")
    yield minutes(p, 10, 60)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 10, 60)
    for part in (assigned, handled, checked, closed):
        yield from part(p)


def unseen(p: Player) -> Script:
    """The checker could not see it the first time; the work was taken back once."""
    yield from dispatched(p)
    yield from assigned(p)
    p.act(p.holder("receiving_clerk"), "revoke_assignment", reason="人员请假，另行安排。")
    yield minutes(p, 10, 60)
    p.act(p.holder("receiving_clerk"), "assign", worker=p.holder("unit_worker").words)
    yield minutes(p, 30, 200)
    yield from handled(p)
    yield from checked(p, "cannot_see")
    yield from checked(p)
    yield from closed(p)


def found_on_visit(p: Player) -> Any:
    """A problem that a grid worker notes in a household; returns the worker."""
    worker = p.cast.at_desk("grid_worker", p.place.areas)
    text = str(p.draw.choice(p.texts["visit"][0]["texts"]))
    p.report(
        worker, procedure="visit-problem", title=title_of(text), text=text, channel="visit",
        reporter={"name": f"住户{p.draw.randint(1, 999)}", "phone": "00000000000"},
    )  # fmt: skip
    return worker


def visit(p: Player) -> Script:
    """A problem found on a visit: fixed on the spot or a task; the household confirms, or is called."""
    worker = found_on_visit(p)
    yield minutes(p, 5, 40)
    way = p.draw.random()
    if way < 0.1:
        p.act(worker, "drop", reason="经了解不属于问题。")
        return
    if way < 0.45:
        p.act(worker, "fix_on_spot", result=p.pick("done"))
    elif way < 0.55:
        p.act(worker, "hand_to_grid")
        yield minutes(p, 2, 10)
        yield from handed_over(p)
        return
    else:
        due = (clock.now() + timedelta(days=p.draw.randint(3, 15))).date().isoformat()
        p.act(worker, "make_task", due_on=due)
        yield minutes(p, 300, 4000)
        p.act(p.holder("receiving_clerk"), "handle", result=p.pick("done"))
    yield from confirmed(p, "household")


def handed_over(p: Player) -> Script:
    """The grid event that a visit has opened goes its own way; when it ends, the visit goes on."""
    visit_id = p.matter
    p.into_part()
    kind = p.draw.choice(p.texts["kind"])["code"]
    file(p, kind)
    yield minutes(p, 2, 12)
    p.act(p.holder("dispatcher"), "dispatch")
    yield minutes(p, 5, 60)
    for part in (assigned, handled, checked):
        yield from part(p)
    p.act(p.holder("dispatcher"), "close")
    yield minutes(p, 1, 5)
    p.into(visit_id)
    if p.step() == "to_confirm":
        yield from confirmed(p, "household")


def confirmed(p: Player, who: str) -> Script:
    """The person concerned confirms; silence goes to a caller."""
    yield minutes(p, 60, 900)
    way = p.draw.random()
    if way < 0.55:
        p.act(p.outside(who), "confirm", "solved")
    elif way < 0.65:
        p.act(p.outside(who), "confirm", "not_solved", reason="还没有完全好。")
        yield minutes(p, 300, 1500)
        p.act(p.holder("receiving_clerk"), "handle", result=p.pick("done"))
        if p.step() == "to_hand_over":
            yield minutes(p, 30, 300)
            p.act(p.cast.at_desk("grid_worker", p.place.areas), "hand_over", note="结果已再次送达。")
        yield minutes(p, 60, 600)
        p.act(p.outside(who), "confirm", "solved")
    else:
        for _number in range(12):  # silence: after the limit of the confirmation somebody calls
            yield timedelta(days=2)
            p.due()
            if p.step() == "to_call":
                break
        yield minutes(p, 30, 300)
        p.act(p.holder("checker"), "call_back", "solved", note="电话回访，确认已解决。")
    if p.draw.random() < 0.4:
        yield minutes(p, 60, 2000)
        p.act(p.outside(who), "rate", stars=p.draw.choice([3, 4, 5, 5, 5]))


def visit_reopened(p: Player) -> Script:
    """Solved and rated; the same trouble comes back, and the task is taken up again."""
    yield from visit_task(p)
    p.act(p.holder("receiving_clerk"), "handle", result=p.pick("done"))
    yield minutes(p, 60, 900)
    p.act(p.outside("household"), "confirm", "solved")
    yield minutes(p, 60, 600)
    p.act(p.outside("household"), "rate", stars=p.draw.choice([2, 3, 4]))
    yield timedelta(days=p.draw.randint(2, 6))
    p.act(p.holder("supervisor"), "reopen", reason="回访时住户反映问题又出现了。")
    yield minutes(p, 60, 400)
    p.act(p.holder("receiving_clerk"), "handle", result=p.pick("done"))
    yield minutes(p, 60, 900)
    p.act(p.outside("household"), "confirm", "solved")


def visit_task(p: Player) -> Script:
    """A problem that becomes a task of the unit."""
    worker = found_on_visit(p)
    yield minutes(p, 5, 40)
    due = (clock.now() + timedelta(days=p.draw.randint(6, 15))).date().isoformat()
    p.act(worker, "make_task", due_on=due)
    yield minutes(p, 300, 2000)


def applied_for(p: Player) -> Script:
    """A service that the district's unit has accepted."""
    worker = asked_for(p)
    yield minutes(p, 20, 200)
    p.photo("other", worker)
    p.act(worker, "authorise", signature="已签署授权书")
    yield minutes(p, 20, 200)
    p.photo("other", worker)
    affairs = p.cast.by_unit["receiving_clerk", unit_of(p, "affairs")]
    p.act(worker, "apply", answering=affairs.unit_id)
    yield minutes(p, 60, 400)
    p.act(affairs, "accept", "yes")
    yield minutes(p, 300, 2000)


def revoked(p: Player) -> Script:
    """The resident takes the authorisation back, with paper and date."""
    yield from applied_for(p)
    worker = p.cast.at_desk("grid_worker", p.place.areas)
    p.photo("other", worker)
    p.act(worker, "revoke", revoked_on=clock.now().astimezone(locality.zone()).date().isoformat())


# procedure → (the way to the work, who confirms)
BEGINNINGS: dict[str, tuple[Scenario, str]] = {"visit": (visit_task, "household"), "service": (applied_for, "resident")}


def withdrawn(p: Player, kind: str) -> Script:
    """The person concerned has helped themselves."""
    way, who = BEGINNINGS[kind]
    yield from way(p)
    p.act(p.outside(who), "withdraw", reason="已自行解决，不用再办。")


def given_up(p: Player, kind: str) -> Script:
    """Closed by force: asked by the supervisor, decided by the leader."""
    yield from BEGINNINGS[kind][0](p)
    p.act(p.holder("supervisor"), "force_close", reason="当事人已迁离本市，无法继续办理。")
    yield minutes(p, 30, 200)
    p.act(p.holder("leader"), "decide", request=p.request(), yes=True)


def never_solved(p: Player, kind: str) -> Script:
    """Not solved three times over: the supervisor looks for himself and decides."""
    way, who = BEGINNINGS[kind]
    yield from way(p)
    for _number in range(5):
        p.act(p.holder("receiving_clerk"), "handle", result=p.pick("done"))
        yield minutes(p, 60, 600)
        if p.step() == "to_hand_over":
            p.act(p.cast.at_desk("grid_worker", p.place.areas), "hand_over", note="结果已送达。")
            yield minutes(p, 60, 600)
        p.act(p.outside(who), "confirm", "not_solved", reason="还是老样子，没有解决。")
        yield minutes(p, 300, 900)
        if p.step() == "rework_review":
            break
    p.act(p.holder("supervisor"), "review_rework", "accept", reason="实地查看，问题已解决，已向当事人说明。")


def asked_for(p: Player) -> Any:
    """A service that a grid worker takes in for a resident; returns the worker."""
    worker = p.cast.at_desk("grid_worker", p.place.areas)
    text = str(p.draw.choice(p.texts["service"][0]["texts"]))
    p.report(
        worker, procedure="delegated-service", title=title_of(text), text=text, channel="visit",
        reporter={"name": f"居民{p.draw.randint(1, 999)}", "phone": "00000000000"},
    )  # fmt: skip
    return worker


def service(p: Player) -> Script:
    """A delegated service: authorised, applied for, handled, handed over, confirmed."""
    worker = asked_for(p)
    yield minutes(p, 20, 200)
    if p.draw.random() < 0.1:
        p.act(worker, "decline", reason="不属于可代办事项。")
        return
    p.photo("other", worker)
    p.act(worker, "authorise", signature="已签署授权书")
    yield minutes(p, 20, 200)
    p.photo("other", worker)
    affairs = p.cast.by_unit["receiving_clerk", unit_of(p, "affairs")]
    p.act(worker, "apply", answering=affairs.unit_id)
    yield minutes(p, 60, 400)
    if p.draw.random() < 0.1:
        p.act(affairs, "accept", "no", reason="材料不符合受理条件。")
        return
    if p.draw.random() < 0.15:
        p.act(affairs, "accept", "correct", reason="缺少身份证复印件。")
        yield minutes(p, 60, 400)
        p.photo("other", worker)
        p.act(worker, "apply", answering=affairs.unit_id)
        yield minutes(p, 60, 400)
    p.act(affairs, "accept", "yes")
    yield minutes(p, 300, 3000)
    if p.draw.random() < 0.1:
        p.act(affairs, "refuse", reason="经审核不符合条件。")
        return
    p.act(affairs, "handle", result="已办结，证件制作完成。")
    yield minutes(p, 100, 1500)
    p.act(worker, "hand_over", note="结果已送到家中。")
    yield from confirmed(p, "resident")


def unit_of(p: Player, kind: str, level: str = "district") -> int:
    """A unit of the place by its kind: the district's for delegated services, the subdistrict's office."""
    code = f"{p.codes[p.place.areas[level]]}-{kind}"
    return next(unit for role, unit in p.cast.by_unit if role == "receiving_clerk" and p.units[unit] == code)
