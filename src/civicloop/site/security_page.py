"""The own account: password, second factor, codes on paper. Every signed-in person, for the own account only.

Whatever weakens the sign-in (removing a factor, new codes on paper, another password) asks for the password again.
"""

import json
from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation, update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from civicloop.people import actions, factors, sessions, web
from civicloop.people.actions import PeopleError
from civicloop.people.middleware import ENROL
from civicloop.people.models import Account
from civicloop.records import settings
from civicloop.site import homes

CHALLENGE = "passkey_challenge"
View = Callable[[HttpRequest, Account], HttpResponse]


def own(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """A page about the own account, for every signed-in person."""

    @never_cache
    @sensitive_post_parameters("password", "new_password", "code")
    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, request.user)

    guarded.duty = "public"  # type: ignore[attr-defined]
    return guarded


def site_of(request: HttpRequest) -> factors.Site:
    """The relying party that the browser sees."""
    host = request.get_host()
    name = settings.get_str("site.name") or _("CivicLoop")
    return factors.Site(host.rsplit(":", 1)[0] if not host.endswith("]") else host,
                        f"{request.scheme}://{host}", name)  # fmt: skip


class PasswordForm(forms.Form):
    """The present password and a new one."""

    password = forms.CharField(
        label=gettext_lazy("Present password"), max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    new_password = forms.CharField(
        label=gettext_lazy("New password"), max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 10 characters; a few words are good."),
    )  # fmt: skip


def page(request: HttpRequest, account: Account, *, status: int = 200, **shown: Any) -> HttpResponse:
    """The page with what is set up, and what the last act gave."""
    waiting = factors.waiting_app(account)
    if waiting is not None:
        uri = factors.address(account, waiting[1], site_of(request))
        picture = segno.make(uri, error="m").svg_inline(scale=4, border=2)
        shown |= {"key": waiting[1], "picture": picture}
    shown = {
        "factors": factors.of(account), "codes_left": factors.codes_left(account), "site": site_of(request),
        "open_sessions": len(account.sessions), "most_sessions": settings.get_int("sign_in.most_sessions"),
        "must": request.session.get(ENROL, False), "form": PasswordForm(), "home": homes.home_of(web.actor(request)),
    } | shown  # fmt: skip
    return render(request, "site/security.html", shown, status=status)


@own
def security(request: HttpRequest, account: Account) -> HttpResponse:
    """What protects the own account."""
    return page(request, account)


@require_POST
@own
def end_others(request: HttpRequest, account: Account) -> HttpResponse:
    """Sign out everywhere else."""
    number = sessions.end_others(account, request.session.get(sessions.MARK, ""))
    words = ngettext("%(n)s other session was ended.", "%(n)s other sessions were ended.", number)
    messages.success(request, words % {"n": number})
    return HttpResponseRedirect(reverse("security"))


def _refused(request: HttpRequest, account: Account, reason: PeopleError) -> HttpResponse:
    return page(request, account, status=422, trouble=str(reason))


def _enrolled(request: HttpRequest, account: Account, codes: list[str], words: str) -> HttpResponse:
    request.session.pop(ENROL, None)
    messages.success(request, words)
    if codes:
        return page(request, account, codes=codes)
    return HttpResponseRedirect(reverse("security"))


def _password_fits(request: HttpRequest, account: Account) -> bool:
    if account.check_password(request.POST.get("password", "")):
        return True
    messages.error(request, _("The present password is not right. Nothing was changed."))
    return False


@require_POST
@own
def begin_app(request: HttpRequest, account: Account) -> HttpResponse:
    """A key for a code app."""
    try:
        factors.begin_app(account, name=request.POST.get("name", ""))
    except PeopleError as reason:
        return _refused(request, account, reason)
    return HttpResponseRedirect(reverse("security") + "#app")


@require_POST
@own
def confirm_app(request: HttpRequest, account: Account) -> HttpResponse:
    """The first code puts the key into use."""
    try:
        codes = factors.confirm_app(account, code=request.POST.get("code", ""))
    except PeopleError as reason:
        return _refused(request, account, reason)
    return _enrolled(request, account, codes, _("The code app is in use from the next sign-in on."))


@require_POST
@own
def passkey_options(request: HttpRequest, account: Account) -> HttpResponse:
    """What the browser needs to make a passkey."""
    try:
        options, request.session[CHALLENGE] = factors.passkey_to_add(account, site_of(request))
    except PeopleError as reason:
        return JsonResponse({"words": str(reason)}, status=422)
    return HttpResponse(options, content_type="application/json")


@require_POST
@own
def add_passkey(request: HttpRequest, account: Account) -> HttpResponse:
    """Take the passkey that the browser has made."""
    try:
        answer = json.loads(request.POST.get("answer", ""))
        _factor, codes = factors.add_passkey(
            account, site_of(request), name=request.POST.get("name", ""), answer=answer,
            challenge=request.session.pop(CHALLENGE, ""),
        )  # fmt: skip
    except (ValueError, TypeError):
        return _refused(request, account, PeopleError("not_valid", _("The browser made no passkey.")))
    except PeopleError as reason:
        return _refused(request, account, reason)
    return _enrolled(request, account, codes, _("The passkey is in use from the next sign-in on."))


@require_POST
@own
def remove(request: HttpRequest, account: Account) -> HttpResponse:
    """Take a factor out of use; asks for the password."""
    if _password_fits(request, account):
        try:
            factors.remove(account, factor_id=int(request.POST.get("factor", "0") or 0))
        except (PeopleError, ValueError):
            messages.info(request, _("This is not in use any more."))
        else:
            messages.success(request, _("Removed."))
    return HttpResponseRedirect(reverse("security"))


@require_POST
@own
def fresh_codes(request: HttpRequest, account: Account) -> HttpResponse:
    """New codes on paper; asks for the password."""
    if not _password_fits(request, account):
        return HttpResponseRedirect(reverse("security"))
    return page(request, account, codes=factors.fresh_codes(account))


@require_POST
@own
def change_password(request: HttpRequest, account: Account) -> HttpResponse:
    """Another password; every other session of the account ends."""
    form = PasswordForm(request.POST)
    if form.is_valid():
        if not account.check_password(form.cleaned_data["password"]):
            form.add_error("password", _("The present password is not right. Nothing was changed."))
        try:
            password_validation.validate_password(form.cleaned_data["new_password"], account)
        except ValidationError as reason:
            form.add_error("new_password", reason)
    if form.errors:
        return page(request, account, status=422, form=form)
    try:
        changed = actions.change_own_password(account_id=account.pk, password=form.cleaned_data["new_password"])
    except PeopleError as reason:
        return _refused(request, account, reason)
    update_session_auth_hash(request, changed)
    messages.success(request, _("The password was changed. Every other session was ended."))
    return HttpResponseRedirect(reverse("security"))
