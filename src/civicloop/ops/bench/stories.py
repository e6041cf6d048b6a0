"""Whole stories of matters, played through the real actions, and their rows after every act: what likes are made of.

A state is a matter as it lay in the database between two acts (or marks of its clocks): its rows of all tables that
matters own, in PostgreSQL's binary form, and the ages between which a matter looks like this.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import clock, ids
from civicloop.matters import actions, jobs
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.models import ApprovalRequest, Matter
from civicloop.ops.bench.city import KIND, SIDE, City
from civicloop.ops.demo import pictures
from civicloop.people.access import ANONYMOUS, Actor
from civicloop.people.selectors import actor_of_token

SECOND = timedelta(seconds=1)
LEFT_ALONE = timedelta(days=60)  # for so long the clocks of a matter are followed that nobody cares for
# what is made anew after all: the map's counts, what is folded, the words (they depend on the text), the daily roots
MADE_ANEW = frozenset({"matters_celldelta", "matters_unfolded", "matters_searchtoken", "receipts_dailyleaf"})
ELSEWHERE = frozenset({"supervision_ordermatter"})  # an order of the supervision is no part of a history
WHOLE = "grid-event"
TITLE, TEXT, ADDRESS = 8, 60, 10  # signs of a report's texts: every like has as many, so that its rows are as long

# by table: its columns and their types, the one with the matter's id first
Tables = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class State:
    """A matter between two ages, by table: the columns' rows as COPY gives them."""

    since: float
    until: float
    rows: dict[str, bytes]


@dataclass(eq=False)
class Model:
    """One played matter of a story: who it was and what it looked like, at what ages (seconds since its report)."""

    story: str
    id: UUID
    at: datetime
    texts: tuple[str, str, str]
    states: list[State] = field(default_factory=list)


class Play:
    """The hands of a story: acts by the posts of one subdistrict, each at its moment."""

    def __init__(self, city: City, tables: Tables, story: str, at: datetime, texts: tuple[str, str, str],
                 draw: random.Random) -> None:  # fmt: skip
        self.team, self.condition, self.tables, self.draw = city.teams[0], city.condition, tables, draw
        self.who: dict[str, Actor] = {}
        for role, token in self.team.tokens.items():
            actor = actor_of_token(token)
            assert actor is not None
            self.who[role] = actor
        self.now = at
        self.model = Model(story, ids.made_of(at, draw.getrandbits(74)), at, texts)
        self.began: datetime | None = None
        self.rows: dict[str, bytes] = {}
        self.scene = draw.randrange(pictures.VARIANTS)

    def wait(self, low: float, high: float) -> None:
        """Let so many hours pass, more or less; what falls due meanwhile acts at its own moment."""
        until = self.now + timedelta(seconds=int(self.draw.uniform(low, high) * 3600), microseconds=137)
        while (due := jobs.next_due(self.model.id, self.now, until - SECOND)) is not None:
            self.now = due + SECOND
            with clock.at(self.now):
                acted = jobs.sweep_matter(self.model.id)
            if acted:
                self._record()
        self.now = until

    def report(self, channel: str, procedure: str = "direct-event") -> None:
        title, text, address = self.model.texts
        new = NewMatter(
            id=self.model.id, title=title, text=text, kind=KIND, address=address, channel=channel, crs="wgs84",
            procedure=procedure,
            lon=round(self.team.west + self.draw.random() * SIDE, 6),
            lat=round(self.team.south + self.draw.random() * SIDE, 6),
        )  # fmt: skip
        with clock.at(self.now):
            actions.report(self.who["grid_worker"] if channel == "grid" else ANONYMOUS, new)
        self._record()

    def act(self, role: str, action: str, result: str | None = None, /, **data: Any) -> None:
        wanted = Act(self.model.id, action, ids.made_of(self.now, self.draw.getrandbits(74)), result, data)
        with clock.at(self.now):
            actions.act(self.who[role], wanted)
        self._record()

    def decide(self, role: str, yes: bool = True) -> None:
        request = ApprovalRequest.objects.filter(matter_id=self.model.id, state="open").latest("no").no
        self.act(role, "decide", request=request, yes=yes, reason="" if yes else "理由不充分，请继续处置。")

    def photo(self, role: str, stage: str) -> None:
        self.now += SECOND * 40
        with clock.at(self.now):
            prepared = actions.take_upload(
                self.who[role], upload=pictures.drawn(stage, self.scene), filename="synthetic.jpg", stage=stage,
                matter_id=self.model.id, evidence_id=ids.made_of(self.now, self.draw.getrandbits(74)), synthetic=True,
            )  # fmt: skip
            actions.add_evidence(self.who[role], prepared)
        self._record()
        self.now += SECOND * 20

    def finish(self) -> Model:
        self._until(float("inf"))
        return self.model

    def _record(self) -> None:
        self._until((self.now - self.model.at).total_seconds())
        self.began = self.now
        self.rows = rows_of(self.model.id, self.tables)

    def _until(self, age: float) -> None:
        if self.began is not None:
            since = (self.began - self.model.at).total_seconds()
            self.model.states.append(State(since, age, self.rows))


def owned_tables() -> dict[str, list[tuple[str, str]]]:
    """The tables that matters own, as the database knows them, with their columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relkind = 'p'
            ORDER BY c.relname <> 'matters_matter', c.relname, a.attname <> 'matter_id', a.attnum"""
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, type_ in cursor.fetchall():
            if table not in MADE_ANEW | ELSEWHERE:
                found.setdefault(table, []).append((column, type_))
    return found


def rows_of(matter_id: UUID, tables: Tables) -> dict[str, bytes]:
    """The rows of one matter in binary form, without head and tail. What was to be told counts as told."""
    connection.ensure_connection()
    found = {}
    with connection.connection.cursor() as cursor:
        for table, columns in tables.items():
            chosen = ", ".join(f'"{name}"' for name, _type in columns)
            if table == "matters_outbox":
                chosen = chosen.replace('"taken_at"', "COALESCE(taken_at, at)")
            key = "id" if table == "matters_matter" else "matter_id"
            wanted = f"SELECT {chosen} FROM {table} WHERE {key} = '{matter_id}' ORDER BY 1, 2, 3"
            with cursor.copy(f"COPY ({wanted}) TO STDOUT (FORMAT BINARY)") as copy:
                rows = b"".join(bytes(part) for part in copy)[19:-2]
            if rows:
                found[table] = rows
    return found


# -- the stories ------------------------------------------------------------------------------------------------------
# most go the shortest way, with one entry for each act; some the whole way of a grid event, with what it demands


def _accepted(play: Play) -> None:
    play.wait(0.03, 0.3)
    play.act("acceptance_clerk", "dispatch", condition=play.condition)
    play.wait(0.05, 0.4)
    play.act("receiving_clerk", "accept")


def _done(play: Play, low: float = 1, high: float = 20) -> None:
    play.wait(low, high)
    play.act("receiving_clerk", "handle", result="已处置完毕，现场恢复正常。")
    play.wait(0.1, 0.45)


def _closed(play: Play) -> None:
    play.act("checker", "post_check", "pass")
    play.wait(0.05, 0.2)
    play.act("acceptance_clerk", "close")


def plain(play: Play) -> None:
    """Reported, dispatched, accepted, handled, checked by another, closed."""
    play.report("resident")
    _accepted(play)
    _done(play)
    _closed(play)


def by_grid(play: Play) -> None:
    """The same for what a grid worker reported."""
    play.report("grid")
    _accepted(play)
    _done(play, 0.5, 8)
    _closed(play)


def late(play: Play) -> None:
    """Handled after its limit: the marks of the ladder fire."""
    play.report("resident")
    _accepted(play)
    _done(play, 100, 200)
    _closed(play)


def reworked(play: Play) -> None:
    """The first check fails."""
    play.report("resident")
    _accepted(play)
    _done(play)
    play.act("checker", "post_check", "fail", reason="现场仍有残留，未恢复原状。")
    _done(play, 1, 6)
    _closed(play)


def stuck(play: Play) -> None:
    """Accepted, and then nobody cares: overdue, with all marks of the ladder."""
    play.report("resident")
    _accepted(play)
    days = LEFT_ALONE.days * 24
    play.wait(days, days + 1)


def whole(play: Play) -> None:
    """All acts of a grid event, with the photos that it demands."""
    play.report("grid", WHOLE)
    _dispatched(play)
    _handled(play)


def returned(play: Play) -> None:
    """The same, returned once by the unit, which was allowed, and dispatched again."""
    play.report("resident", WHOLE)
    _dispatched(play)
    play.act("receiving_clerk", "return", reason="不属于本单位职责范围。")
    play.wait(0.1, 0.8)
    play.decide("acceptance_clerk")
    play.wait(0.03, 0.2)
    play.act("acceptance_clerk", "dispatch")
    play.wait(0.05, 0.4)
    _handled(play)


def _dispatched(play: Play) -> None:
    play.wait(0.03, 0.3)
    play.act("acceptance_clerk", "file", condition=play.condition)
    play.wait(0.03, 0.3)
    play.act("acceptance_clerk", "dispatch")
    play.wait(0.05, 0.4)


def _handled(play: Play) -> None:
    play.act("receiving_clerk", "accept")
    play.wait(0.1, 0.6)
    play.act("receiving_clerk", "assign", worker=play.team.worker)
    play.wait(0.5, 12)
    play.photo("unit_worker", "after")
    play.act("unit_worker", "handle", result="已处置完毕，现场恢复正常。")
    play.wait(0.05, 0.5)
    play.act("receiving_clerk", "feed_back")
    play.wait(0.1, 0.4)
    _seen(play)


def _seen(play: Play) -> None:
    play.photo("checker", "other")
    play.act("checker", "post_check", "pass")
    play.wait(0.05, 0.2)
    play.act("acceptance_clerk", "close")


def on_the_spot(play: Play) -> None:
    """Handled by the grid worker at once (自处); the draw decides whether it is checked."""
    play.report("grid", WHOLE)
    play.photo("grid_worker", "before")
    play.wait(0.05, 0.4)
    play.photo("grid_worker", "after")
    play.act("grid_worker", "handle_on_spot", result="已当场清理。")
    if Matter.objects.filter(id=play.model.id, end="").exists():  # it was drawn
        play.wait(0.1, 6)
        _seen(play)


def declined(play: Play) -> None:
    """Not filed."""
    play.report("resident", WHOLE)
    play.wait(0.05, 0.3)
    play.act("acceptance_clerk", "decline", not_filed_reason="outside_scope", reason="不属于城市管理范围。")


def voided(play: Play) -> None:
    """Sent by mistake."""
    play.report("resident", WHOLE)
    play.wait(0.05, 0.3)
    play.act("acceptance_clerk", "void", void_reason="test_entry")


# how many of a thousand matters go so
STORIES: Mapping[Callable[[Play], None], int] = {
    plain: 475, by_grid: 150, late: 70, reworked: 60, stuck: 3, whole: 60, returned: 20, on_the_spot: 110,
    declined: 35, voided: 17,
}  # fmt: skip
