"""Taking in a report: checked, placed, given its first desk and clocks, written in one statement."""

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.component_selectors import ComponentView
from civicloop.foundation import chain, clock, hot, ids, keyfile, locality, morton, ngrams
from civicloop.foundation.canonical import fingerprint
from civicloop.foundation.identifiers import with_masked_numbers
from civicloop.matters import cells, complaints, engine, errors, finding, owners, sql, standings, timeline
from civicloop.matters.choices import Channel
from civicloop.matters.clockwork import Clocks
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.personal import sealed_field
from civicloop.matters.rows import Rows
from civicloop.matters.values import NewMatter, Reported, caller_of
from civicloop.matters.writing import desk_values, due_of, entry_values, remember_stand_in, who
from civicloop.people import access, desks
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules import run
from civicloop.procedures.rules.conditions import Given
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import Refusal
from civicloop.records import sealing

CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
AHEAD = timedelta(hours=24)
TITLE, TEXT, ADDRESS = 200, 10_000, 300
TITLE_OF_TEXT = 40  # of a report without a title: its beginning, with numbers of persons masked
KIND_STANDARDS = ("GB/T 47678.5-2026", "local")
PERSONAL = ("name", "phone", "document")


def report(actor: Actor, new: NewMatter) -> Reported:
    """Take in a matter: place, answering desk, first step and clocks, in one statement.

    A report that points to a component and names no kind or no place takes those of the component. Raises Refused:
    forbidden, clock_ahead, too_long, missing, unknown_kind, unknown_component, coordinates, id_reused …
    """
    if not access.may(actor, "matters.report").allowed and actor.kind != "system":
        raise errors.forbidden()
    now = clock.now()
    _check(new, now)
    component = owners.component_of(new.component)
    kind = kind_of(new.kind)
    if kind is None and component is not None:
        kind = register.matter_kind_of(component.kind_id)
    try:
        version = procedures.in_force(new.procedure, now)
    except procedures.NoProcedure:
        raise invalid("procedure", "unknown_procedure", _("There is no such procedure.")) from None
    located = _place(new, component)
    areas = {level: ref.id for level, ref in located.areas.items() if level != "city"}
    affair = access.Subject(
        areas=areas, kind_code=kind.code if kind else "", class_code=kind.class_code if kind else "",
        by_delegation=version.procedure.by_delegation,
    )  # fmt: skip
    if not access.begins(actor, affair).allowed and actor.kind != "system":
        raise errors.forbidden("no_delegation")
    try:
        begun = run.start(version.procedure, dict(new.facts))
    except Refusal as reason:
        raise errors.refused_by_procedure(reason.code, reason.about) from None
    answers = owners.answers_of(new.answers)
    about = complaints.named(new.complained_of)
    barred = complaints.below(about)
    state = engine.first_levels(version.procedure, begun.state, areas, barred)
    seats = dict(state.levels)
    rows = Rows()
    step = version.procedure.steps[begun.step_to]
    where = complaints.first_desk(version.procedure, step, seats, areas, barred)
    clocks = Clocks(version.procedure, [], now, {}, dict(state.facts), Given(), kind.id if kind else None, None, rows,
                    areas, lambda: where.unit_id)  # fmt: skip
    for effect in begun.clocks:
        clocks.perform(effect)
    engine.move_lead(rows, [], where.unit_id, ended=False)
    rows.tell("reported", unit=where.unit_id)
    content = {name: getattr(new, name) for name in NewMatter.__dataclass_fields__} | {"answers": answers}
    for name in ("complained_of", "answers", "component"):
        if not content[name]:  # so that what was sent before there was this field is still the same when sent again
            del content[name]
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
    if about:
        draft.plain["complained_of"] = about
    if answers:
        draft.plain["answers"] = answers
    if component is not None:
        draft.plain[owners.COMPONENT] = component.code
    draft.plain |= _suggested(kind, areas, located, answers, component, now)
    remember_stand_in(actor, draft)
    confidentiality = complaints.level(new.confidentiality, about)
    standing = {
        "kind": kind.id if kind else None, "channel": new.channel, "stage": begun.stage, "end": "", "hold": "",
        "areas": [areas.get(level) for level in access.LEVELS[1:]],
        "visibility": standings.class_of(version.procedure, confidentiality),
    }  # fmt: skip
    if new.occurred_at is not None:
        standing["occurred"] = new.occurred_at.astimezone(UTC).isoformat()
    counts = standings.count(draft, {}, standing, rows, (), now, where.unit_id)
    kept = timeline.salted(request)
    entry = timeline.seal(
        draft, matter_id=new.id, seq=1, at=now, action="report", result=None, who=who(actor),
        step=("", begun.step_to), version=1, act_id=None, request=kept, previous=chain.GENESIS,
    )  # fmt: skip
    values = entry_values(actor, entry, now, "report", None, None, kept, begun.step_to, 1)
    values |= rows.parameters() | counts | {
        "id": new.id, "next": 1, "day": int(now.astimezone(locality.zone()).strftime("%Y%m%d")),
        "procedure_id": version.id, "parent_id": new.parent_id,
        "title": new.title or with_masked_numbers(new.text)[:TITLE_OF_TEXT], "text": new.text,
        "channel": new.channel, "confidentiality": confidentiality,
        "kind_id": kind.id if kind else None,
        "condition_id": None, "class_code": kind.class_code if kind else "", "lon": located.lon, "lat": located.lat,
        "crs_in": new.crs if new.lon is not None else "", "lon_in": new.lon, "lat_in": new.lat,
        "cell": _cell(located), "address": new.address,
        **{f"{level}_id": areas.get(level) for level in access.LEVELS[1:]}, "area_version": located.revision,
        "place_reason": located.reason, "stage": begun.stage, "seats": json.dumps(seats),
        "run": json.dumps(state.to_json()), "occurred_at": new.occurred_at, "caller": caller_of(actor),
        "fingerprint": request, "check_code": check_code_hash(new.id, code),
        "sealed": json.dumps(_sealed_person(new, version.procedure)),
        "tokens": " ".join([*ngrams.tokens(new.title, new.text, new.address), *finding.area_words(areas)]),
        **desk_values(where),
        "due_at": due_of(step, clocks), "complained_of": about,
        "answers": json.dumps(answers), "component_id": component.id if component else None,
    }  # fmt: skip
    values |= cells.of_report(
        begun.stage, values["class_code"], values["kind_id"], values["confidentiality"], about, now
    )  # fmt: skip
    row = hot.one(sql.REPORT, values) or hot.one(sql.REPORTED, {"id": new.id})
    if row is None:
        raise RuntimeError("a report vanished between two statements")
    status, number, before = row
    if status == 200 and bytes(before) != request:
        raise errors.other_content()
    return Reported(status, new.id, number, code)


def _suggested(
    kind: catalogue.KindView | None, areas: Mapping[str, int], located: "_Place", answers: Mapping[str, str],
    component: ComponentView | None, now: datetime,
) -> dict[str, object]:  # fmt: skip
    """Who would answer by the catalogue as it stands at receipt, and why: the first entry keeps it."""
    point = (located.lon, located.lat) if located.lon is not None and located.lat is not None else None
    case = owners.case_at(
        kind_id=kind.id if kind else None, condition_id=None, areas=areas, point=point, answers=answers, moment=now,
        component_id=component.id if component else None,
    )  # fmt: skip
    try:
        found = owners.answer(case)
    except desks.NoDutyDesk:  # the first desk is found by its post; this one stands in for nobody yet
        return {}
    return {"suggested": found.unit_id, **dict(owners.reasons("suggested", found))}


def _cell(located: "_Place") -> int | None:
    if located.lon is None or located.lat is None:
        return None
    return morton.cell(located.lon, located.lat)


def _check(new: NewMatter, now: datetime) -> None:
    if new.id.version != 7:
        raise invalid("id", "not_uuid7", _("The id must be a UUIDv7."))
    if ids.milliseconds_of(new.id) > (now + AHEAD).timestamp() * 1000:
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
    if new.occurred_at is not None and not _is_moment(new.occurred_at):
        raise invalid("occurred_at", "not_a_moment", _("The time at which it happened needs its time zone."))
    if (new.lon is None) != (new.lat is None):
        raise invalid("lon", "coordinates", _("A point needs both longitude and latitude."))


def _is_moment(value: datetime) -> bool:
    """Whether it has a zone and lies within the years that can be kept."""
    try:
        return value.tzinfo is not None and value.astimezone(UTC).year > 1
    except OverflowError:
        return False


def _lists() -> Iterator[str]:
    """The lists in which a bare code is looked for; those of the city only when the national ones have none."""
    yield from KIND_STANDARDS
    yield from sorted(catalogue.lists() - set(KIND_STANDARDS))


def kind_of(code: str) -> catalogue.KindView | None:
    """The kind that a report names by its five digits (or `standard:code`); the newest standard first, then
    the city's own."""
    if not code:
        return None
    standard, colon, rest = code.rpartition(":")
    for each in (standard,) if colon else _lists():
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


def _place(new: NewMatter, component: ComponentView | None = None) -> _Place:
    """Where the matter lies: by its point, else that of its component, else by the area named, else nowhere."""
    if component is not None:
        if new.lon is None:
            found = places.locate(component.lon, component.lat, "wgs84")
            return _Place(found.areas, found.lon, found.lat, found.reason, found.revision)
        here = _place(new)
        owners.stands_at(component, (here.lon, here.lat) if here.lon is not None and here.lat is not None else None)
        return here
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


def _sealed_person(new: NewMatter, procedure: Procedure) -> list[dict[str, object]]:
    """Name, phone and document of whoever is concerned, sealed before they reach the database."""
    given = [(name, new.reporter[name].strip()) for name in PERSONAL if new.reporter.get(name, "").strip()]
    return [
        sealing.seal(new.id, number, sealed_field(procedure, name), value).plain()
        for number, (name, value) in enumerate(given, start=1)
    ]


def check_code(matter_id: UUID, request: bytes) -> str:
    """The 8 signs that let a reporter back in (查询码). Derived: the same report sent again gets the same one."""
    key = keyfile.kept(settings.DATA_DIR / "keys" / "check-code.key")
    value = int.from_bytes(hmac.new(key, matter_id.bytes + request, "sha256").digest()[:8], "big")
    return "".join(CODE_SIGNS[value >> 5 * position & 31] for position in range(8))


def check_code_hash(matter_id: UUID, code: str) -> bytes:
    """What is kept of a check code: a keyed hash, so that the table alone lets nobody try codes."""
    key = keyfile.kept(settings.DATA_DIR / "keys" / "check-code.key")
    cleaned = code.strip().upper().replace("-", "").replace(" ", "")
    return hmac.new(key, b"hash:" + matter_id.bytes + cleaned.encode(), "sha256").digest()
