"""Every command that a document names exists, with the options that it names."""

import re
from pathlib import Path

import click
import pytest

from civicloop.ops import cli

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"(?:^ {4}|`|\.venv/bin/)civicloop ([a-z][^`\n]*)", re.MULTILINE)
SIGNED = "‖"  # the same word opens the bytes of a signature


def documents() -> list[Path]:
    """What people read before they type."""
    return [
        *ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "src").rglob("README.md")),
    ]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _assembled() -> None:
    cli._assemble()


def unknown(words: list[str]) -> str:
    """The first word or option that no command has; empty when all exist."""
    command: click.Command = cli.cli
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            names = [name for name in re.split(r"[/,]", word) if name]
            if not names or set(names) - set(command.commands):
                return word
            command = command.commands[names[0]]
        elif option := re.match(r"--[a-z][a-z-]*", word):
            known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            if option[0] not in {*known, "--help", "--version"}:
                return word
    return ""


def test_what_a_document_tells_to_type_can_be_typed() -> None:
    named = 0
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for found in NAMED.finditer(text):
            if SIGNED in text[found.end() : found.end() + 4] or SIGNED in found[1] or "\\n" in found[1]:
                continue
            named += 1
            assert unknown(found[1].split()) == "", f"{document.relative_to(ROOT)}: {found[0].strip()}"
    assert named > 50


@pytest.mark.parametrize("words", ["no-such-command", "demo --no-such-option", "procedures no-such"])
def test_a_command_that_does_not_exist_is_found_out(words: str) -> None:
    assert unknown(words.split()) == words.split()[-1]
