"""Work that is due, done by the worker in rounds: every piece is idempotent and may run in several workers at once.

Each act goes through `actions.act` with an id derived from its cause; whoever comes second finds it done. Nothing due
costs index look-ups only.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from civicloop.calendars import selectors as calendars
from civicloop.foundation import clock, hot
from civicloop.matters import actions, clustering, followups, marks, merging, reading, sql
from civicloop.matters.errors import Refused
from civicloop.matters.models import ApprovalRequest, Clock, Matter, Task
from civicloop.people import access
from civicloop.procedures.rules import run
from civicloop.procedures.rules.language import LADDER, Move

BATCH = 200
PATIENCE = timedelta(seconds=20)  # how long a request may take to do what follows from its own act
BY_CLOCK = access.system("clock")


def sweep(batch: int = BATCH) -> int:
    """One round over everything that is due; returns how many acts were done."""
    fired = marks.fire_due() + asked_acts(batch)
    by_clock = due_clocks(batch) + lapsed_requests(batch) + ended_holds(batch)
    by_lead = clustering.catch_up(batch) + merging.go_on_with_all(batch)
    return by_lead + fired + by_clock + silent_parts(batch) + left_behind(batch) + recounted(batch)


def sweep_matter(matter_id: UUID) -> int:
    """The same for one matter: what its clocks, requests and pauses have come to."""
    now = clock.now()
    done = marks.fire_of_matter(matter_id)
    for no, act in Clock.objects.filter(matter_id=matter_id).exclude(act="").values_list("no", "act"):
        done += _asked(matter_id, no, act)
    for name, no in Clock.objects.filter(
        matter_id=matter_id, state="running", due_at__lt=now, task_no=None
    ).values_list("name", "no"):
        done += _by_clock(matter_id, name, no)
    for row in ApprovalRequest.objects.filter(matter_id=matter_id, state="open", due_at__lt=now):
        done += _lapse(row)
    for seq in Matter.objects.filter(id=matter_id, end="", hold_until__lt=now).values_list("seq", flat=True):
        done += _try(actions.Act(matter_id, "end_hold", followups.derived(matter_id, seq, "end_hold")))
    for task_no in _of_parts().filter(matter_id=matter_id).values_list("task_no", flat=True):
        done += _silent(matter_id, task_no)
    return done


def next_due(matter_id: UUID, after: datetime, until: datetime) -> datetime | None:
    """The first moment in (after, until) at which something of a matter falls due; None when nothing does."""
    row = hot.one(sql.NEXT_DUE, {"id": matter_id, "after": after, "until": until})
    return row[0] if row else None


def _try(wanted: actions.Act, by: access.Actor = BY_CLOCK) -> int:
    """Do an act of the platform; what somebody else has done meanwhile is no error."""
    try:
        return 1 if actions.act(by, wanted).status == 201 else 0
    except Refused:
        return 0


def asked_acts(batch: int = BATCH) -> int:
    """Acts that marks of the ladder asked for (改派 …), where the procedure lets a ladder do them."""
    rows = Clock.objects.exclude(act="").order_by("matter_id").values_list("matter_id", "no", "act")
    return sum(_asked(*row) for row in rows[:batch])


def _asked(matter_id: UUID, no: int, asked: str) -> int:
    """Do it where it can still be done; its id comes from the mark's entry, so that it is done once."""
    action, _colon, seq = asked.partition(":")
    done, seen = 0, reading.read(matter_id)
    move = (
        next((m for m in run.candidates(seen.procedure, seen.state) if _by_ladder(m, action)), None) if seen else None
    )
    if seen is not None and move is not None:
        texts = [code for code in move.needs if seen.procedure.needs[code].kind == "text"]
        data = dict.fromkeys(texts, marks.words_of(matter_id, int(seq)))
        act_id = followups.derived(matter_id, int(seq), f"ladder:{action}")
        done = _try(actions.Act(matter_id, action, act_id, move.result, data), marks.BY_LADDER)
    hot.one(sql.ACT_ANSWERED, {"id": matter_id, "no": no, "act": asked})
    return done


def _by_ladder(move: Move, action: str) -> bool:
    return move.action == action and LADDER in move.by


def due_clocks(batch: int = BATCH) -> int:
    """Acts by clocks (逾期未确认 …): a step's clock is over and the procedure says what then happens."""
    done = 0
    rows = Clock.objects.filter(state="running", due_at__lt=clock.now(), task_no=None, name__in=_acting_clocks())
    rows = rows.filter(Q(matter__lead_id=None) | Q(matter__lead_id=F("matter_id")))
    for row in rows.order_by("due_at").values_list("matter_id", "name", "no")[: batch * 4]:
        done += _by_clock(*row)
        if done >= batch:
            break
    return done


def _acting_clocks() -> set[str]:
    """Names of clocks by which some procedure acts. The others stay overdue, and must not stand in the way of these."""
    from civicloop.procedures import selectors as procedures

    return {
        holder.removeprefix("clock:")
        for version in procedures.versions()
        for moves in procedures.by_id(version.pk).moves_from.values()
        for move in moves
        for holder in move.by
        if holder.startswith("clock:")
    }


def _by_clock(matter_id: UUID, name: str, no: int) -> int:
    seen = reading.read(matter_id)
    if seen is None or seen.row["end"]:
        return 0
    state = seen.state
    given = actions.given_for(seen, BY_CLOCK, {}, clock.now())
    for move in run.candidates(seen.procedure, state):
        if f"clock:{name}" in move.by and run.refusal(seen.procedure, state, move, given) is None:
            act_id = followups.derived(matter_id, no, f"clock:{name}:{seen.row['seq']}")
            return _try(actions.Act(matter_id, move.action, act_id, move.result))
    return 0


def lapsed_requests(batch: int = BATCH) -> int:
    """Requests that nobody answered in time: the procedure says whether silence means yes or no."""
    rows = ApprovalRequest.objects.filter(state="open", due_at__lt=clock.now()).order_by("due_at")
    return sum(_lapse(row) for row in rows[:batch])


def _lapse(row: ApprovalRequest) -> int:
    seen = reading.read(row.matter_id)
    if seen is None:
        return 0
    name = next((m.approval for m in seen.procedure.actions[row.action].moves if m.approval), None)
    yes = bool(name) and seen.procedure.approvals[name or ""].lapse == "approved"
    data = {"request": row.no, "yes": yes, "reason": "lapsed"}
    return _try(actions.Act(row.matter_id, "decide", followups.derived(row.matter_id, row.no, "lapse"), data=data))


def ended_holds(batch: int = BATCH) -> int:
    """Pauses whose end has come (挂账 to a date, waiting at most so long): the matter goes on by itself."""
    done = 0
    rows = Matter.objects.filter(end="", hold_until__lt=clock.now()).order_by("hold_until").values_list("id", "seq")
    for matter_id, seq in rows[:batch]:
        done += _try(actions.Act(matter_id, "end_hold", followups.derived(matter_id, seq, "end_hold")))
    return done


def recounted(batch: int = BATCH) -> int:
    """Provisional deadlines counted again, once for each version of their calendar, in the order of their matters."""
    now = clock.now()
    newer = Q(pk__in=[])
    for code in calendars.codes():
        newer |= Q(calendar=code, calendar_version__lt=calendars.working_calendar(code, now).version)
    rows = Clock.objects.filter(newer, provisional=True).exclude(state="stopped").order_by("matter_id")
    done = 0
    for matter_id, version in rows.values_list("matter_id", "calendar_version")[:batch]:
        done += _try(actions.Act(matter_id, "recount", followups.derived(matter_id, version, "recount")))
    return done


def silent_parts(batch: int = BATCH) -> int:
    """Parts asked from outside whose time is over: silence has the meaning that the procedure gives it."""
    return sum(_silent(*row) for row in _of_parts().values_list("matter_id", "task_no")[:batch])


def _of_parts() -> QuerySet[Clock]:
    """Clocks of parts that are over where silence means something; the others stay overdue and keep nobody."""
    rows = Clock.objects.filter(state="running", due_at__lt=clock.now(), name__in=_silence_clocks())
    return rows.exclude(task_no=None).order_by("due_at", "no")


def _silence_clocks() -> set[str]:
    from civicloop.procedures import selectors as procedures

    groups = [each for row in procedures.versions() for each in procedures.by_id(row.pk).tasks.values()]
    return {each.clock for each in groups if each.clock and each.silence}


def _silent(matter_id: UUID, task_no: int | None) -> int:
    seen = reading.read(matter_id)
    task = next((t for t in seen.tasks if t["no"] == task_no and t["state"] == "open"), None) if seen else None
    silence = seen.procedure.tasks[task["group"]].silence if seen and task else None
    if task is None or silence is None or task_no is None:
        return 0
    act_id = followups.derived(matter_id, task_no, "silence")
    return _try(actions.Act(matter_id, "answer_part", act_id, data={"task": task_no, "answer": silence}))


def left_behind(batch: int = BATCH) -> int:
    """What a killed process left undone between an act and what follows from it."""
    before = clock.now() - PATIENCE
    return sum(_resume(matter_id) for matter_id in _unfinished(before, batch))


def _unfinished(before: datetime, batch: int) -> list[UUID]:
    """Matters at a step where the system acts, parts whose sub-matter is missing, ended sub-matters not told yet."""
    from civicloop.procedures import selectors as procedures

    automatic = {
        step
        for version in procedures.versions()
        for step, moves in procedures.by_id(version.pk).moves_from.items()
        if any("system" in move.by for move in moves)
    }
    waiting = Matter.objects.filter(end="", step__in=automatic, step_at__lt=before).values_list("id", flat=True)
    child = Matter.objects.filter(id=OuterRef("child_id"))
    missing = Task.objects.filter(~Exists(child), state="open", opened_at__lt=before).exclude(child_id=None)
    ended = Task.objects.filter(Exists(child.exclude(end="")), state="open").exclude(child_id=None)
    found = list(waiting[:batch]) + list(missing.values_list("matter_id", flat=True)[:batch])
    return found + [child for child in ended.values_list("child_id", flat=True)[:batch] if child is not None]


def _resume(matter_id: UUID) -> int:
    before = Matter.objects.filter(id=matter_id).values_list("seq", flat=True).first()
    followups.after_act(matter_id)
    after = Matter.objects.filter(id=matter_id).values_list("seq", flat=True).first()
    return int(before != after)
