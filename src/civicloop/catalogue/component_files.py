"""Components as CSV and GeoJSON, in one form for import and export.

A line names a component by its code and says what is known of it. A column that a file leaves out says nothing: what is
registered stays. The columns INFORMING are written for readers and not taken back, since they follow from the others.
The headings of the standard's own table are understood as well.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicloop.catalogue.choices import ComponentState
from civicloop.catalogue.files import CatalogueRefused
from civicloop.foundation.spreadsheets import lines, plain, text_of

COLUMNS = (
    "code", "name", "name_en", "state", "accuracy", "lon", "lat", "address", "department_code", "owner_code",
    "maintainer_code", "source", "first_on", "changed_on", "note", "synthetic", "ended",
)  # fmt: skip
INFORMING = ("kind_name", "owner_name", "maintainer_name", "district_code", "subdistrict_code", "community_code",
             "grid_code")  # fmt: skip
ALIASES: Mapping[str, str] = {
    "标识码": "code", "管理部件标识码": "code", "GLBJBSM": "code", "名称": "name", "管理部件名称": "name",
    "状态": "state", "主管部门代码": "department_code", "权属单位代码": "owner_code", "养护单位代码": "maintainer_code",
    "初始日期": "first_on", "变更日期": "changed_on", "数据来源": "source", "备注": "note", "经度": "lon",
    "纬度": "lat", "精度": "accuracy", "位置": "address", "地址": "address",
    **dict.fromkeys(("主管部门名称", "权属单位名称", "养护单位名称", "所在单元网格标识码", "街道代码", "街道名称",
                     "社区代码", "社区名称"), ""),
}  # fmt: skip
# the standard's own words for what the columns hold
WORDS: Mapping[str, Mapping[str, str]] = {
    "state": {"完好": "intact", "破损": "damaged", "丢失": "lost", "废弃": "abandoned", "移除": "removed"},
    "source": {"实测": "survey", "地形图": "map", "基础地理数据": "base", "其他": "other"},
}
STANDARD_STATES = {value: word for word, value in WORDS["state"].items()}
assert set(STANDARD_STATES) == set(ComponentState.values)
LONGEST_CELL = 2_000


@dataclass(frozen=True, slots=True)
class Line:
    """One component as a file says it; a column that the file leaves out is missing in `cells`."""

    where: str
    cells: Mapping[str, str]


def read(name: str, raw: bytes) -> Iterator[Line]:
    """The lines of a CSV or GeoJSON file, one after the other. Raises CatalogueRefused when it is neither."""
    try:
        text = text_of(raw)
    except UnicodeDecodeError as wrong:
        raise CatalogueRefused([f"{name}: not a file in UTF-8 or GB 18030: {wrong}"]) from wrong
    return _features(name, text) if text.lstrip()[:1] == "{" else _lines(name, text)


def _lines(name: str, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        head = [cell.strip() for cell in next(reader, [])]
        columns = [ALIASES.get(cell, cell) for cell in head]
        _known(name, head, columns)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            given = {column: plain(cell.strip()) for column, cell in zip(columns, cells, strict=False) if column}
            if len(cells) > len(columns):
                given[""] = "cells"  # more cells than columns: the whole line may have slipped
            yield Line(f"{name} line {reader.line_num}", given)
    except csv.Error as wrong:
        raise CatalogueRefused([f"{name} line {reader.line_num}: not a CSV file: {wrong}"]) from wrong


def _known(name: str, head: Sequence[str], columns: Sequence[str]) -> None:
    strange = [cell for cell, column in zip(head, columns, strict=True) if column not in {*COLUMNS, *INFORMING, ""}]
    taken = [column for column in columns if column]
    if "code" not in columns:
        raise CatalogueRefused([f"{name}: the column code is missing; the first line names the columns"])
    if strange or len(set(taken)) != len(taken):
        said = ", ".join(repr(cell) for cell in strange) or "one is named twice"
        raise CatalogueRefused([f"{name}: columns that are not known: {said}"])


def _features(name: str, text: str) -> Iterator[Line]:
    try:
        document = json.loads(text)
    except ValueError as wrong:
        raise CatalogueRefused([f"{name}: not a GeoJSON file: {wrong}"]) from wrong
    features = document.get("features") if document.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        raise CatalogueRefused([f"{name}: not a FeatureCollection of GeoJSON"])
    for number, feature in enumerate(features, start=1):
        yield Line(f"{name} feature {number}", _cells(feature))


def _cells(feature: Any) -> dict[str, str]:
    """The cells of one feature; a shape that is no point leaves no point, which the row's checks then say."""
    if not isinstance(feature, dict):
        return {"": "feature"}
    given = feature.get("properties")
    found: dict[str, str] = {}
    for key, value in (given if isinstance(given, dict) else {}).items():
        column = ALIASES.get(str(key), str(key))
        if column in COLUMNS and not isinstance(value, dict | list):
            found[column] = "" if value is None else str(value).strip()
    shape = feature.get("geometry")
    if isinstance(shape, dict):
        point = shape.get("coordinates") if shape.get("type") == "Point" else None
        lon, lat = (point[0], point[1]) if isinstance(point, list) and len(point) >= 2 else ("", "")
        found |= {"lon": str(lon), "lat": str(lat)}
    return found


# -- writing ----------------------------------------------------------------------------------------------------------

Cells = Mapping[str, Any]


def csv_of(rows: Iterable[Cells]) -> Iterator[str]:
    """The text of a CSV file, line by line."""
    columns = (*COLUMNS[:-1], *INFORMING)
    yield from lines(columns, ([row[column] for column in columns] for row in rows))


def geojson_of(rows: Iterable[Cells]) -> Iterator[str]:
    """The text of a GeoJSON file, feature by feature; a number is a number, all else a text."""
    yield '{"type":"FeatureCollection","features":[\n'
    before = ""
    for row in rows:
        properties = {column: row[column] for column in (*COLUMNS[:-1], *INFORMING) if column not in {"lon", "lat"}}
        point = {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]}
        feature = {"type": "Feature", "geometry": point, "properties": properties}
        yield before + json.dumps(feature, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


WRITERS: Mapping[str, Callable[[Iterable[Cells]], Iterator[str]]] = {"csv": csv_of, "geojson": geojson_of}
