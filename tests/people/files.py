"""What the tests of units and people as files share: running the commands, rows of a file, an emptied room."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result
from django.utils import translation


def run(group: click.Command, *words: object, **options: Any) -> Result:
    """A command in English."""
    with translation.override("en"):
        return CliRunner().invoke(group, [str(word) for word in words], **options)


def exported(group: click.Command) -> str:
    """What `export --file -` prints."""
    answer = run(group, "export", "--file", "-")
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def imported(group: click.Command, path: Path, *words: object) -> dict[str, Any]:
    """The JSON of an import that succeeds."""
    answer = run(group, "import", "--file", path, "--json", *words)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def refused(group: click.Command, path: Path, *words: object) -> list[str]:
    """The faults of an import that is refused, without the heading."""
    answer = run(group, "import", "--file", path, *words)
    assert answer.exit_code == 1, answer.output
    assert answer.stdout == ""
    heading, *faults = answer.stderr.splitlines()
    assert "nothing of" in heading
    return [fault.strip() for fault in faults]


def rows(text: str) -> list[dict[str, str]]:
    """The rows of an exported file."""
    return list(csv.DictReader(io.StringIO(text)))


def file(path: Path, found: Sequence[Mapping[str, str]]) -> Path:
    """A CSV file of rows, as a spreadsheet writes it."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    return path


def emptied() -> None:
    """The same city without units, posts and accounts."""
    from civicloop.catalogue.models import Responsibility
    from civicloop.foundation import caches
    from civicloop.people.models import Account, ApiToken, Delegation, Holding, Post, Unit, UnitEdition

    for model in (Responsibility, Delegation, ApiToken, Holding, Post, Account, UnitEdition):
        model.objects.all().delete()
    Unit.objects.update(parent=None)
    Unit.objects.all().delete()
    caches.forget_all()
