"""The shipped icons, drawn inline so that they take the ink: a subset of Tabler Icons (MIT, static/ui/LICENSES.txt)."""

import json
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

SHAPES = Path(__file__).resolve().parent / "static" / "ui" / "icons.json"


@cache
def shapes() -> dict[str, str]:
    """Name → the inner elements of its drawing on a 24 × 24 field. The list of names is frontend/icons.txt."""
    found: dict[str, str] = json.loads(SHAPES.read_text(encoding="utf-8"))
    return found


def drawing(name: str, label: str = "", css: str = "") -> SafeString:
    """The icon as an inline SVG. Without a label it is decoration beside a word.

    An unknown name draws a point: a page is never lost for an icon (a test finds such names in templates).
    """
    drawn = shapes()
    inner = mark_safe(drawn.get(name, drawn["point"]))  # noqa: S308 (our own built file, never data)
    classes = f"icon {css}".strip()
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" focusable="false" {}>{}</svg>',
        classes,
        spoken,
        inner,
    )
