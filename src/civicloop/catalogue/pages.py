"""Administration pages: kinds and their filing conditions, the files. Who answers: rule_pages."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from civicloop.calendars.words import limit_words
from civicloop.catalogue import actions, exporting, selectors, words
from civicloop.catalogue.forms import ConditionForm, KindFilterForm
from civicloop.foundation import locality
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.records import amounts

PAGE = 50


def _condition(view: selectors.ConditionView) -> dict[str, Any]:
    return {
        "view": view,
        "limit": limit_words(view.limit),
        "source": words.source_words(view.source),
        "badge": words.badge(view.source),
    }


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _kind_or_404(kind_id: int) -> selectors.KindView:
    try:
        return selectors.kind(kind_id)
    except selectors.UnknownKind as unknown:
        raise Http404 from unknown


@duty("catalogue.view")
def kinds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list of kinds, narrowed by family, main class and words."""
    form = KindFilterForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    after = _whole(request.GET.get("after", ""))
    try:
        found, following = selectors.search(
            family=wanted.get("family", ""), class_code=wanted.get("class_code", ""), words=wanted.get("q", ""),
            after=after, limit=PAGE,
        )  # fmt: skip
    except selectors.UnknownKind as unknown:
        raise Http404 from unknown
    rows = [
        {"view": view, "conditions": [_condition(each) for each in selectors.conditions(view.id)]} for view in found
    ]
    kept = {key: value for key, value in wanted.items() if value}
    here = reverse("catalogue:kinds")
    page = {
        "next_url": f"{here}?{urlencode({**kept, 'after': following})}" if following else "",
        "previous_url": f"{here}?{urlencode(kept)}" if after else "",
    }
    context = {"title": _("Kinds"), "form": form, "rows": rows, "page": page, "standards": selectors.standards()}
    return render(request, "catalogue/kinds.html", context)


@duty("catalogue.view")
def kind(request: HttpRequest, actor: Actor, kind_id: int) -> HttpResponse:
    """One kind with its conditions, their sources, and what it was called before."""
    return _kind_page(request, actor, _kind_or_404(kind_id), None)


def _kind_page(
    request: HttpRequest, actor: Actor, view: selectors.KindView, form: ConditionForm | None, status: int = 200
) -> HttpResponse:
    in_force = selectors.conditions(view.id)
    may_change = access.may(actor, "catalogue.change").allowed and view.valid_to is None
    free = max((each.no for each in in_force), default=0) + 1
    context = {
        "title": words.name(view.names),
        "view": view,
        "family": view.family,
        "name_source": words.name_source_words(view.name_source),
        "conditions": [_condition(each) for each in in_force],
        "editions": selectors.editions(view.id),
        "formerly": selectors.formerly([view.id]).get(view.id, []),
        "standard": selectors.standards().filter(code=view.standard).first(),
        "form": form or (ConditionForm(initial={"no": free}) if may_change else None),
        "may_change": may_change,
    }
    return render(request, "catalogue/kind.html", context, status=status)


def _lines(kind_id: int) -> dict[int, actions.ConditionLine]:
    return {
        each.no: actions.ConditionLine(each.no, each.names, each.limit, each.closing)
        for each in selectors.conditions(kind_id)
    }


def _texts(given: Mapping[str, Any], field: str) -> dict[str, str]:
    return {"en": given[f"{field}_en"]} | {locality.language(): given[field]}


@duty("catalogue.change")
def change_condition(request: HttpRequest, actor: Actor, kind_id: int) -> HttpResponse:
    """Add a filing condition, or replace the one with this number, as this city's setting."""
    view = _kind_or_404(kind_id)
    form = ConditionForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _kind_page(request, actor, view, form, 422 if request.method == "POST" else 200)
    given = form.cleaned_data
    line = actions.ConditionLine(given["no"], _texts(given, "condition"), given["limit"], _texts(given, "closing"))
    return _set(request, actor, view, {**_lines(kind_id), line.no: line}, form)


@duty("catalogue.change")
def end_condition(request: HttpRequest, actor: Actor, kind_id: int, no: int) -> HttpResponse:
    """End one filing condition; matters filed under it keep it."""
    view = _kind_or_404(kind_id)
    lines = _lines(kind_id)
    if request.method != "POST" or lines.pop(no, None) is None:
        raise Http404
    return _set(request, actor, view, lines, None)


def _set(
    request: HttpRequest, actor: Actor, view: selectors.KindView, lines: Mapping[int, actions.ConditionLine],
    form: ConditionForm | None,
) -> HttpResponse:  # fmt: skip
    try:
        actions.set_conditions(actor, kind_id=view.id, lines=list(lines.values()))
    except actions.CatalogueError as refused:
        if form is None:
            messages.error(request, str(refused))
            return redirect("catalogue:kind", kind_id=view.id)
        form.add_error(None, str(refused))
        return _kind_page(request, actor, view, form, 422)
    messages.success(request, _("The filing conditions are in force from now on."))
    return redirect("catalogue:kind", kind_id=view.id)


@duty("catalogue.view")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """One file of the catalogue as CSV, in the form that the import takes."""
    try:
        text = exporting.text_of(f"{name}.csv")
    except KeyError as unknown:
        raise Http404 from unknown
    # the mark at the beginning lets spreadsheets read the Chinese
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
