"""Tokens for programs: made, shown once, ended. For the security administrator."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicloop.foundation import clock
from civicloop.people import access, actions, tokens
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.forms import HoldForm
from civicloop.people.models import ApiToken
from civicloop.people.web import duty

PAGE = 50
LONGEST = 400  # days
SCOPES = (
    ("matters.list", gettext_lazy("Read the matters that the post sees")),
    ("matters.report", gettext_lazy("Report matters")),
    ("personal.open", gettext_lazy("Open personal data for a purpose")),
    ("all", gettext_lazy("Everything that the post may do")),
)


class TokenForm(HoldForm):
    """Who and which post a program acts for, what it may do, and until when."""

    name = forms.CharField(label=gettext_lazy("Which program is it for?"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), choices=SCOPES, required=False, widget=forms.CheckboxSelectMultiple
    )
    acts = forms.RegexField(
        label=gettext_lazy("Single acts"), regex=r"^[a-z0-9_.-]+( [a-z0-9_.-]+)*$", max_length=400, required=False,
        help_text=gettext_lazy("Codes of acts with spaces between, such as: accept handle"),
    )  # fmt: skip
    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("At most 400 days from now"),
    )  # fmt: skip
    field_order = ("name", "username", "post", "scopes", "acts", "last_day")

    def clean_last_day(self) -> date:
        """A day to come, not too far."""
        day: date = self.cleaned_data["last_day"]
        today = timezone.localdate(clock.now())
        if not today <= day <= today + timedelta(days=LONGEST):
            raise forms.ValidationError(_("Choose a day from today on, at most 400 days from now."))
        return day

    def asked(self) -> list[str]:
        """The scopes that were chosen."""
        return [*self.cleaned_data["scopes"], *self.cleaned_data["acts"].split()]

    def end(self) -> datetime:
        """The end of the last day in the deciding zone of pages."""
        following = self.cleaned_data["last_day"] + timedelta(days=1)
        return datetime.combine(following, time(), timezone.get_current_timezone()).astimezone(UTC)


@never_cache
@duty("posts.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The tokens in force, newest first, 50 a page; a POST makes one and shows it, once."""
    may_change, made = access.may(actor, "posts.change").allowed, ""
    form = TokenForm(request.POST if request.method == "POST" and may_change else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.create_token(
                actor, account_id=given["username"].pk, post_id=given["post"].pk, scopes=form.asked(),
                expires_at=form.end(), name=given["name"],
            )  # fmt: skip
        except PeopleError as reason:
            form.add_error(None, str(reason))
        else:
            form = TokenForm()
    rows, before = tokens.in_force(), request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    shown: dict[str, Any] = {"lines": found[:PAGE], "next": following, "form": form, "made": made}
    status = 422 if form.errors else 201 if made else 200
    return render(request, "people/tokens.html", shown | {"may_change": may_change}, status=status)


@require_POST
@duty("posts.change")
def revoke(request: HttpRequest, actor: Actor, token_id: int) -> HttpResponse:
    """End a token."""
    try:
        tokens.revoke(actor, token_id=token_id)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The token is good no more."))
    return HttpResponseRedirect(reverse("people:tokens"))
