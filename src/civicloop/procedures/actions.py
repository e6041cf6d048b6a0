"""Writing procedures: loading versions from files, retiring them, asking for a migration."""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from civicloop.foundation import clock
from civicloop.people.choices import Role
from civicloop.procedures import guards, selectors
from civicloop.procedures.models import LadderVersion, ProcedureVersion
from civicloop.procedures.rules import ladders, migration, reading
from civicloop.procedures.rules.build import DeclarationRefused
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.proof import prove
from civicloop.procedures.rules.static import Problem
from civicloop.procedures.rules.tables import Fault
from civicloop.records import audit

POSTS = frozenset(Role.values)
INSTALLATION = "installation"  # who acts when nobody does: a load at setting up


class NotClosed(Exception):
    """A procedure that is not proved closed; nothing was stored."""

    def __init__(self, procedure: Procedure, problems: Sequence[Problem]) -> None:
        super().__init__(f"{procedure.code} {procedure.version}: {len(problems)}")
        self.procedure = procedure
        self.problems = tuple(problems)


class OtherContent(Exception):
    """The same code and version is stored with another digest; nothing was stored."""

    def __init__(self, code: str, version: int) -> None:
        super().__init__(f"{code} {version}")
        self.code = code
        self.version = version


@transaction.atomic
def load_files(
    *, actor_id: int | None, paths: Sequence[Path | str], effective_from: datetime, post_id: int | None = None,
    actor_words: str = INSTALLATION,
) -> list[ProcedureVersion]:  # fmt: skip
    """Prove and store the procedures in `paths`, all or none. A file that is stored already changes only its words.

    actor_id None is the installation itself. One audit entry names every version and what became of it. Raises
    DeclarationRefused, NotClosed, OtherContent, OSError.
    """
    read = [reading.load(path) for path in paths]
    children = {row.code: selectors.by_id(row.pk) for row in selectors.versions()}
    children |= {procedure.code: procedure for procedure in read}
    for procedure in read:
        proof = prove(procedure, POSTS, children, guards.known())
        if not proof.ok:
            raise NotClosed(procedure, proof.problems)
    stored = [_store(procedure, effective_from) for procedure in read]
    versions = [f"{row.code} {row.version}" for row, _did in stored]
    did = {version: {"did": did, "digest": row.digest} for version, (row, did) in zip(versions, stored, strict=True)}
    audit.write(
        actor_id=actor_id, post_id=post_id, actor_words=actor_words, action="procedures.load",
        object=", ".join(versions), outcome="done",
        detail={"effective_from": effective_from.isoformat(), "versions": did},
    )  # fmt: skip
    selectors.forget()
    transaction.on_commit(selectors.forget)
    return [row for row, _did in stored]


def _store(procedure: Procedure, effective_from: datetime) -> tuple[ProcedureVersion, str]:
    """The stored version, and whether it was stored, got other words, or stood there unchanged."""
    text = json.dumps(procedure.expanded, ensure_ascii=False)
    row, made = ProcedureVersion.objects.select_for_update(no_key=True).get_or_create(
        code=procedure.code,
        version=procedure.version,
        defaults={
            "digest": procedure.digest,
            "expanded": text,
            "effective_from": effective_from,
        },
    )
    if made:
        return row, "stored"
    algorithm = row.digest.partition(":")[0]
    if reading.digest(procedure.expanded, algorithm) != row.digest:
        raise OtherContent(procedure.code, procedure.version)
    if row.expanded == text:
        return row, "unchanged"
    row.expanded = text
    row.save(update_fields=["expanded"])
    return row, "words"


@transaction.atomic
def retire(
    *, actor_id: int | None, version: ProcedureVersion, moment: datetime, post_id: int | None = None,
    actor_words: str = INSTALLATION,
) -> ProcedureVersion:  # fmt: skip
    """From `moment` on the version takes no new matters; open ones stay on it. Leaves an audit entry."""
    before = version.retired_at
    version.retired_at = moment
    version.save(update_fields=["retired_at"])
    audit.write(
        actor_id=actor_id, post_id=post_id, actor_words=actor_words, action="procedure.retire",
        object=f"{version.code} {version.version}", outcome="done",
        detail={"before": before and before.isoformat(), "after": moment.isoformat()},
    )  # fmt: skip
    selectors.forget()
    transaction.on_commit(selectors.forget)
    return version


@transaction.atomic
def load_ladder(
    *, actor_id: int | None, text: str, post_id: int | None = None, actor_words: str = INSTALLATION
) -> LadderVersion:  # fmt: skip
    """Store a city's own version of a ladder from the text of its file; it runs from the next mark on.

    The same version with the same content changes nothing. Leaves an audit entry. Raises DeclarationRefused with every
    fault, OtherContent for a version that is stored with other content or is not newer than the newest.
    """
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise DeclarationRefused([Fault("not_toml", "ladder", str(reason))]) from None
    parsed = ladders.parse(plain)
    newest = LadderVersion.objects.filter(code=parsed.code).order_by("-version").first()
    if newest is not None and newest.version == parsed.version and newest.body == plain:
        return newest
    if newest is not None and newest.version >= parsed.version:
        raise OtherContent(parsed.code, parsed.version)
    row = LadderVersion.objects.create(
        code=parsed.code, version=parsed.version, body=plain, loaded_at=clock.now()
    )  # fmt: skip
    audit.write(
        actor_id=actor_id, post_id=post_id, actor_words=actor_words, action="ladders.load", object=str(row),
        outcome="done", detail={"marks": [mark.code for mark in parsed.marks]},
    )  # fmt: skip
    selectors.forget()
    transaction.on_commit(selectors.forget)
    return row


@dataclass(frozen=True, slots=True)
class Migration:
    """What a move of open matters would do: proved landings, and what the matters room reports about its rows."""

    plan: migration.Plan
    old: ProcedureVersion
    new: ProcedureVersion
    matters: int | None  # None: nobody registered a mover, so only the proof was made


# moves the open matters of a version and returns their number; called with dry_run True it only counts
Mover = Callable[[int | None, ProcedureVersion, ProcedureVersion, migration.Plan, bool], int]
_movers: list[Mover] = []


def register_mover(mover: Mover) -> None:
    """The room that owns matters says here how they are moved: one ordinary act with a timeline entry each."""
    _movers[:] = [mover]


def migrate(
    *, actor_id: int | None, code: str, old: int, new: int, names: migration.Names, dry_run: bool = True
) -> Migration:
    """Move the open matters of `code` from version `old` to `new` by the map `names`; proved before anything moves.

    Raises selectors.NoProcedure, migration.MigrationRefused (a step without a mapping, or a configuration that the new
    version never meets).
    """
    before, after = selectors.version(code, old), selectors.version(code, new)
    plan = migration.plan(selectors.by_id(before.pk), selectors.by_id(after.pk), names)
    moved = _movers[0](actor_id, before, after, plan, dry_run) if _movers else None
    return Migration(plan, before, after, moved)


__all__ = [
    "DeclarationRefused",
    "Migration",
    "NotClosed",
    "OtherContent",
    "load_files",
    "load_ladder",
    "migrate",
    "retire",
]
