"""A matter as an act sees it: the row and everything of its own, read in one statement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import clock, hot
from civicloop.matters import sql, timeline
from civicloop.people.access import LEVELS, Subject
from civicloop.procedures import selectors as procedures
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import RunState

Json = dict[str, Any]
NO_ACT = UUID(int=0)


@dataclass(frozen=True)
class Reading:
    """What one read brought: `row` by column name, and the parts as lists of plain objects."""

    row: Mapping[str, Any]
    last_hash: bytes
    tasks: list[Json]
    clocks: list[Json]
    requests: list[Json]
    evidence: list[Json]
    done: tuple[int, bytes, str, int, str, str] | None  # the entry that this act_id made already
    seq_now: int

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    @property
    def procedure(self) -> Procedure:
        return procedures.by_id(self.row["procedure_id"])

    @property
    def state(self) -> RunState:
        return RunState.from_json(self.row["run"])

    @property
    def areas(self) -> dict[str, int]:
        """level → area id, without the levels that the place does not have (the city is the installation itself)."""
        return {level: self.row[f"{level}_id"] for level in LEVELS[1:] if self.row[f"{level}_id"] is not None}

    @property
    def subject(self) -> Subject:
        """What access must know of this matter."""
        units = {self.row["unit_id"], *(task["unit_id"] for task in self.tasks if task["state"] != "cancelled")}
        posts, kind_id = self.procedure.by_delegation, self.row["kind_id"]
        persons = {person for person in (self.row["desk_person_id"], *(h[0] for h in self.row["handlers"])) if person}
        return Subject(
            areas=self.areas,
            units=frozenset(units - {None}),
            persons=frozenset(persons),
            class_code=self.row["class_code"],
            confidentiality=self.row["confidentiality"],
            matter_id=self.id,
            kind_code=catalogue.kind(kind_id).code if posts and kind_id else "",
            by_delegation=posts,
            complained_of=frozenset(self.row["complained"].get("units") or ()),
            complained_accounts=frozenset(self.row["complained"].get("accounts") or ()),
        )

    def clock(self, name: str) -> Json | None:
        """The latest row of the matter's clock `name`."""
        rows = [row for row in self.clocks if row["name"] == name and row["task_no"] is None]
        return rows[-1] if rows else None

    def lead(self) -> Json | None:
        """The open lead task."""
        return next((task for task in self.tasks if task["lead"] and task["state"] == "open"), None)

    def open_tasks(self, group: str) -> list[Json]:
        return [task for task in self.tasks if task["group"] == group and task["state"] == "open"]


def read(matter_id: UUID, act_id: UUID | None = None, *, lock: bool = False) -> Reading | None:
    """The matter now, or None. With `lock` its row stays locked until the transaction ends."""
    statement = sql.READ_LOCKED if lock else sql.READ
    found = hot.one(statement, {"id": matter_id, "act_id": act_id or NO_ACT, "now": clock.now()})
    if found is None:
        return None
    row = dict(zip(sql.MATTER_COLUMNS, found, strict=False))
    # Django lets its connections bring JSON as text, so that each field may choose its decoder
    row |= {name: json.loads(row[name]) for name in ("seats", "run", "handlers", "answers", "standing")}
    extra = dict(zip(sql.EXTRA_COLUMNS, found[len(sql.MATTER_COLUMNS) :], strict=True))
    row["complained"] = json.loads(extra.pop("complained") or "{}")
    done = None
    if extra["done_seq"] is not None:
        request = timeline.request_of(bytes(extra["done_fingerprint"]))[0]
        done = (
            extra["done_seq"], request, extra["done_step"], extra["done_step_version"], extra["done_action"],
            extra["done_result"],
        )  # fmt: skip
    return Reading(
        row=row, last_hash=bytes(extra["last_hash"] or b""), done=done, seq_now=extra["seq_now"],
        **{name: json.loads(extra[name] or "[]") for name in ("tasks", "clocks", "requests", "evidence")},
    )  # fmt: skip
