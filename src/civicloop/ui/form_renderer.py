"""Forms as Django draws them, but the choices of a list without a template for each: a page has hundreds of them."""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

LIST, CHOICE = "django/forms/widgets/select.html", "django/forms/widgets/select_option.html"


class Renderer(DjangoTemplates):
    """The renderer of all forms (FORM_RENDERER)."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        if template_name == LIST and _plain(context["widget"]):
            return _list(context["widget"])
        return SafeString(super().render(template_name, context, request))


def _plain(widget: Mapping[str, Any]) -> bool:
    return all(choice["template_name"] == CHOICE for _group, choices, _no in widget["optgroups"] for choice in choices)


def _list(widget: Mapping[str, Any]) -> SafeString:
    """The same as Django's templates make, each part escaped, with other white space."""
    found = [format_html('<select name="{}"{}>', widget["name"], _attributes(widget))]
    for group, choices, _no in widget["optgroups"]:
        if group:
            found.append(format_html('<optgroup label="{}">', group))
        found += [
            format_html('<option value="{}"{}>{}</option>', str(each["value"]), _attributes(each), each["label"])
            for each in choices
        ]
        if group:
            found.append(SafeString("</optgroup>"))
    return SafeString("".join([*found, "</select>"]))


def _attributes(of: Mapping[str, Any]) -> SafeString:
    told = ((name, value) for name, value in of["attrs"].items() if value is not False)
    return SafeString(
        "".join(format_html(" {}", name) if value is True else format_html(' {}="{}"', name, str(value))
                for name, value in told)
    )  # fmt: skip
