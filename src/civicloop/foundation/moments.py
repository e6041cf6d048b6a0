"""Moments as people write them into files and commands, and as hashed forms hold them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

# a spreadsheet turns 2026-07-01 into 2026/7/1
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?=$|[T ])")


def read(text: str, zone: str) -> datetime:
    """An ISO date (its first moment) or moment; without a zone of its own it means `zone`. Raises ValueError."""
    date = _DATE.match(text.strip())
    if date is None:
        raise ValueError(text)
    year, month, day = date.groups()
    found = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}{text.strip()[date.end() :]}")
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def written(moment: datetime | None, zone: str) -> str:
    """The form that `read` takes back exactly; empty for None."""
    return moment.astimezone(ZoneInfo(zone)).isoformat() if moment else ""


def moment(at: datetime) -> str:
    """A moment as hashed forms write it: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
