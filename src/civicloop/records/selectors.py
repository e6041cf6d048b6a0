"""Reads of the logs and the settings. Nothing here decides who may look: the caller asks people.access first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from civicloop.records import settings
from civicloop.records.models import AuditEntry, ReadEntry, Setting

PAGE = 50
Line = TypeVar("Line", AuditEntry, ReadEntry)


@dataclass(frozen=True)
class Position:
    """A place in a log, newest first: the moment and id of the last line read."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """From its words; None for what is no position."""
        moment, _tilde, number = text.partition("~")
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            return None
        return cls(at, int(number)) if at.tzinfo and number.isdecimal() and len(number) < 19 else None


def _day(rows: QuerySet[Line], day: date | None) -> QuerySet[Line]:
    """Lines of one day in the deciding zone of pages."""
    if day is None:
        return rows
    zone = timezone.get_current_timezone()
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    return rows.filter(at__gte=start, at__lt=datetime(following.year, following.month, following.day, tzinfo=zone))


def _page(rows: QuerySet[Line], after: Position | None) -> tuple[list[Line], Position | None]:
    if after is not None:
        rows = rows.filter(Q(at__lt=after.at) | Q(at=after.at, id__lt=after.id), at__lte=after.at)
    found = list(rows.order_by("-at", "-id")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], Position(last.at, last.id) if last else None


def _by_actor(actor: str) -> Q:
    """An account's number, or the words under which somebody acted."""
    if actor.isdecimal() and len(actor) < 19:
        return Q(account_id=int(actor))
    return Q(words=actor)


def audit_lines(
    *, action: str = "", actor: str = "", day: date | None = None, after: Position | None = None
) -> tuple[list[AuditEntry], Position | None]:
    """A page of the audit log, newest first, and where it goes on. `action` may be its beginning ("unit.")."""
    rows = _day(AuditEntry.objects.all(), day)
    if action:
        rows = rows.filter(action__startswith=action)
    if actor:
        rows = rows.filter(_by_actor(actor))
    return _page(rows, after)


def read_lines(
    *, matter_id: UUID | None = None, actor: str = "", day: date | None = None, after: Position | None = None
) -> tuple[list[ReadEntry], Position | None]:
    """A page of the read log, newest first, and where it goes on."""
    rows = _day(ReadEntry.objects.all(), day)
    if matter_id is not None:
        rows = rows.filter(matter_id=matter_id)
    if actor:
        rows = rows.filter(_by_actor(actor))
    return _page(rows, after)


@dataclass(frozen=True)
class SettingView:
    """A setting with what holds in the installation and what was set before, newest first."""

    definition: settings.Definition
    value: settings.Value
    history: list[Setting]


def settings_in_force(most: int = 5) -> list[SettingView]:
    """Every setting as the installation has it, read from the table, with its last `most` versions."""
    history: dict[str, list[Setting]] = {}
    codes = [each.code for each in settings.definitions()]
    for row in Setting.objects.filter(code__in=codes, scope=settings.INSTALLATION).order_by("code", "-version"):
        history.setdefault(row.code, []).append(row)
    views = []
    for each in settings.definitions():
        rows = history.get(each.code, [])
        held = rows[0].value if rows else None
        views.append(SettingView(each, each.default if held is None else held, rows[:most]))
    return views
