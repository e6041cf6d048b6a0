"""Who answers for this: the look-up with every line that was looked at, the rules, gaps and overlaps among them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import routing, rule_words, selectors, words
from civicloop.catalogue.choices import Family
from civicloop.catalogue.rule_forms import LookUpForm, ReportForm
from civicloop.catalogue.rules import reports
from civicloop.foundation import clock
from civicloop.foundation.spreadsheets import written
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.places import selectors as places

PAGE = 50


def whole(text: str) -> int | None:
    """A number as an address carries it."""
    return int(text) if text.isdecimal() and len(text) < 18 else None


@duty("catalogue.view")
def responsibilities(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A kind and a place give the unit with the reason and every line looked at; below, the rules of that area."""
    form = LookUpForm(request.GET if LookUpForm.asked(request.GET) else None)
    context: dict[str, Any] = {
        "title": _("Who answers"), "form": form, "answer": None, "may_try": access.may(actor, "catalogue.try").allowed,
    }  # fmt: skip
    if form.is_bound and form.is_valid():
        found = routing.explain(form.case())
        form.add_questions(found.looks)
        kind_id = found.case.kind_id
        context |= {"answer": rule_words.explained(found), "place": form.place(), "component": form.pointed_to()}
        context["kind"] = selectors.kind(kind_id) if kind_id is not None else None
    after = whole(request.GET.get("after", "")) or 0
    area = form.area_id() if form.is_bound and not form.errors else None
    rows = list(selectors.responsibilities_page(area, after=after, limit=PAGE + 1))
    context["rows"] = [rule_words.line(row) for row in rows[:PAGE]]
    context["page"] = _turn(request, "after", rows[PAGE - 1].id if len(rows) > PAGE else None, after)
    return render(request, "catalogue/responsibilities.html", context)


def _turn(request: HttpRequest, name: str, following: int | None, now: int) -> dict[str, str]:
    """The addresses of the next page and of the first."""
    kept = {key: str(value) for key, value in request.GET.items() if key != name and value}
    return {
        "next_url": f"{request.path}?{urlencode({**kept, name: str(following)})}" if following else "",
        "previous_url": f"{request.path}?{urlencode(kept)}" if now else "",
    }


# -- gaps and overlaps ------------------------------------------------------------------------------------------------

GAP_COLUMNS = ("kind", "kind_name", "area_code", "area_name", "conditional", "ownerless")
OVERLAP_COLUMNS = ("about", "area", "conditions", "unit", "reason", "other_conditions", "other_unit", "other_reason")


def _gaps(form: ReportForm) -> Iterator[reports.Gap]:
    kinds = [
        (view.id, view.class_id)
        for view in selectors.kinds(family=Family.MATTER)
        if form.chosen("main_class") in ("", view.class_code)
    ]
    paths = [
        {level: each.id for level, each in places.path(area.id).items()}
        for district in places.areas("district")
        if form.chosen("district") in ("", district.code)
        for area in places.children(district.id) or [district]
    ]
    return reports.gaps(selectors.picture(), kinds, paths, clock.now())


def _gap(gap: reports.Gap, ownerless: Mapping[tuple[int, int | None], int]) -> dict[str, Any]:
    """A gap in words, with how many components of that kind have no owner there to whom it could fall."""
    kind, area = selectors.kind(gap.kind_id), places.area(gap.area_id)
    of_components = register.component_kind_of(kind.id)
    number = ownerless.get((of_components.id, area.id), 0) if of_components is not None else 0
    return {
        "kind": kind, "area": area, "conditional": gap.conditional, "kind_name": words.name(kind.names),
        "ownerless": number, "component_kind": of_components,
    }  # fmt: skip


@duty("catalogue.view")
def gaps(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Kinds in subdistricts for which nobody but the duty desk answers, or only under conditions."""
    form = ReportForm(request.GET)
    found, ownerless = list(_gaps(form)), register.ownerless()
    if request.GET.get("as") == "csv":
        rows = [_gap(gap, ownerless) for gap in found]
        return _file("gaps", GAP_COLUMNS, [
            [row["kind"].code, row["kind_name"], row["area"].code, words.name(row["area"].names),
             "yes" if row["conditional"] else "no", row["ownerless"]] for row in rows])  # fmt: skip
    start = whole(request.GET.get("from", "")) or 0
    more = start + PAGE if len(found) > start + PAGE else None
    context = {
        "title": _("Gaps among the rules"), "form": form, "number": len(found),
        "rows": [_gap(gap, ownerless) for gap in found[start : start + PAGE]],
        "page": _turn(request, "from", more, start), "export_url": _as_file(request),
    }  # fmt: skip
    return render(request, "catalogue/gaps.html", context)


@duty("catalogue.view")
def overlaps(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Pairs of rules of equal rank for different units: nothing but their age decides."""
    found = reports.overlaps(selectors.picture().rules, clock.now())
    start = whole(request.GET.get("from", "")) or 0
    as_file = request.GET.get("as") == "csv"
    part = found if as_file else found[start : start + PAGE]
    lines = rule_words.lines({rule.id for pair in part for rule in (pair.first, pair.second)})
    pairs = [(lines[pair.first.id], lines[pair.second.id]) for pair in part]
    if as_file:
        return _file("overlaps", OVERLAP_COLUMNS, [_pair(*pair) for pair in pairs])
    more = start + PAGE if len(found) > start + PAGE else None
    context = {
        "title": _("Rules that contradict each other"), "number": len(found), "pairs": pairs,
        "page": _turn(request, "from", more, start), "export_url": _as_file(request),
    }  # fmt: skip
    return render(request, "catalogue/overlaps.html", context)


def _pair(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[object]:
    found: list[object] = [first["about"], first["area"]]
    for line in (first, second):
        found += ["; ".join(line["conditions"]), line["unit"], f"{line['reason']} {line['paper']}".strip()]
    return found


def _as_file(request: HttpRequest) -> str:
    kept = {key: str(value) for key, value in request.GET.items() if key != "from" and value}
    return f"{request.path}?{urlencode({**kept, 'as': 'csv'})}"


def _file(name: str, columns: tuple[str, ...], rows: list[list[object]]) -> HttpResponse:
    response = HttpResponse("\ufeff" + written(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@duty("catalogue.view")
def duty_lists(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The items of the lists of duties in force, by area and line."""
    after = whole(request.GET.get("after", "")) or 0
    rows = list(selectors.duty_items_page(after=after, limit=PAGE + 1))
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    shown = [
        {
            "row": row, "area": rule_words.area_name(row.area_id), "parent": row.kind or row.kind_class,
            "lead": words.name(row.unit.names) if row.unit else "",
        }
        for row in rows[:PAGE]
    ]  # fmt: skip
    context = {"title": _("Lists of duties"), "rows": shown, "page": _turn(request, "after", more, after)}
    return render(request, "catalogue/duty_lists.html", context)
