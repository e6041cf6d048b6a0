"""`{% personal_notice "resident-report" %}`: the notice on personal data of a form, from the declared inventory."""

from typing import Any

from django import template

from civicloop.people import collecting

register = template.Library()


@register.inclusion_tag("people/personal_notice.html")
def personal_notice(*codes: str) -> dict[str, Any]:
    """The notice of one or several collection points; folded, so that the form stays short."""
    return {"groups": collecting.notice(codes)}
