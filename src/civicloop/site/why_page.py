"""为什么看不到: an administrator asks why an account does (not) see a matter or open a page."""

from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from civicloop.foundation import ids
from civicloop.matters import permission, reading, selectors
from civicloop.matters.reading import Reading
from civicloop.people import why
from civicloop.people.access import DUTIES, Actor, may_be_told
from civicloop.people.models import Account
from civicloop.people.web import duty
from civicloop.places import selectors as places
from civicloop.places.selectors import AreaRef


class WhyForm(forms.Form):
    """Whom it is about, and what does not open."""

    username = forms.CharField(label=gettext_lazy("Sign-in name"), max_length=64)
    what = forms.CharField(
        label=gettext_lazy("Number of a matter, or address of a page"), max_length=200,
        help_text=gettext_lazy("Such as 20260302-0000001-X, or /admin/units/"),
        validators=[ProhibitNullCharactersValidator()],
    )  # fmt: skip

    def clean_username(self) -> Account:
        """The account, also one that is switched off."""
        account = Account.objects.filter(username=self.cleaned_data["username"].strip()).first()
        if account is None:
            raise forms.ValidationError(_("There is no such account."))
        return account


def asked_for(text: str) -> tuple[str, UUID | None, str]:
    """What was typed, as (its words for the log, a matter's id, a page's duty). Words that are neither are not kept."""
    text = text.strip()
    if ids.number_is_sound(text):
        return text.upper(), selectors.by_number(text), ""
    try:
        found = resolve(urlsplit(text).path)
    except (Resolver404, ValueError):
        return "?", None, ""
    matter_id = found.kwargs.get("matter_id")
    if isinstance(matter_id, UUID):
        return str(matter_id), matter_id, ""
    return f"/{found.route}", None, str(getattr(found.func, "duty", ""))


def place_of(seen: Reading) -> list[AreaRef]:
    """The names of the levels in which a matter lies; all that is shown of it beside its number."""
    smallest = list(seen.areas.values())[-1:]
    return list(places.path(smallest[0]).values()) if smallest else []


@never_cache
@duty("rights.view")
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The question, and the answer to it post by post. A question is a POST: each leaves its line."""
    form = WhyForm(
        request.POST if request.method == "POST" else None, initial={"username": request.GET.get("user", "")}
    )
    shown: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        words, matter_id, code = asked_for(form.cleaned_data["what"])
        account = form.cleaned_data["username"]
        seen = reading.read(matter_id) if matter_id is not None else None
        if seen is not None and may_be_told(actor, seen.subject):
            shown |= {"number": seen.row["number"], "place": place_of(seen)}
        about = seen.subject if seen is not None else code if code in {*DUTIES, why.PUBLIC} else None
        shown["answer"] = why.ask(
            actor, account, about, asked=words,
            took_part=None if seen is None else lambda each: permission.kept_from_checks(each, seen),
        )  # fmt: skip
    return render(request, "site/why.html", shown, status=422 if form.errors else 200)
