"""What the faces of residents, grid workers and checkers share: a report's form, photos, acting in place."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from civicloop.evidence import selectors as files
from civicloop.evidence.actions import Prepared, read_upload
from civicloop.evidence.models import Evidence, Stage
from civicloop.evidence.words import made
from civicloop.foundation import ids
from civicloop.matters import actions, selectors
from civicloop.matters.actions import NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.site import acting, film_pages

LEVELS = ("district", "subdistrict", "community")
Values = Mapping[str, Any]
Show = Callable[..., HttpResponse]


# -- a report's form ------------------------------------------------------------------------------------------------


def id_of(text: str | None) -> UUID:
    """The client's id of a form, or a new one where the page could not give any."""
    try:
        return UUID(str(text))
    except ValueError:
        return ids.uuid7()


def picker(data: Values, *, errors: Iterable[str] = (), home: int | None = None) -> dict[str, Any]:
    """The place picker with what was typed; `home` is an area to begin with (a worker's own)."""
    chosen = {level: str(data.get(f"area_{level}", "")) for level in LEVELS}
    if home is not None and not any(f"area_{level}" in data for level in LEVELS):
        path = places.path(home)
        chosen = {level: path[level].code if level in path else "" for level in LEVELS}
    labels = {
        "district": pgettext("area", "District"),
        "subdistrict": pgettext("area", "Subdistrict"),
        "community": pgettext("area", "Community"),
    }
    levels, parent = [], ""
    for level in LEVELS:
        options = _children(parent) if parent else []
        levels.append({"code": level, "label": labels[level], "value": chosen[level], "options": options})
        parent = chosen[level]
    return {
        "levels": levels, "first": _named(places.areas("district")), "address": data.get("address", ""),
        "lon": data.get("lon", ""), "lat": data.get("lat", ""), "crs": data.get("crs", ""), "errors": list(errors),
    }  # fmt: skip


def _children(code: str) -> list[dict[str, Any]]:
    try:
        return _named(places.children(places.by_code(code).id))
    except LookupError:
        return []


def _named(refs: Iterable[places.AreaRef]) -> list[dict[str, Any]]:
    return [{"code": ref.code, "name": ref.names} for ref in refs]


def new_matter(data: Values, **values: Any) -> NewMatter:
    """The report that a form describes; `values` win. A place is its point, else the smallest area that was chosen."""
    lon, lat = _number(data.get("lon")), _number(data.get("lat"))
    area = next((str(data[f"area_{level}"]) for level in reversed(LEVELS) if data.get(f"area_{level}")), "")
    given: dict[str, Any] = {
        "id": id_of(data.get("id")), "text": str(data.get("text", "")).replace("\r\n", "\n").strip(),
        "kind": str(data.get("kind", "")), "address": str(data.get("address", "")).strip(), "area": area,
    }  # fmt: skip
    if lon is not None and lat is not None:
        given |= {"lon": lon, "lat": lat, "crs": str(data.get("crs", ""))}
    return NewMatter(**given | values)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def person(data: Values) -> dict[str, str]:
    """Name and phone as typed, without empty ones."""
    return {name: value for name in ("name", "phone") if (value := str(data.get(name, "")).strip())}


# -- photos ---------------------------------------------------------------------------------------------------------


def evidence_id(actor: Actor, matter_id: UUID, stage: str, upload: "UploadedFile[bytes]") -> UUID:
    """An id that the same photo of the same matter always has, so that a form sent again adds nothing."""
    content = read_upload(upload)
    upload.seek(0)
    seed = f"{matter_id}:{stage}:{actor.account_id or actor.relation}:".encode()
    mixed = hashlib.sha256(seed + content).digest()
    raw = bytearray(matter_id.bytes[:6] + mixed[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


def captured(request: HttpRequest, name: str) -> list[str]:
    """What the page says of each file of the input `name`, in their order: camera, album or unknown."""
    return request.POST.get(f"{name}_capture", "").split(",")


def prepare_photos(
    actor: Actor, matter_id: UUID, uploads: Iterable["UploadedFile[bytes]"], stage: str, hows: Sequence[str] = ()
) -> tuple[list[Prepared], list[str]]:
    """(what can be taken, the words for what cannot). No row is written, so the matter need not exist yet."""
    fine, refused = [], []
    for upload, how in zip(uploads, chain(hows, repeat("unknown")), strict=False):
        identifier = evidence_id(actor, matter_id, stage, upload)
        content, name = read_upload(upload), upload.name or ""
        try:
            fine.append(
                actions.take_upload(
                    actor,
                    upload=content,
                    filename=name,
                    stage=stage,
                    matter_id=matter_id,
                    evidence_id=identifier,
                    how=how,
                )
            )
        except Refused as reason:
            refused.append(reason.words)
    return fine, refused


def store_photos(actor: Actor, prepared: Iterable[Prepared]) -> list[str]:
    """Commit the rows with their entries; the words for what came too late (a matter holds a bounded number)."""
    refused = []
    for each in prepared:
        try:
            actions.add_evidence(actor, each)
        except Refused as reason:
            refused.append(reason.words)
    return refused


def add_photos(
    actor: Actor, matter_id: UUID, uploads: Iterable["UploadedFile[bytes]"], stage: str, hows: Sequence[str] = ()
) -> list[str]:
    """Add what can be taken to a matter that the actor sees; the words for what was refused."""
    prepared, refused = prepare_photos(actor, matter_id, uploads, stage, hows)
    return refused + store_photos(actor, prepared)


def photos_of(
    matter_ids: Collection[UUID], reported: Mapping[UUID, datetime] | None = None, *, with_films: bool = False
) -> dict[UUID, dict[str, list[dict[str, Any]]]]:
    """Pictures by matter and stage for `{% evidence_pair %}`; one statement. Only for matters that the reader sees.

    With `reported`, when each was reported, the words say how each photo was made: for whoever checks. Films are for
    the staff only.
    """
    words = {Stage.BEFORE: _("Before handling"), Stage.AFTER: _("After handling"), Stage.OTHER: _("Photo")}
    found: dict[UUID, dict[str, list[dict[str, Any]]]] = {
        identifier: {stage: [] for stage in Stage.values} for identifier in matter_ids
    }
    facts = files.captures(matter_ids) if reported else {}
    rows = Evidence.objects.filter(matter_id__in=matter_ids).exclude(derivative="").order_by("created_at", "id")
    for row in rows:
        found[row.matter_id][row.stage].append(
            {
                "url": reverse("evidence", args=[row.matter_id, row.id, "derivative"]),
                "thumb": reverse("evidence", args=[row.matter_id, row.id, "thumbnail"]),
                "alt": words[Stage(row.stage)],
                "when": row.created_at,
                "caption": made(facts.get((row.matter_id, row.id)), reported[row.matter_id]) if reported else "",
            }
        )
    if with_films:
        for matter_id, films in film_pages.pictures(list(matter_ids)).items():
            for stage, picture in films:
                found[matter_id][stage].append(picture)
    return found


def sent_by_queue(request: HttpRequest) -> bool:
    """Whether the phone's queue follows a redirect. It needs only the address: the page comes again for the person."""
    return "X-Queue" in request.headers


# -- acting in place ------------------------------------------------------------------------------------------------


def sheets(request: HttpRequest, actor: Actor, seen: Reading, url: str) -> list[dict[str, Any]]:
    """The act sheets of a matter, posting to `url` of the same face. Somebody outside signs by the check code."""
    found = acting.sheets(request, actor, seen)
    for sheet in found:
        sheet["url"] = url
        if actor.kind == "outside":
            sheet["form"].fields.pop("signature", None)
            if "stars" in sheet["form"].fields:
                sheet["form"].fields["stars"].label = _("How do you find it?")
    return found


def act(request: HttpRequest, actor: Actor, matter_id: UUID, show: Show, next_url: str) -> HttpResponse:
    """Do the act of a sheet and go on to `next_url`; on a refusal `show` the page again with everything typed."""
    try:
        done = acting.perform(request, actor, matter_id)
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        request.kept_act = (request.POST.get("action", ""), request.POST.get("act_result", ""), request.POST)  # type: ignore[attr-defined]
        request.refused_act = reason  # type: ignore[attr-defined]
        return show(request, actor, matter_id, status=reason.status)
    messages.success(request, _said(actor, matter_id, done))
    return HttpResponseRedirect(next_url)


def _said(actor: Actor, matter_id: UUID, done: Any) -> str:
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:  # done, and out of this post's sight now
        return _("Done.")
    if actor.kind == "outside":
        return _("Thank you, this is recorded.")
    return acting.said(done, seen.procedure.steps[done.step].names)


def trouble(request: HttpRequest) -> Refused | None:
    """Why the act of this request was refused, for the page that is shown again."""
    return getattr(request, "refused_act", None)
