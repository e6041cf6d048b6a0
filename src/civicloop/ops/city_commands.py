"""`city load`: a whole city from its folder. `settings`: the installation's settings, shown and set."""

import sys
from pathlib import Path

import click


@click.group()
def city() -> None:
    """A city from its files."""


@city.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def load(folder: Path) -> None:
    """Everything of a city's folder (docs/your-city.md), or nothing; repeating it changes nothing."""
    from django.utils.translation import gettext

    from civicloop.calendars.rules.body import CalendarRefused
    from civicloop.catalogue.files import CatalogueRefused
    from civicloop.ops import city_loading
    from civicloop.people.actions import PeopleError
    from civicloop.people.exchange import FileRefused
    from civicloop.places.areas import ImportRefused
    from civicloop.places.cities import CityRefused
    from civicloop.procedures import words
    from civicloop.procedures.actions import NotClosed, OtherContent
    from civicloop.procedures.rules.tables import DeclarationRefused
    from civicloop.records.settings import SettingRefused, UnknownSetting

    try:
        city_loading.load(folder, lambda part, share: click.echo(f"{share:4.0%} {part}", err=True))
    except (CalendarRefused, CatalogueRefused, FileRefused, ImportRefused) as refused:
        _refuse(refused.faults)
    except DeclarationRefused as undeclared:
        _refuse([words.fault(fault) for fault in undeclared.faults])
    except NotClosed as open_:
        _refuse([words.problem(problem) for problem in open_.problems])
    except UnknownSetting as unknown:
        _refuse([f"city.toml: there is no setting {unknown}"])
    except OtherContent as other:
        _refuse([gettext("%(version)s is stored with other content; give it a new version") % {"version": other}])
    except (CityRefused, PeopleError, SettingRefused) as refused_:
        _refuse([str(refused_)])
    print("The city is loaded.")


def _refuse(faults: list[str]) -> None:
    print("civicloop: nothing was loaded:", *faults[:40], sep="\n  ", file=sys.stderr)
    sys.exit(1)


@click.group("settings")
def settings_() -> None:
    """Settings of the installation."""


@settings_.command("list")
def list_settings() -> None:
    """Every setting with its value for the whole installation."""
    from civicloop.records import settings

    for each in settings.definitions():
        print(f"{each.code:<40} {settings.get(each.code)!s:<20} {each.label}")


@settings_.command("set")
@click.argument("code")
@click.argument("value")
@click.option("--scope", default="installation", show_default=True, help="also district:CODE or unit:CODE")
def set_setting(code: str, value: str, scope: str) -> None:
    """Set one; the former value is kept, and the audit log says so."""
    from civicloop.records import actions, settings

    try:
        kind = settings.definition(code).kind
        read = settings.read(kind, value)
        actions.set_setting(actor_id=None, post_id=None, actor_words="command line", code=code, scope=scope, value=read)
    except settings.UnknownSetting:
        sys.exit(f"civicloop: there is no setting {code}; civicloop settings list shows them")
    except (settings.SettingRefused, ValueError) as reason:
        sys.exit(f"civicloop: {code}: {reason}")
    print(f"{code} = {value} ({scope})")


COMMANDS: list[click.Command] = [city, settings_]
