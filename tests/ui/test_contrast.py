"""The pairs of colours that carry text reach 4.5 : 1, shapes 3 : 1, in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STYLE = ROOT / "frontend" / "style"

TEXT = [
    *[("ink", ground) for ground in ("paper", "surface", "sunk", "brand-soft", "now-soft")],
    *[("quiet", ground) for ground in ("paper", "surface", "sunk", "brand-soft")],
    *[("brand", ground) for ground in ("paper", "surface", "sunk", "brand-soft")],
    *[("brand-strong", ground) for ground in ("paper", "surface", "sunk", "brand-soft")],
    *[("now", ground) for ground in ("paper", "surface")],
    ("now-strong", "now-soft"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-now", "now"),
    ("paper", "ink"),
]
SHAPES = [
    ("edge", "paper"),
    ("edge", "surface"),
    ("brand", "rule"),
    ("ink", "rule"),
    ("now", "paper"),
    ("brand", "paper"),
]
FIXED = {
    "paper": "#fbfaf7",
    "ink": "#1d232b",
    "quiet": "#5b6572",
    "rule": "#dcd9d2",
    "brand": "#0f5c63",
    "now": "#c8401f",
}


def theme(name: str) -> dict[str, str]:
    source = (STYLE / "_tokens.scss").read_text()
    block = re.search(rf"@mixin {name} \{{(.*?)\n\}}", source, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1)))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_and_shapes_can_be_read(name: str) -> None:
    colours = theme(name)
    weak = [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in TEXT if contrast(colours[a], colours[b]) < 4.5
    ]
    weak += [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in SHAPES if contrast(colours[a], colours[b]) < 3
    ]
    assert weak == []


def test_the_tokens_are_the_agreed_ones_and_both_themes_have_the_same_names() -> None:
    light = theme("light")
    assert {name: light[name] for name in FIXED} == FIXED
    assert set(light) == set(theme("dark"))


def test_colours_are_named_in_the_token_file_only() -> None:
    named = {"#fff"}  # white on the field's dark bar and on the picture buttons, over a colour of their own
    allowed = {"_tokens.scss", "app.scss"}
    for sheet in STYLE.glob("*.scss"):
        if sheet.name in allowed:
            continue
        found = set(re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)", sheet.read_text().replace("#{$", "")))
        field = (
            {"#434c57", "#b9b5ac", "#5b6572", "#c3cbd3", "#515b65", "#97a2ad", "#0b2a2d"}
            if "faces" in sheet.name
            else set()
        )
        assert found <= named | field, sheet.name
