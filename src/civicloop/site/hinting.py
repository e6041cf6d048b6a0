"""已有人反映: the hint on the forms of residents and grid workers, before a report is sent, and after it.

With scripts it appears while the form is filled in; without them a step lies between, or, where photos are sent along
and would be lost, the receipt asks. Nothing is held up by it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.matters import hints
from civicloop.matters.errors import Refused
from civicloop.matters.hints import About, Hint
from civicloop.matters.models import Matter
from civicloop.people import web
from civicloop.people.access import Actor
from civicloop.people.web import duty, public
from civicloop.places import selectors as places
from civicloop.site import acting
from civicloop.site.acting import language

ASKED = Throttle(most=200, seconds=600)  # a form asks once for each change; more than that is no form


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def about(data: Mapping[str, Any]) -> About | None:
    """What a form says so far; None while it has no point or says nothing that could be compared."""
    try:
        found = hints.about(
            _number(data.get("lon")), _number(data.get("lat")), str(data.get("crs", "")),
            text=str(data.get("text", ""))[:2000], kind=str(data.get("kind", "")),
        )  # fmt: skip
    except Refused:
        return None
    return found if found is not None and (found.text.strip() or found.kind_id is not None) else None


def lines(found: Sequence[Hint]) -> list[dict[str, str]]:
    """Hints in words: kind, rough place, day and state, as everybody may know them."""
    return [{"voice": each.voice, "words": " · ".join(_words(each))} for each in found]


def _words(hint: Hint) -> list[str]:
    kind = shown(catalogue.kind(hint.kind_id).names, language()) if hint.kind_id is not None else _("Something like it")
    place = shown(places.area(hint.community_id).names, language()) if hint.community_id is not None else ""
    near = _("within %(metres)s m") % {"metres": hint.within}
    days = (timezone.localtime(clock.now()).date() - hint.since).days
    since = _("since today") if days <= 0 else _("since %(day)s") % {"day": hint.since.isoformat()}
    state = {
        "received": pgettext("a report", "received"),
        "handled": _("being dealt with"),
        "checked": _("being checked"),
    }[hint.phase]
    many = [_("reported by many")] if hint.many else []
    return [kind, *([place] if place else []), near, since, state, *many]


def bag(request: HttpRequest, data: Mapping[str, Any]) -> dict[str, Any]:
    """The hint for a resident's form as it stands; nothing for whoever asks too often."""
    wanted = about(data)
    if wanted is None or ASKED.wait(network(web.address(request))):
        return {"hints": [], "voice": ""}
    return {"hints": lines(hints.hints(wanted)), "voice": str(data.get("voice", ""))}


@require_POST
@never_cache
@public
def of_form(request: HttpRequest) -> HttpResponse:
    """The hint alone, for the page that is being filled in."""
    return render(request, "site/hints.html", bag(request, request.POST))


@require_POST
@never_cache
@duty("matters.report")
def of_field(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same for the staff: what the post may see, by its title."""
    wanted = about(request.POST)
    found = hints.for_staff(actor, wanted) if wanted is not None else []
    shown_ = [
        {"voice": hints.voice_of(each.row.id), "words": " · ".join(
            [each.row.title, acting.place_words(each.row), _("%(metres)s m away") % {"metres": round(each.metres)},
             str(acting.stage_bag(each.row)["word"])])}
        for each in found
    ]  # fmt: skip
    return render(request, "site/hints.html", {"hints": shown_, "voice": str(request.POST.get("voice", ""))})


def asks_first(request: HttpRequest) -> dict[str, Any] | None:
    """What must be asked before a form without scripts is taken; None where nothing is, or it was, or photos came."""
    if "hinted" in request.POST or request.POST.get("voice") or request.FILES:
        return None
    found = bag(request, request.POST)
    return found if found["hints"] else None


def afterwards(row: Matter) -> list[dict[str, str]]:
    """What the receipt asks where the form could not."""
    if row.lon is None or row.lat is None or row.lead_id is not None or row.confidentiality:
        return []
    return lines(hints.hints(About(row.lon, row.lat, row.title, row.text, row.kind_id), leave=row.id))


def add(matter_id: UUID, voice: str, actor: Actor | None = None) -> bool:
    """Add the voice that was chosen; whether the report is joined now."""
    return bool(voice) and hints.add_voice(matter_id, voice, actor)
