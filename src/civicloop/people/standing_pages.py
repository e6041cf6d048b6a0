"""Pages of stand-ins and leave: what nobody looks after now, who is away, who is named. Parses, calls, renders."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.foundation import locality
from civicloop.people import access, standing
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.choices import AbsenceReason
from civicloop.people.models import Absence, Account, StandIn
from civicloop.people.web import duty


def first_moment(day: Any) -> datetime:
    """The moment at which a day of the city's calendar begins."""
    return datetime.combine(day, time(0), tzinfo=locality.zone())


class DayField(forms.DateField):
    """A day, chosen by the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"})


class LeaveDays(forms.Form):
    """From which day to which day, the last one included, and why."""

    since = DayField(label=gettext_lazy("First day"))
    until = DayField(label=gettext_lazy("Last day"))
    reason = forms.ChoiceField(label=gettext_lazy("Why away"), choices=AbsenceReason.choices)

    def moments(self) -> tuple[datetime, datetime]:
        """The first and the first one behind."""
        return first_moment(self.cleaned_data["since"]), first_moment(self.cleaned_data["until"] + timedelta(days=1))


class LeaveForm(LeaveDays):
    """The leave of somebody else."""

    username = forms.CharField(label=gettext_lazy("Sign-in name"), max_length=64)
    field_order = ("username", "since", "until", "reason")

    def clean_username(self) -> Account:
        """The account."""
        account = Account.objects.filter(username=self.cleaned_data["username"], is_active=True).first()
        if account is None:
            raise forms.ValidationError(_("There is no such account."))
        return account


class StandInForm(forms.Form):
    """Which post takes over which, both by code."""

    post = forms.CharField(
        label=gettext_lazy("Post code"),
        max_length=80,
        help_text=gettext_lazy("The list of posts has the codes."),
    )
    stand_in = forms.CharField(label=gettext_lazy("Code of the post that stands in"), max_length=80)


@duty("standins.view")
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What nobody looks after, who is away, which shifts are handed over, who is named for whom."""
    empty = standing.empty_posts(actor)
    context = {
        "gaps": [line for line in empty if not line.stand_ins],
        "covered": [line for line in empty if line.stand_ins],
        "leave": standing.leave_in_reach(actor),
        "named": standing.named(actor),
        "most": standing.MOST,
        "may_change": access.may(actor, "standins.change").allowed,
    }
    return render(request, "people/standins.html", context)


def _form(request: HttpRequest, form: forms.Form, title: str) -> HttpResponse:
    shown = {"form": form, "title": title, "back": reverse("people:standins")}
    return render(request, "people/standing_form.html", shown, status=422 if form.errors else 200)


@duty("standins.change")
def name_one(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Name a stand-in."""
    form = StandInForm(request.POST or None, initial={"post": request.GET.get("post", "")})
    if request.method == "POST" and form.is_valid():
        try:
            standing.name_stand_in(actor, **form.cleaned_data)
        except PeopleError as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, _("The stand-in is named and takes over by itself."))
            return HttpResponseRedirect(reverse("people:standins"))
    return _form(request, form, _("Name a stand-in"))


@require_POST
@duty("standins.change")
def end_one(request: HttpRequest, actor: Actor, stand_in_id: int) -> HttpResponse:
    """A post stands in no more."""
    try:
        standing.end_stand_in(actor, stand_in_id=stand_in_id)
        messages.success(request, _("This post stands in no more."))
    except StandIn.DoesNotExist:
        raise Http404 from None
    except PeopleError as reason:
        messages.error(request, str(reason))
    return HttpResponseRedirect(reverse("people:standins"))


@duty("standins.change")
def enter_leave(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter the leave of somebody."""
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        since, until = form.moments()
        account, reason = form.cleaned_data["username"], form.cleaned_data["reason"]
        try:
            standing.enter_leave(actor, account_id=account.pk, since=since, until=until, reason=reason)
        except PeopleError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The leave is entered."))
            return HttpResponseRedirect(reverse("people:standins"))
    return _form(request, form, _("Enter leave"))


@require_POST
@duty("standins.change")
def end_leave(request: HttpRequest, actor: Actor, absence_id: int) -> HttpResponse:
    """Somebody is back, or does not go."""
    try:
        standing.end_leave(actor, absence_id=absence_id)
        messages.success(request, _("The leave is over from now on."))
    except Absence.DoesNotExist:
        raise Http404 from None
    except PeopleError as reason:
        messages.error(request, str(reason))
    return HttpResponseRedirect(reverse("people:standins"))
