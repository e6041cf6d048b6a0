"""Expanded declaration (plain JSON) → Procedure: keys known, names declared, values of the right kind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from civicloop.procedures.rules import language as la
from civicloop.procedures.rules.conditions import Condition, ConditionRefused, parse

Plain = Mapping[str, Any]
# fmt: off
TABLES = (
    "fact", "seat", "holder", "need", "clock", "bound", "approval", "hold", "tasks", "sample",
    "step", "action", "document",
)
# fmt: on
TOP = {"code", "version", "zh", "en", "standard", "start", "outside", "closes_at", *TABLES}
LIMIT = re.compile(r"(\d+(?:\.\d+)?) ([a-z_]+)")
OF = frozenset({"area", "platform", "task"})
CODE = re.compile(r"[a-z][a-z0-9_]*")
RULES = frozenset({"any", "all", "majority"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file. code: machine word; where: `action.file.to`; about: the offending name or value."""

    code: str
    where: str
    about: str = ""
    line: int = 0


class DeclarationRefused(Exception):
    """A file that is no sound declaration; `faults` lists everything that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{f.code} {f.where} {f.about}".strip() for f in faults))
        self.faults = faults


class Table:
    """One table of the declaration; remembers which keys were read, so that unknown ones can be named."""

    def __init__(self, plain: Any, where: str, faults: list[Fault]) -> None:
        self.where = where
        self.faults = faults
        if not isinstance(plain, Mapping):
            self.fault("not_a_table", "")
            plain = {}
        self.plain: Plain = plain
        self.read: set[str] = set()

    def fault(self, code: str, about: object, key: str = "") -> None:
        self.faults.append(Fault(code, f"{self.where}.{key}" if key else self.where, str(about)))

    def take(self, key: str, kinds: tuple[type, ...], default: Any, what: str) -> Any:
        self.read.add(key)
        if key not in self.plain:
            if default is ...:
                self.fault("missing_key", key)
                return None
            return default
        value = self.plain[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fault(what, value, key)
            return None if default is ... else default
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        return self.take(key, (str,), default, "not_text")

    def flag(self, key: str) -> bool:
        return bool(self.take(key, (bool,), False, "not_a_flag"))

    def whole(self, key: str, default: Any = ..., least: int = 0) -> Any:
        value = self.take(key, (int,), default, "not_a_number")
        if isinstance(value, int) and value < least:
            self.fault("too_small", value, key)
        return value

    def number(self, key: str, default: Any = ...) -> float:
        return float(self.take(key, (int, float), default, "not_a_number") or 0)

    def table(self, key: str) -> Plain:
        found: Plain = self.take(key, (Mapping,), {}, "not_a_table")
        return found

    def list(self, key: str, default: Any = ()) -> tuple[Any, ...]:
        value = self.take(key, (list, tuple), default, "not_a_list")
        return tuple(value or ())

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        value = self.take(key, (list, tuple, str), (), "not_a_list")
        found = (value,) if isinstance(value, str) else tuple(value or ())
        for each in found:
            if not isinstance(each, str):
                self.fault("not_text", each, key)
        return tuple(each for each in found if isinstance(each, str))

    def one_of(self, key: str, allowed: Any, default: Any = ...) -> Any:
        value = self.text(key, default)
        if value is not None and value != default and value not in allowed:
            self.fault("unknown_value", value, key)
        return value

    def limit(self, key: str, default: Any = ...) -> Any:
        value = self.text(key, default)
        if isinstance(value, str) and value != default and not limit_is_sound(value):
            self.fault("bad_limit", value, key)
        return value

    def names(self) -> la.Names:
        return {"zh-hans": self.text("zh") or "", "en": self.text("en") or ""}

    def condition(self, key: str) -> Condition | None:
        value = self.text(key, None)
        if value is None:
            return None
        try:
            return parse(value)
        except ConditionRefused as reason:
            self.fault(f"condition_{reason.args[0]}", value, key)
            return None

    def done(self) -> None:
        """Name the keys that nobody asked for."""
        for key in self.plain:
            if key not in self.read:
                self.fault("unknown_key", key)


def limit_is_sound(text: str) -> bool:
    """Whether `text` is `@filing_condition`, `@kind`, `@lead_remaining`, or a number and a unit of contract.md."""
    if text in la.LOOKED_UP_LIMITS:
        return True
    found = LIMIT.fullmatch(text)
    if not found or float(found[1]) <= 0:
        return False
    return found[2] in la.COUNTED_UNITS or (found[2] in la.CIVIL_UNITS and "." not in found[1])


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
    faults += _unknown_names(made)
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
    kind = t.one_of("kind", {"unit", "person", "level"})
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
    return la.Clock(code, t.names(), t.one_of("per", {"step", "task"}, "matter"), tuple(limits), t.text("ladder", None))


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
    )


def _unknown_names(p: la.Procedure) -> list[Fault]:
    """Every reference to something that is not declared."""
    faults: list[Fault] = []
    who = {*p.holders, *p.outside}

    def known(names: Any, declared: Any, where: str, kind: str) -> None:
        for name in (names,) if isinstance(names, str) else names or ():
            if name not in declared:
                faults.append(Fault(f"unknown_{kind}", where, name))

    def condition(found: Condition | None, where: str) -> None:
        if found is None:
            return
        tables = {"fact": p.facts, "overdue": p.clocks, "has": p.needs}
        for kind, name in found.atoms():
            if kind != "guard":
                known(name, tables[kind], where, {"overdue": "clock", "has": "need"}.get(kind, kind))
        for fact, value in found.equals():
            if fact in p.facts and value not in p.facts[fact].values:
                faults.append(Fault("unknown_value", where, str(value)))

    known(p.start, p.steps, "start", "step")
    if p.closes_at is not None:
        known(p.closes_at, [s.code for s in p.seats.values() if s.kind == "level"], "closes_at", "seat")
    for h in p.holders.values():
        known(h.of, OF | set(p.seats), f"holder.{h.code}.of", "seat")
    for c in p.clocks.values():
        for limit in c.limits:
            condition(limit.when, f"clock.{c.code}")
            known(limit.until, p.needs, f"clock.{c.code}.until", "need")
    for b in p.bounds.values():
        known(b.then, p.steps, f"bound.{b.code}.then", "step")
    for a in p.approvals.values():
        for level in a.levels:
            known(level.by, who, f"approval.{a.code}.levels", "holder")
    for hold in p.holds.values():
        known(hold.pauses, p.clocks, f"hold.{hold.code}.pauses", "clock")
        known(hold.until, p.needs, f"hold.{hold.code}.until", "need")
    for t in p.tasks.values():
        known(t.each, who, f"tasks.{t.code}.each", "holder")
        known(t.among, p.needs, f"tasks.{t.code}.among", "need")
        known(t.clock, p.clocks, f"tasks.{t.code}.clock", "clock")
        known(t.needs, p.needs, f"tasks.{t.code}.needs", "need")
        known(t.silence, t.answers, f"tasks.{t.code}.silence", "value")
    for s in p.steps.values():
        known(s.holders, who, f"step.{s.code}.holder", "holder")
        known((*((s.clock,) if s.clock else ()), *s.also), p.clocks, f"step.{s.code}.clock", "clock")
    for d in p.documents.values():
        known(d.to, who, f"document.{d.code}.to", "holder")
    for action in p.actions.values():
        for m in action.moves:
            _move_names(p, m, known)
            condition(m.when, f"action.{m.declared}.when")
    return faults


def _move_names(p: la.Procedure, m: la.Move, known: Callable[[Any, Any, str, str], None]) -> None:
    where = f"action.{m.declared}"
    who = {*p.holders, *p.outside, la.SYSTEM, *(f"clock:{code}" for code in p.clocks)}
    for names, declared, key, kind in (
        (m.from_, p.steps, "from", "step"),
        (m.to, p.steps, "to", "step"),
        (m.by, who, "by", "holder"),
        (m.needs, p.needs, "needs", "need"),
        (m.during, p.holds, "during", "hold"),
        (m.approval, p.approvals, "approval", "approval"),
        (m.counts, p.bounds, "counts", "bound"),
        (m.adjudicates, p.bounds, "adjudicates", "bound"),
        (m.starts, p.clocks, "starts", "clock"),
        (m.starts_at, m.needs, "starts_at", "need"),
        (m.stops, p.clocks, "stops", "clock"),
        (m.revives, p.clocks, "revives", "clock"),
        (m.extends, p.clocks, "extends", "clock"),
        (None if m.extend_by == "original" else m.extend_by, p.needs, "extend_by", "need"),
        (m.holds, p.holds, "holds", "hold"),
        (m.lifts, p.holds, "lifts", "hold"),
        (m.exempts, p.clocks, "exempts", "clock"),
        (m.assigns, [s.code for s in p.seats.values() if s.kind != "level"], "assigns", "seat"),
        (m.raises, [s.code for s in p.seats.values() if s.kind == "level"], "raises", "seat"),
        (m.opens, p.tasks, "opens", "tasks"),
        (m.cancels, p.tasks, "cancels", "tasks"),
        (tuple(m.joins), p.tasks, "joins", "tasks"),
        (tuple(m.joins.values()), {"answered", "pass", "fail"}, "joins", "value"),
        (m.sample, p.samples, "sample", "sample"),
        (m.apart, {"person", "post", "unit"}, "apart", "value"),
        (m.prints, p.documents, "prints", "document"),
    ):
        known(names, declared, f"{where}.{key}", kind)
