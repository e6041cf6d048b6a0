"""What the map may be narrowed by, as it stands in an address: the same words for tiles, counts, list and link."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import locality
from civicloop.matters import actions
from civicloop.matters import selectors as matters
from civicloop.matters.choices import Stage
from civicloop.matters.errors import Refused
from civicloop.onemap.choices import OPEN, STATES, Due, State
from civicloop.places import selectors as places

_CODE = re.compile(r"[\w-]{0,40}")


@dataclass(frozen=True, slots=True)
class MapFilters:
    """One view of the map. `since` and `until` are months of receipt (yyyymm), both included, 0 for none. `kind` is
    one kind (小类); it takes the place of its main class.

    `indicator`, with its `period`, and `day` choose what colours the areas instead of the matters that fit.
    """

    area: places.AreaRef | None = None
    state: str = State.OPEN
    stage: str = ""
    class_code: str = ""
    kind: catalogue.KindView | None = None
    due: str = ""
    since: int = 0
    until: int = 0
    indicator: str = ""
    period: str = ""
    day: date | None = None

    @property
    def states(self) -> tuple[int, ...]:
        """The places in choices.STATES that are counted."""
        if self.stage:
            return (STATES.index(self.stage),)
        wanted = {State.OPEN: OPEN, State.ENDED: frozenset(STATES) - OPEN}.get(State(self.state), frozenset(STATES))
        return tuple(number for number, state in enumerate(STATES) if state in wanted)

    @property
    def monthly(self) -> bool:
        """Whether a time of receipt is asked for."""
        return bool(self.since or self.until)

    def months(self, first: int, last: int) -> list[int]:
        """The months of receipt that are asked for, of those from `first` to `last`."""
        month, found = max(first, self.since or first), []
        while month <= min(last, self.until or last):
            found.append(month)
            month = month + 1 if month % 100 < 12 else month + 89
        return found

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """From when to before when, in the deciding zone."""
        zone = locality.zone()
        since = datetime(self.since // 100, self.since % 100, 1, tzinfo=zone) if self.since else None
        after = self.until + 1 if self.until % 100 < 12 else self.until + 89
        until = datetime(after // 100, after % 100, 1, tzinfo=zone) if self.until else None
        return since, until

    def of_list(self) -> matters.Filters:
        """The same for a list of matters."""
        since, until = self.moments()
        area = self.area if self.area is not None and self.area.level != "city" else None
        return matters.Filters(
            area_id=area.id if area else None, area_level=area.level if area else "", stage=self.stage,
            class_code=self.class_code, kind_id=self.kind.id if self.kind else None, due=self.due,
            since=since, until=until,
            open={State.OPEN: True, State.ENDED: False}.get(State(self.state)) if not self.stage else True,
        )  # fmt: skip

    def query(self, **other: str) -> str:
        """As it stands in an address; what is as ever is left out."""
        values = {
            "area": self.area.code if self.area else "", "state": self.state if self.state != State.OPEN else "",
            "stage": self.stage, "class": self.class_code, "due": self.due,
            "kind": code_of(self.kind) if self.kind else "",
            "since": written(self.since), "until": written(self.until),
            "indicator": self.indicator, "period": self.period,
            "day": self.day.isoformat() if self.day else "",
        }  # fmt: skip
        return urlencode({name: value for name, value in {**values, **other}.items() if value})

    def inside(self, area: places.AreaRef) -> "MapFilters":
        """The same of another area."""
        return replace(self, area=area)

    def of_now(self) -> "MapFilters":
        """The same with the areas coloured by the matters that fit."""
        return replace(self, indicator="", period="", day=None)


class BadFilter(ValueError):
    """A filter that says nothing; `str()` is the name of the field."""


def code_of(kind: catalogue.KindView) -> str:
    """A kind as an address has it: its code, with its list before it where the code alone means that of another."""
    alone = kind_of(kind.code)
    return kind.code if alone and alone.id == kind.id else f"{kind.standard}:{kind.code}"


def kind_of(code: str) -> catalogue.KindView | None:
    """The kind that an address names, also an ended one; None for nothing. Raises BadFilter."""
    try:
        return actions.kind_of(code.strip()[:80])
    except Refused:
        raise BadFilter("kind") from None


def written(month: int) -> str:
    """A month as a browser's field has it: 2026-03."""
    return f"{month // 100:04}-{month % 100:02}" if month else ""


def month_of(text: str, field: str) -> int:
    """yyyymm of 2026-03; 0 for nothing. Raises BadFilter."""
    if not text:
        return 0
    year, _dash, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and len(year) == 4 and int(year) >= 2000 and 1 <= int(month) <= 12):
        raise BadFilter(field)
    return int(year) * 100 + int(month)


def read(query: Mapping[str, str]) -> MapFilters:
    """The filters of an address. Raises BadFilter for a value that is none."""

    def one_of(field: str, known: object, default: str = "") -> str:
        value = query.get(field, "") or default
        if value and value not in known:  # type: ignore[operator]
            raise BadFilter(field)
        return value

    code = query.get("area", "")
    try:
        area = places.by_code(code) if code else None
    except LookupError:
        raise BadFilter("area") from None
    kind = kind_of(query.get("kind", ""))
    class_code = "" if kind else query.get("class", "")
    if len(class_code) > 8 or (not class_code.isalnum() and class_code):
        raise BadFilter("class")
    indicator, period, day = query.get("indicator", ""), query.get("period", ""), query.get("day", "")
    if not _CODE.fullmatch(indicator):
        raise BadFilter("indicator")
    due = one_of("due", Due.values)
    stage = one_of("stage", Stage.values)
    state = one_of("state", State.values, State.OPEN)
    return MapFilters(
        area, State.OPEN if due or stage else state, stage, class_code, kind, due,
        month_of(query.get("since", ""), "since"), month_of(query.get("until", ""), "until"),
        indicator, period if indicator and _CODE.fullmatch(period) else "", None if indicator else _day(day),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadFilter("day") from None
