"""Expanded declaration (plain JSON) → Procedure: keys known, names declared, values of the right kind."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.references import unknown_names
from civicloop.procedures.rules.tables import DeclarationRefused, Fault, Plain, Table

__all__ = ["TABLES", "DeclarationRefused", "Fault", "procedure"]
# fmt: off
TABLES = (
    "fact", "seat", "holder", "need", "clock", "bound", "approval", "hold", "tasks", "sample",
    "step", "action", "document",
)
# fmt: on
TOP = {"code", "version", "zh", "en", "standard", "start", "outside", "closes_at", "by_delegation", *TABLES}
CODE = re.compile(r"[a-z][a-z0-9_]*")
RULES = frozenset({"any", "all", "majority"})


def procedure(plain: Plain, digest: str) -> la.Procedure:
    """The procedure that `plain` declares. Raises DeclarationRefused with every fault found."""
    faults: list[Fault] = []
    top = Table(plain, "", faults)
    for key in plain:
        if key not in TOP:
            faults.append(Fault("unknown_key", key, key))

    def each(table: str, make: Callable[[str, Table], Any]) -> dict[str, Any]:
        made = {}
        for code, content in top.table(table).items():
            if not CODE.fullmatch(code):
                faults.append(Fault("bad_code", f"{table}.{code}", code))
            inner = Table(content, f"{table}.{code}", faults)
            made[code] = make(code, inner)
            inner.done()
        return made

    outside = top.take("outside", (list, tuple, Mapping), (), "not_a_list")
    outside_names = (
        {code: Table(words, f"outside.{code}", faults).names() for code, words in outside.items()}
        if isinstance(outside, Mapping)
        else {}
    )
    actions: dict[str, la.Action] = each("action", _action)
    made = la.Procedure(
        code=top.text("code") or "",
        version=top.whole("version", least=1) or 0,
        names=top.names(),
        standard=top.texts("standard"),
        start=top.text("start") or "",
        outside=tuple(outside),
        outside_names=outside_names,
        closes_at=top.text("closes_at", None),
        by_delegation=frozenset(top.texts("by_delegation")),
        facts=each("fact", _fact),
        seats=each("seat", _seat),
        holders=each("holder", lambda code, t: la.Holder(code, t.names(), t.text("post") or "", t.text("of") or "")),
        needs=each("need", _need),
        clocks=each("clock", _clock),
        bounds=each("bound", _bound),
        approvals=each("approval", _approval),
        holds=each("hold", _hold),
        tasks=each("tasks", _tasks),
        samples=each("sample", _sample),
        steps=each("step", _step),
        actions=actions,
        documents=each("document", lambda code, t: la.Document(code, t.names(), t.text("template"), t.texts("to"))),
        expanded=plain,
        digest=digest,
        moves_from=_by_step(actions),
        moves_during=_by_hold(actions),
    )
    faults += unknown_names(made)
    if faults:
        raise DeclarationRefused(faults)
    return made


def _by_step(actions: Mapping[str, la.Action]) -> dict[str, tuple[la.Move, ...]]:
    found: dict[str, list[la.Move]] = {}
    for action in actions.values():
        for move in action.moves:
            for step in () if move.during else move.from_:
                found.setdefault(step, []).append(move)
    return {step: tuple(moves) for step, moves in found.items()}


def _by_hold(actions: Mapping[str, la.Action]) -> dict[str, tuple[la.Move, ...]]:
    found: dict[str, list[la.Move]] = {}
    for action in actions.values():
        for move in action.moves:
            if move.during:
                found.setdefault(move.during, []).append(move)
    return {hold: tuple(moves) for hold, moves in found.items()}


def _fact(code: str, t: Table) -> la.Fact:
    values = t.list("values")
    default = t.take("default", (str, bool), None, "unknown_value")
    if not values:
        t.fault("missing_key", "values")
    if default is not None and default not in values:
        t.fault("unknown_value", default, "default")
    return la.Fact(code, t.names(), values, default)


def _seat(code: str, t: Table) -> la.Seat:
    kind = t.one_of("kind", {"unit", "person", "level", "superior"})
    levels = t.texts("levels")
    ranks = [la.LEVELS.index(level) for level in levels if level in la.LEVELS]
    if kind == "level" and (not levels or len(ranks) != len(levels) or ranks != sorted(set(ranks))):
        t.fault("bad_levels", ", ".join(levels), "levels")
    return la.Seat(code, t.names(), kind or "", levels)


def _need(code: str, t: Table) -> la.Need:
    kind = t.one_of("kind", la.NEED_KINDS)
    why = t.take("why", (Mapping,), None, "not_a_table")
    if kind == "photo" and not (why and why.get("zh") and why.get("en")):
        t.fault("photo_without_why", code)
    words = t.table("values")
    values = {value: Table(words[value], f"{t.where}.values.{value}", t.faults).names() for value in words}
    if kind == "choice" and not values:
        t.fault("missing_key", "values")
    return la.Need(
        code,
        t.names(),
        kind or "",
        {"zh-hans": why.get("zh", ""), "en": why.get("en", "")} if why else None,
        t.whole("max", None, 1),
        t.whole("at_least", 0),
        t.one_of("stage", {"before", "after", "other"}, None),
        t.flag("sealed"),
        values,
        t.limit("back", None),
    )


def _clock(code: str, t: Table) -> la.Clock:
    stated = [key for key in ("limit", "limits", "until") if key in t.plain]
    if len(stated) != 1:
        t.fault("clock_without_limit", code)
    limits = [la.Limit(None, t.limit("limit", None), t.text("until", None))]
    if stated == ["limits"]:
        limits = []
        for number, alternative in enumerate(t.list("limits")):
            inner = Table(alternative, f"{t.where}.limits[{number}]", t.faults)
            limits.append(la.Limit(inner.condition("when"), inner.limit("limit", None), inner.text("until", None)))
            inner.done()
        if not limits or limits[-1].when or any(limit.when is None for limit in limits[:-1]):
            t.fault("limits_not_closed", code, "limits")
    else:
        t.read.add("limits")
    for one in limits:
        if (one.limit is None) == (one.until is None) and stated:
            t.fault("clock_without_limit", code)
    per, ladder = t.one_of("per", {"step", "task"}, "matter"), t.text("ladder", None)
    return la.Clock(code, t.names(), per, tuple(limits), ladder, t.flag("fixed"))


def _optional_names(t: Table) -> la.Names:
    return {"zh-hans": t.text("zh", "") or "", "en": t.text("en", "") or ""}


def _bound(code: str, t: Table) -> la.Bound:
    return la.Bound(code, _optional_names(t), t.whole("max", least=1) or 1, t.text("then", None))


def _approval(code: str, t: Table) -> la.Approval:
    levels = []
    for number, content in enumerate(t.list("levels")):
        inner = Table(content, f"{t.where}.levels[{number}]", t.faults)
        levels.append(la.Level(inner.texts("by"), inner.one_of("rule", RULES, "any")))
        inner.done()
    lapse = t.one_of("lapse", {"approved", "refused"}, "")
    return la.Approval(code, _optional_names(t), tuple(levels), t.limit("within", ""), lapse)


def _hold(code: str, t: Table) -> la.Hold:
    return la.Hold(
        code,
        t.names(),
        t.texts("pauses"),
        t.text("until", None),
        t.limit("up_to", ""),
        t.whole("times", 0),
        t.one_of("outcome", la.ENDS, None),
    )


def _tasks(code: str, t: Table) -> la.Tasks:
    answers = t.table("answers")
    for answer, outcome in answers.items():
        if outcome not in {"pass", "fail"}:
            t.fault("unknown_value", outcome, f"answers.{answer}")
    return la.Tasks(
        code,
        t.names(),
        t.text("each", None),
        t.text("among", None),
        t.text("matter", None),
        t.text("clock", None),
        answers,
        t.text("silence", None),
        t.one_of("rule", RULES, "all"),
        t.flag("work"),
        t.texts("needs"),
        t.flag("arrives"),
        t.texts("rated_by"),
    )


def _sample(code: str, t: Table) -> la.Sample:
    on_fail = Table(t.table("on_fail"), f"{t.where}.on_fail", t.faults)
    made = la.Sample(
        code,
        t.names(),
        t.number("share"),
        on_fail.number("raise_by"),
        on_fail.number("at_most", 1.0),
        t.one_of("seed", {"daily"}) or "",
        {risk: float(weight) for risk, weight in t.table("weights").items()},
    )
    if not 0 < made.share <= made.at_most <= 1 or made.raise_by <= 0:
        t.fault("bad_share", made.share, "share")
    on_fail.done()
    return made


def _step(code: str, t: Table) -> la.Step:
    return la.Step(
        code,
        t.names(),
        t.one_of("stage", la.STAGES) or "",
        t.texts("holder"),
        t.text("clock", None),
        t.texts("also"),
        t.text("no_clock", None),
        t.one_of("end", la.ENDS, None),
    )


def _action(code: str, t: Table) -> la.Action:
    results = t.table("result")
    api = t.text("as", code) or code
    if not results:
        return la.Action(code, api, t.names(), (_move(code, None, t, t.names()),))
    moves = []
    for result, content in results.items():
        inner = Table({k: v for k, v in t.plain.items() if k != "result"}, f"{t.where}.result.{result}", t.faults)
        if isinstance(content, Mapping):
            inner.plain = {**inner.plain, **content}
            inner.plain = {**inner.plain, "needs": [*t.plain.get("needs", ()), *content.get("needs", ())]}
        names = Table(content, inner.where, t.faults).names()
        moves.append(_move(code, result, inner, names))
        inner.read |= {"zh", "en"}
        inner.done()
    t.read |= set(t.plain)
    return la.Action(code, api, t.names(), tuple(moves))


def _move(code: str, result: str | None, t: Table, names: la.Names) -> la.Move:
    from_, during = t.texts("from"), t.text("during", None)
    if not from_ and not during:
        t.fault("missing_key", "from")
    return la.Move(
        code,
        t.text("as", code) or code,
        result,
        names,
        from_,
        t.text("to", None),
        t.texts("by"),
        t.condition("when"),
        tuple(dict.fromkeys(t.texts("needs"))),
        during,
        t.flag("in_hold"),
        t.flag("work"),
        t.flag("on_the_spot"),
        t.one_of("check", {"pass", "fail", "sampled"}, None),
        t.flag("drawn"),
        t.text("sample", None),
        t.texts("apart"),
        t.text("apart_why", None),
        t.text("approval", None),
        t.text("counts", None),
        t.texts("adjudicates"),
        t.texts("starts"),
        t.text("starts_at", None),
        t.texts("stops"),
        t.texts("revives"),
        t.texts("relimits"),
        t.text("extends", None),
        t.text("extend_by", None),
        t.text("holds", None),
        t.text("lifts", None),
        t.text("exempts", None),
        t.texts("assigns"),
        t.text("raises", None),
        t.text("opens", None),
        t.texts("cancels"),
        {group: str(wanted) for group, wanted in t.table("joins").items()},
        t.texts("prints"),
        t.flag("emergency"),
        t.text("undoes", None),
    )
