"""Controls that forms of all rooms may use."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SearchSelect(forms.Select):
    """A list of many choices. With scripts one types a part of a code or name; without them it is a plain list."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        words: dict[str, str | Promise] = {
            "data-words-none": _("No choice has this in its name or code"),
            "data-words-hint": pgettext_lazy("search", "Code or name"),
        }  # fmt: skip
        super().__init__({"data-search": "", **words, **(attrs or {})}, choices)
