"""How good the suggestions of kinds are: over all, by kind, by week, and which models were made."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from civicloop.catalogue import selectors as catalogue
from civicloop.classifier import actions, selectors, store
from civicloop.classifier.choices import Origin
from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.people.access import Actor
from civicloop.people.web import duty


@duty("classifier.view")
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The model in use and its measures."""
    since = actions.week_of(clock.now()) - timedelta(weeks=actions.WEEKS)
    model = store.in_use()
    lines = selectors.by_kind(since)
    names = {kind.code: shown(kind.names, get_language() or "zh-hans") for kind in catalogue.kinds(family="matter")}
    context = {
        "origin": Origin(model.about["origin"]).label, "threshold": model.threshold, "latest": selectors.latest(),
        "weeks": actions.WEEKS, "total": selectors.total(lines), "few": selectors.FEW,
        "kinds": [{"line": line, "name": names.get(line.code, "")} for line in lines],
        "by_week": selectors.by_week(since), "makings": selectors.makings(),
    }  # fmt: skip
    return render(request, "classifier/overview.html", context)
