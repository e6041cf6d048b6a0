"""Phrases as a CSV file: code, use, name and text in each language, the acts that they fit, the source."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from civicloop.deskwork.actions import NewPhrase
from civicloop.deskwork.models import Phrase
from civicloop.foundation.spreadsheets import plain, text_of, written
from civicloop.matters.errors import invalid

SHIPPED = Path(__file__).with_name("shipped") / "phrases.csv"
FIRST = ("code", "use", "fits", "source")
NAME, TEXT = "name_", "text_"
LANGUAGES = {"zh": "zh-hans", "en": "en"}
LARGEST, MOST_ROWS = 1_000_000, 500


def read(content: bytes) -> list[NewPhrase]:
    """The phrases of a file. Raises Refused with what is wrong and in which line."""
    if len(content) > LARGEST:
        raise invalid("file", "too_large", _("The file is larger than 1 MB."))
    try:
        rows = list(csv.DictReader(io.StringIO(text_of(content), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise invalid("file", "no_table", _("This file is no table that can be read.")) from None
    if not rows or not {"code", "use", "name_zh", "text_zh"} <= set(rows[0]):
        raise invalid("file", "no_table", _("The first line must name the columns code, use, name_zh and text_zh."))
    if len(rows) > MOST_ROWS:
        raise invalid("file", "too_many", _("The file has more than %(most)s lines.") % {"most": MOST_ROWS})
    found: dict[str, NewPhrase] = {}
    for number, row in enumerate(rows, start=2):
        code = _cell(row, "code")
        if code in found:
            raise invalid("file", "twice", _("Line %(line)s: %(code)s stands twice.") % {"line": number, "code": code})
        found[code] = NewPhrase(
            code, _cell(row, "use"), _by_language(row, NAME), _by_language(row, TEXT),
            tuple(_cell(row, "fits").split()), _cell(row, "source"),
        )  # fmt: skip
    return list(found.values())


def _cell(row: dict[str, str | None], name: str) -> str:
    return plain(str(row.get(name) or "")).strip()


def _by_language(row: dict[str, str | None], head: str) -> dict[str, str]:
    return {
        LANGUAGES.get(name[len(head) :], name[len(head) :]): text
        for name in row
        if name and name.startswith(head) and (text := _cell(row, name))
    }


def export(rows: Iterable[Phrase]) -> str:
    """The same file again; loading it changes nothing."""
    found = list(rows)
    spoken = sorted({language for row in found for language in (*row.names, *row.texts)} | {"zh-hans", "en"})
    short = {
        language: next((s for s, whole in LANGUAGES.items() if whole == language), language) for language in spoken
    }
    names = [*FIRST, *(f"{head}{short[language]}" for language in spoken for head in (NAME, TEXT))]
    lines: list[list[object]] = [
        [row.code, row.use, " ".join(row.fits), row.source,
         *(texts.get(language, "") for language in spoken for texts in (row.names, row.texts))]
        for row in found
    ]  # fmt: skip
    return written(names, lines)
