"""Every write of the loop: report and act. One statement each, one timeline entry each, idempotent by the client's ids.

`report` and `act` raise errors.Refused with nothing written. Acts of the system (clocks, draws, parts that come to an
end) go through the same `act`; `followups` does what an act leads to by itself, and may be run again at any time.
"""

import hmac
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules import clocks as arithmetic
from civicloop.calendars.rules.limits import Limit
from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import chain, clock, hot, ids, morton, ngrams
from civicloop.foundation.canonical import fingerprint
from civicloop.foundation.keyfile import read_or_make
from civicloop.matters import engine, errors, hooks, needs, reading, sampling, sql, timeline
from civicloop.matters.choices import Channel
from civicloop.matters.engine import Clocks, Desk, Rows
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.procedures import guards
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Move, Procedure
from civicloop.procedures.rules.run import Effects, Refusal, RunState
from civicloop.records import sealing

CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
AHEAD = timedelta(hours=24)
TITLE, TEXT, ADDRESS = 200, 10_000, 300
KIND_STANDARDS = ("GB/T 47678.5-2026", "local")
ENGINE_ACTS = frozenset({"note", "decide", "answer_part", "end_hold"})
PERSONAL = ("name", "phone", "document")


@dataclass(frozen=True)
class NewMatter:
    """A report as it came in. `reporter` holds name and phone and is sealed at once."""

    id: UUID
    title: str = ""
    text: str = ""
    procedure: str = "grid-event"
    kind: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = ""
    address: str = ""
    area: str = ""
    channel: str = Channel.RESIDENT
    occurred_at: datetime | None = None
    reporter: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    parent_id: UUID | None = None
    confidentiality: int = 0


@dataclass(frozen=True)
class Reported:
    """The answer to a report: 201 for a new matter, 200 for the same sent again."""

    status: int
    id: UUID
    number: str
    check_code: str


@dataclass(frozen=True)
class Done:
    """The answer to an act: 201 done now, 200 the same act sent again. `requested`: it waits for an approval."""

    status: int
    id: UUID
    seq: int
    step: str
    step_version: int
    action: str
    result: str
    requested: bool = False
    leads_on: bool = False  # whether something follows by itself


def caller_of(actor: Actor) -> str:
    """Who sends, for telling a repeat from somebody else's use of the same id."""
    return f"post:{actor.post_id}" if actor.kind == "staff" else actor.relation or actor.kind


# -- report ---------------------------------------------------------------------------------------------------------


def report(actor: Actor, new: NewMatter) -> Reported:
    """Take in a matter: place, answering desk, first step and clocks, in one statement.

    Raises Refused: forbidden, clock_ahead, too_long, missing, unknown_kind, coordinates, id_reused …
    """
    if not access.may(actor, "matters.report").allowed and actor.kind != "system":
        raise errors.forbidden()
    now = clock.now()
    _check(new, now)
    kind = kind_of(new.kind)
    version = procedures.in_force(new.procedure, now)
    located = _place(new)
    areas = {level: ref.id for level, ref in located.areas.items() if level != "city"}
    try:
        begun = run.start(version.procedure, dict(new.facts))
    except Refusal as reason:
        raise errors.refused_by_procedure(reason.code, reason.about) from None
    state = engine.first_levels(version.procedure, begun.state, areas)
    seats = dict(state.levels)
    rows = Rows()
    step = version.procedure.steps[begun.step_to]
    where = engine.desk(version.procedure, step, seats, areas, None)
    clocks = Clocks(version.procedure, [], now, {}, dict(state.facts), Given(), kind.id if kind else None, None, rows)
    for effect in begun.clocks:
        clocks.perform(effect)
    engine.move_lead(rows, [], where.unit_id, ended=False)
    rows.fact("reported", where.unit_id, detail=new.channel)
    rows.fact("stage", where.unit_id, detail=begun.stage)
    rows.tell("reported", number_follows=True)
    content = {name: getattr(new, name) for name in NewMatter.__dataclass_fields__}
    request = fingerprint({**content, "caller": caller_of(actor)})
    code = check_code(new.id, request)
    draft = timeline.Draft(
        plain={
            "procedure": version.procedure.digest, "kind": kind.code if kind else None, "channel": new.channel,
            "areas": areas, "unit": where.unit_id, "crs": new.crs, "facts": dict(new.facts), "parent": new.parent_id,
            "place": located.reason,
        },
        texts={"title": new.title, "text": new.text, "address": new.address},
    )  # fmt: skip
    if located.lon is not None:
        draft.texts["point"] = f"{located.lon:.7f},{located.lat:.7f}"
    entry = timeline.seal(
        draft, matter_id=new.id, seq=1, at=now, action="report", result=None, who=_who(actor),
        step=("", begun.step_to), act_id=None, previous=chain.GENESIS,
    )  # fmt: skip
    values = _entry_values(actor, entry, now, "report", None, None, request, begun.step_to, 1)
    values |= rows.parameters() | {
        "id": new.id, "next": 1, "day": int(now.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y%m%d")),
        "procedure_id": version.id, "parent_id": new.parent_id, "title": new.title or new.text[:40], "text": new.text,
        "channel": new.channel, "confidentiality": new.confidentiality, "kind_id": kind.id if kind else None,
        "condition_id": None, "class_code": kind.class_code if kind else "", "lon": located.lon, "lat": located.lat,
        "crs_in": new.crs if new.lon is not None else "", "lon_in": new.lon, "lat_in": new.lat,
        "cell": morton.cell(located.lon, located.lat) if located.lon is not None else None, "address": new.address,
        **{f"{level}_id": areas.get(level) for level in access.LEVELS[1:]}, "area_version": located.revision,
        "place_reason": located.reason, "stage": begun.stage, "seats": json.dumps(seats),
        "run": json.dumps(state.to_json()), "occurred_at": new.occurred_at, "caller": caller_of(actor),
        "check_code": check_code_hash(new.id, code), "sealed": json.dumps(_sealed_reporter(new)),
        "tokens": ngrams.tokens(new.title, new.text, new.address), **_desk_values(where),
        "due_at": _due(step.clock, clocks),
    }  # fmt: skip
    row = hot.one(sql.REPORT, values) or hot.one(sql.REPORTED, {"id": new.id})
    if row is None:
        raise RuntimeError("a report vanished between two statements")
    status, number, before = row
    if status == 200 and bytes(before) != request:
        raise errors.other_content()
    return Reported(status, new.id, number, code)


def _check(new: NewMatter, now: datetime) -> None:
    if new.id.version != 7:
        raise invalid("id", "not_uuid7", _("The id must be a UUIDv7."))
    if ids.moment_of(new.id) > now + AHEAD:
        words = _("The clock of the sending device is more than a day ahead. Nothing was taken; set it and send again.")
        raise Refused("clock_ahead", 422, words, server_time=now.isoformat())
    if not (new.text.strip() or new.title.strip()):
        raise invalid("text", "missing", _("Say in a few words what is wrong."))
    for name, most in (("title", TITLE), ("text", TEXT), ("address", ADDRESS)):
        value = getattr(new, name)
        if len(value) > most:
            words = _("This text has %(length)s characters; at most %(most)s are taken. Nothing was lost: shorten it.")
            raise invalid(name, "too_long", words % {"length": len(value), "most": most})
        if "\x00" in value:
            raise invalid(name, "not_text", _("This text holds a character that cannot be kept."))
    if new.channel not in Channel.values:
        raise invalid("channel", "unknown_channel", _("There is no such channel."))
    for name, value in new.reporter.items():
        if name not in PERSONAL or len(value) > 120:
            raise invalid("reporter", "unknown_field", _("Of a reporter only name and phone are taken."))
    if (new.lon is None) != (new.lat is None):
        raise invalid("lon", "coordinates", _("A point needs both longitude and latitude."))


def kind_of(code: str) -> catalogue.KindView | None:
    """The kind that a report names by its five digits (or `standard:code`); the newest standard first."""
    if not code:
        return None
    standard, colon, rest = code.rpartition(":")
    tried = (standard,) if colon else KIND_STANDARDS
    for each in tried:
        try:
            return catalogue.kind_by_code(each, "matter", rest)
        except LookupError:
            continue
    else:
        words = _("There is no kind %(code)s; leave it empty and the desk will choose.")
        raise invalid("kind", "unknown_kind", words % {"code": code[:40]})


@dataclass(frozen=True)
class _Place:
    areas: Mapping[str, places.AreaRef]
    lon: float | None
    lat: float | None
    reason: str
    revision: int


def _place(new: NewMatter) -> _Place:
    """Where the matter lies: by its point, else by the area that was named, else nowhere (the duty desk's)."""
    if new.lon is not None and new.lat is not None:
        try:
            found = places.locate(new.lon, new.lat, new.crs)
        except places.ImpossibleCoordinates as reason:
            words = {
                "crs_missing": _("Say in which coordinate system the point is (crs): wgs84, gcj02, bd09 or cgcs2000."),
                "crs_unknown": _("This coordinate system is not known; use wgs84, gcj02, bd09 or cgcs2000."),
            }.get(reason.code, _("These coordinates are impossible. Nothing was taken; check the point."))
            raise invalid("lon" if "crs" not in reason.code else "crs", reason.code, words) from None
        if found.areas or not new.area:
            return _Place(found.areas, found.lon, found.lat, found.reason, found.revision)
    if new.area:
        try:
            path = places.path(places.by_code(new.area).id)
        except LookupError:
            raise invalid("area", "unknown_area", _("There is no such area.")) from None
        return _Place(path, None, None, "named_area", places.revision())
    return _Place({}, None, None, "no_point", places.revision())


def _sealed_reporter(new: NewMatter) -> list[dict[str, object]]:
    """Name, phone and document of whoever is concerned, sealed before they reach the database."""
    prefix = {"visit-problem": "household", "delegated-service": "applicant"}.get(new.procedure, "reporter")
    given = [(name, new.reporter[name].strip()) for name in PERSONAL if new.reporter.get(name, "").strip()]
    return [
        sealing.seal(new.id, number, f"{prefix}_{name}", value).plain()
        for number, (name, value) in enumerate(given, start=1)
    ]


def check_code(matter_id: UUID, request: bytes) -> str:
    """The 8 signs that let a reporter back in (查询码). Derived, so that the same report sent again gets the same one."""
    key = read_or_make(settings.DATA_DIR / "keys" / "check-code.key")
    value = int.from_bytes(hmac.new(key, matter_id.bytes + request, "sha256").digest()[:8], "big")
    return "".join(CODE_SIGNS[value >> 5 * position & 31] for position in range(8))


def check_code_hash(matter_id: UUID, code: str) -> bytes:
    """What is kept of a check code: a keyed hash, so that the table alone lets nobody try codes."""
    key = read_or_make(settings.DATA_DIR / "keys" / "check-code.key")
    cleaned = code.strip().upper().replace("-", "").replace(" ", "")
    return hmac.new(key, b"hash:" + matter_id.bytes + cleaned.encode(), "sha256").digest()


# -- act ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """An act as it came in."""

    matter_id: UUID
    action: str
    act_id: UUID
    result: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    expected_step_version: int | None = None


def act(actor: Actor, wanted: Act, *, follow: bool = True, kept: Mapping[str, Any] | None = None) -> Done:
    """Do one act: read once, ask access, ask the procedure, check the data, write in one statement.

    `follow` also does what the act leads to by itself; `kept` are facts of a system act that its entry keeps.

    The same act_id with the same content answers what it answered first. Raises Refused: not_found (404), stale (412),
    id_reused, out_of_step, bound_used_up … (409), forbidden, own_work (403), and 422 for data.
    """
    request = fingerprint(
        {"matter": wanted.matter_id, "action": wanted.action, "result": wanted.result, "data": dict(wanted.data),
         "caller": caller_of(actor)}
    )  # fmt: skip
    for locked in (False, True):
        with transaction.atomic() if locked else nullcontext():
            seen = reading.read(wanted.matter_id, wanted.act_id, lock=locked)
            if locked and seen is not None and seen.seq_now != seen.row["seq"]:
                # a lock does not refresh the rows joined to it: read anew, holding it
                seen = reading.read(wanted.matter_id, wanted.act_id, lock=True)
            done = _once(actor, wanted, request, seen, kept or {})
        if done is not None:
            if follow and done.status == 201 and done.leads_on:
                from civicloop.matters import followups

                followups.after_act(wanted.matter_id)
            return done
    raise RuntimeError("an act lost a race while it held the lock")


def _once(actor: Actor, wanted: Act, request: bytes, seen: Reading | None, kept: Mapping[str, Any]) -> Done | None:
    """One try; None when somebody else was quicker."""
    if seen is None or not access.sees(actor, seen.subject).known:
        raise errors.not_found()
    if actor.scopes is not None and not actor.scopes & {"all", wanted.action}:
        raise errors.forbidden("scope_missing")
    if seen.done is not None:
        seq, before, step, version, action, result = seen.done
        if before != request:
            raise errors.other_content()
        return Done(200, seen.id, seq, step, version, wanted.action, result, action.startswith("request:"))
    expected = wanted.expected_step_version
    if expected is not None and expected != seen.row["step_version"]:
        raise errors.stale(seen.row["step_version"])
    plan = (
        _ENGINE[wanted.action](actor, wanted, seen) if wanted.action in ENGINE_ACTS else _declared(actor, wanted, seen)
    )
    plan.draft.plain.update(kept)
    return _write(actor, wanted, request, seen, plan)


@dataclass
class _Plan:
    """What an act will write: the effects (None when nothing moves), the entry's content, rows and changed values."""

    action: str
    result: str | None
    draft: timeline.Draft
    rows: Rows
    effects: Effects | None = None
    clocks: Clocks | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)
    seats: dict[str, Any] | None = None
    sealed: Mapping[str, str] = field(default_factory=dict)
    kind_id: int | None = None
    class_code: str = ""
    condition_id: int | None = None
    state: RunState | None = None
    worked: bool = False
    requested: bool = False
    oral_at: str | None = None


def given_for(seen: Reading, actor: Actor, data: Mapping[str, Any], now: datetime) -> Given:
    """What the conditions of the procedure may look at now."""
    return Given(
        overdue=engine.overdue(seen.clocks, now),
        has=frozenset(name for name, value in data.items() if value not in (None, "", [])),
        guard=lambda name: guards.answer(name, seen, actor, now),
    )


def may_act(actor: Actor, seen: Reading, by: tuple[str, ...]) -> bool:
    """Whether the actor is one of those who may do it: a holder, somebody outside, the system, a clock."""
    if actor.kind == "system":
        return any(who == "system" or who.startswith("clock:") for who in by)
    procedure, subject, seats = seen.procedure, seen.subject, seen.row["seats"]
    for who in by:
        if who == "system" or who.startswith("clock:"):
            continue
        post, of, value = engine.relation(procedure, who, seats)
        if access.stands_for(actor, post=post, of=of, value=value, subject=subject):
            return True
    return False


def took_part(actor: Actor, seen: Reading, apart: tuple[str, ...]) -> bool:
    """Whether a check by this actor would be a check of the own work (person, post or unit, as declared)."""
    if actor.kind != "staff":
        return False
    mine = {"person": actor.account_id, "post": actor.post_id, "unit": actor.unit_id}
    return any(
        mine[what] is not None and mine[what] == handler[index]
        for handler in seen.row["handlers"]
        for index, what in enumerate(("person", "post", "unit"))
        if what in apart
    )


def _declared(actor: Actor, wanted: Act, seen: Reading) -> _Plan:
    """The plan of an action that the procedure declares."""
    now = clock.now()
    procedure, state = seen.procedure, seen.state
    given = given_for(seen, actor, wanted.data, now)
    move = _move(procedure, state, wanted)
    by = procedure.holders_of(move, state.step)
    reason = run.refusal(procedure, state, move, given)
    if reason is not None:
        raise errors.refused_by_procedure(reason.code, reason.about)
    if not may_act(actor, seen, by):
        raise errors.forbidden()
    if move.check and took_part(actor, seen, run.separation(move)):
        raise errors.forbidden("own_work")
    supplied = needs.take(procedure, move.needs, wanted.data, actor=actor, reading=seen)
    if move.approval and actor.kind != "system":
        return _ask(actor, wanted, seen, move, supplied, now)
    return _effect(actor, wanted, seen, run.transition(procedure, state, move, diverted=run.diverts(procedure, state, move)),
                   supplied, now, given)  # fmt: skip


def _move(procedure: Procedure, state: RunState, wanted: Act) -> Move:
    """The move that a code means at this step (one API code may stand for several declared moves)."""
    fitting = [m for m in run.candidates(procedure, state) if m.action == wanted.action]
    chosen = next((m for m in fitting if m.result == wanted.result), None)
    if chosen is not None:
        return chosen
    if fitting and wanted.result is None and len(fitting) == 1:
        return fitting[0]
    if wanted.action not in procedure.actions:
        raise errors.refused_by_procedure("unknown_action", wanted.action)
    if fitting:
        raise errors.refused_by_procedure("unknown_result", wanted.result or "")
    raise errors.refused_by_procedure("out_of_step", state.step)


def _effect(
    actor: Actor, wanted: Act, seen: Reading, effects: Effects, supplied: needs.Supplied, now: datetime, given: Given
) -> _Plan:
    """Turn the effects of an act into rows."""
    procedure, rows = seen.procedure, Rows()
    kind_id, class_code, condition_id = seen.row["kind_id"], seen.row["class_code"], seen.row["condition_id"]
    for name, value in supplied.plain.items():
        if procedure.needs[name].kind == "filing_condition":
            condition = catalogue.condition(value)
            kind = catalogue.kind(condition.kind_id)
            kind_id, class_code, condition_id = kind.id, kind.class_code, condition.id
    seats, filled = engine.seat_values(
        procedure, effects, seen.row["seats"], wanted.data, kind_id=kind_id, areas=seen.areas, now=now,
        account_id=actor.account_id,
    )  # fmt: skip
    tasks = [dict(task) for task in seen.tasks]
    clocks = Clocks(
        procedure, [dict(row) for row in seen.clocks], now, {**supplied.plain, **supplied.texts},
        dict(effects.state.facts), given, kind_id, condition_id, rows,
    )  # fmt: skip
    for change in effects.clocks:
        clocks.perform(change)
    for group in effects.cancels:
        cancelled = [task for task in tasks if task["group"] == group and task["state"] == "open"]
        engine.close_tasks(rows, tasks, clocks, cancelled, "cancelled", "")
    if effects.opens:
        engine.open_group(procedure, effects.opens, supplied.plain, rows, tasks, clocks)
    draft = timeline.Draft(plain={**supplied.plain, **{f"seat:{name}": value for name, value in filled.items()}})
    draft.texts.update(supplied.texts)
    draft.texts.update(supplied.sealed)
    for name in ("check", "counted", "drawn", "hold_set", "hold_lifted", "sample_failed"):
        if getattr(effects, name):
            draft.plain[f"effect:{name}"] = getattr(effects, name)
    if effects.diverted:
        draft.plain["effect:diverted"] = True
    return _Plan(
        action=wanted.action, result=effects.result, draft=draft, rows=rows, effects=effects, clocks=clocks,
        tasks=tasks, seats=seats, sealed=supplied.sealed, kind_id=kind_id, class_code=class_code,
        condition_id=condition_id, state=effects.state, worked=effects.work,
        oral_at=_oral(procedure, effects, supplied),
    )  # fmt: skip


def _oral(procedure: Procedure, effects: Effects, supplied: needs.Supplied) -> str | None:
    """The moment of an oral order, kept beside the moment of its record."""
    if not effects.emergency:
        return None
    return next((v for n, v in supplied.plain.items() if procedure.needs[n].kind == "moment"), None)


# -- approvals ------------------------------------------------------------------------------------------------------


def _ask(actor: Actor, wanted: Act, seen: Reading, move: Move, supplied: needs.Supplied, now: datetime) -> _Plan:
    """Write a request beside the matter; nothing moves until the last level has agreed."""
    procedure = seen.procedure
    open_already = [r for r in seen.requests if r["state"] == "open" and r["action"] == move.action]
    if open_already:
        raise Refused("request_open", 409, _("This has been asked already and waits for an answer."))
    approval = procedure.approvals[move.approval or ""]
    held = [code for level in approval.levels for code in level.by if may_act(actor, seen, (code,))]
    levels = run.approval_levels(procedure, approval.code, held)
    calendar = calendars.working_calendar(engine.CALENDAR, now)
    rows = Rows()
    rows.requests_new.append(
        {
            "no": len(seen.requests) + 1, "action": move.action, "result": move.result or "",
            "level": approval.levels.index(levels[0]), "desk_roles": _roles(procedure, levels[0].by),
            "asked_by": actor.account_id, "asked_role": actor.role,
            "due_at": arithmetic.due(calendar, now, Limit.parse(approval.within)).moment,
            "data": {"data": dict(wanted.data), "levels": [approval.levels.index(level) for level in levels]},
        }
    )  # fmt: skip
    rows.tell("approval_asked", action=move.action)
    draft = timeline.Draft(plain=dict(supplied.plain), texts={**supplied.texts, **supplied.sealed})
    return _Plan(f"request:{move.action}", move.result, draft, rows, requested=True)


def _roles(procedure: Procedure, by: tuple[str, ...]) -> list[str]:
    return [procedure.holders[code].post if code in procedure.holders else code for code in by]


def _decide(actor: Actor, wanted: Act, seen: Reading) -> _Plan:
    """Answer a request: {"request": no, "yes": bool, "reason": text}. The effect comes with the last yes."""
    now, procedure = clock.now(), seen.procedure
    number, yes = wanted.data.get("request"), wanted.data.get("yes")
    reason = str(wanted.data.get("reason") or "")
    asked = next((r for r in seen.requests if r["no"] == number and r["state"] == "open"), None)
    if asked is None:
        raise Refused("no_request", 409, _("This request is not open any more."))
    if not isinstance(yes, bool):
        raise invalid("yes", "missing", _("Say yes or no."))
    if not yes and not reason.strip():
        raise invalid("reason", "missing", _("A refusal needs a reason."))
    move = _asked_move(procedure, seen.state, asked)
    approval = procedure.approvals[(move.approval if move else None) or _approval_name(procedure, asked)]
    level = approval.levels[asked["level"]]
    if actor.kind != "system":
        if not may_act(actor, seen, level.by):
            raise errors.forbidden()
        if actor.account_id is not None and actor.account_id == asked["asked_by"]:
            raise errors.forbidden("own_request")
    rows = Rows()
    draft = timeline.Draft(plain={"request": number, "yes": yes}, texts={"reason": reason} if reason else {})
    following = [index for index in asked["data"]["levels"] if index > asked["level"]]
    if not yes:
        _answer_request(rows, asked, "refused")
        rows.tell("approval_refused", action=asked["action"])
        return _Plan("decide", "no", draft, rows)
    if following and actor.kind != "system":
        after = approval.levels[following[0]]
        rows.requests_changed.append(
            {"no": number, "state": "open", "level": following[0], "desk_roles": _roles(procedure, after.by),
             "data": asked["data"]}
        )  # fmt: skip
        return _Plan("decide", "yes", draft, rows)
    return _carry_out(actor, wanted, seen, asked, move, draft, now)


def _asked_move(procedure: Procedure, state: RunState, asked: Mapping[str, Any]) -> Move | None:
    return next(
        (
            m
            for m in run.candidates(procedure, state)
            if m.action == asked["action"] and (m.result or "") == asked["result"]
        ),
        None,
    )


def _approval_name(procedure: Procedure, asked: Mapping[str, Any]) -> str:
    found = next((m.approval for m in procedure.actions[asked["action"]].moves if m.approval), None)
    return found or ""


def _carry_out(
    actor: Actor, wanted: Act, seen: Reading, asked: Mapping[str, Any], move: Move | None, draft: timeline.Draft,
    now: datetime,
) -> _Plan:  # fmt: skip
    """The last yes: everything is tested again; if it does not hold any more, the request lapses with an entry."""
    procedure, state, data = seen.procedure, seen.state, asked["data"]["data"]
    given = given_for(seen, actor, data, now)
    if move is None or run.refusal(procedure, state, move, given) is not None:
        rows = Rows()
        _answer_request(rows, asked, "lapsed")
        return _Plan("decide", "lapsed", draft, rows)
    supplied = needs.Supplied()
    for code in move.needs:
        if procedure.needs[code].kind in {"text", "signature", "number"}:
            supplied.texts[code] = str(data.get(code, ""))
        elif code in data:
            supplied.plain[code] = data[code]
    effects = run.transition(procedure, state, move, diverted=run.diverts(procedure, state, move))
    inner = Act(seen.id, asked["action"], wanted.act_id, move.result, data)
    plan = _effect(actor, inner, seen, effects, supplied, now, given)
    plan.action, plan.result = "decide", "yes"
    plan.draft.plain |= draft.plain | {"carried_out": asked["action"]}
    plan.draft.texts = draft.texts
    plan.sealed = {}
    _answer_request(plan.rows, asked, "approved")
    return plan


def _answer_request(rows: Rows, asked: Mapping[str, Any], state: str) -> None:
    rows.requests_changed.append(
        {"no": asked["no"], "state": state, "level": asked["level"], "desk_roles": asked["desk_roles"], "data": {}}
    )


# -- engine-wide acts -----------------------------------------------------------------------------------------------


def _note(actor: Actor, wanted: Act, seen: Reading) -> _Plan:
    """A remark of somebody on the staff who may see the matter; it moves nothing."""
    if actor.kind != "staff":
        raise errors.forbidden()
    text = wanted.data.get("note")
    if not isinstance(text, str) or not text.strip() or len(text) > 2000:
        raise invalid("note", "missing", _("Write a note of at most 2,000 characters."))
    return _Plan("note", None, timeline.Draft(texts={"note": text}), Rows())


def _answer_part(actor: Actor, wanted: Act, seen: Reading) -> _Plan:
    """Answer an open part: {"task": no, "answer": code, "note": text}, by the unit that it was given to."""
    now, procedure = clock.now(), seen.procedure
    task = next((t for t in seen.tasks if t["no"] == wanted.data.get("task") and t["state"] == "open"), None)
    if task is None or task["lead"]:
        raise Refused("no_such_task", 409, _("This part is not open any more."))
    declared = procedure.tasks[task["group"]]
    answer = wanted.data.get("answer")
    if answer not in declared.answers:
        words = _("The answer must be one of: %(answers)s")
        raise invalid("answer", "not_offered", words % {"answers": ", ".join(declared.answers)})
    if actor.kind == "staff" and (task["unit_id"] is None or actor.unit_id != task["unit_id"]):
        raise errors.forbidden()
    rows, tasks = Rows(), [dict(each) for each in seen.tasks]
    clocks = Clocks(procedure, [dict(row) for row in seen.clocks], now, {}, {}, Given(), None, None, rows)
    mine = next(each for each in tasks if each["no"] == task["no"])
    engine.close_tasks(rows, tasks, clocks, [mine], "answered", answer)
    members = [each for each in tasks if each["group"] == task["group"] and each["state"] != "cancelled"]
    outcome = run.group_result(declared, [m["answer"] if m["state"] == "answered" else None for m in members])
    text = str(wanted.data.get("note") or "")[:4000]
    draft = timeline.Draft(plain={"task": task["no"], "answer": answer}, texts={"note": text} if text else {})
    plan = _Plan("answer_part", answer, draft, rows, tasks=tasks, clocks=clocks, worked=declared.work)
    if outcome != "open":
        plan.state = run.settle(procedure, seen.state, task["group"], outcome).state
    return plan


def _end_hold(actor: Actor, wanted: Act, seen: Reading) -> _Plan:
    """A pause has come to its end by itself; only the system does this."""
    if actor.kind != "system":
        raise errors.forbidden()
    now = clock.now()
    if seen.row["hold_until"] is None or seen.row["hold_until"] > now:
        raise errors.refused_by_procedure("not_due", "hold")
    effects = run.end_hold(seen.procedure, seen.state)
    return _effect(actor, wanted, seen, effects, needs.Supplied(), now, Given())


_ENGINE = {"note": _note, "decide": _decide, "answer_part": _answer_part, "end_hold": _end_hold}


# -- writing --------------------------------------------------------------------------------------------------------


def _who(actor: Actor) -> dict[str, Any]:
    return {"account": actor.account_id, "post": actor.post_id, "unit": actor.unit_id, "role": actor.role}


def _entry_values(
    actor: Actor, entry: timeline.Sealed, now: datetime, action: str, result: str | None, act_id: UUID | None,
    request: bytes, step: str, step_version: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "action": action, "result": result or "", "act_id": act_id, "now": now, "account_id": actor.account_id,
        "post_id": actor.post_id, "actor_unit_id": actor.unit_id, "role": actor.role, "fingerprint": request,
        "body": entry.body, "hash": entry.hash, "texts": entry.texts, "step": step, "step_version": step_version,
    }  # fmt: skip


def _desk_values(where: Desk) -> dict[str, Any]:
    return {
        "unit_id": where.unit_id, "desk_roles": where.roles, "desk_level": where.level, "desk_person_id": where.person_id,
    }  # fmt: skip


def _due(clock_name: str | None, clocks: Clocks) -> datetime | None:
    """The due moment of the step's clock, None while it stands still or where there is none."""
    row = clocks.current(clock_name) if clock_name else None
    if row is None or row["state"] != "running" or row["due_at"] is None:
        return None
    value = row["due_at"]
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _write(actor: Actor, wanted: Act, request: bytes, seen: Reading, plan: _Plan) -> Done | None:
    """Write the plan; None when the matter has moved since it was read."""
    now, row, procedure, effects = clock.now(), seen.row, seen.procedure, plan.effects
    state = plan.state or seen.state
    step = procedure.steps[effects.step_to if effects else row["step"]]
    seats = plan.seats if plan.seats is not None else row["seats"]
    moved = effects is not None and effects.moved
    if effects is None:
        where = Desk(row["unit_id"], row["desk_roles"], row["desk_level"], row["desk_person_id"])
    else:
        where = engine.desk(procedure, step, seats, seen.areas, row["unit_id"])
    desk_now = (where.unit_id, where.roles, where.level, where.person_id)
    desk_before = (row["unit_id"], row["desk_roles"], row["desk_level"], row["desk_person_id"])
    version = row["step_version"] + (1 if moved or desk_now != desk_before else 0)
    ended = bool(step.end)
    if effects is not None:
        engine.move_lead(plan.rows, plan.tasks, where.unit_id, ended=ended)
        if ended and not row["end"]:
            for asked in (r for r in seen.requests if r["state"] == "open"):
                if not any(change["no"] == asked["no"] for change in plan.rows.requests_changed):
                    _answer_request(plan.rows, asked, "lapsed")
        _count(plan, row, effects, where.unit_id, step.end or "")
    sealed = [
        sealing.seal(seen.id, 1000 * (row["seq"] + 1) % 32000 + n, name, value).plain()
        for n, (name, value) in enumerate(sorted(plan.sealed.items()))
    ]
    for name in plan.sealed:
        plan.draft.texts.pop(name, None)
        plan.draft.plain[f"sealed:{name}"] = True
    plan.draft.plain["unit"] = where.unit_id
    entry = timeline.seal(
        plan.draft, matter_id=seen.id, seq=row["seq"] + 1, at=now, action=plan.action, result=plan.result,
        who=_who(actor), step=(row["step"], step.code), act_id=wanted.act_id, previous=seen.last_hash,
    )  # fmt: skip
    clocks = plan.clocks or Clocks(
        procedure, [dict(c) for c in seen.clocks], now, {}, {}, Given(), None, None, plan.rows
    )
    handlers = row["handlers"]
    line = [actor.account_id, actor.post_id, actor.unit_id]
    if plan.worked and actor.kind == "staff" and line not in handlers:
        handlers = [*handlers, line]
    values = _entry_values(actor, entry, now, plan.action, plan.result, wanted.act_id, request, step.code, version)
    values |= plan.rows.parameters() | _desk_values(where) | {
        "id": seen.id, "seq": row["seq"], "next": row["seq"] + 1, "stage": step.stage, "end": step.end or "",
        "step_at": now if moved else row["step_at"], "seats": json.dumps(seats), "run": json.dumps(state.to_json()),
        "handlers": json.dumps(handlers),
        "kind_id": plan.kind_id if effects else row["kind_id"],
        "class_code": plan.class_code if effects else row["class_code"],
        "condition_id": plan.condition_id if effects else row["condition_id"],
        "oral_at": plan.oral_at or row["oral_at"], "emergency": row["emergency"] or plan.oral_at is not None,
        "due_at": None if ended or state.hold else _due(step.clock, clocks),
        "hold_until": _hold_until(plan, row, state, procedure, now),
        "ended_at": (row["ended_at"] or now) if ended else None, "sealed": json.dumps(sealed),
    }  # fmt: skip
    written = hot.one(sql.ACT, values)
    if not written or written[0] != 1:
        return None
    if effects is not None and effects.sample_failed:
        sample = procedure.samples[effects.sample_failed]
        sampling.raise_share(procedure, sample, row["subdistrict_id"], now)
    leads_on = bool(
        (effects is not None and (effects.opens or (ended and row["parent_id"])))
        or any("system" in move.by for move in procedure.moves_from.get(step.code, ()))
    )
    return Done(201, seen.id, row["seq"] + 1, step.code, version, wanted.action, plan.result or "", plan.requested,
                leads_on)  # fmt: skip


def _hold_until(
    plan: _Plan, row: Mapping[str, Any], state: RunState, procedure: Procedure, now: datetime
) -> datetime | None:
    """When the present pause ends by itself: its chosen date, never later than the procedure allows."""
    if state.hold is None:
        return None
    if plan.effects is None or plan.effects.hold_set is None:
        kept: datetime | None = row["hold_until"]
        return kept
    hold = procedure.holds[state.hold]
    calendar = calendars.working_calendar(engine.CALENDAR, now)
    latest = arithmetic.due(calendar, now, Limit.parse(hold.up_to)).moment
    chosen = plan.draft.plain.get(hold.until) if hold.until else None
    if chosen is None:
        return latest
    day = datetime.combine(date.fromisoformat(chosen), time(0), tzinfo=ZoneInfo(settings.TIME_ZONE))
    if day > latest:
        raise invalid(hold.until or "", "too_late", _("The pause may not last that long."))
    return day


def _count(plan: _Plan, row: Mapping[str, Any], effects: Effects, unit_id: int, end: str) -> None:
    """The facts of an act: what was done, where the matter left and arrived, how its clocks came out."""
    rows = plan.rows
    rows.fact("act", unit_id, detail=f"{effects.action}:{effects.result}" if effects.result else effects.action)
    if effects.moved:
        rows.fact("stage", row["unit_id"], -1, row["stage"])
        if end:
            rows.fact("ended", unit_id, detail=end)
            rows.tell("ended", end=end)
        else:
            rows.fact("stage", unit_id, 1, effects.stage)
        rows.tell("moved", step=effects.step_to)
    if effects.counted:
        rows.fact("counted", row["unit_id"], detail=effects.counted)
    for change in effects.clocks:
        stopped = plan.clocks.current(change.clock) if plan.clocks and change.kind == "stop" else None
        if stopped is not None and stopped["due_at"] is not None:
            due = stopped["due_at"]
            late = (due if isinstance(due, datetime) else datetime.fromisoformat(due)) < clock.now()
            rows.fact("clock", row["unit_id"], detail=f"{change.clock}:{'late' if late else 'on_time'}"[:40])
    for name, delta, detail in hooks.facts(row, effects):
        rows.fact(name, unit_id, delta, detail)
