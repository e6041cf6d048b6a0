"""Forms of the administration of units and posts."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from civicloop.people import selectors
from civicloop.people.actions import SHORTEST_PASSWORD
from civicloop.people.choices import Role, UnitKind
from civicloop.people.models import Account, Post, Unit
from civicloop.places import selectors as places


class AreaField(forms.CharField):
    """The code of an area; its value is the area."""

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        try:
            return places.by_code(code)
        except LookupError:
            raise forms.ValidationError(_("There is no area with the code %(code)s.") % {"code": code}) from None


class UnitForm(forms.Form):
    """A new unit."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=64)
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=UnitKind.choices)
    area = AreaField(label=gettext_lazy("Area code"), max_length=20)
    duty_phone = forms.CharField(label=gettext_lazy("Duty phone"), max_length=32, required=False)


class UnitChangeForm(forms.Form):
    """What may change of a unit."""

    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120, required=False)
    duty_phone = forms.CharField(label=gettext_lazy("Duty phone"), max_length=32, required=False)


class PostForm(forms.Form):
    """A new post, and who holds it from now on."""

    code = forms.SlugField(label=gettext_lazy("Code"), max_length=80)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    also = forms.MultipleChoiceField(
        label=gettext_lazy("Further roles of the same post"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    unit = forms.CharField(label=gettext_lazy("Unit code"), max_length=64)
    area = AreaField(label=gettext_lazy("Area code"), max_length=20)

    def clean_unit(self) -> Unit:
        """The unit in force with this code."""
        unit = selectors.units().filter(code=self.cleaned_data["unit"]).first()
        if unit is None:
            raise forms.ValidationError(_("There is no such unit."))
        return unit


class HoldForm(forms.Form):
    """Give a post to an account."""

    username = forms.CharField(label=gettext_lazy("Sign-in name"), max_length=64)
    post = forms.CharField(label=gettext_lazy("Post code"), max_length=80)

    def clean_username(self) -> Account:
        """The account."""
        account = Account.objects.filter(username=self.cleaned_data["username"], is_active=True).first()
        if account is None:
            raise forms.ValidationError(_("There is no such account."))
        return account

    def clean_post(self) -> Post:
        """The post in force."""
        post = selectors.posts().filter(code=self.cleaned_data["post"]).first()
        if post is None:
            raise forms.ValidationError(_("There is no such post."))
        return post


class AccountForm(forms.Form):
    """A new account."""

    username = forms.SlugField(label=gettext_lazy("Sign-in name"), max_length=64)
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=120)
    password = forms.CharField(
        label=gettext_lazy("First password"), min_length=SHORTEST_PASSWORD, max_length=200, widget=forms.PasswordInput
    )
