"""The own leave and shift change (交接班): for whoever holds a post. What is open at that moment is counted here."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import selectors
from civicloop.people import access, standing
from civicloop.people import selectors as people
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.choices import Role
from civicloop.people.models import Absence, Handover, Post
from civicloop.people.standing_pages import LeaveDays
from civicloop.people.web import duty
from civicloop.site.acting import language
from civicloop.ui import navigation

HOURS = ((4, "4"), (8, "8"), (12, "12"), (24, "24"), (48, "48"))
STAFF = access.DUTIES["leave.own"]


class HandOverForm(forms.Form):
    """Who takes the shift, until when, and what to know."""

    taker = forms.ChoiceField(label=gettext_lazy("Taken over by"))
    hours = forms.TypedChoiceField(label=gettext_lazy("For how many hours"), choices=HOURS, coerce=int, initial=12)
    note = forms.CharField(
        label=gettext_lazy("What the next one must know"), required=False, max_length=standing.LONGEST_NOTE,
        help_text=gettext_lazy("No names and phones of residents: they stand in the matters."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, data: Any, posts: list[Post]) -> None:
        super().__init__(data)
        self.fields["taker"].choices = [(post.code, _words(post)) for post in posts]  # type: ignore[attr-defined]


def _words(post: Post) -> str:
    return f"{shown(post.unit.names, language())} · {Role(post.role).label} ({post.code})"


@duty("leave.own")
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """My leave, the shifts that were handed to me, the one that I hand over."""
    return _page(request, actor, LeaveDays(), HandOverForm(None, _takers(actor)))


def _takers(actor: Actor) -> list[Post]:
    return standing.takers(actor) if actor.stands_in_from is None else []


def _page(request: HttpRequest, actor: Actor, leave: forms.Form, over: HandOverForm) -> HttpResponse:
    mine = people.post_code(actor.post_id or 0)
    running = list(standing.running().filter(post_code=mine)) if actor.stands_in_from is None else []
    given = [line for line in running if line.giver_id == actor.account_id]
    taken = [] if actor.stands_in_from is not None else list(standing.running().filter(taker_code=mine))
    codes = {code for line in (*given, *taken) for code in (line.post_code, line.taker_code)}
    posts = {post.code: _words(post) for post in people.posts().filter(code__in=codes)}
    context = {
        "leave": leave, "over": over, "may_hand_over": bool(over.fields["taker"].choices) and not given,  # type: ignore[attr-defined]
        "open_matters": selectors.open_at(actor),
        "mine": list(standing.leave().filter(account=actor.account_id)),
        "given": [(line, posts.get(line.taker_code, line.taker_code)) for line in given],
        "taken": [(line, posts.get(line.post_code, line.post_code)) for line in taken],
    }  # fmt: skip
    return render(request, "site/shift.html", context, status=422 if leave.errors or over.errors else 200)


@require_POST
@duty("leave.own")
def leave(request: HttpRequest, actor: Actor) -> HttpResponse:
    """I am away from one day to another."""
    form = LeaveDays(request.POST)
    if form.is_valid():
        since, until = form.moments()
        try:
            standing.enter_leave(
                actor, account_id=actor.account_id or 0, since=max(since, clock.now()), until=until,
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except PeopleError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The leave is entered."))
            return HttpResponseRedirect(reverse("shift"))
    return _page(request, actor, form, HandOverForm(None, _takers(actor)))


@require_POST
@duty("leave.own")
def back(request: HttpRequest, actor: Actor, absence_id: int) -> HttpResponse:
    """I am back, or do not go."""
    if not Absence.objects.filter(id=absence_id, account=actor.account_id).exists():
        raise Http404
    standing.end_leave(actor, absence_id=absence_id)
    messages.success(request, _("The leave is over from now on."))
    return HttpResponseRedirect(reverse("shift"))


@require_POST
@duty("leave.own")
def hand_over(request: HttpRequest, actor: Actor) -> HttpResponse:
    """I hand my shift over."""
    form = HandOverForm(request.POST, _takers(actor))
    if form.is_valid():
        try:
            standing.hand_over(
                actor, taker=form.cleaned_data["taker"], note_text=form.cleaned_data["note"],
                until=clock.now() + timedelta(hours=form.cleaned_data["hours"]),
                open_matters=selectors.open_at(actor),
            )  # fmt: skip
        except PeopleError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Handed over. It counts as soon as the other side confirms it."))
            return HttpResponseRedirect(reverse("shift"))
    return _page(request, actor, LeaveDays(), form)


@require_POST
@duty("leave.own")
def confirm(request: HttpRequest, actor: Actor, handover_id: int) -> HttpResponse:
    """I take a shift over."""
    return _answer(request, lambda: standing.confirm_shift(actor, handover_id=handover_id),
                   _("The shift is yours: choose the post at the top right to act in it."))  # fmt: skip


@require_POST
@duty("leave.own")
def end(request: HttpRequest, actor: Actor, handover_id: int) -> HttpResponse:
    """A shift is taken or given back."""
    return _answer(request, lambda: standing.end_shift(actor, handover_id=handover_id), _("The shift is given back."))


def _answer(request: HttpRequest, work: Any, words: str) -> HttpResponse:
    try:
        work()
    except Handover.DoesNotExist:
        raise Http404 from None
    except PeopleError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("shift"))


navigation.register(
    navigation.Item("shift", gettext_lazy("Leave and shift change"), "shift", 80, needs=STAFF, icon="calendar")
)
