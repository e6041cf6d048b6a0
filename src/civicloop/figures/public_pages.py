"""The page of figures for everybody: an area in a month, month by month and area by area, in plain words.

Shows what was written once (figures.everybody) and counts nothing itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from civicloop.figures import everybody, forms, periods, rules, showing
from civicloop.figures.everybody import Content, Public
from civicloop.figures.periods import MONTH, NoPeriod, Period
from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.people import web
from civicloop.people.web import public
from civicloop.places import selectors as places

ASKED = Throttle(most=120, seconds=60)
FIRST = "reported"  # the indicator that is opened when none is asked for


@require_safe
@public
def figures(request: HttpRequest) -> HttpResponse:
    """The figures of an area in a month; the newest month and the city where nothing is asked for."""
    if wait := ASKED.wait(network(web.address(request))):
        words = {"title": _("Figures for everybody"), "too_often": True}
        answer = render(request, "figures/public.html", words, status=429)
        answer["Retry-After"] = str(int(wait) + 1)
        return answer
    month, code = _month(request.GET.get("month", "")), request.GET.get("area", "")[:20]
    try:
        area_id, above = everybody.area_of(code)
    except LookupError:
        raise Http404 from None
    found = everybody.public(area_id, month)
    if found is None:
        if month is not None or code:
            raise Http404
        return render(request, "figures/public.html", {"title": _("Figures for everybody")})
    return render(request, "figures/public.html", _context(request, found, code, above))


def _month(text: str) -> date | None:
    if not text:
        return None
    try:
        period = periods.parse(text)
    except NoPeriod:
        raise Http404 from None
    if period.kind != MONTH:
        raise Http404
    return period.since


def _context(
    request: HttpRequest, found: Public, code: str, above: Sequence[tuple[str, Mapping[str, str]]]
) -> dict[str, Any]:
    columns = {each["code"]: each for each in found.content["indicators"]}
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in columns else FIRST if FIRST in columns else next(iter(columns))
    asked = {"area": code, "month": _code(found.month), "show": chosen}
    whole = found.content["rows"][0]
    crumbs = [(shown(names, _language()), _turned(asked, area=each)) for each, names in above]
    if code:
        crumbs.insert(0, (shown(places.root().names, _language()), _turned(asked, area="")))
    opens = everybody.opens(found.content)
    parts = [
        {"name": shown(row["names"], _language()), "figure": row["figures"].get(chosen),
         "url": _turned(asked, area=row["code"]) if opens and row["code"] else ""}
        for row in found.content["rows"][1:]
    ]  # fmt: skip
    months = [
        {"name": _code(month), "figure": content["rows"][0]["figures"].get(chosen), "url": "",
         "missing": not _has(content, chosen)}
        for month, content in found.trend
    ]  # fmt: skip
    return {
        "title": _("Figures for everybody"), "found": found, "name": shown(whole["names"], _language()),
        "period": forms.words_of(_period(found.month)), "crumbs": crumbs, "area": code, "show": chosen,
        "months": [(_code(each), forms.words_of(_period(each)), each == found.month) for each in found.months],
        "figures": [_block(each, whole["figures"][each["code"]], asked) for each in columns.values()],
        "column": _column(columns[chosen]), "parts": _bars(parts, columns[chosen]),
        "trend": _bars(months, columns[chosen]), "hides": found.content["level"] == "subdistrict",
    }  # fmt: skip


def _language() -> str:
    return get_language() or "zh-hans"


def _period(month: date) -> Period:
    return periods.of_kind(MONTH, month)


def _code(month: date) -> str:
    return _period(month).code


def _has(content: Content, code: str) -> bool:
    return any(each["code"] == code for each in content["indicators"])


def _turned(asked: Mapping[str, str], **other: str) -> str:
    return "?" + urlencode({name: value for name, value in {**asked, **other}.items() if value})


def _column(each: Mapping[str, Any]) -> dict[str, str]:
    return {"name": shown(each["names"], _language()), "said": shown(each["said"], _language())}


def _block(each: Mapping[str, Any], figure: Sequence[Any], asked: Mapping[str, str]) -> dict[str, Any]:
    value, sample = _words(figure, each)
    here = {**_column(each), "value": value, "sample": sample, "url": _turned(asked, show=each["code"]) + "#parts"}
    return here | {"current": each["code"] == asked["show"]}


def _bars(lines: Sequence[Mapping[str, Any]], column: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lines with their figure in words and the length of a bar, in percent of the longest (of 100 for a rate)."""
    sizes = [_size(each["figure"], column) for each in lines]
    longest = 100.0 if column["rate"] else max([*sizes, 1.0])
    found = []
    for each, size in zip(lines, sizes, strict=True):
        value, sample = showing.NONE, ""
        if each["figure"] is not None:
            value, sample = _words(each["figure"], column)
        elif not each.get("missing"):
            value = showing.not_shown()
        found.append({**each, "value": value, "sample": sample, "bar": round(min(100.0, 100 * size / longest))})
    return found


def _words(figure: Sequence[Any], column: Mapping[str, Any]) -> tuple[str, str]:
    """(value, numbers); of few a rate says nothing, so that its numbers stand alone."""
    value, sample = showing.kept_words(figure, rate=column["rate"], decimals=column["decimals"])
    return (sample, showing.band_words(rules.TOO_FEW)) if sample and _few(figure, column) else (value, sample)


def _few(figure: Sequence[Any], column: Mapping[str, Any]) -> bool:
    return bool(column["rate"]) and figure[1] < column["small"]


def _size(figure: Sequence[Any] | None, column: Mapping[str, Any]) -> float:
    if figure is None or _few(figure, column):
        return 0.0
    return float(figure[3] or 0) if column["rate"] else float(figure[0])
