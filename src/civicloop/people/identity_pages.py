"""Whom the city's sign-in service may sign in to which account. For the security administrator."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.people import access, oidc
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.models import Account, OutsideIdentity
from civicloop.people.web import duty

PAGE = 50


class LinkForm(forms.Form):
    """A sign-in name here, and the sign of the same person at the service."""

    username = forms.CharField(label=gettext_lazy("Sign-in name"), max_length=64)
    subject = forms.CharField(
        label=gettext_lazy("Sign at the service (sub)"), max_length=255,
        help_text=gettext_lazy("Whoever is not linked yet is shown it after signing in there, and tells it to you."),
    )  # fmt: skip

    def clean_username(self) -> Account:
        """The account."""
        account = Account.objects.filter(username=self.cleaned_data["username"], is_active=True).first()
        if account is None:
            raise forms.ValidationError(_("There is no such account."))
        return account


@duty("posts.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The links in force, newest first, 50 a page; a POST by who may change them adds one."""
    may_change = access.may(actor, "posts.change").allowed
    form = LinkForm(request.POST if request.method == "POST" and may_change else None)
    if form.is_bound and form.is_valid():
        account = form.cleaned_data["username"]
        try:
            oidc.link(actor, account_id=account.pk, subject=form.cleaned_data["subject"])
        except PeopleError as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, _("%(name)s may sign in there from now on.") % {"name": account.username})
            return HttpResponseRedirect(reverse("people:identities"))
    rows = OutsideIdentity.objects.filter(ended_at=None).select_related("account").order_by("-id")
    before, name = request.GET.get("before", ""), request.GET.get("q", "")[:64]
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    if name:
        rows = rows.filter(account__username=name)
    found = list(rows[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    shown = {"lines": found[:PAGE], "next": following, "form": form, "may_change": may_change, "q": name,
             "provider": oidc.provider()}  # fmt: skip
    return render(request, "people/identities.html", shown, status=422 if form.errors else 200)


@require_POST
@duty("posts.change")
def end(request: HttpRequest, actor: Actor, identity_id: int) -> HttpResponse:
    """End a link."""
    try:
        line = oidc.unlink(actor, identity_id=identity_id)
    except OutsideIdentity.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("%(name)s may not sign in there any more.") % {"name": line.account.username})
    return HttpResponseRedirect(reverse("people:identities"))
