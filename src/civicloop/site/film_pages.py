"""视频: a film of a matter, for the staff who see the matter; its pictures alone, never the sealed original.

Whoever holds only a check code is not shown films, and nobody is in public: in moving pictures no boxes are looked for.
"""

import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from civicloop.evidence import films as taking
from civicloop.evidence import selectors as files
from civicloop.evidence.models import Evidence, Film, FilmState
from civicloop.evidence.models import Stage as When
from civicloop.evidence.storage import Away
from civicloop.matters import selectors
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty

RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


def words(film: Film) -> str:
    """How long it is, that it has no sound here, and how far the check is."""
    parts = [_("Film, %(seconds)s s") % {"seconds": max(1, round(film.milliseconds / 1000))}]
    if film.state != FilmState.FINE:
        parts.append(str(FilmState(film.state).label))
    elif film.had_sound:
        parts.append(_("without its sound"))
    return " · ".join(parts)


def picture(row: Evidence, film: Film | None) -> dict[str, Any]:
    """A film among the pictures of a matter: its still leads to it; words alone until it can be shown."""
    if film is None:
        return {"caption": _("Film"), "when": row.created_at}
    found: dict[str, Any] = {"caption": words(film), "when": row.created_at}
    if film.state == FilmState.FINE:
        found |= {
            "url": reverse("film", args=[row.matter_id, row.id]), "alt": words(film),
            "thumb": reverse("film-still", args=[row.matter_id, row.id, "thumbnail"]),
        }  # fmt: skip
    return found


def pictures(matter_ids: list[UUID]) -> dict[UUID, list[tuple[str, dict[str, Any]]]]:
    """(stage, picture) of the films of some matters; two statements, one where there are none."""
    found: dict[UUID, list[tuple[str, dict[str, Any]]]] = {each: [] for each in matter_ids}
    films = files.films(matter_ids)
    if films:
        rows = Evidence.objects.filter(matter_id__in={key[0] for key in films}, media_type__startswith="video/")
        for row in rows.order_by("created_at", "id"):
            found[row.matter_id].append((row.stage, picture(row, films.get((row.matter_id, row.id)))))
    return found


@duty("matters.list")
def page(request: HttpRequest, actor: Actor, matter_id: UUID, evidence_id: UUID) -> HttpResponse:
    """The film with the browser's own controls."""
    row, film = _seen(actor, matter_id, evidence_id)
    context = {
        "row": selectors.row_of(matter_id), "words": words(film), "stage": When(row.stage).label, "photo": row,
        "film": reverse("film-content", args=[matter_id, evidence_id]),
        "still": reverse("film-still", args=[matter_id, evidence_id, "still"]),
    }  # fmt: skip
    return render(request, "site/film.html", context)


def _seen(actor: Actor, matter_id: UUID, evidence_id: UUID) -> tuple[Evidence, Film]:
    try:
        selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    film = Film.objects.filter(pk=(matter_id, evidence_id), state=FilmState.FINE).first()
    row = Evidence.objects.filter(pk=(matter_id, evidence_id)).first()
    if film is None or row is None:
        raise Http404
    return row, film


@duty("matters.list")
def still(request: HttpRequest, actor: Actor, matter_id: UUID, evidence_id: UUID, which: str) -> HttpResponse:
    """One picture of the film."""
    _seen(actor, matter_id, evidence_id)
    content = _read(matter_id, evidence_id, "thumbnail" if which == "thumbnail" else "still")
    if content is None:
        return _away()
    return HttpResponse(content, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@duty("matters.list")
def content(request: HttpRequest, actor: Actor, matter_id: UUID, evidence_id: UUID) -> HttpResponse:
    """The bytes of the film, whole or a range of them (RFC 9110, 14): players ask for pieces."""
    row, _film = _seen(actor, matter_id, evidence_id)
    found = _read(matter_id, evidence_id, "content")
    return _away() if found is None else ranged(request.headers.get("Range", ""), found, row.media_type)


def _read(matter_id: UUID, evidence_id: UUID, which: Any) -> bytes | None:
    """The bytes; None while the store is away."""
    try:
        return files.read_film(matter_id, evidence_id, which)
    except Away:
        return None
    except (LookupError, OSError):
        raise Http404 from None


def _away() -> HttpResponse:
    text = _("The film cannot be fetched just now. Try again in a minute.")
    return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "60"})


def ranged(asked: str, found: bytes, media_type: str) -> HttpResponse:
    """The whole, or the one range that was asked for; several at once and nonsense are answered with the whole."""
    kind = taking.MP4 if media_type not in (taking.MP4, taking.MOV) else media_type
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600", "Content-Disposition": "inline"}
    parsed = RANGE.fullmatch(asked.strip())
    if parsed is None or parsed.groups() == ("", ""):
        return HttpResponse(found, content_type=kind, headers=headers)
    first, last = parsed.groups()
    size = len(found)
    start = int(first) if first else max(0, size - int(last))
    end = min(size - 1, int(last)) if first and last else size - 1
    if start >= size or end < start or (not first and int(last) == 0):
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return HttpResponse(found[start : end + 1], status=206, content_type=kind, headers=headers)
