"""Signing in and out, and choosing the post to act in."""

from urllib.parse import urlsplit

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from civicloop.foundation.names import shown
from civicloop.foundation.throttle import Throttle, network
from civicloop.people import web
from civicloop.people.choices import Role
from civicloop.people.models import Post
from civicloop.people.web import SESSION_POST, public
from civicloop.records import audit
from civicloop.site import homes
from civicloop.ui import context

TRIES = Throttle(most=10, seconds=300)


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
    """Sign in; ten tries in five minutes for a name and for a network, all of them in the audit log."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"]
        wait = TRIES.wait(f"name:{name}") or TRIES.wait(f"net:{network(web.address(request))}")
        if wait:
            form.add_error(None, _("Too many tries. Wait a few minutes and try again."))
        else:
            account = authenticate(request, username=name, password=form.cleaned_data["password"])
            _note(account.pk if account else None, name, "done" if account else "refused")
            if account is not None:
                login(request, account)
                return HttpResponseRedirect(_next(request) or homes.home_of(web.actor(request)))
            form.add_error(None, _("This name and password do not belong together."))
    return render(
        request, "site/sign_in.html", {"form": form, "next": _next(request)}, status=422 if form.errors else 200
    )


def _note(account_id: int | None, name: str, outcome: str) -> None:
    audit.write(
        actor_id=account_id, post_id=None, actor_words=name, action="sign_in", object="account", outcome=outcome
    )


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    fine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if fine and urlsplit(wanted).path != "/sign-in" else ""


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
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
    language = getattr(request, "LANGUAGE_CODE", "zh-hans")
    rows = {post.pk: post for post in Post.objects.filter(id__in=[a.post_id for a in held]).select_related("unit")}
    posts = tuple(
        context.Post(
            str(each.post_id),
            f"{shown(rows[each.post_id or 0].unit.names, language)} · {_roles(rows[each.post_id or 0])}",
            each.post_id == now.post_id,
        )
        for each in held
    )
    return context.Person(
        shown(user.names, language), now.roles, posts, "/post", "/sign-out", str(user.pk), homes.home_of(now)
    )
