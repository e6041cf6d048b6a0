"""The rows that an act writes beside the matter's own, as plain objects for its statement."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from civicloop.matters.counting import FACTS, Event

Json = dict[str, Any]


@dataclass
class Rows:
    """The rows that an act writes beside the matter's own, as plain objects for the statement."""

    tasks_new: list[Json] = field(default_factory=list)
    tasks_changed: list[Json] = field(default_factory=list)
    clocks_new: list[Json] = field(default_factory=list)
    clocks_changed: dict[int, Json] = field(default_factory=dict)
    requests_new: list[Json] = field(default_factory=list)
    requests_changed: list[Json] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    outbox: list[Json] = field(default_factory=list)

    def fact(self, name: str, unit_id: int, delta: int = 1, detail: str = "", *, former: bool = False) -> None:
        """Count an event that is declared; `former`: under the kind that the matter had before the act."""
        if FACTS[name].cell:
            raise LookupError(f"{name} follows from the standing")
        self.events.append(Event(name, delta, detail[:40], unit_id, former))

    def tell(self, topic: str, **body: Any) -> None:
        """Leave a message for the consumers above."""
        self.outbox.append({"no": len(self.outbox), "topic": topic, "body": body})

    def parameters(self) -> dict[str, str]:
        """The JSON parameters of the statements."""
        lists = {name: getattr(self, name) for name in ("tasks_new", "tasks_changed", "clocks_new", "requests_new",
                                                         "requests_changed", "outbox")}  # fmt: skip
        lists["clocks_changed"] = list(self.clocks_changed.values())
        return {name: json.dumps(rows, default=_plain, ensure_ascii=False) for name, rows in lists.items()}


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def plain_rows(value: Any) -> list[Json]:
    """Rows that a statement brought as JSON text."""
    found: list[Json] = json.loads(value) if value else []
    return found
