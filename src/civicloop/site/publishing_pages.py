"""照片公开: photos that wait for a look, one photo with its boxes, and the covered picture before anybody sees it."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from civicloop.evidence import boxes as found_boxes
from civicloop.evidence import publishing as photos
from civicloop.evidence.covering import Box, cover
from civicloop.evidence.models import Evidence, PublicPhoto, PublicState, Stage
from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import public_photos, publishing, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.publishing import Decision
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import acting
from civicloop.site.publishing_forms import WithholdForm, blank_rows, edges_of, in_percent, in_pixels, rows_of

SHOWN = 24
RULER = range(0, 101, 10)


@duty("photos.publish")
def queue(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The photos in the place of the post about which nobody has decided."""
    lines = [
        {
            "url": reverse("publish-photo", args=[each.matter.id, each.photo.id]),
            "thumb": reverse("evidence", args=[each.matter.id, each.photo.id, "thumbnail"]),
            "stage": Stage(each.photo.stage).label, "number": each.matter.number,
            "kind": shown(each.matter.kind.names, acting.language()) if each.matter.kind else each.matter.title,
            "place": acting.place_words(each.matter), "ended": each.matter.ended_at,
        }
        for each in public_photos.waiting(actor, SHOWN)
    ]  # fmt: skip
    return render(request, "site/publishing.html", {"lines": lines, "more": len(lines) == SHOWN})


@duty("photos.publish")
def photo(request: HttpRequest, actor: Actor, matter_id: UUID, evidence_id: UUID) -> HttpResponse:
    """One photo: its boxes, then the covered picture, then the decision."""
    try:
        seen, row = publishing.photo_of(actor, matter_id, evidence_id)
        _content, size = photos.shown_photo(matter_id, evidence_id)
    except (Refused, LookupError):
        raise Http404 from None
    except OSError:
        words = _("The photo cannot be fetched just now. Try again in a minute.")
        return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "60"})
    page = _Page(request, actor, row, size, own=not publishing.may_decide(actor, seen, row))
    page.allowed = publishing.may_be_public(seen)
    return page.answer()


class _Page:
    """What one request does with one photo."""

    allowed = True

    def __init__(
        self, request: HttpRequest, actor: Actor, row: Evidence, size: tuple[int, int], *, own: bool
    ) -> None:  # fmt: skip
        self.request, self.actor, self.row, self.size, self.own = request, actor, row, size, own
        self.decided: PublicPhoto | None = photos.of_photo(row.matter_id, row.id)

    def answer(self) -> HttpResponse:
        """The page, or what its form asks for."""
        if self.request.method != "POST":
            return self.edit(self._known())
        step, rows = self.request.POST.get("step", ""), rows_of(self.request.POST)
        if step in ("withhold", "take_back"):
            return self._withhold(PublicState.TAKEN_BACK if step == "take_back" else PublicState.NOT_PUBLIC)
        if not rows.is_valid():
            return self._show(rows, [], status=422)
        edges = edges_of(rows)
        if step == "publish":
            return self._publish(edges)
        return self.covered(edges) if step == "cover" else self.edit(edges)

    def _known(self) -> list[dict[str, float]]:
        """The boxes to begin with: what was covered the last time, else what the detector found."""
        if self.decided is not None and self.decided.boxes:
            return [in_percent(each, self.size) for each in self.decided.boxes]
        found = found_boxes.of_matter(self.row.matter_id).get(self.row.id)
        return [in_percent(each[1:5], self.size) for each in (found.boxes if found else [])]

    def edit(self, edges: list[dict[str, float]], status: int = 200, **more: Any) -> HttpResponse:
        """The photo with its boxes, and their numbers."""
        return self._show(blank_rows(edges), edges, status=status, **more)

    def covered(self, edges: list[dict[str, float]], status: int = 200, **more: Any) -> HttpResponse:
        """The picture as everybody would see it, before it is shown to anybody."""
        address = reverse("publish-covered", args=[self.row.matter_id, self.row.id])
        return self._show(
            blank_rows(edges), edges, status=status, preview=f"{address}?boxes={_written(self._pixels(edges))}", **more
        )

    def _pixels(self, edges: list[dict[str, float]]) -> list[Box]:
        return [in_pixels(each, self.size) for each in edges]

    def _publish(self, edges: list[dict[str, float]]) -> HttpResponse:
        decision = Decision(
            PublicState.PUBLIC, self.request.POST.get("before", ""), tuple(self._pixels(edges))
        )  # fmt: skip
        try:
            self._decide(decision)
        except Refused as reason:
            return self.covered(edges, status=reason.status, refused=reason)
        messages.success(self.request, _("The photo is shown to everybody now, with the boxes covered."))
        return HttpResponseRedirect(reverse("publishing"))

    def _withhold(self, outcome: PublicState) -> HttpResponse:
        data = self.request.POST
        decision = Decision(outcome, data.get("before", ""), (), data.get("reason", ""), data.get("words", ""))
        try:
            self._decide(decision)
        except Refused as reason:
            return self.edit(self._known(), status=reason.status, refused=reason, withhold=WithholdForm(data))
        words = {
            PublicState.NOT_PUBLIC: _("Kept: this photo is not for the public."),
            PublicState.TAKEN_BACK: _("The photo is not shown to the public any more."),
        }
        messages.success(self.request, words[outcome])
        return HttpResponseRedirect(reverse("publishing"))

    def _decide(self, decision: Decision) -> None:
        act_id = acting.uuid_of(self.request.POST.get("act_id", ""))
        publishing.decide(
            self.actor, matter_id=self.row.matter_id, evidence_id=self.row.id, decision=decision, act_id=act_id
        )

    def _show(self, rows: Any, edges: list[dict[str, float]], *, status: int, **more: Any) -> HttpResponse:
        width, height = self.size
        text = max(width // 36, 8)
        matter, decided = selectors.row_of(self.row.matter_id), self.decided
        context = {
            "row": matter, "kind": shown(matter.kind.names, acting.language()) if matter.kind else matter.title,
            "place": acting.place_words(matter), "stage": Stage(self.row.stage).label, "by_staff": self.row.account_id,
            "photo": reverse("evidence", args=[self.row.matter_id, self.row.id, "derivative"]),
            "width": width, "height": height, "text": text, "rows": rows,
            "view": f"{-2 * text} {-3 * text // 2} {width + 3 * text} {height + 2 * text}",
            "rulers": _rulers(self.size), "drawn": [_drawn(each, self.size) for each in edges],
            "state": decided.state if decided else "", "state_words": decided.get_state_display() if decided else "",
            "public": reverse("public-photo", args=[decided.public_id])
            if decided and decided.state == PublicState.PUBLIC else "",
            "act_id": ids.uuid7(), "withhold": WithholdForm(), "own": self.own, "allowed": self.allowed,
            "failed": self._failed(),
        }  # fmt: skip
        return render(self.request, "site/publishing_photo.html", context | more, status=status)

    def _failed(self) -> bool:
        found = found_boxes.of_matter(self.row.matter_id).get(self.row.id)
        return found is None or found.failed


def _rulers(size: tuple[int, int]) -> list[dict[str, int]]:
    width, height = size
    return [{"percent": each, "x": each * width // 100, "y": each * height // 100} for each in RULER]


def _drawn(edges: dict[str, float], size: tuple[int, int]) -> dict[str, int]:
    box = in_pixels(edges, size)
    return {"x": box.left, "y": box.top, "width": box.right - box.left, "height": box.bottom - box.top}


def _written(boxes: Sequence[Box]) -> str:
    return json.dumps([[each.left, each.top, each.right, each.bottom] for each in boxes], separators=(",", ":"))


@duty("photos.publish")
def covered(request: HttpRequest, actor: Actor, matter_id: UUID, evidence_id: UUID) -> HttpResponse:
    """The picture that everybody would see, with the boxes that the address names; nothing is stored."""
    try:
        publishing.photo_of(actor, matter_id, evidence_id)
        content, size = photos.shown_photo(matter_id, evidence_id)
        boxes = [Box(*(int(side) for side in each)) for each in json.loads(request.GET.get("boxes", "[]"))]
        picture = cover(content, photos.checked(boxes, size)).picture
    except (Refused, LookupError, TypeError, ValueError):
        raise Http404 from None
    except OSError:
        return HttpResponse(status=503, headers={"Retry-After": "60"})
    return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})
