"""Writes of the catalogue room. Each is one transaction, moves the revision, and leaves an audit entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from civicloop.calendars.rules import Limit
from civicloop.catalogue import files, selectors, sql
from civicloop.catalogue.choices import Source
from civicloop.catalogue.files import CatalogueRefused, Row
from civicloop.catalogue.loading import Loader
from civicloop.catalogue.models import Kind
from civicloop.catalogue.responsibilities import Responsibilities
from civicloop.foundation import clock
from civicloop.foundation.names import REQUIRED, problems
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import audit

NATIONAL = Path(__file__).resolve().parent / "standards"
# the first edition of a catalogue answers for every earlier moment too
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class CatalogueError(Exception):
    """A write that is refused; `code` for machines, the text for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """A filing condition as somebody writes it; texts are {language: text}, Chinese required for `names`."""

    no: int
    names: Mapping[str, str]
    limit: Limit
    closing: Mapping[str, str]


def require(actor: Actor) -> None:
    """Raises CatalogueError forbidden for a post that may not change the catalogue."""
    if not access.may(actor, "catalogue.change").allowed:
        raise CatalogueError("forbidden", _("Your post may not do this."))


def done(actor: Actor, action: str, what: str, detail: Mapping[str, object]) -> None:
    """Move the revision, leave the audit entry, forget what is kept in process."""
    with connection.cursor() as cursor:
        cursor.execute(sql.BUMP)
    audit.write(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, action=action, object=what,
        outcome="done", detail=dict(detail),
    )  # fmt: skip
    # at once for this transaction, and again when others may have read the old state meanwhile
    selectors.forget()
    transaction.on_commit(selectors.forget)


@transaction.atomic
def load_folders(actor: Actor, *, folders: Sequence[Path], valid_from: datetime | None = None) -> dict[str, int]:
    """Take catalogue folders over, one after the other, as one change; gives what was added, changed, ended.

    New rows begin at `valid_from` (default: now; for the first catalogue of an installation: always). Raises
    CatalogueRefused with every fault; then nothing has changed.
    """
    require(actor)
    at = valid_from or (clock.now() if Kind.objects.exists() else BEGINNING)
    read = [files.read_folder(folder, REQUIRED if folder == NATIONAL else None) for folder in folders]
    loader = Loader(at)
    for folder in read:
        loader.load(folder)
        if loader.faults:
            raise CatalogueRefused(loader.faults)
    for folder in read:
        if folder.has("responsibilities.csv"):
            Responsibilities(loader).load(folder.rows("responsibilities.csv"))
        if folder.has("duty-lists.csv"):
            Responsibilities(loader).load_lists(folder.rows("duty-lists.csv"))
    if loader.faults:
        raise CatalogueRefused(loader.faults)
    changes = dict(loader.changes)
    done(actor, "catalogue.import", ", ".join(folder.name for folder in folders), changes)
    return changes


def load_city(actor: Actor, *, city_dir: Path, valid_from: datetime | None = None) -> dict[str, int]:
    """The national lists and a city's folder `catalogue/`; its places and units must be there already.

    Raises CatalogueRefused.
    """
    return load_folders(actor, folders=[NATIONAL, city_dir / "catalogue"], valid_from=valid_from)


@transaction.atomic
def set_conditions(actor: Actor, *, kind_id: int, lines: Sequence[ConditionLine]) -> Kind:
    """Let a kind have exactly these filing conditions from now on, as this city's own settings.

    Conditions that matters were filed under stay readable. Raises CatalogueError `forbidden`, `unknown_kind`,
    `no_condition`, `name_missing`, `number_twice`.
    """
    require(actor)
    kind = Kind.objects.select_for_update(no_key=True).filter(id=kind_id).first()
    if kind is None:
        raise CatalogueError("unknown_kind", _("There is no such kind."))
    if not lines:
        raise CatalogueError("no_condition", _("A kind needs at least one filing condition."))
    if len({line.no for line in lines}) != len(lines):
        raise CatalogueError("number_twice", _("Two conditions have the same number."))
    wanted: dict[int, tuple[Row, dict[str, Any]]] = {}
    for line in lines:
        names = {language: text.strip() for language, text in line.names.items() if text.strip()}
        if problems(names):
            raise CatalogueError("name_missing", _("A condition needs a Chinese text."))
        closing = {language: text.strip() for language, text in line.closing.items() if text.strip()}
        content = {"names": names, "closing": closing, "limit": str(line.limit), "source": Source.CITY, "note": {}}
        wanted[line.no] = (Row("", {}), content)
    loader = Loader(clock.now())
    loader.replace_conditions({kind_id: _untouched(kind_id, wanted)})
    if loader.faults:
        raise CatalogueError("too_early", _("The clock stands before the conditions that are in force."))
    done(actor, "catalogue.conditions", kind.code, {"kind": kind_id, **loader.changes})
    return kind


def _untouched(kind_id: int, wanted: dict[int, tuple[Row, dict[str, Any]]]) -> dict[int, tuple[Row, dict[str, Any]]]:
    """A line that says what is in force already keeps its source: saving a form unread must not make it the city's."""
    for old in selectors.conditions_in_force(kind_id):
        if old.no in wanted:
            content = wanted[old.no][1]
            if (content["names"], content["closing"], content["limit"]) == (old.names, old.closing, old.limit):
                content["source"], content["note"] = old.source, old.note
    return wanted
