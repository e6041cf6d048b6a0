"""The command line: `civicloop COMMAND`. Assembles the commands of all rooms; names are part of the contract.

Commands that need no database work without one. Every error is said in plain words on stderr with exit 1.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable

import click

from civicloop.ops import environment
from civicloop.ops.embedded import DatabaseTrouble

# rooms that offer commands; each has `commands.COMMANDS`
ROOMS = (
    "places",
    "calendars",
    "catalogue",
    "people",
    "procedures",
    "receipts",
    "records",
    "classifier",
    "deskwork",
    "onemap",
    "figures",
)
WITHOUT_DATABASE = {
    ("db",), ("doctor",), ("clock",), ("procedures", "check"), ("procedures", "draw"), ("classifier", "train"),
    ("classifier", "evaluate"), ("indicators", "check"),
}  # fmt: skip
AS_OWNER = {("migrate",), ("restore",), ("keys", "rotate"), ("ledger", "rebuild")}


def _first_words() -> list[str]:
    return [word for word in sys.argv[1:] if not word.startswith("-")]


def _starts_with(words: list[str], heads: Iterable[tuple[str, ...]]) -> bool:
    return any(tuple(words[: len(head)]) == head for head in heads)


def _load_django(words: list[str]) -> None:
    asks_nothing = any(word.startswith(("--help", "--make-key")) for word in sys.argv)
    if asks_nothing or not words or _starts_with(words, WITHOUT_DATABASE):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "civicloop.settings")
        if words[:1] == ["doctor"]:
            environment.aim()
        import django

        django.setup()
        return
    environment.prepare(environment.As.OWNER if _starts_with(words, AS_OWNER) else environment.As.APPLICATION)


@click.group(help="闭环 CivicLoop: run the platform and look after it.")
@click.version_option(package_name="civicloop", prog_name="civicloop")
def cli() -> None:
    """The group that all commands hang on."""


def _assemble() -> None:
    from civicloop.ops import commands

    for command in commands.COMMANDS:
        cli.add_command(command)
    for room in ROOMS:
        if importlib.util.find_spec(f"civicloop.{room}.commands") is None:
            continue
        module = importlib.import_module(f"civicloop.{room}.commands")
        for command in module.COMMANDS:
            _merge(command)


def _merge(command: click.Command) -> None:
    """Two rooms may fill one group (for example `places`)."""
    present = cli.commands.get(command.name or "")
    if isinstance(present, click.Group) and isinstance(command, click.Group):
        for name, inner in command.commands.items():
            present.add_command(inner, name)
    else:
        cli.add_command(command)


def main() -> None:
    """Entry point of `civicloop`."""
    try:
        _load_django(_first_words())
        _assemble()
        cli(standalone_mode=True)
    except DatabaseTrouble as trouble:
        print(f"civicloop: {trouble}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
