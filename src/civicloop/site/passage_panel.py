"""经过 on the page of a matter: every hop with its reason, who received it first, returns, who came when called."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, calling, passage, returning, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.matters.words import action_words, answer_words
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places.choices import level_words
from civicloop.site import acting
from civicloop.site.acting import language


def bag(actor: Actor, seen: Reading, lines: Sequence[selectors.Line]) -> dict[str, Any]:
    """What the panel shows."""
    hops, first, came = passage.hops(lines), passage.first_receiver(lines), passage.called(actor, seen, lines)
    units = {unit for hop in hops for unit in (hop.before, hop.after, *hop.over)} | {each.unit_id for each in came}
    names = selectors.unit_names(units | ({first.unit_id} if first else set()))
    said = {unit: shown(texts, language()) for unit, texts in names.items()}
    bound = seen.procedure.bounds.get(returning.BOUND)
    return {
        "hops": [_hop(seen, hop, said) for hop in hops] if len(hops) > 1 else [],
        "first_receiver": {"unit": said.get(first.unit_id, ""), "since": first.since, "until": first.until}
        if first else None,
        "returning": returning.of(seen), "returns_at": bound.max if bound else 0,
        "called": [_called(actor, each, said) for each in came],
        "rule_from": reverse("rule-from-matter", args=[seen.id]) if _may_offer_rule(actor, lines) else "",
    }  # fmt: skip


def _hop(seen: Reading, hop: passage.Hop, said: Mapping[int, str]) -> dict[str, Any]:
    reasons = [_reason(seen, name, value) for name, value in hop.line.data.items()]
    words = [word for word in reasons if word]
    words += [text for name, text in hop.line.texts.items() if name in {"reason", "note"} and hop.action != "report"]
    if hop.superior:
        over = {"level": level_words(hop.superior), "units": acting.listed(said.get(unit, "") for unit in hop.over)}
        words.append(_("The level %(level)s stands over all that gave it back: %(units)s") % over)
    return {
        "what": action_words(seen.procedure, hop.action, hop.result, hop.line.data), "when": hop.at,
        "to": said.get(hop.after, ""), "level": level_words(hop.level), "why": " · ".join(words),
        "counted": hop.counted == returning.BOUND,
    }  # fmt: skip


def _reason(seen: Reading, name: str, value: Any) -> str:
    """A chosen reason in words; empty for every other value."""
    need = seen.procedure.needs.get(name)
    if need is None or need.kind != "choice" or value not in need.values:
        return ""
    return shown(need.values[value], language())


def _called(actor: Actor, each: passage.Arrival, said: Mapping[int, str]) -> dict[str, Any]:
    waits = each.state == "open"
    return {
        "no": each.no, "unit": said.get(each.unit_id, ""), "called": each.called_at, "due": each.due_at,
        "answered": each.answered_at, "came": each.answer == "arrived", "waits": waits,
        "late": waits and each.due_at is not None and each.due_at < clock.now(),
        "words": answer_words(each.answer), "distance": each.distance_m, "stars": acting.stars_words(each.stars)
        if each.stars else "", "rateable": each.rateable, "mine": waits and actor.unit_id == each.unit_id,
        "act_id": str(ids.uuid7()), "choices": [(n, acting.stars_words(n)) for n in range(5, 0, -1)],
    }  # fmt: skip


def _may_offer_rule(actor: Actor, lines: Sequence[selectors.Line]) -> bool:
    """A designated unit may become a rule, where the reader may try one."""
    return any(line.action == "designate" for line in lines) and access.may(actor, "catalogue.try").allowed


@require_POST
@duty("matters.list")
def arrive(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A unit that was called says that it is there, with the place of this act where the browser gave one."""
    data: dict[str, Any] = {"task": _number(request, "task"), "answer": "arrived", "note": request.POST.get("note", "")}
    if request.POST.get("lon") and request.POST.get("lat"):
        data["place"] = {name: request.POST.get(name, "") for name in ("lon", "lat", "crs")}
    return _done(request, actor, matter_id, "answer_part", data, _("Your arrival is recorded."))


@require_POST
@duty("matters.list")
def rate(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Whoever whistled rates a unit that was called."""
    data = {"task": _number(request, "task"), "stars": _number(request, "stars"), "note": request.POST.get("note", "")}
    return _done(request, actor, matter_id, "rate_part", data, _("Your rating of the unit is recorded."))


def _done(
    request: HttpRequest, actor: Actor, matter_id: UUID, action: str, data: Mapping[str, Any], words: str
) -> HttpResponse:
    wanted = actions.Act(matter_id, action, acting.uuid_of(request.POST.get("act_id", "")), data=data)
    try:
        actions.act(actor, wanted)
    except Refused as reason:
        if reason.status == 404:
            raise Http404 from None
        return acting.refused(request, actor, matter_id, reason)
    messages.success(request, words)
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 5 else 0


@duty("matters.list")
def whistles(request: HttpRequest, actor: Actor) -> HttpResponse:
    """吹哨报到: the calls of the reader's area, newest first, and how units answered to them. Units, never persons."""
    calls = calling.calls(actor)
    names = selectors.unit_names({each.unit_id for call in calls for each in call.units})
    said = {unit: shown(texts, language()) for unit, texts in names.items()}
    context = {
        "title": _("Whistles and arrivals"),
        "calls": [{"row": call.row, "place": acting.place_words(call.row),
                   "units": [_called(actor, each, said) | {"mine": False} for each in call.units]} for call in calls],
        "summary": [{"unit": said[line.unit_id], "line": line} for line in calling.summary(calls)],
        "days": calling.DAYS,
    }  # fmt: skip
    return render(request, "site/whistles.html", context)
