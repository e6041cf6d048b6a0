"""Administration of units, posts and accounts. Parses, calls one action, renders."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.foundation import locality
from civicloop.foundation.names import own
from civicloop.people import access, actions, factors, granting, selectors
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.choices import Role, UnitKind
from civicloop.people.forms import AccountForm, HoldForm, PostForm, UnitChangeForm, UnitForm
from civicloop.people.models import Account, Holding, PostRequest, Unit
from civicloop.people.web import duty

PAGE = 50


def _names(form: forms.Form) -> dict[str, str]:
    names = {locality.language(): form.cleaned_data["name_zh"]}
    if form.cleaned_data.get("name_en"):
        names["en"] = form.cleaned_data["name_en"]
    return names


def _try(form: forms.Form, work: Callable[[], object]) -> bool:
    """Do the work of a valid form; a refusal becomes the form's error and everything typed stays."""
    if not form.is_valid():
        return False
    try:
        work()
    except PeopleError as reason:
        form.add_error(None, str(reason))
        return False
    return True


@duty("units.view")
def units(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Units in force, searched by name or code, 50 a page."""
    wanted, kind, after = request.GET.get("q", "")[:60], request.GET.get("kind", ""), request.GET.get("after", "")[:64]
    rows = selectors.units().filter(code__gt=after)
    if wanted:
        rows = rows.filter(names__icontains=wanted) | rows.filter(code__icontains=wanted)
    if kind in UnitKind.values:
        rows = rows.filter(kind=kind)
    found = list(rows[: PAGE + 1])
    following = found[PAGE - 1].code if len(found) > PAGE else ""
    may_change = access.may(actor, "units.change").allowed
    context = {"units": found[:PAGE], "next": following, "q": wanted, "kind": kind, "kinds": UnitKind.choices}
    return render(request, "people/units.html", context | {"may_change": may_change})


@duty("units.change")
def new_unit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A form for a new unit."""
    form = UnitForm(request.POST or None)
    if request.method == "POST" and _try(form, lambda: actions.create_unit(
        actor, code=form.cleaned_data["code"], unit_names=_names(form), kind=form.cleaned_data["kind"],
        area_id=form.cleaned_data["area"].id, duty_phone=form.cleaned_data["duty_phone"],
    )):  # fmt: skip
        messages.success(request, _("The unit is there."))
        return HttpResponseRedirect(reverse("people:units") + f"?q={form.cleaned_data['code']}")
    return _form(request, form, _("New unit"))


@duty("units.change")
def change_unit(request: HttpRequest, actor: Actor, unit_id: int) -> HttpResponse:
    """Rename a unit, change its duty phone."""
    unit = Unit.objects.filter(id=unit_id).first()
    if unit is None:
        raise Http404
    initial = {"name_zh": own(unit.names), "name_en": unit.names.get("en"), "duty_phone": unit.duty_phone}
    form = UnitChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and _try(form, lambda: actions.change_unit(
        actor, unit_id=unit.id, unit_names=_names(form), duty_phone=form.cleaned_data["duty_phone"]
    )):  # fmt: skip
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("people:units") + f"?q={unit.code}")
    return _form(request, form, own(unit.names))


@duty("posts.view")
def posts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Posts in force with their holders, 50 a page."""
    wanted, role, after = request.GET.get("q", "")[:60], request.GET.get("role", ""), request.GET.get("after", "")[:80]
    rows = selectors.posts().filter(code__gt=after)
    if wanted:
        rows = rows.filter(code__icontains=wanted) | rows.filter(unit__names__icontains=wanted)
    if role in Role.values:
        rows = rows.filter(role=role)
    found = list(rows[: PAGE + 1])
    following = found[PAGE - 1].code if len(found) > PAGE else ""
    holders: dict[int, list[Holding]] = {}
    for line in Holding.objects.filter(selectors.held(), post__in=found).select_related("account"):
        holders.setdefault(line.post_id, []).append(line)
    lines = [(post, holders.get(post.id, [])) for post in found[:PAGE]]
    context = {"lines": lines, "next": following, "q": wanted, "role": role, "roles": Role.choices}
    waiting = {"waiting": granting.waiting(actor) if not after else []}
    may_change, may_see = access.may(actor, "posts.change").allowed, access.may(actor, "rights.view").allowed
    return render(
        request, "people/posts.html", context | waiting | {"may_change": may_change, "may_see_rights": may_see}
    )


@duty("posts.change")
def new_post(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A form for a new post."""
    form = PostForm(request.POST or None)
    if request.method == "POST" and _try(form, lambda: actions.create_post(
        actor, code=form.cleaned_data["code"], role=form.cleaned_data["role"], also=form.cleaned_data["also"],
        unit_id=form.cleaned_data["unit"].id, area_id=form.cleaned_data["area"].id,
    )):  # fmt: skip
        messages.success(request, _("The post is there; give it to somebody."))
        return HttpResponseRedirect(reverse("people:hold") + f"?post={form.cleaned_data['code']}")
    return _form(request, form, _("New post"))


@duty("posts.change")
def hold(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give a post to somebody."""
    form = HoldForm(request.POST or None, initial={"post": request.GET.get("post", "")})
    given: list[Holding | PostRequest] = []
    if request.method == "POST" and _try(form, lambda: given.append(granting.give(
        actor, account_id=form.cleaned_data["username"].id, post_id=form.cleaned_data["post"].id
    ))):  # fmt: skip
        if isinstance(given[0], Holding):
            messages.success(request, _("The post is held from now on."))
        else:
            messages.warning(request, _("This post reaches far: a second administrator has to agree. It waits below."))
        return HttpResponseRedirect(reverse("people:posts") + f"?q={form.cleaned_data['post'].code}")
    return _form(request, form, _("Give a post to somebody"), collects=True)


@require_POST
@duty("posts.decide")
def decide(request: HttpRequest, actor: Actor, request_id: int) -> HttpResponse:
    """A second administrator says yes or no."""
    yes = "yes" in request.POST
    try:
        granting.decide(actor, request_id=request_id, yes=yes)
    except PostRequest.DoesNotExist:
        raise Http404 from None
    except PeopleError as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("The post is held from now on.") if yes else _("The post is not given."))
    return HttpResponseRedirect(reverse("people:posts"))


@require_POST
@duty("posts.change")
def release(request: HttpRequest, actor: Actor, holding_id: int) -> HttpResponse:
    """End a holding."""
    try:
        line = actions.release(actor, holding_id=holding_id)
    except Holding.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The post is free from now on."))
    return HttpResponseRedirect(reverse("people:posts") + f"?q={line.post.code}")


@require_POST
@duty("posts.change")
def take_factors_away(request: HttpRequest, actor: Actor, account_id: int) -> HttpResponse:
    """Take the second factor of somebody who has lost it."""
    try:
        number = factors.take_away(actor, account_id=account_id)
    except Account.DoesNotExist:
        raise Http404 from None
    words = _("%(number)s taken away. The next sign-in needs the password only, and asks to set up another one.")
    messages.success(request, words % {"number": number})
    return HttpResponseRedirect(reverse("people:posts"))


@duty("posts.change")
def new_account(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A form for a new account."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and _try(
        form,
        lambda: actions.create_account(
            actor,
            username=form.cleaned_data["username"],
            account_names=_names(form),
            password=form.cleaned_data["password"],
        ),
    ):
        messages.success(request, _("The account is there; give it a post."))
        return HttpResponseRedirect(reverse("people:hold"))
    return _form(request, form, _("New account"), collects=True)


def _form(request: HttpRequest, form: forms.Form, title: str, *, collects: bool = False) -> HttpResponse:
    """The page of a form; `collects` says that it takes data of persons, of which it then gives notice."""
    status = 422 if form.errors else 200
    return render(request, "people/form.html", {"form": form, "title": title, "collects": collects}, status=status)
