"""A table of figures as a file: XLSX, CSV, JSON and PDF of exactly what is seen, with cells that start no formula."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as fonts
import typst
from django.utils.translation import get_language

from civicloop.figures import showing
from civicloop.figures.selectors import Table
from civicloop.foundation import clock, spreadsheets

TEMPLATE = Path(__file__).with_name("table.typ")
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}


@cache
def _fonts() -> typst.Fonts:
    """The font that ships with the product, and no other."""
    folder = str(fonts.sans_path().parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def made(kind: str, table: Table, name: str, about: dict[str, Any]) -> bytes:
    """The bytes of a file of one of KINDS. `name` is that of the whole; `about` is told in the JSON and in the PDF."""
    if kind == "pdf":
        return _pdf(*showing.paper(table, name), about)
    columns, rows = showing.sheet(table, name)
    if kind == "xlsx":
        return spreadsheets.workbook(columns, rows)
    if kind == "csv":
        return spreadsheets.written(columns, rows).encode("utf-8-sig")
    told = {**about, "columns": list(columns), "rows": [list(row) for row in rows]}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _pdf(columns: Sequence[str], rows: Sequence[Sequence[Sequence[str]]], about: dict[str, Any]) -> bytes:
    chinese = (get_language() or "zh-hans").startswith("zh")
    data = {
        "title": about["title"], "lines": about["lines"], "columns": columns, "rows": rows,
        "definitions": about["definitions"], "lang": "zh" if chinese else "en",
    }  # fmt: skip
    return typst.compile(
        TEMPLATE.read_bytes(), font_paths=_fonts(), ignore_system_fonts=True, format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, timestamp=clock.now().replace(microsecond=0),
    )  # fmt: skip
