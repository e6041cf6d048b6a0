"""Lists of choices are drawn without templates, and as Django draws them."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy

from civicloop.ui.form_renderer import Renderer

CHOICES = [
    ("", "---"), (1, "<one> & 'two'"), ("a\"b", gettext_lazy("Operations")),
    ("Group <x>", [(2, "two"), ("3", "three")]), (None, "nothing"),
]  # fmt: skip


class Other(forms.Select):
    """A list whose choices have a template of their own."""

    option_template_name = "django/forms/widgets/input_option.html"


@pytest.mark.parametrize("widget", [forms.Select, forms.SelectMultiple, Other])
@pytest.mark.parametrize("value", ["", "1", 2, ["3", 'a"b'], None, "true"])
def test_as_django_draws_it(widget: type[forms.Select], value: object) -> None:
    attrs = {"class": "form-select", "required": True, "disabled": False, "data-said": "<&>", "rows": 4}
    made = widget(attrs=attrs, choices=CHOICES)
    ours = made.render("na<me", value, {"id": "id_x"}, Renderer())
    theirs = made.render("na<me", value, {"id": "id_x"}, DjangoTemplates())
    assert plain(ours) == plain(theirs)
    assert "<x>" not in ours
    assert hasattr(ours, "__html__")


def plain(text: str) -> str:
    return re.sub(r">\s+<", "><", text).strip()
