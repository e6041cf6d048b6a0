"""A small city: two districts, three subdistricts, and the units that the sample responsibilities name."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from django.db import connection

from civicloop.calendars import actions as calendars
from civicloop.catalogue import actions
from civicloop.foundation import caches
from civicloop.people import access
from civicloop.people import actions as people
from civicloop.people.models import Unit
from civicloop.places.models import Area, AreaVersion

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CITY_DIR = Path(__file__).resolve().parents[2] / "cities" / "tianjin"
GB = "GB/T 47678.5-2026"
SYSTEM = access.system("test")
DISTRICT_UNITS = ("urban", "housing", "traffic", "market", "eco", "water", "civil", "affairs", "police", "duty")
SUBDISTRICT_UNITS = ("office", "property")
LAYERS = ("property", "road_city", "road_district", "road_subdistrict")  # that the sample rules name
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


def _overlay(city: City, code: str, layer: str = "property") -> None:
    area = Area.objects.create(level="overlay", created_at=LONG_AGO)
    AreaVersion.objects.create(
        area=area,
        code=code,
        names={"zh-hans": code},
        layer=layer,
        valid_from=LONG_AGO,
        polygon=shapely.to_wkb(shapely.box(0, 0, 1, 1)),
    )
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
    for layer in LAYERS:
        _overlay(city, f"X-{layer}", layer)
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


QUESTIONS = """code,question,question_en,answers,answers_en
noise_source,噪声从哪里来,Where does the noise come from,works=工地;people=居民,works=Building site;people=Residents
"""
RULES = f"""kind_or_class,area_code,unit_code,priority,reason,paper,overlay,answers,hours,days,valid_from,valid_to
{GB}:01003,*district,{{area}}-water,0,排水归水务,,,,,,,
{GB}:01003,*subdistrict,{{area}}-property,0,小区内归物业,,property,,,,,
{GB}:01003,12,city-water,0,这个小区归供水企业,,property:P2,,,,,
06028,*district,{{area}}-eco,0,噪声归生态环境,,,,,,,
06028,*district,{{area}}-police,0,夜间生活噪声归公安,津公〔2025〕3号,,noise_source=people,22:00-06:00,,,
06028/1,120101,120101-housing,0,工地噪声归住建,,,noise_source=works,,rest,,
06010,*subdistrict,{{area}}-office,0,属地,,,,,,2020-01-01,
06010,120101,120101-urban,5,整治期间,,,,,,2099-01-01,2099-02-01
"""
LISTS = """part,kind_or_class,area_code,number,name,lead_unit_code,paper,paper_date,valid_from,valid_to
basic,06,12,1,市容环境日常巡查,,津委办〔2025〕1号,2025-06-01,,
taken_back,06010,120101,88,暴露垃圾执法,120101-urban,津委办〔2025〕1号,2025-06-01,,
supporting,06012,*district,45,道路保洁,{area}-urban,津委办〔2025〕1号,2025-06-01,,
"""


@pytest.fixture
def ruled(loaded, folder) -> Path:
    """The small city with two compounds and the lines above."""
    calendars.load_shipped(actor_id=None, actor_words="test")
    for code in ("P1", "P2"):
        _overlay(loaded, code)
    where = folder({"questions.csv": QUESTIONS, "responsibilities.csv": RULES, "duty-lists.csv": LISTS})
    Unit.objects.filter(code__endswith="-office").update(kind="subdistrict_office")
    actions.load_folders(SYSTEM, folders=[where], valid_from=LONG_AGO)
    return where


@pytest.fixture
def sign_in(loaded, client):
    """`sign_in(role)` gives a browser of somebody with one post in the city."""

    def made(role: str, language: str = "zh-hans"):
        account = people.create_account(SYSTEM, username=role, account_names={"zh-hans": role}, password=None)
        post = people.create_post(
            SYSTEM, code=role, role=role, unit_id=loaded.units["city-duty"], area_id=loaded.areas["12"]
        )
        people.hold(SYSTEM, account_id=account.id, post_id=post.id)
        client.force_login(account)
        client.cookies["django_language"] = language
        return client

    return made
