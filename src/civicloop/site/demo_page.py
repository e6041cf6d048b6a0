"""The sign-ins of a demonstration city, and the progress of its load. Absent on any other installation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from civicloop.people.models import Account
from civicloop.people.web import public
from civicloop.site import demonstration


@public
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Who may sign in where, with the password: only where demonstration accounts exist."""
    load = demonstration.progress()
    accounts = set(Account.objects.filter(demonstration=True).values_list("username", flat=True))
    if not accounts and load is None:
        raise Http404
    lines = [line for line in demonstration.sign_ins() if line["user"] in accounts]
    shown = {"load": load, "lines": lines, "password": demonstration.PASSWORD, "faces": demonstration.faces()}
    if load is not None:
        title = _("The demonstration city is being loaded")
        shown["bag"] = {"title": title, "share": load["share"], "words": load["part"], "since": load["since"]}
    return render(request, "site/demo.html", shown)
