"""Pages of the register of components: the list, one with what it was before, the editor, files in and out."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.catalogue import component_actions as actions
from civicloop.catalogue import component_files as files
from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import selectors, words
from civicloop.catalogue.actions import CatalogueError
from civicloop.catalogue.choices import Accuracy, ComponentSource, ComponentState
from civicloop.catalogue.component_forms import ComponentFilterForm, ComponentForm, ComponentsFileForm
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.models import Component
from civicloop.catalogue.rule_words import area_name
from civicloop.foundation import coordinates
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.records import amounts, audit

PAGE = 50
SHOWN_FAULTS = 50
MOST_OUT = 50_000
MARKS = {"damaged": "caution", "lost": "caution", "abandoned": "caution", "removed": "caution"}


def _row(row: Component) -> dict[str, Any]:
    return {
        "row": row, "area": area_name(row.community_id or row.subdistrict_id or row.district_id),
        "state": ComponentState(row.state).label, "mark": MARKS.get(row.state, ""),
        "owner": words.name(row.owner.names) if row.owner else "",
        "maintainer": words.name(row.maintainer.names) if row.maintainer else "",
    }  # fmt: skip


@duty("catalogue.view")
def components(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list by code, narrowed by code, kind, area and state; with what has no owner on demand."""
    form = ComponentFilterForm(request.GET or None)
    wanted = form.wanted() if form.is_bound else register.Wanted()
    after = request.GET.get("after", "")
    if after and not (after.isascii() and after.isdigit() and len(after) <= 17):
        raise Http404
    rows = list(register.page(wanted, after=after, limit=PAGE + 1))
    kept = {key: str(value) for key, value in request.GET.items() if key != "after" and value}
    here = reverse("catalogue:components")
    context = {
        "title": _("Components"), "form": form, "rows": [_row(row) for row in rows[:PAGE]],
        "page": {
            "next_url": f"{here}?{urlencode({**kept, 'after': rows[PAGE - 1].code})}" if len(rows) > PAGE else "",
            "previous_url": f"{here}?{urlencode(kept)}" if after else "",
        },
        "csv_url": f"{reverse('catalogue:components_file', args=['csv'])}?{urlencode(kept)}",
        "geojson_url": f"{reverse('catalogue:components_file', args=['geojson'])}?{urlencode(kept)}",
        "ownerless_url": f"{here}?{urlencode({**kept, 'ownerless': 'on'})}",
        "may_change": access.may(actor, "catalogue.change").allowed,
    }  # fmt: skip
    return render(request, "catalogue/components.html", context)


def _or_404(component_id: int) -> Component:
    rows = Component.objects.select_related("kind", "owner", "maintainer", "department")
    row = rows.filter(id=component_id).first()
    if row is None:
        raise Http404
    return row


@duty("catalogue.view")
def component(request: HttpRequest, actor: Actor, component_id: int) -> HttpResponse:
    """One component, and what the register said of it before."""
    row = _or_404(component_id)
    matter_kind = register.matter_kind_of(row.kind_id)
    context = {
        "title": words.name(row.names), **_row(row), "kind": selectors.kind(row.kind_id),
        "accuracy": Accuracy(row.accuracy).label, "source": ComponentSource(row.source).label,
        "department": words.name(row.department.names) if row.department else "",
        "areas": [name for name in (area_name(each) for each in (row.district_id, row.subdistrict_id, row.community_id,
                                                                 row.grid_id)) if name],
        "editions": _history(row), "may_change": access.may(actor, "catalogue.change").allowed and not row.valid_to,
        "who_url": f"{reverse('catalogue:responsibilities')}?{urlencode(_asking(row, matter_kind))}",
    }  # fmt: skip
    return render(request, "catalogue/component.html", context)


def _asking(row: Component, matter_kind: selectors.KindView | None) -> dict[str, str]:
    """The look-up of who answers for a component."""
    return {"kind": str(matter_kind.id) if matter_kind else "", "point": f"{row.lon}, {row.lat}", "crs": "wgs84",
            "area": "", "component": row.code}  # fmt: skip


LABELS: Mapping[str, Any] = {
    **{name: field.label for name, field in ComponentForm.base_fields.items()},
    "district_code": pgettext_lazy("area", "District"), "subdistrict_code": pgettext_lazy("area", "Subdistrict"),
    "community_code": pgettext_lazy("area", "Community"), "grid_code": gettext_lazy("Grid"),
    "synthetic": gettext_lazy("Synthetic"),
}  # fmt: skip


def _history(row: Component) -> list[dict[str, Any]]:
    """What changed at each edition, the newest first: (field, before, after)."""
    later: Mapping[str, Any] = register.cells_of(row)
    found = []
    for edition in register.editions(row.id):
        changed = [
            {"label": LABELS[name], "before": value or "—", "after": later.get(name) or "—"}
            for name, value in edition.cells.items()
            if name in LABELS and value != later.get(name)
        ]
        found.append({"edition": edition, "changed": changed})
        later = edition.cells
    return found


# -- the editor -------------------------------------------------------------------------------------------------------


@duty("catalogue.change")
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter a component."""
    return _edit(request, actor, ComponentForm(request.POST or None), {"title": _("New component")})


@duty("catalogue.change")
def change(request: HttpRequest, actor: Actor, component_id: int) -> HttpResponse:
    """Change a component; what it was stays readable."""
    row = _or_404(component_id)
    if row.valid_to is not None:
        raise Http404
    initial: dict[str, Any] = register.cells_of(row) | {"crs": "wgs84"}
    initial |= {
        name: date.fromisoformat(initial[name]) if initial[name] else None for name in ("first_on", "changed_on")
    }
    form = ComponentForm(request.POST or None, initial=initial)
    form.fields["code"].disabled = True
    return _edit(request, actor, form, {"title": _("Change a component"), "row": row})


def _edit(request: HttpRequest, actor: Actor, form: ComponentForm, more: dict[str, Any]) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                row = actions.save(actor, cells=form.cells(), crs=form.cleaned_data["crs"])
            except CatalogueRefused as refused:
                for fault in refused.faults:
                    form.add_error(None, fault)
            else:
                messages.success(request, _("The component is in the register."))
                return redirect("catalogue:component", component_id=row.id)
    return render(request, "catalogue/component_edit.html", {"form": form, "here": request.path, **more}, status=status)


@duty("catalogue.change")
def end(request: HttpRequest, actor: Actor, component_id: int) -> HttpResponse:
    """Take a component out of the register."""
    row = _or_404(component_id)
    if request.method != "POST":
        raise Http404
    try:
        actions.end(actor, code=row.code)
    except CatalogueRefused as refused:
        messages.error(request, " ".join(refused.faults))
    else:
        messages.success(request, _("The component has ended. Matters that point to it keep it."))
    return redirect("catalogue:component", component_id=row.id)


# -- files ------------------------------------------------------------------------------------------------------------


@duty("catalogue.change")
def take(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A file in: sound lines are kept, the others named with their fault."""
    form = ComponentsFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"title": _("Components from a file"), "form": form, "columns": ", ".join(files.COLUMNS)}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            upload = form.cleaned_data["file"]
            name = str(upload.name or "")[:80]
            try:
                taken = actions.take_over(
                    actor, lines=files.read(name, upload.read()), crs=form.cleaned_data["crs"], what=name
                )
            except (CatalogueRefused, CatalogueError) as refused:
                context["faults"] = refused.faults if isinstance(refused, CatalogueRefused) else [str(refused)]
                context["nothing"] = True
            else:
                status = 422 if taken.faults else 200
                more = len(taken.faults) - SHOWN_FAULTS
                context |= {"taken": taken, "faults": taken.faults[:SHOWN_FAULTS], "more": max(0, more)}
    return render(request, "catalogue/components_take.html", context, status=status)


@duty("catalogue.view")
@amounts.taken_away
def out(request: HttpRequest, actor: Actor, form: str) -> HttpResponse:
    """The list as a file; whoever takes it away leaves a line, since it says where the city is vulnerable."""
    narrowed, crs = ComponentFilterForm(request.GET), request.GET.get("crs", "wgs84")
    if form not in files.WRITERS or crs not in coordinates.SYSTEMS or not narrowed.is_valid():
        raise Http404
    wanted = narrowed.wanted()
    if register.number(wanted) > MOST_OUT:
        said = _("More than %(most)s components; narrow the list, or export it on the command line.")
        messages.error(request, said % {"most": MOST_OUT})
        return redirect(f"{reverse('catalogue:components')}?{request.GET.urlencode()}")
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="catalogue.components_out",
        object=form, outcome="done", detail={"filter": {k: str(v) for k, v in request.GET.items() if v}},
    )  # fmt: skip
    text = "".join(files.WRITERS[form](register.each(wanted, crs)))
    if form == "csv":  # the mark at the beginning lets spreadsheets read the Chinese
        response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(text, content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="components.{form}"'
    return response
