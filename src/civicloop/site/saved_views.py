"""保存的视图: a list of matters under a name, one's own or the unit's; its filters, columns and order."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from civicloop.deskwork import actions, selectors
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty

COLUMNS = {
    "kind": gettext_lazy("Kind"), "place": gettext_lazy("Place"), "step": pgettext_lazy("matter", "Step"),
    "unit": gettext_lazy("Unit"), "received": pgettext_lazy("column", "Received"), "due": gettext_lazy("Due"),
}  # fmt: skip


def chosen_columns(request: HttpRequest) -> list[str]:
    """The columns that a list shows, in their usual order; all where none are named."""
    wanted = set(request.GET.getlist("cols"))
    found = [code for code in COLUMNS if code in wanted]
    return found or list(COLUMNS)


def opening(request: HttpRequest, actor: Actor) -> HttpResponse | None:
    """Where a bare list goes: the actor's usual view, when there is one."""
    if request.GET:
        return None
    view = selectors.standard_view(actor)
    return HttpResponseRedirect(address(view.pk, view.query)) if view else None


def address(view_id: int, query: str) -> str:
    """The list as a view shows it."""
    return f"{reverse('matters')}?{query}{'&' if query else ''}{urlencode({'view': view_id})}"


def bag(request: HttpRequest, actor: Actor, wanted: dict[str, str], columns: list[str]) -> dict[str, Any]:
    """The views that may be chosen, and the form that keeps the present list."""
    sent = QueryDict(mutable=True)
    sent.update(wanted)
    if columns != list(COLUMNS):
        sent.setlist("cols", columns)
    current = request.GET.get("view", "")
    rows = [
        {"id": row.pk, "name": row.name, "url": address(row.pk, row.query), "current": str(row.pk) == current,
         "shared": row.shared, "standard": row.standard and row.account_id == actor.account_id,
         "own": row.account_id == actor.account_id}
        for row in selectors.views(actor)
    ]  # fmt: skip
    return {
        "views": rows, "view": next((row for row in rows if row["current"]), None), "view_query": sent.urlencode(),
        "columns": [(code, words, code in columns) for code, words in COLUMNS.items()], "shown_columns": columns,
        "kept_filters": list(wanted.items()),
    }  # fmt: skip


@require_POST
@duty("matters.list")
def save(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep the present list under a name; or end a view of one's own."""
    end = request.POST.get("end", "")
    try:
        if end:
            actions.end_view(actor, int(end) if end.isdecimal() and len(end) < 10 else 0)
            messages.success(request, _("The view is ended."))
            return HttpResponseRedirect(f"{reverse('matters')}?view=0")
        view = actions.save_view(
            actor, name=request.POST.get("name", ""), query=request.POST.get("query", ""),
            shared=bool(request.POST.get("shared")), standard=bool(request.POST.get("standard")),
        )  # fmt: skip
    except Refused as reason:
        messages.error(request, reason.words)
        return HttpResponseRedirect(f"{reverse('matters')}?{request.POST.get('query', '')[:1000]}&view=0")
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return HttpResponseRedirect(address(view.pk, view.query))
