"""Collect, complete and compile the words of every room.

    tools/messages.py update [ROOM …]   collect strings into <room>/locale/zh_Hans/…/django.po and compile
    tools/messages.py check             exit 1 when a string has no Chinese, or a file is out of date

The strings in the sources are English; each room keeps its own Chinese catalogue, so rooms do not meet in one file.
JavaScript words are passed from templates as data attributes and need no catalogue of their own.
"""

import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "civicloop.settings")
import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

KEYWORDS = {
    "gettext": None, "_": None, "gettext_lazy": None, "gettext_noop": None, "N_": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
SOURCE = Path(__file__).resolve().parent.parent / "src" / "civicloop"


def collect(room: Path) -> Catalog:
    """All marked strings of a room's Python files and templates."""
    from django.utils.translation.template import templatize

    found = Catalog(locale="zh_Hans", charset="utf-8", fuzzy=False)
    files = sorted(p for p in room.rglob("*") if p.suffix in {".py", ".html", ".txt"} and "migrations" not in p.parts)
    for path in files:
        if path.suffix in {".html", ".txt"} and "templates" not in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # the collector reads Python: template indentation means nothing to it
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        where = path.relative_to(SOURCE).as_posix()
        for _line, message, _comments, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
            found.add(message, context=context, locations=[(where, 0)], flags=())
    return found


def catalogue(room: Path) -> Path:
    return room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def rendered(found: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, found, sort_output=True, omit_header=False, include_lineno=False, width=110)
    lines = [
        line
        for line in out.getvalue().decode().splitlines()
        if not line.startswith(
            (
                '"POT-Creation',
                '"PO-Revision',
                '"Generated-By',
                '"Last-Translator',
                '"Language-Team',
                '"Report-Msgid',
                '"Project-Id',
            )
        )
    ]
    body = "\n".join(line for line in lines if not line.startswith("# ") and line != "#").strip() + "\n"
    return body.encode()


def compiled(found: Catalog) -> bytes:
    # the header carries dates: fixed ones, so that the same words give the same bytes
    found.creation_date = found.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    write_mo(out, found)
    return out.getvalue()


def merged(room: Path) -> Catalog:
    """What the room's file should hold: the strings of the sources with the translations that the file has."""
    found = collect(room)
    path = catalogue(room)
    if path.exists():
        known = read_po(io.BytesIO(path.read_bytes()), locale="zh_Hans", domain="django")
        for message in known:
            if message.id and message.string:
                key = message.id if isinstance(message.id, str) else message.id[0]
                fresh = found.get(key, message.context)
                if fresh is not None:
                    fresh.string = message.string
    return found


def untranslated(found: Catalog) -> list[str]:
    return [
        str(message.id)
        for message in found
        if message.id and not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]


def rooms(names: list[str]) -> list[Path]:
    return [
        room for room in sorted(SOURCE.iterdir()) if (room / "apps.py").exists() and (not names or room.name in names)
    ]


def problems() -> list[str]:
    """Every reason why the catalogues are not complete and up to date; empty when they are."""
    said = []
    for room in rooms([]):
        found = merged(room)
        if not len(found) and not catalogue(room).exists():
            continue
        said += [f"{room.name}: no Chinese for {text!r}" for text in untranslated(found)]
        path = catalogue(room)
        if not path.exists() or path.read_bytes() != rendered(found):
            said.append(f"{room.name}: django.po is out of date; run tools/messages.py update")
        elif path.with_suffix(".mo").read_bytes() != compiled(read_po(io.BytesIO(path.read_bytes()), locale="zh_Hans")):
            said.append(f"{room.name}: django.mo is out of date; run tools/messages.py update")
    return said


def update(names: list[str]) -> None:
    for room in rooms(names):
        found = merged(room)
        path = catalogue(room)
        if not len(found) and not path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rendered(found))
        path.with_suffix(".mo").write_bytes(compiled(read_po(io.BytesIO(path.read_bytes()), locale="zh_Hans")))
        missing = untranslated(found)
        print(f"{room.name}: {len(found)} strings, {len(missing)} without Chinese", *missing[:200], sep="\n   ")


if __name__ == "__main__":
    from django.conf import settings

    settings.configure(USE_I18N=False)
    django.setup()
    if sys.argv[1:2] == ["update"]:
        update(sys.argv[2:])
    elif sys.argv[1:2] == ["check"]:
        said = problems()
        print(*said, sep="\n")
        sys.exit(bool(said))
    else:
        sys.exit(__doc__)
