"""Signing in and out, and choosing the post to act in."""

import json
import math
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.notices import selectors as notices
from civicloop.people import access, factors, locks, oidc, sessions, web
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.people.middleware import BEGAN, ENROL, USED
from civicloop.people.models import Account, Post
from civicloop.people.web import SESSION_POST, public
from civicloop.records import audit, settings
from civicloop.site import homes
from civicloop.site.security_page import CHALLENGE, site_of
from civicloop.ui import context

TRIES = Throttle(most=30, seconds=300)  # from one network; each name has its own bound (people.locks)
PENDING, PENDING_FOR = "pending", 600.0  # seconds between the password and the second step
PROVIDER = "provider"  # in the session: it began at the city's sign-in service


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=gettext_lazy("Sign-in name"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@public
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with the password; whoever has a second factor goes on to it. All tries are in the audit log."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"]
        wait = TRIES.wait(f"net:{network(web.address(request))}") or locks.begin(name)
        if wait:
            form.add_error(None, too_many(wait))
        else:
            account = authenticate(request, username=name, password=form.cleaned_data["password"])
            if account is not None and factors.of(account):
                request.session[PENDING] = {"account": account.pk, "until": time.time() + PENDING_FOR,
                                            "next": onward(request), "name": name}  # fmt: skip
                return HttpResponseRedirect(reverse("second-factor"))
            note_try(account, name, "done" if account else "refused")
            if account is not None:
                return signed_in(request, account, name, onward(request))
            form.add_error(None, _("This name and password do not belong together."))
    return render(request, "site/sign_in.html", sign_in_page(request, form), status=422 if form.errors else 200)


def sign_in_page(request: HttpRequest, form: SignInForm) -> dict[str, object]:
    """What the sign-in page shows."""
    label = provider_label() if oidc.provider() else ""
    return {"form": form, "next": onward(request), "provider": label}


def provider_label() -> str:
    """What the city calls its sign-in service."""
    return settings.get_str("sign_in.provider_label") or _("the city's sign-in service")


def too_many(wait: float) -> str:
    """What is said to who has to wait."""
    words = _("Too many tries. Wait %(minutes)s minutes and try again; the right password does not help before.")
    return words % {"minutes": math.ceil(wait / 60)}


def signed_in(
    request: HttpRequest, account: Account, name: str, onward: str, *, provider: bool = False, proved: bool = False
) -> HttpResponse:
    """Begin the session; who still needs a second factor is led to set one up.

    `provider`: the city's sign-in service said who it is; `proved`: and that it asked for a second factor itself.
    """
    locks.succeeded(name)
    login(request, account, backend="django.contrib.auth.backends.ModelBackend")
    now = time.time()
    request.session[BEGAN], request.session[USED] = now, now
    request.session[sessions.MARK] = sessions.begin(account)
    if provider:
        request.session[PROVIDER] = True
    if not proved and not factors.of(account) and factors.needed(account, web.actors(request)):
        request.session[ENROL] = True
        return HttpResponseRedirect(reverse("security"))
    return HttpResponseRedirect(onward or homes.home_of(web.actor(request)))


@public
@never_cache
@sensitive_post_parameters("code", "answer")
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step: a code, or a passkey. Tries count as those of the password do."""
    pending = request.session.get(PENDING) or {}
    account = Account.objects.filter(pk=pending.get("account", 0), is_active=True).first()
    if account is None or time.time() > pending["until"]:
        request.session.pop(PENDING, None)
        return HttpResponseRedirect(reverse("sign-in"))
    site, trouble = site_of(request), ""
    if request.method == "POST":
        wait = locks.begin(pending["name"])
        code, answer = request.POST.get("code", ""), request.POST.get("answer", "")
        challenge = request.session.pop(CHALLENGE, "")
        if wait:
            trouble = too_many(wait)
        elif (answer and factors.passkey_fits(account, site, answer=answer, challenge=challenge)) or (
            code and factors.code_fits(account, code)
        ):
            note_try(account, account.username, "done")
            request.session.pop(PENDING)
            return signed_in(request, account, pending["name"], pending["next"], provider=bool(pending.get(PROVIDER)))
        else:
            note_try(account, account.username, "second_refused")
            trouble = _("This is not right. A code is good once, and only for about a minute.")
    options = ""
    found = factors.passkey_to_use(account, site)
    if found is not None:
        options, request.session[CHALLENGE] = found
    shown = {"options": json.loads(options) if options else None, "trouble": trouble}
    return render(request, "site/second_factor.html", shown, status=422 if trouble else 200)


def note_try(account: Account | None, name: str, outcome: str, detail: Mapping[str, object] | None = None) -> None:
    """A try in the audit log. A name that nobody has is not kept: it may be a password in the wrong field."""
    known = account or Account.objects.filter(username=name).first()
    words = known.username if known else "?"
    audit.write(
        actor_id=account.pk if account else None, post_id=None, actor_words=words, action="sign_in", object="account",
        outcome=outcome, detail=detail,
    )  # fmt: skip


def onward(request: HttpRequest) -> str:
    """Where the person wanted to go; empty for a place outside this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    fine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if fine and urlsplit(wanted).path != "/sign-in" else ""


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here; whoever came by the city's sign-in service is shown where to end it there."""
    asked = oidc.provider() if request.session.get(PROVIDER) else None
    if request.user.is_authenticated and request.session.get(sessions.MARK):
        sessions.end(request.user, request.session[sessions.MARK])
    logout(request)
    if asked is not None:
        there = oidc.way_out(asked, back=f"{site_of(request).origin}/")
        if there:
            return render(request, "site/signed_out.html", {"there": there, "label": provider_label()})
    return HttpResponseRedirect("/")


@public
@require_POST
def choose_post(request: HttpRequest) -> HttpResponse:
    """Act in another of the posts that the person holds."""
    held = {str(each.post_id): each for each in web.actors(request)}
    chosen = held.get(request.POST.get("post", ""))
    if chosen is not None:
        request.session[SESSION_POST] = chosen.post_id
        return HttpResponseRedirect(homes.home_of(chosen))
    return HttpResponseRedirect("/")


def _in_post(each: Actor, row: Post, language: str) -> str:
    """A post in words; whoever stands in for it always reads so."""
    post = f"{shown(row.unit.names, language)} · {_roles(row)}"
    return _("Standing in for: %(post)s") % {"post": post} if each.stands_in_from is not None else post


def _roles(post: Post) -> str:
    """The roles of a post in words, the main one first."""
    return " / ".join(str(Role(role).label) for role in (post.role, *post.also))


@context.describe_person
def describe(request: HttpRequest) -> context.Person | None:
    """Who looks at a page, for the shell."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    held = web.actors(request)
    now = web.actor(request)
    has_inbox = access.may(now, "notices.own").allowed
    language = getattr(request, "LANGUAGE_CODE", "zh-hans")
    rows = {post.pk: post for post in Post.objects.filter(id__in=[a.post_id for a in held]).select_related("unit")}
    posts = tuple(
        context.Post(
            str(each.post_id),
            _in_post(each, rows[each.post_id or 0], language),
            each.post_id == now.post_id,
        )
        for each in held
    )
    return context.Person(
        shown(user.names, language),
        now.roles,
        posts,
        "/post",
        "/sign-out",
        str(user.pk),
        homes.home_of(now),
        "/security/",
        "/security/rights",
        reverse("notices:inbox") if has_inbox else "",
        notices.unread(user.pk) if has_inbox else 0,
    )
