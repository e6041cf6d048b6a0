"""Laws that the declaration alone decides: holders, clocks, checks, approvals, bounds, tasks. See proof."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.language import Move, Procedure


@dataclass(frozen=True, slots=True)
class Problem:
    """One law broken. code: machine word of the message; about: what is meant; path: the acts that lead there."""

    step: str
    law: str
    code: str
    action: str = ""
    about: str = ""
    path: tuple[str, ...] = ()


def static_problems(
    p: Procedure, posts: frozenset[str], children: Mapping[str, Procedure], guards: frozenset[str] | None
) -> Iterator[Problem]:
    """Every static finding, in the order of the laws."""
    yield from _names(p, guards)
    yield from _holders(p, posts)
    yield from _clocks(p)
    yield from _checks(p)
    yield from _closing_level(p)
    yield from _samples(p)
    yield from _approvals(p)
    yield from _bounds(p)
    yield from _tasks(p, children)


def moves(p: Procedure) -> Iterator[Move]:
    for action in p.actions.values():
        yield from action.moves


def _first(move: Move) -> str:
    return move.from_[0] if move.from_ else ""


def _names(p: Procedure, guards: frozenset[str] | None) -> Iterator[Problem]:
    if p.steps[p.start].end:
        yield Problem(p.start, "1a", "start_is_an_end")
    for move in moves(p):
        for kind, name in move.when.atoms() if move.when else ():
            if kind == "guard" and guards is not None and name not in guards:
                yield Problem(_first(move), "1b", "unknown_guard", move.declared, name)
    for name, _clock in la.guards_of_clocks(p):
        if guards is not None and name not in guards:
            yield Problem("", "1b", "unknown_guard", about=name)


def _holders(p: Procedure, posts: frozenset[str]) -> Iterator[Problem]:
    for holder in p.holders.values():
        if holder.post not in posts:
            steps = [step.code for step in p.steps.values() if holder.code in step.holders]
            yield Problem(steps[0] if steps else "", "2a", "no_such_post", about=f"{holder.code}: {holder.post}")
    for step in p.steps.values():
        if not step.end and not step.holders:
            yield Problem(step.code, "2a", "no_holder")
        if not step.end and step.holders and all(p.is_outside(who) for who in step.holders):
            timely = any(f"clock:{step.clock}" in move.by for move in p.moves_from.get(step.code, ()))
            if not timely:
                yield Problem(step.code, "2d", "outsider_without_clock", about=", ".join(step.holders))


def _clocks(p: Procedure) -> Iterator[Problem]:
    for step in p.steps.values():
        if step.end:
            continue
        if not step.clock and not step.no_clock:
            yield Problem(step.code, "2b", "no_clock")
        if step.clock and p.clocks[step.clock].per == "task":
            yield Problem(step.code, "2b", "task_clock_at_step", about=step.clock)
    dates = [(limit.until, clock.code) for clock in p.clocks.values() for limit in clock.limits]
    dates += [(hold.until, hold.code) for hold in p.holds.values()]
    for need, about in dates:
        if need and p.needs[need].kind != "date":
            yield Problem("", "2b", "not_a_date", about=f"{about}: {need}")
    for move in moves(p):
        for clock in (
            *move.starts,
            *move.stops,
            *move.revives,
            *move.relimits,
            *((move.extends,) if move.extends else ()),
        ):
            if p.clocks[clock].per != "matter":
                yield Problem(_first(move), "2c", "step_clock_by_hand", move.declared, clock)
        if move.starts_at and p.needs[move.starts_at].kind != "moment":
            yield Problem(_first(move), "2c", "not_a_moment", move.declared, move.starts_at)
        if move.extend_by and move.extend_by != "original" and p.needs[move.extend_by].kind != "date":
            yield Problem(_first(move), "2c", "not_a_date", move.declared, move.extend_by)


def _who(p: Procedure, move: Move) -> set[str]:
    """Everybody who may do `move` at some step: holders, outsiders, `system`, `clock:…`."""
    return {who for step in move.from_ or ("",) for who in (move.by or (p.steps[step].holders if step else ()))}


def _posts(p: Procedure, who: set[str]) -> set[str]:
    """The posts behind holders; an outsider stands for itself."""
    return {p.holders[each].post if each in p.holders else each for each in who}


def handlers(p: Procedure) -> set[str]:
    """Posts and outsiders who may do an act that counts as handling, tasks included."""
    found: set[str] = set()
    for move in moves(p):
        if move.work:
            found |= _posts(p, _who(p, move))
    for tasks in p.tasks.values():
        if tasks.work and tasks.each:
            found |= _posts(p, {tasks.each})
    return found


def _checks(p: Procedure) -> Iterator[Problem]:
    working = handlers(p)
    for move in moves(p):
        if move.apart and ("person" not in move.apart or not move.apart_why):
            yield Problem(_first(move), "3c", "apart_too_narrow", move.declared)
        if move.check not in {"pass", "fail"}:
            continue
        who = _who(p, move)
        if any(map(la.is_nobody, who)):
            yield Problem(_first(move), "3c", "check_by_nobody", move.declared)
        for step in move.from_:
            here = set(p.holders_of(move, step))
            narrowed = bool(move.apart) and "post" not in move.apart
            if here and not narrowed and _posts(p, here) <= working:
                yield Problem(step, "3c", "check_by_handler", move.declared, ", ".join(sorted(here)))
            signed = any(p.needs[need].kind == "signature" for need in move.needs)
            if here and all(p.is_outside(each) for each in here) and not signed:
                yield Problem(step, "3c", "unsigned_check", move.declared, ", ".join(sorted(here)))


def _closing_level(p: Procedure) -> Iterator[Problem]:
    for move in moves(p):
        for step in move.from_:
            who = p.holders_of(move, step)
            if p.steps[move.target(step)].end in la.CHECKED_ENDS and p.closes_at and move.check != "sampled":
                if p.steps[step].end:
                    continue
                for each in who:
                    if each not in p.holders or p.holders[each].of != p.closes_at:
                        yield Problem(step, "3d", "closed_at_other_level", move.declared, each)
            if move.raises:
                for each in who:
                    if each not in p.holders or p.holders[each].of != move.raises:
                        yield Problem(step, "3d", "raised_by_other_level", move.declared, each)
        if move.raises and not any(p.needs[need].kind == "choice" for need in move.needs):
            yield Problem(_first(move), "3d", "raised_without_reason", move.declared, move.raises)
        for end in {p.steps[move.target(step)].end for step in move.from_ if p.steps[step].end is None}:
            if end in la.APPROVED_ENDS and (not move.approval or p.approvals[move.approval].lapse == "approved"):
                yield Problem(_first(move), "4d", "end_without_approval", move.declared, end or "")


def _samples(p: Procedure) -> Iterator[Problem]:
    for action in p.actions.values():
        sampled = [move for move in action.moves if move.check == "sampled"]
        drawn = [move for move in action.moves if move.drawn]
        for move in action.moves:
            if move.on_the_spot and not move.work:
                yield Problem(_first(move), "3f", "on_the_spot_without_work", move.declared)
            if (move.check == "sampled" or move.drawn) and (not move.sample or set(move.by) != {la.SYSTEM}):
                yield Problem(_first(move), "3f", "sample_not_by_system", move.declared)
        if not sampled and not drawn:
            continue
        if len(sampled) != 1 or len(drawn) != 1 or len(action.moves) != 2 or any(m.when for m in action.moves):
            yield Problem(_first(action.moves[0]), "3f", "sample_needs_two_results", action.code)
            continue
        target = drawn[0].target(_first(drawn[0]))
        checks = {move.check: move for move in p.moves_from.get(target, ())}
        if "pass" not in checks or "fail" not in checks:
            yield Problem(target, "3f", "drawn_without_check", action.code)
        elif p.steps[checks["fail"].target(target)].end:
            yield Problem(target, "3f", "failed_sample_ends", checks["fail"].declared)


def _approvals(p: Procedure) -> Iterator[Problem]:
    for approval in p.approvals.values():
        if not approval.levels or not all(level.by for level in approval.levels):
            yield Problem("", "4a", "approval_without_levels", about=approval.code)
        if not approval.within or not approval.lapse:
            yield Problem("", "4a", "approval_without_end", about=approval.code)
    for move in moves(p):
        levels = p.approvals[move.approval].levels if move.approval else ()
        if levels and levels[-1].rule != "all" and _posts(p, _who(p, move)) & _posts(p, set(levels[-1].by)):
            yield Problem(_first(move), "4a", "asker_decides", move.declared, move.approval or "")
    for hold in p.holds.values():
        if not hold.up_to or hold.times < 1:
            yield Problem("", "4b", "hold_without_end", about=hold.code)


def _bounds(p: Procedure) -> Iterator[Problem]:
    for move in moves(p):
        if move.extends and not (move.counts and move.approval):
            yield Problem(_first(move), "4d", "extension_unbounded", move.declared, move.extends)
        if move.extends and move.extend_by is None:
            yield Problem(_first(move), "4d", "extension_by_nothing", move.declared, move.extends)
        leaves = [step for step in move.from_ if p.steps[step].end and move.target(step) != step]
        if leaves and not move.counts:
            yield Problem(leaves[0], "4d", "reopened_uncounted", move.declared)
        stays = [step for step in move.from_ or ("",) if move.target(step) in {step, ""}]
        if stays and not (move.counts or move.lifts):
            outsiders = sorted(who for who in _who(p, move) if p.is_outside(who))
            if outsiders:
                yield Problem(stays[0], "4d", "outsider_uncounted", move.declared, ", ".join(outsiders))
        if move.check == "fail" and move.counts and not p.bounds[move.counts].then:
            yield Problem(_first(move), "4d", "check_cannot_fail", move.declared, move.counts)
    for bound in p.bounds.values():
        counting = [move for move in moves(p) if move.counts == bound.code]
        if not bound.then or p.steps[bound.then].end:
            continue
        parties = set().union(*(_posts(p, _who(p, move)) for move in counting)) if counting else set()
        deciding = _posts(p, set(p.steps[bound.then].holders))
        if parties & deciding:
            yield Problem(bound.then, "4d", "adjudicator_is_party", about=", ".join(sorted(parties & deciding)))
        for move in counting:
            if move.check == "fail":
                yield from _failing_again(p, bound, move)


def _failing_again(p: Procedure, bound: la.Bound, failing: Move) -> Iterator[Problem]:
    """After the last failed check, a way back to that check which does not adjudicate leaves only "pass" there."""
    assert bound.then
    seen, queue = {bound.then}, [bound.then]
    while queue:
        step = queue.pop(0)
        if step in failing.from_:
            yield Problem(step, "4d", "check_cannot_fail", failing.declared, bound.code)
            return
        for move in p.moves_from.get(step, ()):
            target = move.target(step)
            if bound.code in move.adjudicates or target in seen or p.steps[target].end:
                continue
            seen.add(target)
            queue.append(target)


def _tasks(p: Procedure, children: Mapping[str, Procedure]) -> Iterator[Problem]:
    joined = {code for move in moves(p) for code in move.joins}
    for move in moves(p):
        if la.SYSTEM in move.by and not move.joins and not move.sample:
            yield Problem(_first(move), "5a", "free_system_move", move.declared)
        if move.opens and move.opens not in joined:
            yield Problem(_first(move), "5a", "never_joined", move.declared, move.opens)
    for tasks in p.tasks.values():
        if bool(tasks.each) == bool(tasks.matter) or bool(tasks.each) != bool(tasks.among) or not tasks.answers:
            yield Problem("", "5b", "tasks_unclear", about=tasks.code)
        if tasks.each and (not tasks.clock or p.clocks[tasks.clock].per != "task"):
            yield Problem("", "5b", "tasks_without_clock", about=tasks.code)
        if tasks.each and p.is_outside(tasks.each) and not tasks.silence:
            yield Problem("", "5b", "tasks_without_silence", about=tasks.code)
        if tasks.matter:
            yield from _children(p, tasks, children)


def _children(p: Procedure, tasks: la.Tasks, children: Mapping[str, Procedure]) -> Iterator[Problem]:
    child = children.get(tasks.matter or "")
    if child is None:
        yield Problem("", "5b", "unknown_procedure", about=f"{tasks.code}: {tasks.matter}")
        return
    ends = {step.code for step in child.steps.values() if step.end}
    for missing in sorted(ends - set(tasks.answers)):
        yield Problem("", "5b", "end_not_mapped", about=f"{tasks.code}: {tasks.matter}.{missing}")
    for extra in sorted(set(tasks.answers) - ends):
        yield Problem("", "5b", "no_such_end", about=f"{tasks.code}: {tasks.matter}.{extra}")
    seen, queue = set[str](), [child.code]
    while queue:
        code = queue.pop()
        if code == p.code:
            yield Problem("", "5b", "nested_in_a_circle", about=f"{tasks.code}: {tasks.matter}")
            return
        if code not in seen and code in children:
            seen.add(code)
            queue += [inner.matter for inner in children[code].tasks.values() if inner.matter]
