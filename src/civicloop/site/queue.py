"""Lists of matters: the list with its filters and its export, rows for desks, what else is open nearby."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from civicloop.foundation import clock, ids, spreadsheets
from civicloop.foundation.names import shown
from civicloop.matters import selectors, urging
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.people import selectors as directory
from civicloop.people.access import Actor
from civicloop.people.area_choices import ALL, area_choices
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.places.choices import level_words
from civicloop.procedures import selectors as procedures
from civicloop.records import amounts, audit
from civicloop.site import acting, saved_views
from civicloop.site.acting import language
from civicloop.ui.filters import active

EXPORT_MOST = 5000
LEVELS = ("district", "subdistrict", "community", "grid")
NEARBY_DAYS = 30


class FilterForm(forms.Form):
    """What a list may be narrowed by."""

    text = forms.CharField(label=gettext_lazy("Words or number"), required=False, max_length=60)
    area = forms.CharField(label=gettext_lazy("Area"), required=False, max_length=20)
    unit = forms.CharField(label=gettext_lazy("Unit (name or code)"), required=False, max_length=64)
    procedure = forms.ChoiceField(label=gettext_lazy("Procedure"), required=False)
    stage = forms.ChoiceField(label=pgettext_lazy("filter", "Stage"), required=False, choices=[ALL, *Stage.choices])
    step = forms.ChoiceField(label=pgettext_lazy("filter", "Step"), required=False)
    due = forms.ChoiceField(
        label=pgettext_lazy("filter", "Deadline"), required=False,
        choices=[ALL, ("overdue", pgettext_lazy("deadline", "Overdue")), ("today", gettext_lazy("Due today"))],
    )  # fmt: skip
    card = forms.ChoiceField(
        label=gettext_lazy("Card"), required=False,
        choices=[ALL, ("yellow", pgettext_lazy("card", "Yellow")), ("red", pgettext_lazy("card", "Red"))],
    )  # fmt: skip
    raised = forms.ChoiceField(
        label=gettext_lazy("Looked after by the level"), required=False,
        choices=lambda: [ALL, ("district", level_words("district")), ("city", level_words("city"))],
    )  # fmt: skip
    state = forms.ChoiceField(
        label=pgettext_lazy("filter", "State"), required=False,
        choices=[ALL, ("open", pgettext_lazy("matters", "Open")), ("ended", gettext_lazy("Ended"))],
    )  # fmt: skip
    desk = forms.ChoiceField(
        label=gettext_lazy("Whose turn"), required=False, choices=[ALL, ("1", gettext_lazy("At my desk"))]
    )
    order = forms.ChoiceField(
        label=gettext_lazy("Order of the list"), required=False,
        choices=[("", gettext_lazy("Newest first")), ("due", gettext_lazy("Due soonest first"))],
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        declared = list({row.code: procedures.by_id(row.id) for row in procedures.versions()}.values())
        fields: dict[str, Any] = self.fields
        fields["procedure"].choices = [ALL, *((each.code, shown(each.names, language())) for each in declared)]
        chosen = [each for each in declared if each.code == self.data.get("procedure")] or declared
        steps = {code: shown(step.names, language()) for each in chosen for code, step in each.steps.items()}
        fields["step"].choices = [ALL, *steps.items()]
        fields["area"].widget = forms.Select(choices=area_choices(actor, self.data.get("area", "")))


def filters_of(form: FilterForm) -> selectors.Filters:
    """Filters of a valid form; an unknown code is named at its field."""
    values = form.cleaned_data
    area: dict[str, Any] = {}
    if values["area"]:
        try:
            ref = places.by_code(values["area"])
            area = {"area_id": ref.id, "area_level": ref.level}
        except LookupError:
            form.add_error("area", _("There is no area with this code."))
    unit_id = _unit(form, values["unit"].strip()) if values["unit"].strip() else None
    text = values["text"].strip()
    number = text.upper() if ids.number_is_sound(text) else ""
    return selectors.Filters(
        **area, unit_id=unit_id, stage=values["stage"], step=values["step"], procedure=values["procedure"],
        due=values["due"], card=values["card"], raised=values["raised"], text="" if number else text, number=number,
        open={"open": True, "ended": False}.get(values["state"]), desk=values["desk"] == "1",
    )  # fmt: skip


def _unit(form: FilterForm, text: str) -> int | None:
    """The unit with this code, or the only one whose name holds these words; otherwise the field says what to do."""
    rows = directory.units()
    exact = rows.filter(code=text).values_list("id", flat=True).first()
    if exact is not None:
        return exact
    found = list(rows.filter(names__icontains=text)[:6])
    if len(found) == 1:
        return found[0].id
    if found:
        names = acting.listed(shown(unit.names, language()) for unit in found[:5])
        form.add_error("unit", _("Several units fit: %(names)s. Write more of the name.") % {"names": names})
    else:
        form.add_error("unit", _("There is no unit with this name or code."))
    return None


@duty("matters.list")
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list of what this post may see, newest first or as asked, in keyset pages; bare, it is the usual view."""
    usual = saved_views.opening(request, actor)
    if usual is not None:
        return usual
    form = FilterForm(request.GET, actor=actor)
    filters = filters_of(form) if form.is_valid() else None
    wanted = {name: str(value) for name, value in request.GET.items() if name in form.fields and value}
    after = request.GET.get("after", "")[:120]
    try:
        # a filter that cannot be understood shows nothing, rather than everything
        order = form.cleaned_data["order"] or "newest" if form.is_valid() else "newest"
        found = selectors.matters(actor, filters, after=after, order=order) if filters and not form.errors else None
    except Refused as reason:
        raise BadRequest(reason.words) from None
    rows = found.rows if found else []
    urged = urging.counts([row.id for row in rows])
    columns = saved_views.chosen_columns(request)
    views = saved_views.bag(request, actor, wanted, columns)
    here = f"{views['view_query']}&view={request.GET.get('view', '0')[:10]}"
    turn = {"next_url": f"?{here}&{urlencode({'after': found.next})}"} if found and found.next else {}
    if after:
        turn["previous_url"] = f"?{here}"
    context = {
        "title": _("Matters"), "form": form, "lines": [line(row, urged.get(row.id, 0)) for row in rows], "page": turn,
        "active": active(form, wanted, also={"view": "0"}),
        "export_url": f"{reverse('matters-export')}?{urlencode(wanted)}",
        **views,
    }  # fmt: skip
    return render(request, "site/matters.html", context)


def line(row: Matter, urged: int = 0) -> dict[str, Any]:
    """A matter as a row of a table; `urged` is how often it was urged."""
    now = clock.now()
    return {
        "id": row.id, "number": row.number, "title": row.title, "place": acting.place_words(row), "due": row.due_at,
        "kind": shown(row.kind.names, language()) if row.kind else "", "unit": shown(row.unit.names, language()),
        "step": acting.stage_bag(row)["word"], "received": row.received_at, "ended": bool(row.end),
        "late": not row.end and row.due_at is not None and row.due_at < now, "paused": row.hold_until is not None,
        "emergency": row.emergency and not row.end, "urged": 0 if row.end else urged,
    }  # fmt: skip


def short_card(row: Matter, actor: Actor, url: str, selected: bool) -> dict[str, Any]:
    """A dense card for the queue of a desk: no track and no unit, which are the same for all of them."""
    card = acting.card(row, actor, url=url, selected=selected)
    step = {"word": card["stage"]["word"], "kind": "plain", "icon": ""}
    return card | {"stage": None, "unit": "", "marks": [step, *card["marks"]]}


def nearby(actor: Actor, row: Matter, most: int = 6) -> list[Matter]:
    """Other open matters of the same community in the last 30 days, the same kind first."""
    if row.community_id is None:
        return []
    filters = selectors.Filters(area_id=row.community_id, area_level="community", open=True)
    since = clock.now() - timedelta(days=NEARBY_DAYS)
    rows = [
        other
        for other in selectors.matters(actor, filters, limit=40).rows
        if other.id != row.id and other.received_at >= since and other.lead_id in {None, other.id}
    ]
    return sorted(rows, key=lambda other: other.kind_id != row.kind_id)[:most]


# -- export ---------------------------------------------------------------------------------------------------------


@duty("matters.list")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same list as CSV, at most 5,000 rows, without formulas; each taking is an audit line with its rows."""
    form = FilterForm(request.GET, actor=actor)
    if not form.is_valid():
        raise BadRequest
    filters = filters_of(form)
    if form.errors:
        raise BadRequest
    names = [_("Number"), _("Title"), _("Kind"), _("Place"), pgettext("matter", "Step"), _("Unit"),
             pgettext("column", "Received"), _("Due")]  # fmt: skip
    rows = [_cells(row) for row in _all(actor, filters)]
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="matters.export",
        object="matters", outcome="done", detail={"rows": len(rows)},
    )  # fmt: skip
    content = f"\ufeff{spreadsheets.written(names, rows)}"
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="matters-{clock.now():%Y%m%d-%H%M}.csv"'
    return response


def _cells(row: Matter) -> list[object]:
    each = line(row)
    return [each["number"], each["title"], each["kind"], each["place"], each["step"], each["unit"],
            _local(each["received"]), _local(each["due"])]  # fmt: skip


def _all(actor: Actor, filters: selectors.Filters) -> Iterator[Matter]:
    after, left = "", EXPORT_MOST
    while left > 0:
        found = selectors.matters(actor, filters, after=after, limit=min(200, left))
        yield from found.rows
        left -= len(found.rows)
        if found.next is None:
            return
        after = found.next


def _local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
