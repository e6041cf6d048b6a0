"""The page of the workload of posts: the own one, and those below for who is above them."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from civicloop.figures import forms, showing, workload
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused
from civicloop.matters.words import ENGINE_WORDS
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.people.web import duty
from civicloop.procedures import selectors as procedures
from civicloop.records import days


@require_safe
@duty("figures.work")
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Amounts by post, in the order of codes; no names, no ranks."""
    asked = {name: request.GET.get(name, "")[:24] for name in ("period", "role")}
    try:
        found = workload.workload(actor, **asked)
    except Refused as reason:
        if reason.status == 403:
            raise PermissionDenied(reason.code) from None
        raise BadRequest(reason.words) from None
    roles = [(code, role_words(code)) for code in found.roles]
    form = forms.WorkForm(
        {"period": found.period.code, "role": found.role}, today=days.day_of(clock.now()), roles=roles
    )  # fmt: skip
    context = {
        "title": _("Workload of posts"), "form": form, "found": found,
        "own_like": _like(found.own), "lines": [(each, _like(each)) for each in found.lines],
        "actions": [(words, found.actions[code]) for code, words in _names(found.actions)],
    }  # fmt: skip
    return render(request, "figures/workload.html", context)


def _names(actions: Iterable[str]) -> list[tuple[str, str]]:
    """(code, words) of actions: the platform's own, else as the procedures in force call them."""
    declared: dict[str, Any] = {}
    for row in procedures.all_in_force(clock.now()):
        declared |= procedures.by_id(row.pk).actions
    found = []
    for code in actions:
        action = declared.get(code.removeprefix("request:"))
        words = str(ENGINE_WORDS[code]) if code in ENGINE_WORDS else code
        found.append((code, shown(action.names, get_language() or "zh-hans") if action is not None else words))
    return found


def _like(line: workload.Line | None) -> str:
    return showing.NONE if line is None or line.like is None else f"{line.like:g}"
