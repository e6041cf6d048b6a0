"""New boundaries: proposed from a file, looked at by what they would change, decided by a second person, then in force.

Who may do what: people.access. Matters are listed only as far as the reader may see them; numbers are over all.
"""

import csv
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from civicloop.foundation import clock, coordinates, locality
from civicloop.matters import dry_run, moving, regridding
from civicloop.matters.errors import Refused
from civicloop.matters.regridding import Boundaries, Preview
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.models import Post, Unit
from civicloop.people.web import duty
from civicloop.places import proposals, selectors
from civicloop.places.areas import ImportRefused
from civicloop.places.choices import level_words
from civicloop.places.drawing import Sheet, sheet
from civicloop.places.models import BoundaryProposal
from civicloop.places.proposals import By, Compared, ProposalRefused
from civicloop.site import following

SHOWN = 50
LARGEST = 8 * 1024 * 1024
LEVELS = ("grid", "community", "subdistrict", "district")
STATES = {
    "proposed": pgettext_lazy("proposal", "Waits for a decision"), "approved": pgettext_lazy("proposal", "Approved"),
    "refused": pgettext_lazy("proposal", "Refused"), "withdrawn": pgettext_lazy("proposal", "Withdrawn"),
    "in_force": pgettext_lazy("proposal", "In force"),
}  # fmt: skip
FLAWS = {
    "gap": gettext_lazy("Belongs to no area any more"), "overlap": gettext_lazy("Belongs to two areas"),
    "outside": gettext_lazy("Lies outside the area above it"),
}  # fmt: skip


class ProposalForm(forms.Form):
    """A file of areas, why, and from when it holds."""

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=proposals.TITLE, validators=[ProhibitNullCharactersValidator()]
    )
    reason = forms.CharField(
        label=gettext_lazy("Why, and by which paper"), max_length=proposals.REASON,
        widget=forms.Textarea(attrs={"rows": 2}), validators=[ProhibitNullCharactersValidator()],
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("File of the new areas (CSV or GeoJSON)"),
        help_text=gettext_lazy("Columns as for an import, with replaces (codes that it stands in for) and ends (yes)"),
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Level"), choices=lambda: [(each, level_words(each)) for each in LEVELS]
    )
    crs = forms.ChoiceField(
        label=gettext_lazy("Coordinate system"), choices=[(each, each) for each in coordinates.SYSTEMS]
    )
    effective_at = forms.DateTimeField(
        label=gettext_lazy("In force from"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
    )

    def clean_file(self) -> Any:
        """A file that is not too large."""
        given = self.cleaned_data["file"]
        if given.size > LARGEST:
            raise forms.ValidationError(_("At most 8 MB; take a larger file on the command line."))
        return given


def by(actor: Actor) -> By:
    """The person as the room of places notes it."""
    return By(actor.account_id, actor.post_id, actor.words)


@duty("boundaries.view")
@require_safe
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every proposal, newest first, and the form for another one."""
    return _listed(request, actor, ProposalForm())


def _listed(request: HttpRequest, actor: Actor, form: ProposalForm, status: int = 200) -> HttpResponse:
    rows = [{"row": row, "state": state_of(row)} for row in BoundaryProposal.objects.order_by("-id")[:SHOWN]]
    context = {
        "rows": rows, "form": form, "may_propose": access.may(actor, "boundaries.propose").allowed,
        "zone": locality.zone_name(),
    }  # fmt: skip
    return render(request, "site/boundaries.html", context, status=status)


def state_of(row: BoundaryProposal) -> Any:
    """In words; what was approved and whose moment has come holds, whether the worker has noted it or not."""
    holds = row.state == "approved" and row.effective_at <= clock.now()
    return STATES["in_force" if holds else row.state]


@duty("boundaries.propose")
@require_POST
def propose(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep a proposal; what is wrong in the file is said row by row."""
    form = ProposalForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            plan = proposals.read(given["file"].read(), given["file"].name, level=given["level"], crs=given["crs"])
            row = proposals.propose(
                by(actor), title=given["title"], reason=given["reason"], file=given["file"].name, plan=plan,
                effective_at=given["effective_at"],
            )  # fmt: skip
        except ImportRefused as refused:
            for fault in refused.faults[:20]:
                form.add_error("file", fault)
        except (ProposalRefused, ValueError, csv.Error) as reason:
            form.add_error("effective_at" if getattr(reason, "code", "") == "too_late" else None, str(reason))
        else:
            messages.success(request, _("The proposal is kept. Somebody else decides about it."))
            return HttpResponseRedirect(reverse("boundary", args=[row.id]))
    return _listed(request, actor, form, status=422)


def row_of(proposal_id: int) -> BoundaryProposal:
    """A proposal; 404 where there is none."""
    row = BoundaryProposal.objects.filter(id=proposal_id).first()
    if row is None:
        raise Http404
    return row


@lru_cache(maxsize=4)
def _compared(proposal_id: int, _state: str, _revision: int) -> Compared:
    return proposals.compared(row_of(proposal_id))


def holds(row: BoundaryProposal) -> bool:
    """Whether its boundaries are in force, whether the worker has noted it or not."""
    return row.state == "in_force" or (row.state == "approved" and row.effective_at <= clock.now())


def compared_of(row: BoundaryProposal) -> tuple[Compared, Boundaries]:
    """The areas before and after a proposal, and what that means for matters."""
    found = _compared(row.pk, row.state, selectors.layers_now())
    return found, Boundaries(found.before, found.after, found.touched, found.ended, found.followers)


@duty("boundaries.view")
@require_safe
def page(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """One proposal: map before and after, flaws, what changes hands, and the decision."""
    row = row_of(proposal_id)
    posts = dict(Post.objects.filter(id__in=[row.proposed_post, row.decided_post]).values_list("id", "code"))
    context: dict[str, Any] = {
        "row": row, "state": state_of(row), "proposed": posts.get(row.proposed_post or 0, ""),
        "decided": posts.get(row.decided_post or 0, ""), "waits": row.state == "proposed",
        "own": row.proposed_by == actor.account_id, "may_decide": access.may(actor, "boundaries.decide").allowed,
        "may_withdraw": row.state in ("proposed", "approved") and row.effective_at > clock.now()
        and access.may(actor, "boundaries.propose").allowed,
        "zone": locality.zone_name(),
    }  # fmt: skip
    if row.state in ("proposed", "approved", "in_force"):
        compared, boundaries = compared_of(row)
        context |= _shown(actor, row, compared, boundaries)
    return render(request, "site/boundary.html", context)


def _shown(actor: Actor, row: BoundaryProposal, compared: Compared, boundaries: Boundaries) -> dict[str, Any]:
    in_force = holds(row)
    found = regridding.preview(boundaries)
    maps: list[tuple[Any, Sheet]] = [
        (words, drawn) for words, which in ((_("Before"), "before"), (_("After"), "after"))
        if (drawn := sheet(compared.shapes, which)) is not None
    ]  # fmt: skip
    visible, total = dry_run.seen_of(
        actor, [dry_run.Moved(m.matter_id, m.unit_before, m.unit_after) for m in found.moved], limit=SHOWN
    )
    return {
        "maps": maps, "preview": found, "matters": visible, "visible": total, "holds": in_force,
        "flaws": [{"what": FLAWS[each.what], "codes": " · ".join(each.codes), "size": each.square_metres}
                  for each in compared.flaws[:SHOWN]],
        "more_flaws": max(0, len(compared.flaws) - SHOWN),
        "areas": _areas(compared, row), "ways": _ways(found, boundaries), "hands": _hands(found),
        "posts": [{"post": post, "ends": post.area_id in boundaries.ended, "words": post.get_role_display(),
                   "area": boundaries.before.area(post.area_id)} for post in found.posts[:SHOWN]],
        "more_posts": max(0, len(found.posts) - SHOWN),
        "to_move": len(moving.waiting(actor, boundaries)) if in_force and access.may(actor, moving.DUTY).allowed else 0,
        "may_move": in_force and access.may(actor, moving.DUTY).allowed,
        **following.bag(actor, row, boundaries, holds=in_force),
    }  # fmt: skip


def _areas(compared: Compared, row: BoundaryProposal) -> list[dict[str, Any]]:
    followed: dict[str, list[str]] = {}
    for before, after in row.successions:
        followed.setdefault(after, []).append(before)
    found = []
    for each in row.areas[:200]:
        there = each["code"] in compared.before.by_code
        what = _("changes") if there else _("new")
        found.append({"code": each["code"], "names": each["names"], "level": level_words(each["level"]),
                      "what": what, "replaces": followed.get(each["code"], [])})  # fmt: skip
    for code in row.ended:
        ref = compared.before.by_code.get(code)
        followers = [after for before, after in row.successions if before == code]
        found.append({"code": code, "names": ref.names if ref else {}, "level": level_words(ref.level) if ref else "",
                      "what": _("ends"), "replaces": [], "followers": followers})  # fmt: skip
    return found


def _ways(found: Preview, boundaries: Boundaries) -> list[tuple[str, str, int]]:
    def code(picture: Any, area: int | None) -> str:
        return picture.area(area).code if area is not None else _("outside every area")

    return [(code(boundaries.before, old), code(boundaries.after, new), n) for old, new, n in found.ways[:SHOWN]]


def _hands(found: Preview) -> list[tuple[Any, Any, int]]:
    hands = found.hands[:SHOWN]
    names = dict(Unit.objects.filter(id__in={unit for pair in hands for unit in pair[:2]}).values_list("id", "names"))
    return [(names.get(before, {}), names.get(after, {}), number) for before, after, number in hands]


@duty("boundaries.decide")
@require_POST
def decide(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """Approve or refuse; a press more changes nothing."""
    words = request.POST.get("words", "").replace("\0", "")
    try:
        if request.POST.get("yes") == "1":
            row = proposals.approve(by(actor), proposal_id=row_of(proposal_id).pk, words=words)
            said = _("Approved. The new boundaries hold from %(moment)s.")
            local = row.effective_at.astimezone(locality.zone())
            messages.success(request, said % {"moment": local.strftime("%Y-%m-%d %H:%M")})
        else:
            proposals.refuse(by(actor), proposal_id=row_of(proposal_id).pk, words=words)
            messages.success(request, _("The proposal was refused."))
    except ProposalRefused as refused:
        messages.error(request, str(refused))
    except ImportRefused as refused:
        for fault in refused.faults[:10]:
            messages.error(request, fault)
    return HttpResponseRedirect(reverse("boundary", args=[proposal_id]))


@duty("boundaries.propose")
@require_POST
def withdraw(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """Take a proposal back before it holds."""
    words = request.POST.get("words", "").replace("\0", "")
    try:
        proposals.withdraw(by(actor), proposal_id=row_of(proposal_id).pk, words=words)
        messages.success(request, _("The proposal was withdrawn."))
    except ProposalRefused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("boundary", args=[proposal_id]))


@duty("boundaries.move")
@require_POST
def move(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """Move the open matters that the person may see, a batch with each press; each is an act of its own."""
    row = row_of(proposal_id)
    _found, boundaries = compared_of(row)
    wanted = [each.pk for each in moving.waiting(actor, boundaries)]
    try:
        done = moving.move(actor, boundaries, change=row.revision or 0, matter_ids=wanted)
        said = _("%(moved)s moved, %(left)s left as they were, %(more)s still to do.")
        messages.success(request, said % {"moved": done.moved, "left": done.left, "more": done.more})
    except Refused as reason:
        messages.error(request, reason.words)
    return HttpResponseRedirect(reverse("boundary", args=[proposal_id]))
