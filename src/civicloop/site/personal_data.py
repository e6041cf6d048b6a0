"""个人信息说明: what is kept of persons, why, how long, who opens it. With the columns for the staff."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from civicloop.foundation import spreadsheets
from civicloop.people import access, collecting
from civicloop.people.web import duty, public
from civicloop.records import amounts, inventory
from civicloop.records.inventory import Fact

GROUPS: Mapping[str, str | Promise] = {
    "reporter": gettext_lazy("Who reports something"),
    "household": gettext_lazy("A visited household"),
    "applicant": gettext_lazy("Who has something applied for"),
    "party": gettext_lazy("A party of a mediation"),
    "anybody": gettext_lazy("Whoever appears in a matter"),
    "staff": gettext_lazy("Members of staff"),
}


def _row(fact: Fact) -> dict[str, Any]:
    rule, points = inventory.rules()[fact.retention], inventory.points()
    between = pgettext("between the things of a list", "; ")
    return {
        "kept_in": fact.kept_in, "what": inventory.said(fact.what), "why": inventory.said(fact.why),
        "basis": collecting.BASES[fact.basis], "kept": inventory.said(rule.kept), "then": inventory.said(rule.then),
        "rule": rule.code, "opens": collecting.readers(fact), "sensitive": fact.sensitive, "whose": GROUPS[fact.whose],
        "collected": between.join(inventory.said(points[code].names) for code in fact.collected),
    }  # fmt: skip


def _groups(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for fact in facts:
        found.setdefault(fact.whose, []).append(_row(fact))
    return [{"code": whose, "words": GROUPS[whose], "rows": rows} for whose, rows in found.items()]


@public
def about(request: HttpRequest) -> HttpResponse:
    """What is kept of persons, in plain words. For everybody."""
    return render(request, "site/about_personal_data.html", {"groups": _groups(inventory.facts())})


@duty("settings.view")
def register(request: HttpRequest, actor: access.Actor) -> HttpResponse:
    """The same with table and column of each fact. For the system and the audit administrator."""
    return render(request, "site/personal_data.html", {"groups": _groups(inventory.facts())})


@duty("settings.view")
@amounts.taken_away
def export(request: HttpRequest, actor: access.Actor) -> HttpResponse:
    """The register as CSV: one line a column or sealed field, for an impact assessment."""
    columns = (
        _("Kept in"), _("Whose"), _("What it is"), _("Why it is kept"), _("Legal basis"), _("Kept until"),
        _("After that"), _("Who may open it"), _("Collected at"), _("Sensitive"),
    )  # fmt: skip
    rows = [
        (name, row["whose"], row["what"], row["why"], row["basis"], row["kept"], row["then"], row["opens"],
         row["collected"], _("Yes") if row["sensitive"] else "")
        for row in map(_row, inventory.facts()) for name in row["kept_in"]
    ]  # fmt: skip
    cells = [[str(cell) for cell in row] for row in rows]
    body = ("\ufeff" + spreadsheets.written([str(each) for each in columns], cells)).encode()
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="personal-data.csv"'
    return answer


patterns: list[URLPattern] = [
    path("about-personal-data", about, name="about-personal-data"),
    path("admin/personal-data", register, name="personal-data"),
    path("admin/personal-data.csv", export, name="personal-data-export"),
]
