"""The pages of figures: the table that opens by clicking, the matters behind a figure, kept and published tables."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.figures import definitions, exporting, forms, keeping, opening, periods, selectors, showing
from civicloop.figures.api import query
from civicloop.figures.models import Snapshot
from civicloop.figures.selectors import Cut, Table
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty, public
from civicloop.records import amounts, audit, days

FIRST_GROUP = "handling"
ROWS = 50  # of a table on one page; files hold all of them


def asked_cut(request: HttpRequest, actor: Actor) -> Cut:
    """The cut that the address asks for; what must not be looked at is not there."""
    asked = {name: request.GET.get(name, "")[:20] for name in ("by", "area", "period")}
    try:
        return selectors.cut_for(actor, **{**asked, "by": asked["by"] or "area"})
    except Refused as reason:
        if reason.status == 404:
            raise Http404 from None
        if reason.status == 403:
            raise PermissionDenied(reason.code) from None
        raise BadRequest(reason.words) from None


def _group(request: HttpRequest, cut: Cut) -> tuple[str, list[str], list[tuple[str, str]]]:
    """(chosen group, its indicators, the groups to choose from)."""
    found, language = definitions.in_force(cut.period.since), get_language() or "zh-hans"
    groups = [(code, shown(names, language)) for code, names in found.groups.items()]
    asked = request.GET.get("group", "")
    chosen = asked if asked in found.groups else FIRST_GROUP if FIRST_GROUP in found.groups else groups[0][0]
    codes = [code for code, each in found.indicators.items() if each.group == chosen]
    if showing.TRUTH in found.indicators and any(found.indicators[code].rate for code in codes):
        codes.append(showing.TRUTH)  # beside every rate stands what the sample found
    return chosen, codes, groups


@require_safe
@duty("figures.view")
def figures(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A table of figures: rows lead to their parts, figures to their matters."""
    cut = asked_cut(request, actor)
    chosen, codes, groups = _group(request, cut)
    table = selectors.table(actor, cut, codes)
    today = days.day_of(clock.now())
    form = forms.CutForm(
        {"by": cut.by, "period": cut.period.code, "group": chosen, "area": selectors.code_of(cut)}, today=today,
        groups=groups, shown=cut.period.code,
    )  # fmt: skip
    asked = {"by": cut.by, "period": cut.period.code, "group": chosen, "area": selectors.code_of(cut)}
    rows, turns = _page(request, table, asked)
    opened = reverse("figures:matters")
    context = {
        "title": _("Figures"), "form": form, "cut": cut, "one_unit": cut.unit_id is not None,
        "name": selectors.name_of_whole(cut), "period": forms.words_of(cut.period), "over": cut.period.over(today),
        "crumbs": [(name, turned(asked, area=code)) for code, name in selectors.crumbs(actor, cut)],
        "columns": [
            {"code": each.code, "name": showing.name_of(each), "said": showing.said_of(each),
             "formula": each.formula(), "rate": each.rate, "small": each.small} for each in table.indicators
        ],
        "whole": _line(table, table.whole, asked, opened),
        "lines": [_line(table, row, asked, opened) for row in rows], "page": turns,
        "ground": showing.ground_words(table),
        "query": urlencode({name: value for name, value in asked.items() if value}), "chosen": chosen,
        "files": sorted(exporting.KINDS), "may_keep": access.may(actor, "figures.keep").allowed,
    }  # fmt: skip
    return render(request, "figures/figures.html", context)


def _page(request: HttpRequest, table: Table, asked: dict[str, str]) -> tuple[Sequence[selectors.Row], dict[str, str]]:
    """(the rows of the page that is asked for, links to the others); rows without a code come last."""
    told = request.GET.get("page", "")[:4]
    first = (int(told) - 1) * ROWS if told.isascii() and told.isdigit() and int(told) else 0
    number, every = first // ROWS + 1, len(table.rows)
    turns = {}
    if every > ROWS:
        last = min(first + ROWS, every)
        turns["words"] = _("%(first)s to %(last)s of %(all)s") % {"first": first + 1, "last": last, "all": every}
    if first:
        turns["previous_url"] = turned(asked, page=str(number - 1) if number > 2 else "")
    if first + ROWS < every:
        turns["next_url"] = turned(asked, page=str(number + 1))
    return table.rows[first : first + ROWS], turns


def turned(asked: dict[str, str], **other: str) -> str:
    """The query of what is asked, with some of it turned."""
    return "?" + urlencode({name: value for name, value in {**asked, **other}.items() if value})


def _line(table: Table, row: selectors.Row, asked: dict[str, str], opened: str) -> dict[str, Any]:
    cut, cells = table.cut, []
    for indicator, made in zip(table.indicators, showing.cells(row, table.indicators), strict=True):
        cells.append({"cell": made, "url": f"{opened}?{query(cut, indicator, row.member)}"})
    opens = cut.by == "area" and row.code and cut.level in {"city", "district", "subdistrict"}
    return {"row": row, "cells": cells, "url": turned(asked, area=row.code) if opens else ""}


@require_safe
@duty("figures.view")
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The matters that a figure counts, newest first; without a figure, the page where one is chosen."""
    if "indicator" not in request.GET:
        return HttpResponseRedirect(f"{reverse('figures:figures')}?{request.GET.urlencode()}")
    cut = asked_cut(request, actor)
    indicator = definitions.in_force(cut.period.since).indicators.get(request.GET["indicator"])
    part, member = request.GET.get("part", opening.NUMERATOR), request.GET.get("member", "")[:24]
    if indicator is None:
        raise Http404
    try:
        found = opening.behind(actor, cut, indicator, part, member, after=request.GET.get("after", "")[:40])
        number = opening.number(actor, cut, indicator, part, member)
    except Refused as reason:
        raise BadRequest(reason.words) from None
    here = query(cut, indicator, member, part)
    agreed = opening.who_agreed(found.rows) if indicator.code == "exempted" or part == opening.LEFT_OUT else {}
    parts = [(opening.NUMERATOR, pgettext("figures", "Counted"))]
    if indicator.rate:
        parts.append((opening.DENOMINATOR, pgettext("figures", "Divided by")))
    if indicator.without:
        parts.append((opening.LEFT_OUT, pgettext("figures", "Left out")))
    named = {each: name for each, name, _code in selectors.names_of(cut, {member} if member else set())}
    context = {
        "title": showing.name_of(indicator), "said": showing.said_of(indicator), "formula": indicator.formula(),
        "name": named.get(member) or selectors.name_of_whole(cut), "period": forms.words_of(cut.period),
        "number": number, "rows": [{"matter": each, "stage": Stage(each.stage).label, "agreed": agreed.get(each.id, [])}
                 for each in found.rows],
        "parts": [(code, words, f"?{query(cut, indicator, member, code)}", code == part) for code, words in parts],
        "page": {"next_url": f"?{here}&{urlencode({'after': found.next})}"} if found.next else {},
        "back": f"{reverse('figures:figures')}"
                + turned({"by": cut.by, "period": cut.period.code, "area": selectors.code_of(cut),
                           "group": indicator.group}),
    }  # fmt: skip
    return render(request, "figures/matters.html", context)


@require_safe
@duty("figures.view")
@amounts.taken_away
def export(request: HttpRequest, actor: Actor, kind: str) -> HttpResponse:
    """The table of the page as a file, with one line in the audit log."""
    if kind not in exporting.KINDS:
        raise Http404
    cut = asked_cut(request, actor)
    _chosen, codes, _groups = _group(request, cut)
    table, name = selectors.table(actor, cut, codes), selectors.name_of_whole(cut)
    period = forms.words_of(cut.period)
    lines = [_("State of %(moment)s") % {"moment": _moment()}, _("Confidential matters are not counted.")]
    if not cut.period.over(days.day_of(clock.now())):
        lines.append(_("The period is not over: it is counted up to today and compared with whole periods."))
    lines += showing.ground_words(table)
    about = {
        "title": f"{name} · {period}", "lines": lines, "period": cut.period.code, "by": cut.by,
        "area": selectors.code_of(cut),
        "definitions": [[showing.name_of(each), showing.said_of(each), each.formula()]
                        for each in table.indicators],
    }  # fmt: skip
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action="figures.export",
        object=f"{cut.by} {selectors.code_of(cut)} {cut.period.code}", outcome="done",
        detail={"kind": kind, "rows": 1 + len(table.rows)},
    )  # fmt: skip
    answer = HttpResponse(exporting.made(kind, table, name, about), content_type=exporting.KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="figures-{cut.period.code}.{kind}"'
    return answer


def _moment() -> str:
    from django.utils import timezone

    return timezone.localtime(clock.now()).strftime("%Y-%m-%d %H:%M")


# -- kept and published -----------------------------------------------------------------------------------------------


@require_POST
@duty("figures.keep")
def keep(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep the table of the page as it is now."""
    cut = asked_cut(request, actor)
    _chosen, codes, _groups = _group(request, cut)
    try:
        kept = keeping.keep(actor, cut, codes=codes, title=request.POST.get("title", ""))
    except Refused as reason:
        messages.error(request, reason.words)
        return HttpResponseRedirect(f"{reverse('figures:figures')}?{request.GET.urlencode()}")
    messages.success(request, _("The table is kept; it will not change."))
    return HttpResponseRedirect(reverse("figures:kept", args=[kept.no]))


@require_safe
@duty("figures.view")
def kept_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The kept tables of the reader's area."""
    rows = selectors.kept_tables(actor)
    return render(request, "figures/kept_list.html", {"title": _("Kept tables"), "rows": rows})


@require_safe
@duty("figures.view")
def kept(request: HttpRequest, actor: Actor, table_no: int) -> HttpResponse:
    """A kept table, with what the same figures are now beside it."""
    found = Snapshot.objects.filter(no=table_no).select_related("publication").first()
    if found is None or not selectors.may_see_kept(actor, found):
        raise Http404
    content = selectors.content_of(found)
    context = _kept(found, content, content["rows"]) | {
        "may_publish": access.may(actor, "figures.publish").allowed and not hasattr(found, "publication"),
        "is_public": hasattr(found, "publication"), "digest": bytes(found.digest).hex(),
    }  # fmt: skip
    return render(request, "figures/kept.html", context)


@require_POST
@duty("figures.publish")
def publish(request: HttpRequest, actor: Actor, table_no: int) -> HttpResponse:
    """Show a kept table to everybody."""
    try:
        keeping.publish(actor, table_no)
        messages.success(request, _("Everybody can see it now."))
    except Refused as reason:
        if reason.status == 404:
            raise Http404 from None
        messages.error(request, reason.words)
    return HttpResponseRedirect(reverse("figures:kept", args=[table_no]))


@require_safe
@public
def published_list(request: HttpRequest) -> HttpResponse:
    """The published tables."""
    return render(
        request, "figures/published_list.html", {"title": _("Published figures"), "rows": selectors.published()}
    )


@require_safe
@public
def published(request: HttpRequest, table_no: int) -> HttpResponse:
    """A published table: public matters only, small cells hidden."""
    found = Snapshot.objects.filter(no=table_no, publication__isnull=False).select_related("publication").first()
    if found is None:
        raise Http404
    content = selectors.content_of(found)
    return render(request, "figures/published.html", _kept(found, content, content["public"]))


def _kept(found: Snapshot, content: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    language = get_language() or "zh-hans"
    columns = [
        {"code": each["code"], "name": shown(each["names"], language), "said": shown(each["said"], language),
         "formula": each["formula"], "rate": each["rate"], "decimals": each["decimals"]}
        for each in content["indicators"]
    ]  # fmt: skip
    lines = []
    for row in rows:
        cells = []
        for each in columns:
            figure = row["figures"].get(each["code"])
            cells.append(_kept_cell(figure, rate=each["rate"], decimals=each["decimals"]))
        lines.append({"name": row["name"], "code": row["code"], "cells": cells})
    return {
        "title": found.title, "kept": found, "columns": columns, "lines": lines,
        "name": content["name"], "period": forms.words_of(periods.parse(found.period)),
    }  # fmt: skip


def _kept_cell(figure: list[Any] | None, *, rate: bool, decimals: int) -> dict[str, str]:
    if figure is None:
        return {"value": showing.not_shown(), "sample": ""}
    value, sample = showing.kept_words(figure, rate=rate, decimals=decimals)
    return {"value": value, "sample": sample}
