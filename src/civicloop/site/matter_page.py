"""One matter on one page: what it is, who has it, by when, what may be done, what happened. And the list of matters."""

import csv
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.calendars import selectors as calendars
from civicloop.calendars import words as calendar_words
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.choices import Source
from civicloop.evidence import selectors as files
from civicloop.foundation import clock, ids
from civicloop.foundation.names import shown
from civicloop.matters import selectors
from civicloop.matters.choices import Channel, Stage
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.models import Account, Unit
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.site import acting
from civicloop.site.acting import language

EXPORT_MOST = 5000
ENGINE_WORDS = {
    "report": gettext_lazy("Reported"),
    "note": gettext_lazy("Note"),
    "decide": gettext_lazy("Approval answered"),
    "answer_part": gettext_lazy("Part answered"),
    "end_hold": gettext_lazy("The pause has ended"),
}


@duty("matters.list")
def page(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The page of a matter."""
    return show(request, actor, matter_id)


def show(request: HttpRequest, actor: Actor, matter_id: UUID, status: int = 200) -> HttpResponse:
    """The page, also after a refusal, with everything that was typed."""
    try:
        context = bag(request, actor, matter_id)
    except Refused:
        raise Http404 from None
    return render(request, "site/matter.html", context, status=status)


def bag(request: HttpRequest, actor: Actor, matter_id: UUID, next_url: str = "") -> dict[str, Any]:
    """Everything that the body of a matter shows. Raises Refused not_found."""
    seen = selectors.seen_by(actor, matter_id)
    row = selectors.row_of(matter_id)
    before, after, other = pictures(matter_id)
    return {
        "row": row, "seen": seen, "title": row.title, "number": row.number, "place": acting.place_words(row),
        "areas": [places.area(identifier) for identifier in seen.areas.values()],
        "stage": acting.stage_bag(row), "deadline": acting.deadline_bag(row) if row.due_at else None,
        "kind": shown(row.kind.names, language()) if row.kind else "",
        "limit_source": Source(row.condition.source).label if row.condition else "",
        "sheets": acting.sheets(request, actor, seen, next_url), "refused": getattr(request, "refused_act", None),
        "decisions": decisions(actor, seen), "before": before, "after": after, "other": other, "clocks": clocks(seen),
        "parts": parts(seen, actor), "lines": timeline(seen), "act_id": str(ids.uuid7()), "next": next_url,
        "channel": Channel(row.channel).label,
    }  # fmt: skip


def pictures(matter_id: UUID) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Photos before, after and other, for the evidence viewer."""
    found: dict[str, list[dict[str, Any]]] = {"before": [], "after": [], "other": []}
    for row in files.of_matter(matter_id):
        if not row.media_type.startswith("image/"):
            continue
        found[row.stage].append(
            {
                "url": reverse("evidence", args=[matter_id, row.id, "derivative"]),
                "thumb": reverse("evidence", args=[matter_id, row.id, "thumbnail"]),
                "alt": _("Synthetic drawing") if row.synthetic else _("Photo"), "when": row.created_at,
                "caption": _("Synthetic drawing") if row.synthetic else "",
            }
        )  # fmt: skip
    return found["before"], found["after"], found["other"]


def decisions(actor: Actor, seen: Reading) -> list[dict[str, Any]]:
    """Requests that wait for this person's yes or no."""
    return [
        {"no": asked["no"], "words": shown(seen.procedure.actions[asked["action"]].names, language()),
         "reason": asked["data"].get("data", {}).get("reason", ""), "act_id": str(ids.uuid7())}
        for asked in selectors.decisions(actor, seen)
    ]  # fmt: skip


def clocks(seen: Reading) -> list[dict[str, Any]]:
    """Every clock with its reckoning in words."""
    found = []
    for view in selectors.clocks(seen):
        row = next(r for r in seen.clocks if r["name"] == view.name)
        calendar = calendars.calendar_version(row["calendar"], row["calendar_version"])
        found.append(
            {
                "names": view.names,
                "limit": view.limit,
                "state": view.state,
                "started": view.started_at,
                "due": view.due_at,
                "stopped": view.stopped_at,
                "late": view.late,
                "provisional": view.provisional,
                "rows": calendar_words.interval_rows(calendar, view.intervals),
            }
        )
    return found


def parts(seen: Reading, actor: Actor) -> list[dict[str, Any]]:
    """Parts of the work beside the lead: whose, how they were answered, and the answers that this unit may give."""
    names = selectors.unit_names({task["unit_id"] for task in seen.tasks})
    found = []
    for task in seen.tasks:
        if task["lead"]:
            continue
        declared = seen.procedure.tasks[task["group"]]
        mine = task["state"] == "open" and task["unit_id"] is not None and task["unit_id"] == actor.unit_id
        found.append(
            {"no": task["no"], "unit": shown(names[task["unit_id"]], language()) if task["unit_id"] else "",
             "words": shown(declared.names, language()), "state": task["state"], "answer": task["answer"],
             "child": task["child_id"], "answers": list(declared.answers) if mine else [], "act_id": str(ids.uuid7())}
        )  # fmt: skip
    return found


def timeline(seen: Reading) -> list[dict[str, Any]]:
    """The entries in plain words: who by post and unit, what, when, the texts."""
    lines = selectors.timeline(seen.id)
    units = selectors.unit_names({line.unit_id for line in lines})
    people = dict(
        Account.objects.filter(id__in={line.account_id for line in lines if line.account_id}).values_list("id", "names")
    )
    found = []
    for line in lines:
        role = Role(line.role).label if line.role in Role.values else _outside(line.role)
        texts = [value for name, value in line.texts.items() if value and name not in {"point", "title", "address"}]
        found.append(
            {"what": action_words(seen, line.action, line.result), "when": line.at,
             "who": shown(people[line.account_id], language()) if line.account_id in people else "", "post": role,
             "unit": shown(units[line.unit_id], language()) if line.unit_id in units else "",
             "text": "；".join(texts) if line.action != "report" else "", "system": line.role == "system",
             "hash": line.hash, "seq": line.seq}
        )  # fmt: skip
    return found


def _outside(role: str) -> str:
    return {
        "reporter": _("Reporter"), "household": _("Household"), "resident": _("Applicant"), "system": _("Platform"),
    }.get(role, role)  # fmt: skip


def action_words(seen: Reading, action: str, result: str) -> str:
    """The words of an entry's action and result."""
    if action in ENGINE_WORDS:
        return str(ENGINE_WORDS[action])
    asked = action.startswith("request:")
    declared = seen.procedure.actions.get(action.removeprefix("request:"))
    if declared is None:
        return action
    words = shown(declared.names, language())
    fitting = next((m.names for m in declared.moves if m.result and m.result == result), None)
    if fitting:
        words = f"{words} · {shown(fitting, language())}"
    return _("Asked: %(what)s") % {"what": words} if asked else words


# -- the list -------------------------------------------------------------------------------------------------------


class FilterForm(forms.Form):
    """What a list may be narrowed by."""

    text = forms.CharField(label=gettext_lazy("Words or number"), required=False, max_length=60)
    area = forms.CharField(label=gettext_lazy("Area code"), required=False, max_length=20)
    unit = forms.CharField(label=gettext_lazy("Unit code"), required=False, max_length=64)
    stage = forms.ChoiceField(
        label=pgettext_lazy("filter", "Stage"), required=False, choices=[("", gettext_lazy("All")), *Stage.choices]
    )
    due = forms.ChoiceField(
        label=pgettext_lazy("filter", "Deadline"), required=False,
        choices=[("", gettext_lazy("All")), ("overdue", gettext_lazy("Overdue")), ("today", gettext_lazy("Due today"))],
    )  # fmt: skip
    state = forms.ChoiceField(
        label=pgettext_lazy("filter", "State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("open", pgettext_lazy("matters", "Open")),
            ("ended", gettext_lazy("Ended")),
        ],
    )


def filters_of(form: FilterForm) -> selectors.Filters:
    """Filters of a valid form; an unknown code narrows to nothing and says so."""
    values = form.cleaned_data
    area: dict[str, Any] = {}
    if values["area"]:
        try:
            ref = places.by_code(values["area"])
            area = {"area_id": ref.id, "area_level": ref.level}
        except LookupError:
            form.add_error("area", _("There is no area with this code."))
    unit_id = None
    if values["unit"]:
        unit_id = Unit.objects.filter(code=values["unit"]).values_list("id", flat=True).first()
        if unit_id is None:
            form.add_error("unit", _("There is no unit with this code."))
    text = values["text"].strip()
    number = text.upper() if ids.number_is_sound(text) else ""
    return selectors.Filters(
        **area, unit_id=unit_id, stage=values["stage"], due=values["due"], text="" if number else text, number=number,
        open={"open": True, "ended": False}.get(values["state"]),
    )  # fmt: skip


@duty("matters.list")
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list of what this post may see, newest first."""
    form = FilterForm(request.GET or None)
    filters = filters_of(form) if form.is_bound and form.is_valid() else selectors.Filters()
    try:
        found = selectors.matters(actor, filters, after=request.GET.get("after", "")[:120])
    except Refused:
        raise Http404 from None
    wanted = {name: value for name, value in request.GET.items() if name != "after" and value}
    context = {
        "title": _("Matters"), "form": form, "cards": [acting.card(row, actor) for row in found.rows],
        "next_url": f"?{urlencode({**wanted, 'after': found.next})}" if found.next else "",
        "export_url": f"{reverse('matters-export')}?{urlencode(wanted)}",
    }  # fmt: skip
    return render(request, "site/matters.html", context)


@duty("matters.list")
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same list as CSV, at most 5,000 rows; a cell that a spreadsheet would take for a formula is made text."""
    form = FilterForm(request.GET)
    filters = filters_of(form) if form.is_valid() else selectors.Filters()
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="matters-{clock.now():%Y%m%d}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("Number"), _("Title"), _("Kind"), _("Place"), _("Step"), _("Unit"), _("Received"), _("Due")])
    after, written = "", 0
    while written < EXPORT_MOST:
        found = selectors.matters(actor, filters, after=after, limit=200)
        for row in found.rows:
            kind = shown(row.kind.names, language()) if row.kind else ""
            step = acting.stage_bag(row)["word"]
            cells = [row.number, row.title, kind, acting.place_words(row), step, shown(row.unit.names, language()),
                     row.received_at.isoformat(), row.due_at.isoformat() if row.due_at else ""]  # fmt: skip
            writer.writerow([_harmless(cell) for cell in cells])
        written += len(found.rows)
        if found.next is None:
            break
        after = found.next
    return response


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def nearby(actor: Actor, row: Matter, most: int = 6) -> list[Matter]:
    """Other open matters of the same community, the same kind first."""
    if row.community_id is None:
        return []
    filters = selectors.Filters(area_id=row.community_id, area_level="community", open=True)
    rows = [other for other in selectors.matters(actor, filters, limit=40).rows if other.id != row.id]
    return sorted(rows, key=lambda other: other.kind_id != row.kind_id)[:most]


def conditions_of(kind_id: int) -> list[tuple[str, str]]:
    """Filing conditions of a kind as choices with their limits and sources."""
    return [
        (
            str(each.id),
            f"{shown(each.names, language())} · {calendar_words.limit_words(each.limit)} · {Source(each.source).label}",
        )
        for each in catalogue.conditions(kind_id)
    ]
