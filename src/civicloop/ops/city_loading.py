"""A city from its folder, all of it: where it stands, areas, calendars, units, people, catalogue, procedures, settings.

The same steps that the commands of the rooms do one by one. Repeating it changes nothing that has not changed in the
files. docs/your-city.md describes the folder.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from civicloop.calendars import actions as calendars
from civicloop.calendars import files as calendar_files
from civicloop.catalogue import actions as catalogue
from civicloop.foundation import caches, clock
from civicloop.people import access, city_files, delegation_files, people_files, unit_files
from civicloop.people.access import Actor
from civicloop.places import actions as places
from civicloop.places import cities
from civicloop.procedures import actions as procedures
from civicloop.procedures.rules.reading import SHIPPED
from civicloop.records import actions as records
from civicloop.records import settings

Say = Callable[[str, float], None]
WAITING = frozenset({"mediation"})  # shipped procedures whose guards no room registers yet
PLACE = (("zone", "city.zone"), ("statistic_day_start", "figures.day_start"))


def place(folder: Path) -> Mapping[str, Any]:
    """Say where the city stands, before anything of it is read: zone, language, what its levels are called.

    Raises CityRefused, settings.SettingRefused.
    """
    given = cities.settings_of(folder)
    wanted = {code: str(given[key]) for key, code in PLACE if key in given}
    if given.get("languages"):
        wanted["city.language"] = str(given["languages"][0])
    wanted |= {f"city.level.{level}": str(words) for level, words in given.get("levels", {}).items()}
    set_all(wanted)
    return given


def set_all(wanted: Mapping[str, settings.Value]) -> None:
    """Set settings of the installation, those that differ. Raises settings.UnknownSetting, settings.SettingRefused."""
    for code, value in wanted.items():
        if settings.get(code) != value:
            records.set_setting(actor_id=None, post_id=None, actor_words="city files", code=code, value=value)
    settings.forget()


@transaction.atomic
def load(folder: Path, say: Say) -> None:
    """Everything of the folder, or nothing. Raises what the rooms raise, each naming file and row."""
    actor = access.system("city files")
    given = place(folder)
    places.load_city(folder=folder, progress=lambda part, share: say(part, share * 0.4))
    caches.forget_all()
    say("calendars", 0.4)
    if given.get("shipped_calendars", True):
        calendars.load_shipped(actor_id=None, actor_words="city files")
    for path in sorted((folder / "calendars").glob("*.toml")):
        code, content = calendar_files.read(path)
        calendars.publish(actor_id=None, actor_words="city files", code=code, content=content)
    caches.forget_all()
    say("units and people", 0.5)
    _people(actor, folder)
    caches.forget_all()
    say("catalogue", 0.7)
    own = folder / "catalogue"
    national = [catalogue.NATIONAL] if given.get("national_catalogue", True) else []
    if folders := [*national, *([own] if own.is_dir() else [])]:
        catalogue.load_folders(actor, folders=folders)
    caches.forget_all()
    say("procedures", 0.85)
    paths = [path for path in sorted(SHIPPED.glob("*.toml")) if path.stem not in WAITING]
    paths += sorted((folder / "procedures").glob("*.toml"))
    procedures.load_files(actor_id=None, paths=paths, effective_from=clock.now())
    set_all(given.get("settings", {}))
    caches.forget_all()


def _people(actor: Actor, folder: Path) -> None:
    """Units and posts by rules (units.toml, with units for all areas of a level) or line by line (CSV)."""
    if (folder / "people" / "units.toml").exists():
        city_files.load_units(actor, folder=folder)
    for name, take in (
        ("units.csv", unit_files.take), ("people.csv", people_files.take), ("delegations.csv", delegation_files.take),
    ):  # fmt: skip
        path = folder / "people" / name
        if path.exists():
            take(actor, raw=path.read_bytes(), name=name)
