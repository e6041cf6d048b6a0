"""The filters in force on a list, in words that can be taken off one by one; for `{% filter_bar %}`."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms


def active(
    form: forms.Form, kept: Mapping[str, str], *, silent: Collection[str] = (), also: Mapping[str, str] | None = None
) -> list[dict[str, str]]:  # fmt: skip
    """Each of the `kept` values but the `silent` ones: its words, and the address without it but with `also`."""
    found = []
    for name, value in kept.items():
        if name in silent:
            continue
        field = form.fields[name]
        flat = _flat(getattr(field, "choices", None) or getattr(field.widget, "choices", []))
        rest = {other: text for other, text in kept.items() if other != name} | dict(also or {})
        found.append({"words": f"{field.label}：{flat.get(value, value)}", "remove_url": f"?{urlencode(rest)}"})
    return found


def _flat(choices: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, words in choices:
        found |= _flat(words) if isinstance(words, list) else {str(value): str(words)}
    return found
