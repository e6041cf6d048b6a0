"""After new boundaries: posts and rules of areas that ended follow into the areas that stand in their place.

The boundaries were approved by two persons; who proposed them does not move posts or rules either. A post goes to one
of the areas that follow its own, with the same holders; a rule holds in all of them.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.catalogue import rule_actions
from civicloop.catalogue.actions import CatalogueError
from civicloop.catalogue.files import CatalogueRefused
from civicloop.foundation import spreadsheets
from civicloop.matters.regridding import Boundaries
from civicloop.people import access, people_files
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.exchange import FileRefused
from civicloop.people.models import Post
from civicloop.people.selectors import valid
from civicloop.people.web import duty
from civicloop.places.models import BoundaryProposal

POST = "post-"  # before the id of a post in the name of its field
COLUMNS = ("user", "name", "post", *people_files.CONTENT)
MOST = 500


def bag(actor: Actor, row: BoundaryProposal, boundaries: Boundaries, *, holds: bool) -> dict[str, Any]:
    """What the page offers to somebody who may move posts or rules, once the boundaries hold."""
    other = holds and row.proposed_by != actor.account_id
    may_posts = other and access.may(actor, "posts.change").allowed
    may_rules = other and access.may(actor, "catalogue.change").allowed
    return {
        "posts_to_move": [_choice(post, boundaries) for post in _posts(boundaries)] if may_posts else [],
        "rules_to_move": rule_actions.in_areas(boundaries.ended).count() if may_rules else 0,
    }


def _posts(boundaries: Boundaries) -> list[Post]:
    rows = Post.objects.filter(valid(), area_id__in=boundaries.ended).select_related("unit").order_by("code")
    return [post for post in rows[:MOST] if boundaries.followers.get(post.area_id)]


def _choice(post: Post, boundaries: Boundaries) -> dict[str, Any]:
    """A post with the areas that it may go to; chosen already where there is one only."""
    areas = [boundaries.after.area(each) for each in boundaries.followers[post.area_id]]
    return {
        "name": f"{POST}{post.pk}", "post": post, "words": post.get_role_display(),
        "before": boundaries.before.area(post.area_id), "areas": areas, "only": len(areas) == 1,
    }  # fmt: skip


def _open(actor: Actor, proposal_id: int) -> tuple[BoundaryProposal, Boundaries]:
    """A proposal that holds and that somebody else proposed. Raises PeopleError."""
    from civicloop.site import boundaries as pages

    row = pages.row_of(proposal_id)
    _compared, found = pages.compared_of(row)
    if not pages.holds(row):
        raise PeopleError("not_yet", _("These boundaries do not hold yet."))
    if row.proposed_by == actor.account_id:
        raise PeopleError("own_proposal", _("You proposed these boundaries: somebody else moves posts and rules."))
    return row, found


@duty("posts.change")
@require_POST
def posts(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """Give the chosen posts their new areas: each ends, and its successor begins with the same holders."""
    try:
        row, boundaries = _open(actor, proposal_id)
        lines = []
        for post in _posts(boundaries):
            codes = {boundaries.after.area(each).code for each in boundaries.followers[post.area_id]}
            chosen = request.POST.get(f"{POST}{post.pk}", "")
            if chosen in codes:
                lines.append(("", "", post.code, post.role, " ".join(post.also), post.unit.code, chosen,
                              " ".join(post.classes), str(post.confidentiality)))  # fmt: skip
        if lines:
            raw = spreadsheets.written(COLUMNS, lines).encode()
            people_files.take(actor, raw=raw, name=f"boundaries {row.pk}")
            messages.success(request, _("%(number)s posts have their new areas.") % {"number": len(lines)})
        else:
            messages.info(request, _("Nothing was selected."))
    except PeopleError as refused:
        messages.error(request, str(refused))
    except FileRefused as refused:
        for fault in refused.faults[:10]:
            messages.error(request, fault)
    return HttpResponseRedirect(reverse("boundary", args=[proposal_id]))


@duty("catalogue.change")
@require_POST
def rules(request: HttpRequest, actor: Actor, proposal_id: int) -> HttpResponse:
    """Let the rules of ended areas hold in those that stand in their place."""
    try:
        _row, boundaries = _open(actor, proposal_id)
        change = rule_actions.save(actor, lambda: rule_actions.of_followers(boundaries.ended, boundaries.followers))
        said = _("%(ended)s rules ended, %(new)s began in the new areas.")
        messages.success(request, said % {"ended": len(change.ended), "new": len(change.new)})
    except (PeopleError, CatalogueError) as refused:
        messages.error(request, str(refused))
    except CatalogueRefused as refused:
        for fault in refused.faults[:10]:
            messages.error(request, fault)
    return HttpResponseRedirect(reverse("boundary", args=[proposal_id]))
