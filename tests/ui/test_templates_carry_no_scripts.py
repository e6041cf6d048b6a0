"""Templates of every room: no inline script, no handler, no style address from elsewhere, only icons that exist."""

import re
from pathlib import Path

import pytest

from civicloop.ui import icons

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "src" / "civicloop").glob("*/templates/**/*.html"))

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=[\"']application/json[\"'])[^>]*>", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE)
SCRIPT_ADDRESS = re.compile(r"(href|src|action)\s*=\s*[\"']\s*javascript:", re.IGNORECASE)
EVALUATED = re.compile(r"hx-vals\s*=\s*[\"']\s*(js|javascript):|hx-trigger\s*=\s*[\"'][^\"']*\[", re.IGNORECASE)
ELSEWHERE = re.compile(r"<(script|link|img|iframe)[^>]*\s(src|href)\s*=\s*[\"'](https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_a_template_has_no_script_of_its_own(template: Path) -> None:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    for pattern in (INLINE_SCRIPT, HANDLER, SCRIPT_ADDRESS, EVALUATED, ELSEWHERE):
        assert pattern.findall(text) == [], pattern.pattern


def test_every_icon_that_is_named_exists() -> None:
    unknown = set()
    for path in [*TEMPLATES, *sorted((ROOT / "src" / "civicloop").glob("*/*.py"))]:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"\{% icon \"([\w-]+)\"", text) + re.findall(r"\bicon=\"([\w-]+)\"", text)
        unknown |= {(path.name, name) for name in named if name not in icons.shapes()}
    assert unknown == set()


HOOKS = {"hints"}  # named for a test only


def looked_for() -> set[tuple[str, str]]:
    """(template, class) of every class by which htmx looks for something."""
    return {
        (template.name, word)
        for template in TEMPLATES
        for value in re.findall(r'\shx-[\w:-]+="([^"]*)"', template.read_text(encoding="utf-8"))
        for word in re.findall(r"(?<![\w/])\.([a-z][\w-]+)", value)
    }


def test_every_class_that_a_template_names_is_known_to_a_style_sheet_or_a_script() -> None:
    """A class that nothing knows does nothing: the form stays as wide as the screen, the warning a bare line."""
    sheets = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "civicloop").glob("*/static/**/*.css")
    )
    known = HOOKS | set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", sheets))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "frontend" / "src").glob("*.ts"))
    known |= set(re.findall(r"['\"` ]\.([a-z][\w-]*)", scripts)) | {word for _name, word in looked_for()}
    unknown = set()
    for template in TEMPLATES:
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\0", template.read_text(encoding="utf-8"), flags=re.DOTALL)
        for named in re.findall(r'\sclass="([^"]*)"', text):
            unknown |= {(template.name, word) for word in named.split() if "\0" not in word and word not in known}
    assert unknown == set()


def test_every_class_that_a_template_looks_for_is_one_that_a_template_names() -> None:
    """What is to be sent along, or to be waited for, would silently be nothing."""
    texts = [template.read_text(encoding="utf-8") for template in TEMPLATES]
    named = {word for text in texts for each in re.findall(r'class="([^"]*)"', text) for word in each.split()}
    assert looked_for()
    assert {each for each in looked_for() if each[1] not in named} == set()


def test_a_number_in_a_table_of_rows_names_itself_where_a_phone_hides_the_head() -> None:
    bare = set()
    for template in TEMPLATES:
        for table in re.findall(
            r"<table class=\"[^\"]*rows-table.*?</table>", template.read_text(encoding="utf-8"), re.DOTALL
        ):
            bare |= {
                (template.name, cell) for cell in re.findall(r'<td class="(?:number|code)">\{\{[^}|]*\}\}</td>', table)
            }
    assert bare == set()


def test_the_built_scripts_evaluate_nothing() -> None:
    for script in icons.SHAPES.parent.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function\(|[^\w.]Function\(", text), script.name
