"""Pages of delegated affairs: the list with what is in force, a form for a new one, taking one back by paper."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.foundation import clock
from civicloop.people import access, delegation, exchange
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.choices import Role
from civicloop.people.delegation import LONGEST, Wanted
from civicloop.people.forms import AreaField
from civicloop.people.models import Delegation
from civicloop.people.standing_pages import DayField, first_moment
from civicloop.people.web import duty
from civicloop.places import selectors as places

PAGE = 50


class DelegationForm(forms.Form):
    """A delegation as its paper says it."""

    from_unit = forms.CharField(label=gettext_lazy("Code of the unit whose affair it is"), max_length=64)
    to_unit = forms.CharField(label=gettext_lazy("Code of the unit that gets it"), max_length=64, required=False)
    to_post = forms.CharField(label=gettext_lazy("or code of the one post"), max_length=80, required=False)
    kinds = forms.CharField(
        label=gettext_lazy("Kinds or main classes"), max_length=2000, required=False,
        help_text=gettext_lazy("Codes with spaces between them; empty means every affair of the unit."),
    )  # fmt: skip
    query = forms.BooleanField(label=gettext_lazy("May look at these affairs"), required=False, initial=True)
    act = forms.BooleanField(label=gettext_lazy("May do them for residents who authorise it"), required=False)
    purpose = forms.CharField(label=gettext_lazy("Purpose of the delegation"), max_length=LONGEST["purpose"])
    area = AreaField(label=gettext_lazy("Area code"), max_length=20)
    first_day = DayField(label=gettext_lazy("First day"))
    last_day = DayField(label=gettext_lazy("Last day"))
    paper_number = forms.CharField(label=gettext_lazy("Number of the paper"), max_length=LONGEST["paper_number"])
    paper_date = DayField(label=gettext_lazy("Date of the paper"))

    def wanted(self) -> Wanted:
        """What was entered, for the action."""
        given = self.cleaned_data
        return Wanted(
            from_unit=given["from_unit"].strip(), to_unit=given["to_unit"].strip(), to_post=given["to_post"].strip(),
            kinds=given["kinds"].translate(exchange.SEPARATORS).split(), query=given["query"], act=given["act"],
            purpose=given["purpose"], area_id=given["area"].id, valid_from=first_moment(given["first_day"]),
            valid_to=first_moment(given["last_day"] + timedelta(days=1)), paper_number=given["paper_number"],
            paper_date=given["paper_date"],
        )  # fmt: skip


class RevocationForm(forms.Form):
    """The paper that takes a delegation back."""

    paper_number = forms.CharField(label=gettext_lazy("Number of the paper"), max_length=LONGEST["paper_number"])
    paper_date = DayField(label=gettext_lazy("Date of the paper"))


def _revocable(actor: Actor, row: Delegation) -> bool:
    return access.may(actor, "delegations.change").allowed and (
        Role.SYSTEM_ADMIN in actor.roles or row.from_unit_id == actor.unit_id
    )


def _state(row: Delegation) -> str:
    now = clock.now()
    if row.revoked_at is not None and row.revoked_at <= now:
        return _("Taken back")
    if row.valid_to <= now:
        return _("Over")
    return _("In force") if row.valid_from <= now else _("To come")


@duty("delegations.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Delegations in the actor's reach, the latest first, 50 a page; those that are over stay in the list."""
    before = request.GET.get("before", "")
    rows = delegation.in_reach(actor)
    if before.isdecimal() and len(before) < 18:
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    lines = [
        {
            "row": row,
            "state": _state(row),
            "area": places.area(row.area_id),
            "last_day": row.valid_to - timedelta(seconds=1),
            "revocable": row.revoked_at is None and row.valid_to > clock.now() and _revocable(actor, row),
        }
        for row in shown
    ]
    context = {"lines": lines, "next": shown[-1].pk if len(found) > PAGE else ""}
    may_change = access.may(actor, "delegations.change").allowed
    return render(request, "people/delegations.html", context | {"may_change": may_change})


def _form(request: HttpRequest, form: forms.Form, title: str) -> HttpResponse:
    shown = {"form": form, "title": title, "back": reverse("people:delegations")}
    return render(request, "people/standing_form.html", shown, status=422 if form.errors else 200)


@duty("delegations.change")
def enter(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter a delegation."""
    form = DelegationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            delegation.delegate(actor, form.wanted())
        except PeopleError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The delegation is entered."))
            return HttpResponseRedirect(reverse("people:delegations"))
    return _form(request, form, _("New delegation"))


@duty("delegations.change")
def revoke(request: HttpRequest, actor: Actor, delegation_id: int) -> HttpResponse:
    """Take a delegation back by paper."""
    row = delegation.in_reach(actor).filter(id=delegation_id).first()
    if row is None:
        raise Http404
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            delegation.revoke(actor, delegation_id=row.pk, **form.cleaned_data)
        except PeopleError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The delegation is taken back from now on."))
            return HttpResponseRedirect(reverse("people:delegations"))
    return _form(request, form, _("Take back: %(paper)s") % {"paper": row.paper_number})
