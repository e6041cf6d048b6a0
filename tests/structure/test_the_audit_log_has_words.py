"""Every action that the sources write into the audit log has words on the page, in both languages, and no other has."""

import ast
import re

import pytest
from django.utils import translation

from civicloop.records import pages
from civicloop.site import audit_lines, audit_words
from civicloop.supervision.choices import Doing
from tests.structure.audit_codes import SOURCES, written

# what is put together while the program runs
PARTS = {
    "*.export": {"audit.export", "reads.export"},
    "order.*": {f"order.{doing.value}" for doing in Doing},
    "places.boundaries.*": {
        f"places.boundaries.{what}" for what in ("propose", "withdraw", "in_force", "approve", "refuse")
    },
}
CODES = {code for each in written() for code in PARTS.get(each.code, {each.code})}


def test_every_action_has_words_and_no_other() -> None:
    assert len(CODES) > 90
    assert set(audit_words.ACTIONS) == CODES, "words in site/audit_words.py"
    assert {each.code for each in written() if "*" in each.code} == set(PARTS)


def test_what_is_put_together_is_known() -> None:
    """The parts above are those of the sources."""
    proposals = (SOURCES / "civicloop/places/proposals.py").read_text()
    told = {word for call in re.findall(r"_tell\(([^,]+),", proposals) for word in re.findall(r'"(\w+)"', call)}
    assert {f"places.boundaries.{word}" for word in told - {"approved"}} == PARTS["places.boundaries.*"]
    exports = (SOURCES / "civicloop/records/pages.py").read_text()
    assert set(re.findall(r'_export\(request, "(\w+)"', exports)) == {"audit", "reads"}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_words_tell_the_actions_apart(language: str) -> None:
    with translation.override(language):
        words = [audit_words.action(code) for code in audit_words.ACTIONS]
        if language == "zh-hans":
            plain = [code for code in audit_words.ACTIONS if not re.search("[一-鿿]", audit_words.action(code))]
            assert plain == []
    assert len(set(words)) == len(words)


def test_every_outcome_has_words() -> None:
    outcomes = {
        found.value
        for path in (SOURCES / "civicloop").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg == "outcome"
        for found in ([node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value])
        if isinstance(found, ast.Constant) and isinstance(found.value, str)
    }
    assert outcomes <= set(audit_words.OUTCOMES)
    assert {"done", "taken", "failed"} <= outcomes
    tries = [
        line.partition("note_try(")[2].partition("{")[0]
        for name in ("signin.py", "provider_signin.py")
        for line in (SOURCES / "civicloop/site" / name).read_text().splitlines()
    ]
    assert {word for line in tries for word in re.findall(r'"(\w+)"', line)} <= set(audit_words.OUTCOMES)


def test_what_actions_are_about_can_be_looked_up() -> None:
    assert set(audit_lines.ABOUT.values()) == set(audit_lines.FIND)
    for begin in audit_lines.ABOUT:
        assert any(code == begin or (begin.endswith(".") and code.startswith(begin)) for code in CODES), begin
    assert pages._say == [audit_lines.told]
    assert pages._say_openings == [audit_lines.opened]
