"""Signing in at the city's own sign-in service: going there, and coming back."""

import time
from dataclasses import asdict

from django.conf import settings as environment
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from civicloop.foundation.throttle import network
from civicloop.people import factors, oidc, web
from civicloop.people.models import Account
from civicloop.people.oidc import SignInRefused
from civicloop.people.web import public
from civicloop.site import signin
from civicloop.site.security_page import site_of

ASKED, ASKED_FOR, MOST_ASKED = "provider_asked", 600.0, 4  # seconds; ways begun at once in one browser


def _provider() -> oidc.Provider:
    found = oidc.provider()
    if found is None:
        raise Http404
    return found


def _back(request: HttpRequest) -> str:
    """The address that the provider sends the browser back to."""
    origin = site_of(request).origin
    if environment.SESSION_COOKIE_SECURE:
        origin = "https://" + origin.partition("://")[2]
    return origin + reverse("provider-back")


def _refused(request: HttpRequest, words: str, account: Account | None, code: str) -> HttpResponse:
    signin.note_try(account, "", "refused", {"by": "provider", "why": code})
    form = signin.SignInForm()
    shown = signin.sign_in_page(request, form) | {"trouble": words}
    return render(request, "site/sign_in.html", shown, status=403)


@public
@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Go to the sign-in service."""
    try:
        address, kept = oidc.begin(_provider(), back=_back(request))
    except SignInRefused as reason:
        return _refused(request, str(reason), None, reason.code)
    now = time.time()
    waiting = {k: v for k, v in request.session.get(ASKED, {}).items() if v["until"] > now}
    waiting = dict(list(waiting.items())[-(MOST_ASKED - 1) :])
    waiting[kept.state] = asdict(kept) | {"until": now + ASKED_FOR, "next": signin.onward(request)}
    request.session[ASKED] = waiting
    return HttpResponseRedirect(address)


@public
@never_cache
@require_safe
@sensitive_variables("code", "kept", "proof")
def back(request: HttpRequest) -> HttpResponse:
    """Come back from the sign-in service; each answer is good once, and only in the browser that asked."""
    asked = _provider()
    wait = signin.TRIES.wait(f"net:{network(web.address(request))}")
    if wait:
        return _refused(request, signin.too_many(wait), None, "too_many")
    waiting = request.session.get(ASKED, {})
    kept = waiting.pop(request.GET.get("state", ""), None)
    request.session[ASKED] = waiting
    if kept is None or kept["until"] < time.time():
        words = _("This sign-in was not begun here, or was used already. Begin again.")
        return _refused(request, words, None, "state")
    if request.GET.get("iss", asked.issuer) != asked.issuer:
        return _refused(request, _("This answer came from another sign-in service. Begin again."), None, "issuer")
    code = request.GET.get("code", "")
    if "error" in request.GET or not code:
        words = _("The sign-in service did not sign you in. Begin again, or use your password.")
        return _refused(request, words, None, "provider_refused")
    try:
        kept_keys = oidc.Asked(kept["state"], kept["nonce"], kept["verifier"])
        proof = oidc.finish(asked, code=code, kept=kept_keys, back=_back(request))
        account = oidc.account_of(proof)
    except SignInRefused as reason:
        return _refused(request, str(reason), reason.account, reason.code)
    name = account.username
    if factors.of(account) and not proof.second_factor:
        request.session[signin.PENDING] = {
            "account": account.pk, "until": time.time() + signin.PENDING_FOR, "next": kept["next"], "name": name,
            signin.PROVIDER: True,
        }  # fmt: skip
        return HttpResponseRedirect(reverse("second-factor"))
    detail = {"by": "provider", "second_factor": "provider" if proof.second_factor else "none"}
    signin.note_try(account, name, "done", detail)
    return signin.signed_in(request, account, name, kept["next"], provider=True, proved=proof.second_factor)
