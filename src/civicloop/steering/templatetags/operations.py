"""A number of the page as a tag: there are two hundred of them, and a template for each would cost most of a page."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from civicloop.steering.showing import Cell

register = template.Library()

NOTHING = mark_safe('<span class="quiet">0</span>')
LATE = mark_safe(' class="late"')


@register.simple_tag
def cell(each: Cell) -> SafeString:
    """`{% cell row.open %}`: a number that opens to what it counts; nothing opens to nothing."""
    return (
        format_html('<a href="{}"{}>{}</a>', each.url, LATE if each.now else "", each.number)
        if each.number
        else NOTHING
    )
