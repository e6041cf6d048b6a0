"""One matter on one page: what it is, who has it, by when, what may be done by this person, what happened."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.catalogue import words as catalogue_words
from civicloop.deskwork import filling
from civicloop.deskwork import selectors as deskwork
from civicloop.evidence import selectors as files
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import needs, owners, personal, selectors, why_unit
from civicloop.matters.choices import Channel, TaskState
from civicloop.matters.complaints import superior
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.matters.timeline import STANDS_IN_FROM
from civicloop.matters.words import action_words, answer_words, digest_words, evidence_words
from civicloop.notices import broadcasts
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.places.choices import level_words
from civicloop.procedures.rules.language import Tasks
from civicloop.site import (
    acting,
    clock_strip,
    complaints,
    film_pages,
    joining,
    opening,
    passage_panel,
    repeated,
    urging,
)
from civicloop.site.acting import language
from civicloop.supervision import pages as supervision

OUTSIDE_WORDS = {
    "reporter": gettext_lazy("Reporter"), "household": gettext_lazy("Household"),
    "resident": gettext_lazy("Applicant"), "system": gettext_lazy("Platform"),
}  # fmt: skip
# the usual way on, then what stays at the step, then ends without a solution, then what asks for an approval
FORWARD, BESIDE, WITHOUT, ASKING = range(4)


@duty("matters.list")
def page(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The page of a matter."""
    return show(request, actor, matter_id)


def show(request: HttpRequest, actor: Actor, matter_id: UUID, status: int = 200) -> HttpResponse:
    """The page, also after a refusal, with everything that was typed. 404 for what one must not know of."""
    try:
        context = bag(request, actor, matter_id)
        context |= urging.bag(actor, context["seen"]) | supervision.panel(actor, matter_id)
        context |= repeated.bag(actor, context["row"])
        context |= joining.bag(actor, context["seen"], context["row"])
        context["may_broadcast"] = broadcasts.may_send(actor, context["seen"])
        context |= opening.bag(request, actor, context["seen"]) | complaints.bag(
            actor, context["seen"], request.POST.get("text", "")
        )
    except Refused:
        raise Http404 from None
    return render(request, "site/matter.html", context, status=status)


def bag(
    request: HttpRequest, actor: Actor, matter_id: UUID, next_url: str = "", without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Everything that the parts of a matter show; `without` names acts that the page offers in its own way.

    Raises Refused not_found.
    """
    seen = selectors.seen_by(actor, matter_id)
    row = selectors.row_of(matter_id)
    before, after, other = pictures(matter_id)
    entries = selectors.timeline(matter_id)
    named = why_unit.named(seen.procedure, entries)
    return {
        "row": row, "seen": seen, "title": row.title, "number": row.number, "place": acting.place_words(row),
        "areas": area_path(seen), "stage": acting.stage_bag(row), "deadline": acting.deadline_bag(row),
        "kind": shown(row.kind.names, language()) if row.kind else "", "filing": filing(row),
        "people": people(seen, row), "sheets": sheets(request, actor, seen, next_url, without),
        "refused": getattr(request, "refused_act", None), "decisions": decisions(actor, seen, request.POST),
        "unanswered": unanswered(actor, seen), "before": before, "after": after, "other": other,
        "clocks": clock_strip.clocks(seen), "raised_to": level_words(row.raised_to),
        "parts": parts(seen, actor, request.POST), "lines": timeline(seen, entries), "next": next_url,
        "why_unit": why_unit.words(named) if named is not None else "",
        "channel": Channel(row.channel).label, "whose": personal.whose(seen.procedure),
        "may_card": row.confidentiality <= actor.confidentiality and not row.complained_of,
        **passage_panel.bag(actor, seen, entries),
    }  # fmt: skip


def area_path(seen: Reading) -> list[dict[str, Any]]:
    """The areas from the city inwards, each with whether its boundary is approximate."""
    found = [places.area(identifier) for identifier in seen.areas.values()]
    return [{"words": shown(ref.names, language()), "synthetic": ref.synthetic} for ref in found]


def filing(row: Matter) -> dict[str, Any] | None:
    """The filing condition, its closing condition and its limit with the words of its source."""
    if row.condition is None:
        return None
    return {
        "words": shown(row.condition.names, language()), "closing": shown(row.condition.closing, language()),
        "limit": clock_strip.limit_words(row.condition.limit),
        "source": catalogue_words.source_words(row.condition.source),
        "badge": catalogue_words.badge(row.condition.source), "first": row.first_condition_id != row.condition_id,
    }  # fmt: skip


def people(seen: Reading, row: Matter) -> list[dict[str, Any]]:
    """Whose turn it is by post, and the accountable unit with its duty phone."""
    unit = shown(row.unit.names, language())
    found: list[dict[str, Any]] = [{"label": _("Accountable unit"), "post": unit, "phone": row.unit.duty_phone}]
    if not row.end:
        posts = acting.listed(str(Role(role).label) for role in row.desk_roles if role in Role.values)
        if posts:
            found.append({"label": _("Whose turn"), "post": posts, "since": row.step_at})
    return found


def pictures(matter_id: UUID) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Photos and films before, after and other, for the evidence viewer."""
    found: dict[str, list[dict[str, Any]]] = {"before": [], "after": [], "other": []}
    for row in files.of_matter(matter_id):
        if not row.media_type.startswith("image/"):
            continue
        words = _("Synthetic drawing") if row.synthetic else ""
        found[row.stage].append(
            {
                "url": reverse("evidence", args=[matter_id, row.id, "derivative"]),
                "thumb": reverse("evidence", args=[matter_id, row.id, "thumbnail"]),
                "alt": words or _("Photo"), "when": row.created_at, "caption": words,
            }
        )  # fmt: skip
    for stage, film in film_pages.pictures([matter_id])[matter_id]:
        found[stage].append(film)
    return found["before"], found["after"], found["other"]


# -- what may be done -----------------------------------------------------------------------------------------------


def sheets(
    request: HttpRequest, actor: Actor, seen: Reading, next_url: str, without: frozenset[str]
) -> list[dict[str, Any]]:
    """The act sheets in the order of use: the usual way on first and open, approvals and ends without solution last."""
    offers = {f"{o.action}-{o.result}" if o.result else o.action: o for o in selectors.offered(actor, seen)}
    found = [sheet for sheet in acting.sheets(request, actor, seen, next_url) if sheet["code"] in offers]
    found = [sheet for sheet in found if offers[sheet["code"]].action not in without]
    found.sort(key=lambda sheet: _rank(offers[sheet["code"]], seen))
    kept: tuple[str, str] = getattr(request, "kept_act", ("", "", {}))[:2]
    for number, sheet in enumerate(found):
        offer = offers[sheet["code"]]
        usual = number == 0 and not without and _rank(offer, seen) == FORWARD
        sheet["suggested"] = usual
        sheet["open"] = usual or kept == (offer.action, offer.result or "")
        _name_units(sheet, offer, seen)
        if any(need.kind == "text" for need in offer.needs):
            sheet["phrases"] = phrases(actor, seen, offer.action)
    return found


def phrases(actor: Actor, seen: Reading, action: str) -> list[dict[str, str]]:
    """The phrases that fit an act, filled with what the matter says."""
    values = filling.values_of(seen)
    return [{"name": each.name, "text": filling.fill(each.text, values), "source": each.source}
            for each in deskwork.phrases(actor, action)]  # fmt: skip


def _rank(offer: selectors.Offered, seen: Reading) -> int:
    """How far an act is from the usual way on."""
    if offer.approval:
        return ASKING
    target = seen.procedure.steps[offer.to]
    if offer.to == seen.row["step"]:
        return BESIDE
    return WITHOUT if target.end and target.end != "solved" else FORWARD


def _name_units(sheet: dict[str, Any], offer: selectors.Offered, seen: Reading) -> None:
    """Where an act names a unit: the suggestion with its reason."""
    for code, kind, _names in offer.seats:
        if kind == "unit" and code in sheet["form"].fields:
            sheet["form"].fields[code].help_text = ""
            sheet["happens"] = f"{suggestion(seen, seen.row['kind_id'])} {sheet['happens']}"


def suggestion(seen: Reading, kind_id: int | None) -> str:
    """The suggested unit and its reason in one line."""
    condition = seen.row["condition_id"] if kind_id == seen.row["kind_id"] else None
    answer = owners.answer(owners.case_of(seen, clock.now(), kind_id=kind_id, condition_id=condition))
    barred = seen.subject.complained_of
    if answer.unit_id in barred:
        above = superior(answer.unit_id, barred)
        if above is None:
            return _("The usual unit is the one complained of: name another one.")
        unit = shown(selectors.unit_names({above})[above], language())
        return _("Suggested: %(unit)s (the unit above the one complained of)") % {"unit": unit}
    unit = shown(selectors.unit_names({answer.unit_id})[answer.unit_id], language())
    reason = catalogue_words.reason_words(answer.reason_code, answer.reason_params)
    return _("Suggested: %(unit)s. Why: %(reason)s") % {"unit": unit, "reason": reason}


def decisions(actor: Actor, seen: Reading, typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Requests that wait for this person's yes or no; after a refusal with the words that were typed."""
    found = [request_bag(seen, asked) for asked in selectors.decisions(actor, seen)]
    return [each | {"typed": typed.get("reason", "")} if typed.get("request") == str(each["no"]) else each
            for each in found]  # fmt: skip


def request_bag(seen: Reading, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A request for approval: what is asked, why, by which post."""
    return {
        "no": asked["no"], "words": shown(seen.procedure.actions[asked["action"]].names, language()),
        "reason": asked["data"].get("data", {}).get("reason", ""), "act_id": str(ids.uuid7()),
        "texts": _asked_texts(seen, asked["data"].get("data", {})),
    }  # fmt: skip


def _asked_texts(seen: Reading, data: Mapping[str, Any]) -> list[str]:
    return [_labelled(seen, name, value) for name, value in data.items() if value and isinstance(value, str)]


def unanswered(actor: Actor, seen: Reading) -> list[dict[str, Any]]:
    """Open requests that somebody else must answer."""
    mine = {asked["no"] for asked in selectors.decisions(actor, seen)}
    return [
        {"words": shown(seen.procedure.actions[asked["action"]].names, language())}
        for asked in seen.requests
        if asked["state"] == "open" and asked["no"] not in mine
    ]


def parts(seen: Reading, actor: Actor, typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parts of the work beside the lead: whose, how they were answered, and the answers that this unit may give."""
    names = selectors.unit_names({task["unit_id"] for task in seen.tasks})
    found = []
    for task in seen.tasks:
        declared = seen.procedure.tasks.get(task["group"])
        if task["lead"] or declared is None or declared.arrives:
            continue
        mine = task["state"] == "open" and task["unit_id"] is not None and task["unit_id"] == actor.unit_id
        found.append(
            {"no": task["no"], "unit": shown(names[task["unit_id"]], language()) if task["unit_id"] else "",
             "words": shown(declared.names, language()), "state": TaskState(task["state"]).label,
             "answer": answer_words(task["answer"]), "child": task["child_id"], "act_id": str(ids.uuid7()),
             "fields": _part_fields(seen, declared, typed if typed.get("task") == str(task["no"]) else {}),
             "answers": [(code, answer_words(code)) for code in declared.answers] if mine else []}
        )  # fmt: skip
    return found


def _part_fields(seen: Reading, declared: Tasks, typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the unit writes with its answer: the texts that the part needs, else a note that may stay empty."""
    asked = [seen.procedure.needs[code] for code in declared.needs]
    written = [need for need in asked if need.kind in {"text", "signature", "number"}]
    found: list[tuple[str, str, int]] = [
        (need.code, shown(need.names, language()), need.max or needs.TEXT_MAX) for need in written
    ]
    return [
        {"name": name, "label": label, "most": most, "required": bool(written), "typed": typed.get(name, "")}
        for name, label, most in found or [("note", _("What was done"), 4000)]
    ]


# -- what happened --------------------------------------------------------------------------------------------------


def timeline(seen: Reading, lines: list[selectors.Line]) -> list[dict[str, Any]]:
    """The entries in plain words: by which post and unit, what, when, with the texts and the chosen reasons."""
    units = selectors.unit_names({line.unit_id for line in lines})
    found = []
    for line in lines:
        words = [_labelled(seen, name, value) for name, value in line.texts.items() if _telling(line.action, name)]
        words += [_labelled(seen, name, value) for name, value in line.data.items() if _choice(seen, name, value)]
        if line.data.get(owners.COMPONENT):
            words.append(_("Points to the component %(code)s") % {"code": line.data[owners.COMPONENT]})
        if line.action == "evidence":
            words = [evidence_words(line.data)]
        found.append(
            {"what": action_words(seen.procedure, line.action, line.result, line.data), "when": line.at,
             "post": _post(line),
             "unit": shown(units[line.unit_id], language()) if line.unit_id in units else "",
             "text": "\n".join(word for word in words if word), "system": line.role == "system",
             "evidence": _picture_of(seen.id, line), "hash": line.hash, "seq": line.seq,
             "digest": digest_words(line.data) if line.action == "evidence" else ""}
        )  # fmt: skip
    return found


def _post(line: selectors.Line) -> str:
    """The post that acted, and that somebody else stood in for it."""
    post = str(Role(line.role).label) if line.role in Role.values else _outside(line.role)
    return _("%(post)s (stand-in)") % {"post": post} if STANDS_IN_FROM in line.data else post


def _picture_of(matter_id: UUID, line: selectors.Line) -> list[dict[str, str]]:
    """The thumbnail of the photo that an entry added."""
    identifier = line.data.get("evidence")
    if line.action != "evidence" or not identifier or not str(line.data.get("media_type")).startswith("image/"):
        return []
    url, thumb = (reverse("evidence", args=[matter_id, identifier, which]) for which in ("derivative", "thumbnail"))
    return [{"url": url, "thumb": thumb, "alt": _("Photo")}]


def _telling(action: str, name: str) -> bool:
    """The texts of a report stand at the top of the page; its place stands among the facts."""
    return action != "report" and name not in {"point", "title", "address"}


def _choice(seen: Reading, name: str, value: Any) -> bool:
    """Whether a plain value answers a field: a report's own values may bear the same names."""
    need = seen.procedure.needs.get(name)
    return need is not None and (need.kind == "date" or (isinstance(value, str) and value in need.values))


def _labelled(seen: Reading, name: str, value: Any) -> str:
    """A value with the words of its field; a note or a result speaks for itself."""
    need = seen.procedure.needs.get(name)
    text = shown(need.values[value], language()) if need is not None and value in need.values else str(value)
    if need is not None and need.kind == "rating":
        return acting.stars_words(value)
    if need is None or name in {"note", "result", "text"}:
        return text
    return _("%(field)s: %(value)s") % {"field": shown(need.names, language()), "value": text}


def _outside(role: str) -> str:
    return str(OUTSIDE_WORDS.get(role, role))
