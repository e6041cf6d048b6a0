"""The loop over HTTP: report, evidence, act, lists, timelines, clocks, receipts. Parses, calls one action, renders."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile as File_
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import File, Form, Header, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from civicloop.catalogue import api as catalogue
from civicloop.evidence import actions as evidence
from civicloop.evidence import selectors as files
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.matters import actions, clusters, doubts, errors, hints, owners, reading, selectors, why_unit
from civicloop.matters.choices import Channel
from civicloop.matters.clock_api import ClockOut, clocks_out
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.matters.words import action_words
from civicloop.people import access, web
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.places.api import AreaOut
from civicloop.procedures import selectors as procedures

router = Router(tags=["matters"])
Id = UUID
ANONYMOUS_REPORTS = doubts.REPORTS
CODE_TRIES = Throttle(most=20, seconds=600)
CODE_TRIES_OF_MATTER = Throttle(most=10, seconds=600)


class CheckCode:
    """`X-Check-Code` with a matter's id in the path: its reporter, household, resident … for this one matter."""

    def __call__(self, request: HttpRequest) -> Actor | None:
        code = request.headers.get("X-Check-Code")
        match = request.resolver_match
        if not code or match is None or "matter_id" not in match.kwargs:
            return None
        try:
            matter_id = UUID(str(match.kwargs["matter_id"]))
        except ValueError:
            return None
        return outsider(request, matter_id, code)


def outsider(request: HttpRequest, matter_id: UUID, code: str) -> Actor | None:
    """Who a check code lets in, or None. Tries are bounded by network and by matter."""
    wait = CODE_TRIES.wait(network(web.address(request))) or CODE_TRIES_OF_MATTER.wait(str(matter_id))
    if wait:
        raise errors.too_often(wait)
    if not selectors.code_opens(matter_id, code):
        return None
    return access.outsider(selectors.outside_relation(matter_id), matter_id)


STAFF: list[Any] = [web.Bearer(), web.Session()]
ANYBODY_INVOLVED: list[Any] = [web.Bearer(), CheckCode(), web.Session()]
ANYBODY: list[Any] = [web.Bearer(), web.Session(), web.nobody]


def actor_of(request: HttpRequest) -> Actor:
    """The actor that a route's sign-in found."""
    found: Actor = request.auth  # type: ignore[attr-defined]
    return found


class Problem(Schema):
    """application/problem+json (RFC 9457) with a machine code."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


class ReporterIn(Schema):
    """Who reports; sealed at once, shown to nobody without a purpose."""

    name: str = Field("", max_length=120)
    phone: str = Field("", max_length=40)


class ReportIn(Schema):
    """A report. `crs` is required with a point."""

    id: UUID | None = Field(None, description="client UUIDv7; makes sending twice harmless")
    title: str = ""
    text: str = ""
    procedure: str = Field("grid-event", max_length=80)
    kind: str = Field("", max_length=80, description="five digits, or standard:code")
    lon: float | None = None
    lat: float | None = None
    crs: str = Field("", max_length=20)
    address: str = ""
    area: str = Field("", max_length=20, description="code of an area, where there is no point")
    channel: str | None = Field(None, max_length=12)
    occurred_at: datetime | None = None
    reporter: ReporterIn | None = None
    confidential: bool = Field(False, description="only the units that deal with it see it (举报保密)")
    complained_of: list[Annotated[str, Field(max_length=64)]] = Field(
        [], max_length=10, description="codes of units that the complaint is about; they never see it"
    )
    voice: str = Field("", max_length=40, description="`voice` of /matters/alike: it is the same as that report")
    answers: dict[str, str] = Field(
        {}, max_length=20, description="answers to questions of the catalogue that decide who answers"
    )
    component: str = Field(
        "", max_length=17, description="code of the component it is about; it says kind and place where they miss"
    )


class ReportedOut(Schema):
    """What a reporter keeps: the number and the check code (查询码)."""

    id: UUID
    number: str
    check_code: str


class MatterOut(Schema):
    """A matter as its reader may see it."""

    id: UUID
    number: str
    procedure: str
    title: str
    text: str
    channel: str
    kind: str | None
    kind_name: str | None
    condition: str | None
    limit_source: str | None
    component: str | None = Field(None, description="code of the component that it points to")
    lon: float | None
    lat: float | None
    address: str
    areas: list[AreaOut]
    place_reason: str
    step: str
    step_name: str
    stage: str
    end: str
    step_version: int
    seq: int
    unit: str
    unit_name: str
    received_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    emergency: bool
    oral_at: datetime | None
    parent_id: UUID | None


class WhyUnitOut(Schema):
    """Why this unit: `by` is a reason of the catalogue, `hand`, or `superior`; empty before the first dispatch."""

    named_at: datetime | None
    by: str
    words: str
    rules: catalogue.WhoOut


class EvidenceLine(Schema):
    """What the hashed entry of a photo or file keeps: its id, digest, size and kind."""

    evidence: UUID
    digest: str
    stage: str
    bytes: int
    media_type: str
    synthetic: bool


class LineOut(Schema):
    """One entry; `words` say it in the caller's language. `evidence` is there where a photo or file was added."""

    seq: int
    at: datetime
    action: str
    result: str
    words: str
    role: str
    step: str
    texts: dict[str, str]
    evidence: EvidenceLine | None
    hash: str


class NeedOut(Schema):
    code: str
    words: str
    kind: str
    why: str | None
    at_least: int
    stage: str | None
    max: int | None
    values: dict[str, str]


class ActionOut(Schema):
    action: str
    result: str | None
    words: str
    needs: list[NeedOut]
    fills: list[NeedOut]
    approval: str | None


class ActIn(Schema):
    """An act. `act_id` is a client UUIDv7; `data` holds the needs and seats by their codes."""

    act_id: UUID
    result: str | None = Field(None, max_length=40)
    data: dict[str, Any] = {}


class DoneOut(Schema):
    id: UUID
    seq: int
    step: str
    step_version: int
    action: str
    result: str
    requested: bool


class EvidenceOut(Schema):
    id: UUID
    stage: str
    media_type: str
    bytes: int


class MatterLine(Schema):
    id: UUID
    number: str
    title: str
    step: str
    stage: str
    end: str
    unit: str
    kind: str | None
    received_at: datetime
    due_at: datetime | None
    step_version: int


class MattersOut(Schema):
    items: list[MatterLine]
    next: str | None


def language() -> str:
    return get_language() or "zh-hans"


def channel_of(actor: Actor, asked: str | None) -> str:
    """The door: what the sender may say, else what the post suggests."""
    if actor.kind != "staff":
        return Channel.RESIDENT
    return asked or (Channel.GRID if "grid_worker" in actor.roles else Channel.DESK)


@router.post("/matters", response={200: ReportedOut, 201: ReportedOut}, auth=ANYBODY, summary="Report a matter")
@web.call("matters.report")
def report(request: HttpRequest, body: ReportIn) -> Status[ReportedOut]:
    """Without a token: the resident channel, bounded by network."""
    actor = actor_of(request)
    if actor.kind == "anonymous" and body.procedure != "grid-event":
        raise errors.forbidden()
    new = actions.NewMatter(
        id=body.id or ids.uuid7(), title=body.title, text=body.text, procedure=body.procedure, kind=body.kind,
        lon=body.lon, lat=body.lat, crs=body.crs, address=body.address, area=body.area,
        channel=channel_of(actor, body.channel), occurred_at=body.occurred_at,
        reporter=body.reporter.model_dump() if body.reporter else {}, confidentiality=int(body.confidential),
        complained_of=tuple(body.complained_of), answers=body.answers,
        component=body.component,
    )  # fmt: skip
    reasons = doubts.weigh(new, web.address(request)) if actor.kind == "anonymous" else []
    made = actions.report(actor, new)
    if made.status == 201:
        doubts.put_apart(made.id, reasons)
    if not reasons:
        hints.add_voice(made.id, body.voice, actor)
    return Status(made.status, ReportedOut(id=made.id, number=made.number, check_code=made.check_code))


@router.get("/matters", response=MattersOut, auth=STAFF, summary="Lists, limited to what the caller may see")
@web.call("matters.list")
def matters(
    request: HttpRequest, area: str = "", unit: str = "", kind: str = "", step: str = "", stage: str = "",
    procedure: str = "", desk: bool = False, open: bool | None = None, end: str = "", due: str = "", card: str = "",
    raised: str = "", text: str = "", component: str = "",
    order: str = "newest", after: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MattersOut:  # fmt: skip
    """`desk=true`: what waits for the caller's post; `card`: yellow or red; `raised`: the level that a ladder handed
    it up to. `next` is the key of the following page.
    """
    filters = selectors.Filters(
        **area_filter(area), unit_id=unit_id(unit), kind_id=kind_id(kind), step=step, stage=stage, procedure=procedure,
        desk=desk, open=open, end=end, due=due, card=card, raised=raised, text=text[:100],
        component_id=component_id(component),
    )  # fmt: skip
    page = selectors.matters(actor_of(request), filters, after=after, limit=limit, order=order)
    lines = [
        MatterLine(
            id=m.id, number=m.number, title=m.title, step=m.step, stage=m.stage, end=m.end, unit=m.unit.code,
            kind=m.kind.code if m.kind else None, received_at=m.received_at, due_at=m.due_at,
            step_version=m.step_version,
        )
        for m in page.rows
    ]  # fmt: skip
    return MattersOut(items=lines, next=page.next)


def area_filter(code: str) -> dict[str, Any]:
    """Filter values for an area code; an unknown code is refused."""
    if not code:
        return {}
    try:
        ref = places.by_code(code)
    except LookupError:
        raise errors.invalid("area", "unknown_area", _("There is no such area.")) from None
    return {"area_id": ref.id, "area_level": ref.level}


def unit_id(code: str) -> int | None:
    from civicloop.matters.needs import unit_of

    return unit_of("unit", "unit", code) if code else None


def kind_id(code: str) -> int | None:
    found = actions.kind_of(code)
    return found.id if found else None


def component_id(code: str) -> int | None:
    found = owners.component_of(code)
    return found.id if found else None


def rendered(seen: Reading) -> MatterOut:
    """The matter in the reader's language."""
    row = selectors.row_of(seen.id)
    return MatterOut(
        id=row.id,
        number=row.number,
        procedure=seen.procedure.code,
        title=row.title,
        text=row.text,
        channel=row.channel,
        kind=row.kind.code if row.kind else None,
        kind_name=shown(row.kind.names, language()) if row.kind else None,
        condition=shown(row.condition.names, language()) if row.condition else None,
        limit_source=row.condition.source if row.condition else None,
        component=row.component.code if row.component else None,
        lon=row.lon,
        lat=row.lat,
        address=row.address,
        areas=areas_out(seen),
        place_reason=row.place_reason,
        step=row.step,
        step_name=shown(seen.procedure.steps[row.step].names, language()),
        stage=row.stage,
        end=row.end,
        step_version=row.step_version,
        seq=row.seq,
        unit=row.unit.code,
        unit_name=shown(row.unit.names, language()),
        received_at=row.received_at,
        due_at=row.due_at,
        ended_at=row.ended_at,
        emergency=row.emergency,
        oral_at=row.oral_at,
        parent_id=row.parent_id,
    )


def areas_out(seen: Reading) -> list[AreaOut]:
    """The path of areas by the names of today."""
    found = []
    for level, identifier in seen.areas.items():
        ref = places.area(identifier)
        found.append(AreaOut(level=level, code=ref.code, name=shown(ref.names, language()), synthetic=ref.synthetic))
    return found


@router.get("/matters/{uuid:matter_id}", response=MatterOut, auth=ANYBODY_INVOLVED)
@web.call(web.OF_MATTER)
def matter(request: HttpRequest, matter_id: Id) -> MatterOut:
    """One matter."""
    return rendered(selectors.seen_by(actor_of(request), matter_id))


@router.get("/matters/{uuid:matter_id}/why-unit", response=WhyUnitOut, auth=STAFF)
@web.call(web.OF_MATTER)
def why_this_unit(request: HttpRequest, matter_id: Id) -> WhyUnitOut:
    """What named the answering unit, and how every rule came out then; before the first dispatch, how they do now."""
    seen = selectors.seen_by(actor_of(request), matter_id)
    named = why_unit.named(seen.procedure, selectors.timeline(matter_id))
    return WhyUnitOut(
        named_at=named.at if named else None,
        by=named.code if named else "",
        words=why_unit.words(named) if named else "",
        rules=catalogue.who_out(why_unit.explained(seen, named)),
    )


@router.get("/matters/{uuid:matter_id}/timeline", response=list[LineOut], auth=STAFF)
@web.call(web.OF_MATTER)
def timeline(request: HttpRequest, matter_id: Id) -> list[LineOut]:
    """Every entry with its hash; erased texts are missing."""
    procedure = selectors.seen_by(actor_of(request), matter_id).procedure
    return [
        LineOut(seq=line.seq, at=line.at, action=line.action, result=line.result, role=line.role, step=line.step,
                words=action_words(procedure, line.action, line.result, line.data), texts=dict(line.texts),
                evidence=EvidenceLine(**line.data) if line.action == "evidence" and line.data else None,
                hash=line.hash)
        for line in selectors.timeline(matter_id)
    ]  # fmt: skip


@router.get("/matters/{uuid:matter_id}/clocks", response=list[ClockOut], auth=STAFF)
@web.call(web.OF_MATTER)
def clocks(request: HttpRequest, matter_id: Id) -> list[ClockOut]:
    """Every clock with its reckoning."""
    return clocks_out(selectors.seen_by(actor_of(request), matter_id))


def need_out(code: str, names: Any, kind: str, need: Any = None) -> NeedOut:
    """A field of an act in the reader's language."""
    return NeedOut(
        code=code, words=shown(names, language()), kind=kind,
        why=shown(need.why, language()) if need is not None and need.why else None,
        at_least=need.at_least if need is not None else 0, stage=need.stage if need is not None else None,
        max=need.max if need is not None else None,
        values={v: shown(n, language()) for v, n in need.values.items()} if need is not None else {},
    )  # fmt: skip


@router.get("/matters/{uuid:matter_id}/actions", response=list[ActionOut], auth=ANYBODY_INVOLVED)
@web.call(web.OF_MATTER)
def available(request: HttpRequest, matter_id: Id) -> list[ActionOut]:
    """What the caller may do now, with the fields and evidence that each act needs, and why."""
    actor = actor_of(request)
    seen = selectors.seen_by(actor, matter_id)
    return [
        ActionOut(
            action=o.action, result=o.result, words=shown(o.result_names or o.names, language()),
            needs=[need_out(n.code, n.names, n.kind, n) for n in o.needs],
            fills=[need_out(code, names, kind) for code, kind, names in o.seats], approval=o.approval,
        )
        for o in selectors.offered(actor, seen)
    ]  # fmt: skip


@router.post("/matters/{uuid:matter_id}/actions/{action}", response={200: DoneOut, 201: DoneOut}, auth=ANYBODY_INVOLVED)
@web.call(web.OF_MATTER)
def act(
    request: HttpRequest,
    matter_id: Id,
    action: str,
    body: ActIn,
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Status[DoneOut]:
    """Act. `If-Match` is the step version; 412 when somebody has moved the matter meanwhile."""
    wanted = actions.Act(matter_id, action, body.act_id, body.result, body.data, step_version(if_match))
    done = actions.act(actor_of(request), wanted)
    answer = DoneOut(id=done.id, seq=done.seq, step=done.step, step_version=done.step_version, action=done.action,
                     result=done.result, requested=done.requested)  # fmt: skip
    return Status(done.status, answer)


def step_version(header: str | None) -> int | None:
    """The number in an If-Match header."""
    if header is None or header.strip() == "*":
        return None
    try:
        return int(header.strip().removeprefix("W/").strip('"'))
    except ValueError:
        raise errors.invalid("If-Match", "not_a_number", _("If-Match must be the step version.")) from None


@router.post("/matters/{uuid:matter_id}/evidence", response={200: EvidenceOut, 201: EvidenceOut}, auth=ANYBODY_INVOLVED)
@web.call(web.OF_MATTER)
def add_evidence(
    request: HttpRequest,
    matter_id: Id,
    file: File[UploadedFile],
    stage: Form[str] = "other",
    id: Form[UUID | None] = None,
    capture: Form[Literal["camera", "album", "unknown"]] = "unknown",
) -> Status[EvidenceOut]:
    """A photo or file, with its timeline entry; the same id with the same content is the same evidence.

    For whoever may see the matter, and for the post that reported it, though it sees no more of it.

    `capture` says whether the program took it with the camera or let it be chosen from the album.
    507 when the storage is full, 503 when it has a fault: nothing was kept, and it may be sent again.
    """
    actor = actor_of(request)
    actions.may_add(actor, matter_id)
    row, created = add_file(actor, matter_id, file, stage, id, capture)
    return Status(201 if created else 200, row)


def add_file(
    actor: Actor, matter_id: UUID, file: "File_[Any]", stage: str, evidence_id: UUID | None, how: str = "unknown"
) -> tuple[EvidenceOut, bool]:
    """Store an upload for somebody who may see the matter; errors in the person's words."""
    prepared = actions.take_upload(
        actor, upload=evidence.read_upload(file), filename=file.name or "", stage=stage, matter_id=matter_id,
        evidence_id=evidence_id or ids.uuid7(clock.now()), how=how,
    )  # fmt: skip
    row, created = actions.add_evidence(actor, prepared)
    return EvidenceOut(id=row.id, stage=row.stage, media_type=row.media_type, bytes=row.bytes), created


@router.get("/matters/{uuid:matter_id}/evidence", response=list[EvidenceOut], auth=STAFF)
@web.call(web.OF_MATTER)
def list_evidence(request: HttpRequest, matter_id: Id) -> list[EvidenceOut]:
    """The photos and files of a matter."""
    selectors.seen_by(actor_of(request), matter_id)
    return [
        EvidenceOut(id=row.id, stage=row.stage, media_type=row.media_type, bytes=row.bytes)
        for row in files.of_matter(matter_id)
    ]


class ReceiptLine(Schema):
    at: datetime
    words: str


class ReceiptOut(Schema):
    """What a reporter may see: four lines, then the story."""

    number: str
    title: str
    stage: str
    step: str
    end: str
    who: str
    phone: str
    due_at: datetime | None
    received_at: datetime
    story: list[ReceiptLine]


@router.get("/receipts/{number}", response=ReceiptOut, auth=None, summary="What a reporter may see, without an account")
@web.call(web.PUBLIC)
def receipt(
    request: HttpRequest, number: str, x_check_code: Annotated[str, Header(alias="X-Check-Code")] = ""
) -> ReceiptOut:
    """The number and the check code together open it; tries are bounded."""
    return receipt_of(request, number, x_check_code)


class CodeForm(Schema):
    check_code: str = Field(max_length=20)


@router.post("/receipts/{number}", response=ReceiptOut, auth=None, summary="The same by a form")
@web.call(web.PUBLIC)
def receipt_by_form(request: HttpRequest, number: str, body: Form[CodeForm]) -> ReceiptOut:
    """The check code travels in the body."""
    return receipt_of(request, number, body.check_code)


def opened_by(request: HttpRequest, number: str, code: str) -> UUID:
    """The matter that a number and its check code open together; tries are bounded.

    Raises Refused not_found alike for a wrong number and a wrong code.
    """
    wait = CODE_TRIES.wait(network(web.address(request)))
    if wait:
        raise errors.too_often(wait)
    matter_id = selectors.by_number(number) if ids.number_is_sound(number) else None
    if matter_id is None or outsider(request, matter_id, code) is None:
        raise errors.Refused("not_found", 404, _("This number and check code do not belong together."))
    return matter_id


def receipt_of(request: HttpRequest, number: str, code: str) -> ReceiptOut:
    """What a reporter may see of the matter that number and code open. Raises Refused."""
    row = selectors.row_of(opened_by(request, number, code))
    seen = reading.read(row.id)
    case = clusters.case_of(seen) if seen is not None else None
    at = selectors.row_of(case.id) if case is not None else row  # where it is dealt with
    procedure = procedures.by_id(at.procedure_id)
    return ReceiptOut(
        number=row.number, title=row.title, stage=at.stage, step=shown(procedure.steps[at.step].names, language()),
        end=row.end, who=shown(at.unit.names, language()), phone=at.unit.duty_phone, due_at=at.due_at,
        received_at=row.received_at, story=story(row),
    )  # fmt: skip


def story(row: Matter) -> list[ReceiptLine]:
    """The moves of a matter in plain words, without names and without texts of the staff."""
    procedure = procedures.by_id(row.procedure_id)
    found, last = [], ""
    for line in selectors.timeline(row.id):
        if line.step != last:
            found.append(ReceiptLine(at=line.at, words=shown(procedure.steps[line.step].names, language())))
            last = line.step
    return found
