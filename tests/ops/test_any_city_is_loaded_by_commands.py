"""Other cities than the sample: loaded from their folders by one command, and worked in over HTTP.

One is a prefecture-level city without subdistricts, in another zone, with kinds, calendar, words and limits of its own.
The other has no Chinese anywhere: codes with signs, English names, west of Greenwich, no grids.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from civicloop.foundation import clock, locality
from civicloop.ops import city_commands
from civicloop.people import commands as people_commands
from civicloop.places import commands as places_commands
from civicloop.places.models import AreaVersion
from civicloop.records.models import Setting
from tests.api.calls import Caller, done

CITIES = Path(__file__).parent.parent / "cities"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 15:00 in Urumqi, 05:00 in Halifax


def run(command: Any, *words: object) -> str:
    answer = CliRunner().invoke(command, [str(word) for word in words])
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def load(name: str) -> None:
    with clock.at(datetime(2026, 1, 5, tzinfo=UTC)):
        run(city_commands.city, "load", CITIES / name)


def caller(user: str, language: str) -> Caller:
    said = json.loads(run(people_commands.token, "create", "--user", user, "--json"))
    return Caller(token=said["token"], language=language)


def located(lon: float, lat: float, crs: str = "wgs84") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(places_commands.places, "locate", lon, lat, "--crs", crs, "--json"))
    return found


def walk(prefix: str, language: str, report: dict[str, Any], condition: int) -> tuple[dict[str, Any], Caller]:
    """From a report to a verified close, each step by the post whose it is."""
    people = {name: caller(f"{prefix}-{name}", language) for name in ("clerk", "receiver", "worker", "checker")}
    matter = done(Caller(language=language).report(**report), 201)["id"]
    clerk = people["clerk"]
    done(clerk.act(matter, "file", condition=condition), 201)
    done(clerk.act(matter, "dispatch"), 201)
    assert done(clerk.get(f"/matters/{matter}"))["unit"] == f"{prefix}-works"  # by the city's own rules
    done(people["receiver"].act(matter, "accept"), 201)
    done(people["receiver"].act(matter, "assign", worker=f"{prefix}-worker"), 201)
    done(people["worker"].upload(matter, "after"), 201)
    done(people["worker"].act(matter, "handle", result="OK"), 201)
    done(people["receiver"].act(matter, "feed_back"), 201)
    done(people["checker"].upload(matter, "other"), 201)
    done(people["checker"].act(matter, "post_check", "pass"), 201)
    assert done(clerk.act(matter, "close"), 201)["step"] == "closed"
    found: dict[str, Any] = done(clerk.get(f"/matters/{matter}"))
    return found, clerk


def condition_of(code: str) -> int:
    from civicloop.catalogue.models import FilingCondition

    return FilingCondition.objects.get(kind__code=code, no=1).pk


def test_a_prefecture_level_city_with_an_empty_level(nothing_loaded: str) -> None:
    load("yunling")
    clock.set_process_clock(lambda: MONDAY)
    try:
        assert locality.zone_name() == "Asia/Urumqi"
        assert [each["code"] for each in located(100.05, 25.05)["areas"]] == [
            "5399", "539901", "539901203", "539901203-01",
        ]  # fmt: skip
        assert [each["level"] for each in located(100.3, 25.1)["areas"]] == ["city", "district", "community"]
        seen, clerk = walk(
            "yl", "zh-hans", {"kind": "SL-3", "lon": 100.05, "lat": 25.05, "title": "渠道渗水", "text": "渠边渗水。"},
            condition_of("SL-3"),
        )  # fmt: skip
        assert (seen["end"], seen["number"][:8]) == ("solved", "20260302")
        assert [area["level"] for area in seen["areas"]] == ["district", "community", "grid"]
        clocks = {row["name"]: row for row in done(clerk.get(f"/matters/{seen['id']}/clocks"))}
        assert clocks["acceptance"]["limit"] == "3 work_hour"
        # 15:00 on Monday, seven working hours: 16:00–19:00, Tuesday is a holiday, Wednesday 10:00–14:00
        assert datetime.fromisoformat(clocks["handle"]["due_at"]) == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
        # where no line says anything, and outside everything, the duty desk answers
        other = done(Caller().report(kind="LQ-1", lon=100.3, lat=25.1), 201)["id"]
        outside = done(Caller().report(kind=None, lon=117.0, lat=39.0), 201)["id"]
        desk = caller("yl-desk", "zh-hans")
        assert {done(desk.get(f"/matters/{each}"))["unit"] for each in (other, outside)} == {"yl-duty"}
    finally:
        clock.set_process_clock(None)


def test_a_city_without_any_chinese(nothing_loaded: str) -> None:
    load("northport")
    clock.set_process_clock(lambda: MONDAY)
    try:
        found = located(-63.61, 44.61)
        assert [(each["level"], each["code"], each["name"]) for each in found["areas"]] == [
            ("city", "NP", "Northport"), ("district", "AB-12", "Old Quay"), ("subdistrict", "AB-12/7", "Ropewalk"),
        ]  # fmt: skip
        assert [(each["layer"], each["code"]) for each in found["overlays"]] == [("harbour", "H/1")]
        # outside China no system is shifted
        assert located(-63.61, 44.61, "gcj02")["areas"] == located(-63.61, 44.61, "bd09")["areas"] == found["areas"]
        # the third ward has no boundary of its own: its borough is found
        assert [each["code"] for each in located(-63.45, 44.65)["areas"]] == ["NP", "AB-13"]
        seen, clerk = walk(
            "np", "en", {"kind": "POTHOLE", "lon": -63.61, "lat": 44.61, "title": "Pothole", "text": "A deep pothole."},
            condition_of("POTHOLE"),
        )  # fmt: skip
        assert (seen["end"], seen["kind"]) == ("solved", "POTHOLE")
        assert [area["name"] for area in seen["areas"]] == ["Old Quay", "Ropewalk"]
        assert "〔" not in json.dumps(done(clerk.get("/areas", level="subdistrict")), ensure_ascii=False)
        clocks = {row["name"]: row for row in done(clerk.get(f"/matters/{seen['id']}/clocks"))}
        assert clocks["acceptance"]["limit"] == "1 urgent_hour"
        # 05:00 in Halifax: two working days of seven and a half hours each, from 08:30
        assert datetime.fromisoformat(clocks["handle"]["due_at"]) == datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
    finally:
        clock.set_process_clock(None)


@pytest.mark.parametrize("name", ["yunling", "northport"])
def test_loading_again_changes_nothing_and_what_goes_out_comes_back(
    nothing_loaded: str, name: str, tmp_path: Path
) -> None:
    load(name)
    before = (AreaVersion.objects.count(), Setting.objects.count())
    load(name)
    assert (AreaVersion.objects.count(), Setting.objects.count()) == before
    for level in ("district", "subdistrict", "community", "grid"):
        path = tmp_path / f"{level}.csv"
        path.write_text(run(places_commands.places, "export", "--level", level), encoding="utf-8")
        said = json.loads(
            run(places_commands.places, "import", "--level", level, "--file", path, "--crs", "wgs84", "--json")
        )
        assert (said["created"], said["changed"]) == ([], [])


def test_pages_of_areas_take_any_code(nothing_loaded: str) -> None:
    from civicloop.people.models import Account

    load("northport")
    client = Client()
    client.force_login(Account.objects.get(username="np-system"))
    page = client.get("/admin/areas/AB-12/7", headers={"Accept-Language": "en"}).content.decode()
    assert "Ropewalk" in page
    assert "Ward" in page
    listed = client.get("/admin/areas/?level=district", headers={"Accept-Language": "en"}).content.decode()
    assert "Borough" in listed
    assert 'href="/admin/areas/AB-12"' in listed


def test_a_faulty_folder_loads_nothing(nothing_loaded: str, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "city"
    shutil.copytree(CITIES / "northport", folder)
    rules = folder / "catalogue" / "responsibilities.csv"
    rules.write_text(rules.read_text(encoding="utf-8").replace("np-works", "nobody"), encoding="utf-8")
    answer = CliRunner().invoke(city_commands.city, ["load", str(folder)])
    assert answer.exit_code == 1
    assert "responsibilities.csv line 2" in answer.output
    assert AreaVersion.objects.count() == 0
    zone = folder / "city.toml"
    zone.write_text(zone.read_text(encoding="utf-8").replace("America/Halifax", "Atlantis/Port"), encoding="utf-8")
    assert "Atlantis/Port" in CliRunner().invoke(city_commands.city, ["load", str(folder)]).output


def test_settings_are_shown_and_set(nothing_loaded: str) -> None:
    load("northport")
    assert "city.zone                                America/Halifax" in run(city_commands.settings_, "list")
    run(city_commands.settings_, "set", "city.zone", "Asia/Shanghai")
    assert locality.zone_name() == "Asia/Shanghai"
    for words in (("city.zone", "Nowhere"), ("no.such", "1"), ("sign_in.idle_minutes", "many")):
        assert CliRunner().invoke(city_commands.settings_, ["set", *words]).exit_code == 1
