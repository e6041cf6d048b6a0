"""The editor of rules: a change is tried on past matters before it is saved; one rule, its end, or a whole file."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from civicloop.catalogue import rule_actions, rule_words
from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.actions import CatalogueError
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.rule_actions import Change
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.foundation.spreadsheets import written
from civicloop.matters import dry_run, selectors
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site.acting import language
from civicloop.site.rule_forms import PeriodForm, RuleForm, RulesFileForm, initial_from, initial_of

PAGE = 50
SHOWN_WAYS, SHOWN_RULES, SHOWN_FAULTS = 20, 20, 30
COLUMNS = ("number", "title", "received", "unit_before", "unit_after")


@duty("catalogue.try")
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new rule: tried, then saved."""
    form = RuleForm(request.POST or None)
    return _edit(request, actor, form, lambda: rule_actions.of_line(form.cells()), {"title": _("New rule")})


@duty("catalogue.try")
def from_matter(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A new rule as a matter's designated unit suggests it: filled in, tried like every other, saved by who may."""
    try:
        seen = selectors.seen_by(actor, matter_id)
    except Refused:
        raise Http404 from None
    initial = initial_from(seen, selectors.row_of(matter_id), selectors.timeline(matter_id))
    if initial is None:
        raise Http404
    form = RuleForm(request.POST or None, initial=initial)
    more = {"title": _("A rule from a decision"), "matter": matter_id}
    return _edit(request, actor, form, lambda: rule_actions.of_line(form.cells()), more)


@duty("catalogue.try")
def change(request: HttpRequest, actor: Actor, rule_id: int) -> HttpResponse:
    """Another rule in the place of this one: this one ends when the other begins."""
    row = catalogue.rules_to_come(clock.now()).filter(id=rule_id).first()
    if row is None:
        raise Http404
    form = RuleForm(request.POST or None, initial=initial_of(row))
    more = {"title": _("Change a rule"), "line": rule_words.line(row)}
    return _edit(request, actor, form, lambda: rule_actions.of_line(form.cells(), rule_id), more)


@duty("catalogue.try")
def end(request: HttpRequest, actor: Actor, rule_id: int) -> HttpResponse:
    """The end of a rule, tried first."""
    row = catalogue.rules_to_come(clock.now()).filter(id=rule_id).first()
    if row is None:
        raise Http404
    more = {"title": _("End a rule"), "line": rule_words.line(row)}
    return _edit(request, actor, PeriodForm(request.POST or None), lambda: rule_actions.of_end(rule_id), more)


@duty("catalogue.try")
def from_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All rules from a file: what is missing in it ends."""
    form = RulesFileForm(request.POST or None, request.FILES or None)
    more = {"title": _("Rules from a file"), "enctype": "multipart/form-data"}
    return _edit(request, actor, form, lambda: rule_actions.of_text(form.cleaned_data["text"]), more)


def _edit(
    request: HttpRequest, actor: Actor, form: forms.Form, make: Callable[[], Change], more: dict[str, Any]
) -> HttpResponse:
    """The form; after a try what the change would have done; after a save the list of rules."""
    may_save = access.may(actor, "catalogue.change").allowed
    context = {"form": form, "may_save": may_save, "here": request.path, **more}
    if request.method != "POST":
        return render(request, "site/rule_editor.html", context)
    status = 422
    if form.is_valid():
        try:
            if request.POST.get("do") == "save":
                return _saved(request, rule_actions.save(actor, make))
            found = make()
            if not found:
                raise CatalogueError("nothing", _("That is what the rules say already."))
            tried = _tried(request, actor, found, form)
            if isinstance(tried, HttpResponse):
                return tried
            context |= tried
            status = 200
        except CatalogueRefused as refused:
            context["faults"] = refused.faults[:SHOWN_FAULTS]
        except CatalogueError as refused:
            if refused.code == "forbidden":
                status = 403
            context["refused"] = str(refused)
    if isinstance(form, RulesFileForm) and form.is_valid():  # so that the page carries what was read
        context["form"] = RulesFileForm(initial=form.cleaned_data | {"file": None})
    return render(request, "site/rule_editor.html", context, status=status)


def _saved(request: HttpRequest, done: Change) -> HttpResponse:
    words = _("%(new)d rules begin, %(ended)d rules end.") % {"new": len(done.new), "ended": len(done.ended)}
    messages.success(request, words)
    return redirect("catalogue:responsibilities")


def _tried(request: HttpRequest, actor: Actor, found: Change, form: forms.Form) -> dict[str, Any] | HttpResponse:
    """What the change would have done in the period, as far as the reader may see it; as a file where asked for."""
    before, after, as_of = rule_actions.pictures(found)
    now = clock.now()
    days = int(form.cleaned_data["period"])
    result = dry_run.run(before, after, as_of=as_of, since=now - timedelta(days=days), until=now)
    sent = request.POST.get("from", "")
    start = int(sent) if sent.isdecimal() and len(sent) < 9 else 0
    as_file = request.POST.get("do") == "csv"
    rows, visible = dry_run.seen_of(actor, result.moved, start=0 if as_file else start,
                                    limit=dry_run.MOST if as_file else PAGE)  # fmt: skip
    shown_ways = result.ways[:SHOWN_WAYS]
    names = selectors.unit_names({unit for each in result.moved for unit in (each.before, each.after)})
    said = {unit: shown(texts, language()) for unit, texts in names.items()}
    by_id = {each.matter_id: each for each in result.moved}
    lines: list[dict[str, Any]] = [
        {"row": row, "url": reverse("matter", args=[row.id]), "before": said[by_id[row.id].before],
         "after": said[by_id[row.id].after]}
        for row in rows
    ]  # fmt: skip
    if as_file:
        return _file([[line["row"].number, line["row"].title, line["row"].received_at.isoformat(), line["before"],
                       line["after"]] for line in lines])  # fmt: skip
    return {
        "result": result, "days": days, "visible": visible, "lines": lines, "start": start,
        "moved": len(result.moved), "more": start + PAGE if visible > start + PAGE else None,
        "ways": [{"before": said[old], "after": said[later], "number": number} for old, later, number in shown_ways],
        "begin": _rules(found.new), "begin_number": len(found.new), "end_number": len(found.ended),
        "end": [rule_words.line(row) for row in found.ended[:SHOWN_RULES]],
    }  # fmt: skip


def _rules(rows: Any) -> list[dict[str, Any]]:
    """Rules that are not saved yet, in words."""
    return [rule_words.line(row) for row in rows[:SHOWN_RULES]]


def _file(rows: list[list[object]]) -> HttpResponse:
    response = HttpResponse("\ufeff" + written(COLUMNS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="dry-run.csv"'
    return response
