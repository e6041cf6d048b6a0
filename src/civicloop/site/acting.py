"""Acting on a matter from a page: forms made from a procedure's needs, one address that does the act, cards for lists.

The page decides nothing: what is offered comes from matters.selectors, what is allowed from matters.actions.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue import words as catalogue_words
from civicloop.evidence import selectors as files
from civicloop.evidence.storage import Away
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, owners, selectors
from civicloop.matters.api import add_file
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people import selectors as people
from civicloop.people import web
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.models import Unit
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules.language import Need
from civicloop.site import pointing

FILES = frozenset({"photo", "file"})
STAGES = tuple(Stage.values)
SESSION_CODES = "check_codes"  # matters whose check code this browser has shown, until its session ends


def language() -> str:
    return get_language() or "zh-hans"


def listed(words: Iterable[str]) -> str:
    """Things in one line, set apart as the language does."""
    return pgettext("between the things of a list", ", ").join(words)


# -- forms ----------------------------------------------------------------------------------------------------------


def unit_groups(seen: Reading) -> list[tuple[str, list[tuple[str, str]]]]:
    """Units that may be named for a matter, the nearest level first: those of its place, choices in groups."""
    inside = [seen.areas[level] for level in ("community", "subdistrict", "district") if level in seen.areas]
    rows = people.units().filter(Q(area_id__in=inside) | Q(area__level="city"))
    found: dict[str, list[tuple[str, str]]] = {level: [] for level in ("community", "subdistrict", "district", "city")}
    for code, names, level in rows.values_list("code", "names", "area__level"):
        found.setdefault(level, []).append((code, shown(names, language())))
    return [(str(catalogue_words.LEVELS[level]), units) for level, units in found.items() if units]


def _field(need: Need, seen: Reading, actor: Actor) -> forms.Field:
    """The form field of one need."""
    label, help_text = shown(need.names, language()), shown(need.why, language()) if need.why else ""
    common: dict[str, Any] = {"label": label, "help_text": help_text}
    match need.kind:
        case "date":
            return forms.DateField(**common, widget=forms.DateInput(attrs={"type": "date"}))
        case "moment":
            # a browser takes the field's own form of a moment only, whatever the language
            widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
            return forms.DateTimeField(**common, initial=clock.now(), widget=widget)
        case "choice":
            choices = [(value, shown(names, language())) for value, names in need.values.items()]
            return forms.ChoiceField(**common, choices=choices, widget=forms.RadioSelect)
        case "filing_condition":
            return forms.ChoiceField(**common, choices=condition_choices(seen))
        case "unit":
            return forms.ChoiceField(**common, choices=[("", "—"), *unit_groups(seen)])
        case "units":
            return forms.MultipleChoiceField(**common, choices=unit_groups(seen))
        case "rating":
            stars = [(str(n), stars_words(n)) for n in range(5, 0, -1)]
            return forms.ChoiceField(**common, choices=stars, widget=forms.RadioSelect)
        case "number" | "person" | "catalogue_entry":
            return forms.CharField(**common, max_length=need.max or 120)
        case "signature":
            return forms.CharField(**common, max_length=200, required=actor.kind != "outside")
        case _:
            return forms.CharField(**common, max_length=need.max or 2000, widget=forms.Textarea(attrs={"rows": 3}))


def stars_words(stars: Any) -> str:
    """A rating as stars with its word, so that nobody has to count; empty for what is none."""
    words = {
        1: _("Very dissatisfied"), 2: _("Dissatisfied"), 3: _("So-so"), 4: _("Satisfied"), 5: _("Very satisfied"),
    }  # fmt: skip
    return f"{'★' * stars} {words[stars]}" if stars in words else ""


def condition_choices(seen: Reading) -> list[tuple[str, str]]:
    """The filing conditions of the matter's kind, or of all kinds of its class when the kind is not known."""
    kind_id = seen.row["kind_id"]
    kinds = [catalogue.kind(kind_id)] if kind_id else catalogue.kinds(family="matter")
    found = [("", "—")]
    for kind in kinds:
        for condition in catalogue.conditions(kind.id):
            words = f"{kind.code} {shown(kind.names, language())} · {shown(condition.names, language())}"
            found.append((str(condition.id), f"{words} · {condition.limit}"))
    return found


def worker_choices(actor: Actor, role: str) -> list[tuple[str, str]]:
    """The people of the actor's unit who hold a role."""
    rows = people.workers_of(actor.unit_id or 0, role)
    return [(username, shown(names, language())) for _id, username, names in rows]


def form_of(offer: selectors.Offered, seen: Reading, actor: Actor, data: Any = None) -> forms.Form:
    """A form with the needs and seats of an offered act."""
    form = forms.Form(data, prefix=None, auto_id=f"{offer.action}_{offer.result or ''}_%s")
    for code, kind, names in offer.seats:
        label = shown(names, language())
        if kind == "unit":
            suggested = owners.answer(owners.case_now(seen, clock.now()))
            unit = Unit.objects.get(id=suggested.unit_id)
            help_text = _("Suggested: %(unit)s") % {"unit": shown(unit.names, language())}
            form.fields[code] = forms.ChoiceField(
                label=label,
                help_text=help_text,
                required=False,
                choices=[("", pgettext("unit", "As suggested")), *unit_groups(seen)],
            )
            form.fields |= pointing.fields_of(seen, seen.row["kind_id"], suggested.questions)
        else:
            choices = worker_choices(actor, Role.UNIT_WORKER)
            form.fields[code] = forms.ChoiceField(label=label, choices=choices, required=False)
    for need in offer.needs:
        if need.kind not in FILES:
            form.fields[need.code] = _field(need, seen, actor)
    return form


def sheets(request: HttpRequest, actor: Actor, seen: Reading, next_url: str = "") -> list[dict[str, Any]]:
    """One act sheet for each act (and result) that the actor may do now, the first one open."""
    found = []
    kept: tuple[str, str, Any] = getattr(request, "kept_act", ("", "", {}))
    for number, offer in enumerate(selectors.offered(actor, seen)):
        mine = kept[:2] == (offer.action, offer.result or "")
        title = shown(offer.names, language())
        if offer.result_names:
            title = f"{title} · {shown(offer.result_names, language())}"
        found.append(
            {
                "code": f"{offer.action}-{offer.result}" if offer.result else offer.action,
                "title": title,
                "happens": _happens(offer, seen),
                "url": reverse("act", args=[seen.id]),
                "form": form_of(offer, seen, actor, kept[2] if mine else None),
                "hidden": {
                    "action": offer.action, "act_result": offer.result or "", "step_version": seen.row["step_version"],
                    "act_id": str(kept[2].get("act_id")) if mine else str(ids.uuid7()), "next": next_url,
                },
                "evidence": [
                    {
                        "name": need.code, "label": shown(need.names, language()), "required": False,
                        "why": shown(need.why, language()) if need.why else "", "multiple": True,
                        "accept": "image/*" if need.kind == "photo" else "image/*,application/pdf",
                        "capture": "environment" if need.kind == "photo" else "",
                    }
                    for need in offer.needs
                    if need.kind in FILES
                ],
                "suggested": number == 0,
                "open": number == 0 or mine,
            }
        )  # fmt: skip
    return found


def _happens(offer: selectors.Offered, seen: Reading) -> str:
    """What will follow, in words."""
    if offer.approval:
        return _("Asks for approval; nothing moves until it is given.")
    if offer.to == seen.row["step"]:
        return ""
    return _("Then: %(step)s") % {"step": shown(seen.procedure.steps[offer.to].names, language())}


# -- doing ----------------------------------------------------------------------------------------------------------


def person_of(request: HttpRequest, matter_id: UUID) -> Actor:
    """The signed-in post, or the outsider whose check code this browser has shown for the matter."""
    who = web.actor(request)
    if who.kind == "staff":
        return who
    if str(matter_id) in request.session.get(SESSION_CODES, []):
        from civicloop.people import access

        return access.outsider(selectors.outside_relation(matter_id), matter_id)
    raise Http404


def collected(offer: selectors.Offered, form: forms.Form) -> dict[str, Any]:
    """The data of an act from a valid form, in the types of the API; empty fields are left out."""
    data: dict[str, Any] = {}
    kinds = {need.code: need.kind for need in offer.needs}
    for name, value in form.cleaned_data.items():
        if value in (None, "", []) or name == owners.COMPONENT or name.startswith(pointing.QUESTION):
            continue
        kind = kinds.get(name, "")
        if kind == "rating":
            data[name] = int(value)
        elif kind in {"date", "moment"}:
            data[name] = value.isoformat()
        else:
            data[name] = value
    return data | pointing.chosen(form)


def perform(request: HttpRequest, actor: Actor, matter_id: UUID) -> actions.Done:
    """Do the act that a page's form describes: evidence first, then the act. Raises Refused with nothing half-done."""
    seen = selectors.seen_by(actor, matter_id)
    action, result = request.POST.get("action", ""), request.POST.get("act_result") or None
    act_id = uuid_of(request.POST.get("act_id", ""))
    offer = next((o for o in selectors.offered(actor, seen) if (o.action, o.result) == (action, result)), None)
    if offer is None:
        # done already, or not to be done any more: the action itself knows which, and says it in words
        return actions.act(actor, actions.Act(matter_id, action, act_id, result, _repeated(request)))
    form = form_of(offer, seen, actor, request.POST)
    if not form.is_valid():
        first = next(iter(form.errors.items()))
        raise Refused("malformed", 422, f"{form.fields[first[0]].label}：{first[1][0]}", field=first[0])
    for need in offer.needs:
        if need.kind in FILES:
            hows = request.POST.get(f"{need.code}_capture", "").split(",")
            for upload, how in zip(request.FILES.getlist(need.code), chain(hows, repeat("unknown")), strict=False):
                stage = need.stage or "other"
                add_file(actor, matter_id, upload, stage, None, how)
    version = request.POST.get("step_version", "")
    expected = int(version) if version.isdecimal() else None
    return actions.act(actor, actions.Act(matter_id, action, act_id, result, collected(offer, form), expected))


def _repeated(request: HttpRequest) -> Mapping[str, Any]:
    """The fields of a form sent again, to tell a repeat from something else."""
    sent = [(name, value) for name, value in request.POST.items() if not name.endswith("_capture")]
    own = {"csrfmiddlewaretoken", "action", "act_result", "act_id", "step_version", "next"}
    plain = {name: value for name, value in sent if name not in own and value != ""}
    rest = {name: value for name, value in plain.items() if not name.startswith(pointing.QUESTION)}
    return rest | pointing.as_data(plain)


def uuid_of(text: str) -> UUID:
    """The id that a form carries; a fresh one when it carries none."""
    try:
        return UUID(text)
    except ValueError:
        return ids.uuid7()


def second_id(first: UUID) -> UUID:
    """The id of the second act of one form, derived from the first, so that sending the form twice does both once."""
    return UUID(int=first.int ^ 1)


def next_of(request: HttpRequest, matter_id: UUID) -> str:
    """Where a page goes after an act: its own `next` when it is ours, else the matter."""
    wanted = request.POST.get("next", "")
    fine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if wanted and fine else reverse("matter", args=[matter_id])


def said(done: actions.Done, procedure_names: Mapping[str, str]) -> str:
    """What a person reads after an act."""
    if done.requested:
        return _("Asked for approval.")
    if done.status == 200:
        return _("This had been done already.")
    return _("Done. Now: %(step)s") % {"step": shown(procedure_names, language())}


@require_POST
def act(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """POST of an act sheet. On a refusal the matter's page is shown again with everything that was typed."""
    actor = person_of(request, matter_id)
    try:
        done = perform(request, actor, matter_id)
    except Refused as reason:
        return refused(request, actor, matter_id, reason)
    seen = selectors.seen_by(actor, matter_id)
    messages.success(request, said(done, seen.procedure.steps[done.step].names))
    return HttpResponseRedirect(next_of(request, matter_id))


act.duty = "matters.act"  # type: ignore[attr-defined]


def refused(request: HttpRequest, actor: Actor, matter_id: UUID, reason: Refused) -> HttpResponse:
    """Show the matter again with the reason, what was kept, and the form as it was typed."""
    if reason.code == "not_found":
        raise Http404
    request.kept_act = (request.POST.get("action", ""), request.POST.get("act_result", ""), request.POST)  # type: ignore[attr-defined]
    request.refused_act = reason  # type: ignore[attr-defined]
    if actor.kind == "staff":
        from civicloop.site import matter_page

        return matter_page.show(request, actor, matter_id, status=reason.status)
    from civicloop.site import portal

    return portal.show_status(request, actor, matter_id, status=reason.status)


@require_POST
@duty("matters.list")
def decide(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """POST of a yes or no to an approval."""
    number = request.POST.get("request", "")
    data = {
        "request": int(number) if number.isdecimal() else 0,
        "yes": request.POST.get("yes") == "yes",
        "reason": request.POST.get("reason", ""),
    }
    wanted = actions.Act(matter_id, "decide", uuid_of(request.POST.get("act_id", "")), data=data)
    try:
        actions.act(actor, wanted)
    except Refused as reason:
        return refused(request, actor, matter_id, reason)
    messages.success(request, _("Your answer is recorded."))
    return HttpResponseRedirect(next_of(request, matter_id))


def evidence(request: HttpRequest, matter_id: UUID, evidence_id: UUID, which: str) -> HttpResponse:
    """A photo of a matter, shown to whoever may see the matter; never the sealed original."""
    actor = person_of(request, matter_id)
    try:
        selectors.seen_by(actor, matter_id)
        content, media_type = files.read_object(matter_id, evidence_id, which)
    except Away:
        words = _("The photo cannot be fetched just now. Try again in a minute.")
        return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "60"})
    except (Refused, LookupError, OSError):
        raise Http404 from None
    response = HttpResponse(content, content_type=media_type)
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Disposition"] = "inline"
    return response


evidence.duty = "matters.act"  # type: ignore[attr-defined]


# -- showing --------------------------------------------------------------------------------------------------------


def place_words(row: Matter) -> str:
    """The place in words: address, else the names of its areas, else why it is not known."""
    names = [
        shown(places.area(identifier).names, language())
        for identifier in (row.district_id, row.subdistrict_id, row.community_id)
        if identifier is not None
    ]
    path = " ".join(names)
    if row.address:
        return f"{path} {row.address}".strip()
    return path or _("Place not known; the duty desk answers for it")


def stage_bag(row: Matter) -> dict[str, Any]:
    """The stage track of a matter."""
    procedure = procedures.by_id(row.procedure_id)
    words = [str(label) for label in Stage.labels]
    step = shown(procedure.steps[row.step].names, language())
    return {"stages": words, "current": STAGES.index(row.stage), "ended": bool(row.end), "word": step}


def deadline_bag(row: Matter) -> dict[str, Any]:
    """The deadline strip of a matter's present step."""
    state = "paused" if row.hold_until is not None and not row.end else ""
    return {"due": row.due_at, "state": state, "label": "", "left": _left(row)}


def _left(row: Matter) -> float | None:
    if row.due_at is None:
        return None
    whole = (row.due_at - row.step_at).total_seconds()
    return max(0.0, min(1.0, (row.due_at - clock.now()).total_seconds() / whole)) if whole > 0 else 0.0


def card(row: Matter, actor: Actor, *, url: str = "", selected: bool = False) -> dict[str, Any]:
    """A matter in a list, for `{% matter_card %}`."""
    mine = bool(set(row.desk_roles) & actor.roles) and not row.end
    marks = [{"word": _("Emergency"), "kind": "now", "icon": "urgent"}] if row.emergency and not row.end else []
    return {
        "title": row.title, "url": url or reverse("matter", args=[row.id]), "number": row.number,
        "kind": shown(row.kind.names, language()) if row.kind else "", "place": place_words(row),
        "stage": stage_bag(row), "deadline": deadline_bag(row) if row.due_at else None,
        "unit": shown(row.unit.names, language()), "marks": marks,
        "now": mine and row.due_at is not None and row.due_at < clock.now(), "selected": selected,
    }  # fmt: skip


def not_found(request: HttpRequest) -> HttpResponse:
    """The page for what does not exist or must not be known of."""
    return render(request, "404.html", status=404)
