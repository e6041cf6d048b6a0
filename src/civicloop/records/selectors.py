"""Reads of the logs and the settings. Nothing here decides who may look: the caller asks people.access first."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from civicloop.records import settings
from civicloop.records.models import AuditEntry, ReadEntry, Setting

PAGE = 50
EXPORT_MOST = 20_000
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


def _period(rows: QuerySet[Line], since: date | None, until: date | None) -> QuerySet[Line]:
    """Lines from one day to another, both whole, in the deciding zone of pages."""
    zone = timezone.get_current_timezone()
    if since is not None:
        rows = rows.filter(at__gte=datetime(since.year, since.month, since.day, tzinfo=zone))
    if until is not None:
        following = until + timedelta(days=1)
        rows = rows.filter(at__lt=datetime(following.year, following.month, following.day, tzinfo=zone))
    return rows


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


def _by_text(q: str, *fields: str) -> Q:
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": q})
    return found


def audited(
    *, since: date | None = None, until: date | None = None, action: str = "", actor: str = "", post: int | None = None,
    object: str = "", outcome: str = "", q: str = "",
) -> QuerySet[AuditEntry]:  # fmt: skip
    """The lines of the audit log that fit. `action` may end with a dot ("unit.") and stands for all that begin so."""
    rows = _period(AuditEntry.objects.all(), since, until)
    if action:
        rows = rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)
    for name, value in (("post_id", post), ("object", object), ("outcome", outcome)):
        if value:
            rows = rows.filter(**{name: value})
    if actor:
        rows = rows.filter(_by_actor(actor))
    return rows.filter(_by_text(q, "action", "object", "words", "outcome", "address")) if q else rows


def read(
    *, since: date | None = None, until: date | None = None, matter_id: UUID | None = None, actor: str = "",
    post: int | None = None, field: str = "", q: str = "",
) -> QuerySet[ReadEntry]:  # fmt: skip
    """The lines of the read log that fit."""
    rows = _period(ReadEntry.objects.all(), since, until)
    for name, value in (("matter_id", matter_id), ("post_id", post), ("field", field)):
        if value:
            rows = rows.filter(**{name: value})
    if actor:
        rows = rows.filter(_by_actor(actor))
    return rows.filter(_by_text(q, "field", "words", "purpose")) if q else rows


def audit_lines(*, after: Position | None = None, **wanted: Any) -> tuple[list[AuditEntry], Position | None]:
    """A page of the audit log (see `audited`), newest first, and where it goes on."""
    return _page(audited(**wanted), after)


def read_lines(*, after: Position | None = None, **wanted: Any) -> tuple[list[ReadEntry], Position | None]:
    """A page of the read log (see `read`), newest first, and where it goes on."""
    return _page(read(**wanted), after)


def all_of(rows: QuerySet[Line]) -> list[Line] | None:
    """Every line for an export, newest first; None when there are more than EXPORT_MOST."""
    found = list(rows.order_by("-at", "-id")[: EXPORT_MOST + 1])
    return None if len(found) > EXPORT_MOST else found


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
