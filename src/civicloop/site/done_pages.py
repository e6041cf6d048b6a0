"""What was put right: before and after of solved matters of public space, for everybody; only released photos."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from civicloop.evidence.models import PublicPhoto
from civicloop.foundation.names import shown
from civicloop.matters import public_photos, selectors
from civicloop.matters.models import Matter
from civicloop.people.web import public
from civicloop.places import selectors as places
from civicloop.site.acting import language

KEPT_SECONDS = 60  # by browsers and caches on the way: a photo that was taken back is gone everywhere after that


def pair(pictures: Mapping[str, list[PublicPhoto]]) -> dict[str, list[dict[str, Any]]]:
    """The last public photo of each side, for `{% evidence_pair %}`."""
    words = {"before": _("Before handling"), "after": _("After handling")}
    return {side: [_picture(rows[-1], words[side])] if rows else [] for side, rows in pictures.items()}


def _picture(row: PublicPhoto, alt: str) -> dict[str, Any]:
    return {
        "url": reverse("public-photo", args=[row.public_id]),
        "thumb": reverse("public-photo-small", args=[row.public_id]), "alt": alt,
    }  # fmt: skip


def line(row: Matter, pictures: Mapping[str, list[PublicPhoto]]) -> dict[str, Any]:
    """One matter as everybody may see it: kind, community, unit that did it, the day of its end; nothing else."""
    unit = row.seats.get("answering") or row.unit_id
    return {
        "kind": shown(row.kind.names, language()) if row.kind else "",
        "community": shown(places.area(row.community_id).names, language()) if row.community_id else "",
        "unit": shown(selectors.unit_names({unit})[unit], language()), "ended": row.ended_at, **pair(pictures),
    }  # fmt: skip


@public
def done(request: HttpRequest) -> HttpResponse:
    """A page of what was put right, the latest first."""
    lines, following = public_photos.shown(_moment(request.GET.get("before", "")))
    context = {"lines": [line(row, pictures) for row, pictures in lines], "next": following}
    return render(request, "site/portal_done.html", context)


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


@public
def photo(request: HttpRequest, public_id: UUID, *, small: bool = False) -> HttpResponse:
    """A public photo; not found once it was taken back, or its matter is not for everybody any more."""
    try:
        content = public_photos.public_photo(public_id, small=small)
    except LookupError:
        raise Http404 from None
    except OSError:
        return HttpResponse(status=503, headers={"Retry-After": "60"})
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer["Content-Disposition"] = "inline"
    return answer
