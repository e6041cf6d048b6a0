"""A small city: two districts, three subdistricts, and the units that the sample responsibilities name."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from civicloop.catalogue import actions
from civicloop.foundation import caches
from civicloop.people import access
from civicloop.people.models import Unit
from civicloop.places.models import Area, AreaVersion

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CITY_DIR = Path(__file__).resolve().parents[2] / "cities" / "tianjin"
GB = "GB/T 47678.5-2026"
SYSTEM = access.system("test")
DISTRICT_UNITS = ("urban", "housing", "traffic", "market", "eco", "water", "civil", "affairs", "police", "duty")
SUBDISTRICT_UNITS = ("office", "property")
CITY_UNITS = ("power", "gas", "heat", "water", "telecom", "transit", "duty")


@dataclass
class City:
    """Area ids and unit ids by code."""

    areas: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)

    def path(self, code: str) -> dict[str, int]:
        """The path of a subdistrict, a district or the city by code."""
        levels = {"city": "12", "district": code[:6], "subdistrict": code}
        depth = {2: 1, 6: 2, 9: 3}[len(code)]
        return {level: self.areas[each] for level, each in list(levels.items())[:depth]}


def _area(city: City, code: str, level: str, parent: str | None) -> None:
    area = Area.objects.create(level=level, created_at=LONG_AGO)
    AreaVersion.objects.create(
        area=area, code=code, names={"zh-hans": f"区划{code}"}, parent_id=city.areas[parent] if parent else None,
        valid_from=LONG_AGO,
    )  # fmt: skip
    city.areas[code] = area.id


def _unit(city: City, code: str, area: str) -> None:
    unit = Unit.objects.create(
        code=code, names={"zh-hans": f"单位{code}"}, kind="duty_desk" if code.endswith("-duty") else "department",
        area_id=city.areas[area], valid_from=LONG_AGO,
    )  # fmt: skip
    city.units[code] = unit.id


def make_city() -> City:
    """Areas and units, as rows."""
    city = City()
    _area(city, "12", "city", None)
    for name in CITY_UNITS:
        _unit(city, f"city-{name}", "12")
    for district in ("120101", "120102"):
        _area(city, district, "district", "12")
        for name in DISTRICT_UNITS:
            _unit(city, f"{district}-{name}", district)
    for subdistrict in ("120101001", "120101002", "120102001"):
        _area(city, subdistrict, "subdistrict", subdistrict[:6])
        for name in SUBDISTRICT_UNITS:
            _unit(city, f"{subdistrict}-{name}", subdistrict)
    return city


# the tests' tiny city has its own places, units and catalogue; here a city is loaded from nothing
OTHERS = (
    "people_delegation", "people_apitoken", "people_holding", "people_post", "people_account",
    "catalogue_responsibility",
    "catalogue_filingcondition", "catalogue_crosswalk", "catalogue_kindedition", "catalogue_kind",
    "catalogue_kindclass", "catalogue_standard", "people_unit", "places_areaversion", "places_area",
)  # fmt: skip


@pytest.fixture
def nothing(db) -> None:
    """An installation without content, until the end of the test."""
    with connection.cursor() as cursor:
        for table in OTHERS:
            cursor.execute(f"DELETE FROM {table}")
    caches.forget_all()


@pytest.fixture
def city(nothing) -> City:
    """Places and units, without a catalogue."""
    return make_city()


@pytest.fixture
def loaded(city) -> City:
    """The same with the national lists and the sample city's catalogue."""
    actions.load_city(SYSTEM, city_dir=CITY_DIR)
    return city


@pytest.fixture
def folder(tmp_path):
    """Writes files of a catalogue folder: `folder({"kinds.csv": "…"})`."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write
