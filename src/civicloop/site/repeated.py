"""高频诉求 and what comes back: pages for supervisors, with the reports behind each line and the list as a file."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, spreadsheets
from civicloop.foundation.names import shown
from civicloop.matters import recurring
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.people.area_choices import area_choices
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.records import amounts, audit, settings
from civicloop.site import queue
from civicloop.site.acting import language

DAYS = (7, 30, 90)
PAGE = 100
REPEATED, RETURNED = "repeated", "returned"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class PeriodForm(forms.Form):
    """Where, and since when."""

    area = forms.CharField(label=gettext_lazy("Area"), required=False, max_length=20)
    days = forms.ChoiceField(label=gettext_lazy("Received in the last"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["days"].choices = [(str(n), _("%(days)s days") % {"days": n}) for n in DAYS]
        fields["area"].widget = forms.Select(choices=area_choices(actor, self.data.get("area", "")))


def _asked(request: HttpRequest, actor: Actor) -> tuple[PeriodForm, tuple[str, int] | None, int]:
    """The form, the area (its own where none is named) and the days. Raises BadRequest for what no form sends."""
    form = PeriodForm(request.GET if "days" in request.GET else {**request.GET.dict(), "days": "30"}, actor=actor)
    if not form.is_valid():
        raise BadRequest
    code = form.cleaned_data["area"]
    try:
        ref = places.by_code(code) if code else places.area(actor.area_id) if actor.area_id else places.root()
    except LookupError:
        raise BadRequest from None
    return form, (ref.level, ref.id), int(form.cleaned_data["days"] or 30)


@duty("clusters.watch")
def page(request: HttpRequest, actor: Actor, what: str = REPEATED) -> HttpResponse:
    """Both lists, one at a time."""
    form, area, days = _asked(request, actor)
    wanted = urlencode({name: value for name, value in (("area", form.cleaned_data["area"]), ("days", days)) if value})
    context: dict[str, Any] = {
        "title": _("Reported again and again"), "form": form, "what": what, "wanted": wanted,
        "least": settings.get_int("repeated.least"), "window": settings.get_int("recurrence.days"),
        "metres": settings.get_int("recurrence.metres"),
    }  # fmt: skip
    if what == REPEATED:
        context["lines"] = [_line(each, days) for each in recurring.repeated(actor, area, days)]
    else:
        context["places"] = [
            queue.line(each.row) | {"times": each.times, "before": [queue.line(row) for row in each.before]}
            for each in recurring.returned(actor, area, days)
        ]
    return render(request, "site/repeated.html", context)


def _line(each: recurring.Repeated, days: int) -> dict[str, Any]:
    return {
        "community": shown(places.area(each.community_id).names, language()),
        "kind": shown(catalogue.kind(each.kind_id).names, language()), "reports": each.reports, "cases": each.cases,
        "open": each.open,
        "url": f"{reverse('repeated-behind', args=[each.community_id, each.kind_id])}?{urlencode({'days': days})}",
    }  # fmt: skip


@duty("clusters.watch")
def behind(request: HttpRequest, actor: Actor, community_id: int, kind_id: int) -> HttpResponse:
    """The reports behind a line."""
    _form, _area, days = _asked(request, actor)
    try:
        place, kind = places.area(community_id), catalogue.kind(kind_id)
    except LookupError:
        raise Http404 from None
    rows = list(recurring.behind(actor, community_id, kind_id, days)[: PAGE + 1])
    context = {
        "title": f"{shown(kind.names, language())} · {shown(place.names, language())}", "cut": len(rows) > PAGE,
        "lines": [queue.line(row) | {"joined": row.lead_id not in {None, row.id}} for row in rows[:PAGE]], "days": days,
    }  # fmt: skip
    return render(request, "site/repeated_behind.html", context)


@duty("clusters.watch")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor, what: str, kind: str) -> HttpResponse:
    """A list as CSV or XLSX, without formulas; each taking is an audit line with its rows."""
    _form, area, days = _asked(request, actor)
    if what == REPEATED:
        columns = [_("Community"), _("Kind"), _("Reports"), _("Cases"), pgettext("matters", "Open")]
        rows: list[list[object]] = [
            [line[name] for name in ("community", "kind", "reports", "cases", "open")]
            for line in (_line(each, days) for each in recurring.repeated(actor, area, days))
        ]
    else:
        columns = [_("Number"), _("Kind"), _("Place"), pgettext("column", "Received"), _("Times"), _("Closed before")]
        rows = [_cells(each) for each in recurring.returned(actor, area, days)]
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="matters.export",
        object=what, outcome="done", detail={"rows": len(rows), "days": days},
    )  # fmt: skip
    content: str | bytes = (
        f"\ufeff{spreadsheets.written(columns, rows)}" if kind == "csv" else (spreadsheets.workbook(columns, rows))
    )
    response = HttpResponse(content, content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{what}-{clock.now():%Y%m%d-%H%M}.{kind}"'
    return response


def _cells(each: recurring.Returned) -> list[object]:
    line = queue.line(each.row)
    ended = [(row.number, timezone.localtime(row.ended_at)) for row in each.before if row.ended_at]
    before = "、".join(f"{number} {day:%Y-%m-%d}" for number, day in ended)
    return [line["number"], line["kind"], line["place"], f"{timezone.localtime(line['received']):%Y-%m-%d %H:%M}",
            each.times, before]  # fmt: skip


def bag(actor: Actor, row: Matter) -> dict[str, Any]:
    """What the page of a matter says about its place."""
    found = recurring.of_matter(actor, row)
    if found is None:
        return {"came_back": None}
    return {"came_back": {"times": found.times, "days": settings.get_int("recurrence.days"),
                          "before": [queue.line(each) for each in found.before]}}  # fmt: skip
