"""Which units were called to a place lately, who came, and how whoever whistled rated them. Reads only; units only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from civicloop.foundation import clock
from civicloop.matters.models import Clock, Matter, Task
from civicloop.matters.passage import Arrival
from civicloop.matters.selectors import SHOWN, visible
from civicloop.people.access import Actor

DAYS = 30
MOST = 200  # parts that are read
GROUP = "arrive"  # as the index of matters.models.Task names it


@dataclass(frozen=True)
class Call:
    """A matter with the units that were called to it."""

    row: Matter
    units: Sequence[Arrival]


@dataclass(frozen=True)
class Answered:
    """How a unit answered in the period: how often called, how often there, not there, still awaited; its ratings."""

    unit_id: int
    called: int
    came: int
    absent: int
    rated: int
    stars: int

    @property
    def mean(self) -> float | None:
        """The mean of its ratings; None without any."""
        return self.stars / self.rated if self.rated else None

    @property
    def waits(self) -> int:
        """Calls that nobody has answered yet and whose time runs."""
        return self.called - self.came - self.absent


def calls(actor: Actor) -> list[Call]:
    """The calls of the last 30 days that the reader may see, the newest first."""
    since = clock.now() - timedelta(days=DAYS)
    seen = Exists(Matter.objects.filter(visible(actor), id=OuterRef("matter_id")))
    rows = Task.objects.filter(seen, group=GROUP, opened_at__gte=since).exclude(state="cancelled")
    tasks = list(rows.order_by("-opened_at", "no")[:MOST])
    due = {
        (clock_row.matter_id, clock_row.task_no): clock_row.due_at
        for clock_row in Clock.objects.filter(matter_id__in={task.matter_id for task in tasks}).exclude(task_no=None)
    }
    found: dict[UUID, list[Arrival]] = {}
    for task in tasks:
        found.setdefault(task.matter_id, []).append(
            Arrival(task.no, task.unit_id or 0, task.opened_at, due.get((task.matter_id, task.no)), task.state,
                    task.answer, task.closed_at, None, task.stars, False)
        )  # fmt: skip
    matters = Matter.objects.select_related(*SHOWN).in_bulk(list(found))
    return [Call(matters[identifier], units) for identifier, units in found.items()]


def summary(found: Sequence[Call]) -> list[Answered]:
    """By unit, those that did not come most often first."""
    parts: dict[int, list[Arrival]] = {}
    for call in found:
        for each in call.units:
            parts.setdefault(each.unit_id, []).append(each)
    lines = [
        Answered(
            unit, len(each), sum(part.answer == "arrived" for part in each),
            sum(part.answer == "absent" for part in each), sum(part.stars is not None for part in each),
            sum(part.stars or 0 for part in each),
        )
        for unit, each in parts.items()
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (-line.absent, -line.called, line.unit_id))
