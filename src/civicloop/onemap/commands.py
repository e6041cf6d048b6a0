"""`civicloop map …`: prove and remake the counts of the map."""

import json
import sys

import click


@click.group("map")
def map_() -> None:
    """The counts of the map."""


@map_.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
def check(as_json: bool) -> None:
    """Compare the counts with the matters; exit 1 when any differs."""
    from civicloop.onemap import actions

    wrong = actions.differences()
    print(json.dumps({"differences": wrong}) if as_json else f"{wrong} counts differ from the matters")
    sys.exit(1 if wrong else 0)


@map_.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
def rebuild(as_json: bool) -> None:
    """Make the counts anew from the matters."""
    from civicloop.onemap import actions

    made = actions.rebuild()
    print(json.dumps({"counts": made}) if as_json else f"{made} counts were made")


COMMANDS: list[click.Command] = [map_]
