"""The lists of GB/T 47678.5-2026 as they are shipped; no database."""

import csv
from collections import Counter
from pathlib import Path

from civicloop.calendars.rules import Limit
from civicloop.catalogue.actions import NATIONAL
from civicloop.catalogue.files import COLUMNS, read_folder

CITY = Path(__file__).resolve().parents[2] / "cities" / "tianjin" / "catalogue"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_there_are_153_components_and_250_matters():
    counts = Counter((row["family"], row["class"]) for row in rows(NATIONAL, "kinds.csv"))
    components = {"01": 76, "02": 44, "03": 16, "04": 14, "05": 3}
    assert {key: number for (family, key), number in counts.items() if family == "component"} == components
    assert {key: number for (family, key), number in counts.items() if family == "matter"} == components | {
        "06": 51, "07": 7, "08": 16, "09": 21, "10": 2,
    }  # fmt: skip


def test_the_gaps_of_the_list_are_kept():
    codes = {(row["family"], row["code"]) for row in rows(NATIONAL, "kinds.csv")}
    for code in ("01016", "05001", "06031", "07005", "09007"):
        assert ("matter", code) not in codes
        assert ("component", code) not in codes


def test_every_component_has_a_matter_of_the_same_digits():
    kinds = {(row["family"], row["code"]): row["name"] for row in rows(NATIONAL, "kinds.csv")}
    for (family, code), name in kinds.items():
        if family == "component":
            assert kinds["matter", code] == f"{name}异常"


def test_english_names_are_marked_as_ours_and_none_is_missing():
    for row in rows(NATIONAL, "kinds.csv") + rows(NATIONAL, "classes.csv"):
        assert row["name_source"] == "ours"
        assert row["name_en"].strip()


def test_the_provenance_says_second_hand():
    for row in rows(NATIONAL, "standards.csv"):
        assert "二次转录" in row["provenance"]
        assert "verify" in row["provenance_en"]


def test_the_crosswalk_names_real_kinds_and_the_dropped_ones():
    codes = {row["code"] for row in rows(NATIONAL, "kinds.csv") if row["family"] == "matter"}
    lines = rows(NATIONAL, "crosswalk.csv")
    assert len(lines) == 76
    assert all(line["code"] in codes for line in lines if line["code"])
    assert {line["old_code"] for line in lines if not line["code"]} == {
        "01-31", "02-05", "05-01", "05-02", "05-03", "05-04", "05-05", "05-06", "06-04",
    }  # fmt: skip
    assert {line["old_code"]: line["code"] for line in lines}["01-04"] == "06004"


def test_no_condition_of_the_city_claims_to_be_the_standards():
    for row in rows(CITY, "conditions.csv"):
        assert row["source"] == "sample_city"
        assert "样本城市" in row["note"]
        assert Limit.parse(row["limit"])
        assert row["condition"] == "—" or "摘要" in row["note"]


def test_a_kind_with_several_limits_and_no_text_says_that_the_text_is_not_known():
    lines = [row for row in rows(CITY, "conditions.csv") if row["code"] == "06001"]
    assert [(row["no"], row["condition"], row["limit"]) for row in lines] == [
        ("1", "—", "2 natural_day"),
        ("2", "—", "15 work_day"),
    ]
    assert all("不详" in row["note"] for row in lines)


def test_shipped_folders_have_the_documented_columns():
    for folder in (NATIONAL, CITY):
        found = read_folder(folder)
        assert any(found.has(name) for name in COLUMNS)
