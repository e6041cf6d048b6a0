"""Supervision orders of the demonstration: those that its ladder opens are answered and reviewed, others are opened.

`Pushed` plays the orders of one script's matters while that goes on, each at its own simulated moment. `play` opens
others afterwards; since an act leaves a note in its matter, nothing happens to such an order before the last that its
matters tell. All goes through the real actions, by ids that come from the seed: repeating a replay changes nothing.
"""

import heapq
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Min

from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Matter
from civicloop.ops.demo.cast import Cast
from civicloop.people.access import Actor
from civicloop.supervision import actions, marks
from civicloop.supervision.actions import NewOrder
from civicloop.supervision.choices import WAITING, Proof, Source, State
from civicloop.supervision.demands import Wanted
from civicloop.supervision.identifiers import derived
from civicloop.supervision.models import Order, OrderDemand, OrderStep

SHARE = 60  # matters for each order that somebody opens by hand
MOST, FEWEST = 40, 6
ANSWERING = ("receiving_clerk", "unit_head", "dispatcher", "acceptance_clerk")


@dataclass
class Scene:
    """One order on its way: the draw, and who is in it."""

    order_id: UUID
    draw: random.Random
    unit: Actor
    reviewer: Actor

    def act_id(self, what: str) -> UUID:
        return derived(clock.now(), f"{self.order_id}:{what}")


def play(*, folder: Path, seed: int, now: datetime) -> int:
    """Open and play orders up to `now`; how many were played. Repeating it changes nothing."""
    texts = tomllib.loads((folder / "demo" / "texts.toml").read_text(encoding="utf-8"))
    with clock.at(now):
        cast = Cast.read()
    heap: list[tuple[datetime, int, Any]] = []
    for number, (moment, script) in enumerate(_opened(cast, texts, seed, now)):
        heapq.heappush(heap, (moment, number, script))
    played = len(heap)
    while heap:
        moment, number, script = heapq.heappop(heap)
        if moment >= now:
            continue
        _let_marks_fire(moment)
        with clock.at(moment):
            pause = next(script, None)
        if pause is not None:
            heapq.heappush(heap, (moment + pause, number, script))
    _let_marks_fire(now - timedelta(seconds=1))
    return played


def _let_marks_fire(until: datetime) -> None:
    """Every mark of an order that fell due meanwhile, each at its own moment, as the worker would have done."""
    while (at := Order.objects.filter(mark_at__lte=until).aggregate(at=Min("mark_at"))["at"]) is not None:
        with clock.at(at):
            if not marks.fire_due():
                return


Script = Iterator[timedelta]


class Pushed:
    """The orders that the ladder opens for the matters of one script."""

    def __init__(self, cast: Cast, texts: dict[str, Any], seed: int) -> None:
        self.cast, self.texts, self.seed = cast, texts, seed
        self.scripts: list[tuple[datetime, str, Script]] = []
        self.known: set[UUID] = set()

    def look(self, matter_id: UUID) -> None:
        """Take up what the ladder has opened for a matter."""
        for order in Order.objects.filter(cause=f"ladder:{matter_id}").exclude(id__in=self.known):
            self.known.add(order.id)
            draw = random.Random(f"{self.seed}:{order.id}")
            scene, wait = _scene(self.cast, order, draw), _wait(draw)
            if scene is not None and wait is not None:
                heapq.heappush(self.scripts, (order.opened_at + wait, str(order.id), _answered(scene, self.texts)))

    def until(self, moment: datetime) -> None:
        """Let everything happen to these orders that happens before `moment`: answers, reviews, marks of their own."""
        while self.known:
            rows = Order.objects.filter(id__in=self.known, mark_at__lt=moment).order_by("mark_at")
            at, order_id = rows.values_list("mark_at", "id").first() or (None, None)
            if self.scripts and self.scripts[0][0] < min(moment, at or moment):
                self._go_on()
                continue
            if at is None or order_id is None:
                return
            with clock.at(at):
                if not marks.fire_of_order(order_id):
                    return

    def _go_on(self) -> None:
        at, order_id, script = heapq.heappop(self.scripts)
        with clock.at(at):
            pause = next(script, None)
        if pause is not None:
            heapq.heappush(self.scripts, (at + pause, order_id, script))


def _wait(draw: random.Random) -> timedelta | None:
    """How long a unit takes to answer: most within a day or two, some when the order has been raised, few never."""
    way = draw.random()
    if way < 0.03:
        return None
    return timedelta(hours=draw.uniform(60, 150) if way < 0.12 else draw.uniform(2, 40))


def _scene(cast: Cast, order: Order, draw: random.Random) -> Scene | None:
    """Who answers and who reviews; None where the unit has nobody or nobody stands above it."""
    posts = [cast.by_unit.get((role, order.unit_id)) for role in ANSWERING]
    unit = next((post for post in posts if post is not None), None)
    reviewer = cast.by_area.get(("supervisor", order.district_id or 0))
    if unit is None or reviewer is None or reviewer.unit_id == order.unit_id:
        return None
    return Scene(order.id, draw, unit, reviewer)


def _opened(cast: Cast, texts: dict[str, Any], seed: int, now: datetime) -> Iterator[tuple[datetime, Script]]:
    """Orders that supervisors and leaders open: instructions, inspections, proposals."""
    draw = random.Random(f"{seed}:orders")
    rows = list(
        Matter.objects.filter(confidentiality=0, complained_of=[], parent_id=None)
        .exclude(district_id=None)
        .order_by("id")
        .values_list("id", "district_id", "unit_id", "received_at")
    )
    openers = {area: cast.by_area["supervisor", area] for role, area in cast.by_area if role == "supervisor"}
    answering = {unit for role, unit in cast.by_unit if role in ANSWERING}
    rows = [row for row in rows if row[1] in openers and openers[row[1]].unit_id != row[2] and row[2] in answering]
    wanted = min(MOST, len(rows) // SHARE + FEWEST if rows else 0)
    for number in range(8 * wanted):  # of many a matter the last is told just now: nothing can follow it
        matter_id, area, unit_id, received = draw.choice(rows)
        cause = f"{seed}:order:{number}:{matter_id}"
        own, identifier = random.Random(cause), derived(received, cause)
        told = Entry.objects.filter(matter_id=matter_id).latest("seq").at
        moment = told + timedelta(hours=own.uniform(1, 40))
        there = Order.objects.filter(id=identifier).exists()
        wanted -= there or moment < now
        if wanted < 0:
            return
        if there or moment >= now:
            continue
        by_leader = own.random() < 0.3 and ("leader", area) in cast.by_area
        opener = cast.by_area["leader", area] if by_leader else openers[area]
        written = own.choice(texts["order"])
        others = [Source.INSPECTION, Source.INSPECTION, Source.SUGGESTION]
        source = Source.INSTRUCTION if by_leader else own.choice(others)
        level = own.choice(["ordinary", "ordinary", "ordinary", "listed", "summons" if by_leader else "listed"])
        new = NewOrder(
            id=identifier, level=level, source=source, unit=unit_id, title=written["title"], text=written["text"],
            paper=written["paper"] if source != Source.INSPECTION else "", matters=(matter_id,),
            demands=(Wanted(Proof.AFTER, written["why"]), Wanted(Proof.TEXT, written["why"])),
        )  # fmt: skip
        yield moment, _life(cast, texts, opener, new, own)


def _life(cast: Cast, texts: dict[str, Any], opener: Actor, new: NewOrder, draw: random.Random) -> Script:
    """From the opening on; what the rules refuse (the own unit, a unit elsewhere) is left out."""
    try:
        order = actions.open_order(opener, new).order
    except Refused:
        return
    scene = _scene(cast, order, draw)
    wait = _wait(draw)
    if scene is None or wait is None:
        return
    yield wait
    yield from _answered(scene, texts)


def _answered(scene: Scene, texts: dict[str, Any]) -> Script:
    """The answer, the review, now and then sent back once, sometimes not reviewed yet."""
    draw = scene.draw
    for number in range(2):
        if not _answer(scene, texts, number):
            return
        yield timedelta(hours=draw.uniform(2, 30))
        accepted, seen = number == 1 or draw.random() < 0.85, draw.random() < 0.96
        reason = "" if accepted else draw.choice(texts["orders"]["sent_back"])
        if not seen or not _review(scene, number, accepted, reason) or accepted:
            return
        yield timedelta(hours=draw.uniform(2, 20))


def _answer(scene: Scene, texts: dict[str, Any], number: int) -> bool:
    """Answer when it is still the unit's turn; whether it is answered."""
    act_id, words = scene.act_id(f"answer:{number}"), scene.draw.choice(texts["orders"]["answers"])
    said = {no: scene.draw.choice(texts["orders"]["said"]) for no in _numbers(scene.order_id)}
    if _done(scene, act_id):
        return True
    if Order.objects.get(id=scene.order_id).state not in WAITING:
        return False
    actions.answer(scene.unit, order_id=scene.order_id, act_id=act_id, words=words, said=said)
    return True


def _review(scene: Scene, number: int, accepted: bool, reason: str) -> bool:
    """Review what still waits for it; whether it is reviewed."""
    act_id = scene.act_id(f"review:{number}")
    if _done(scene, act_id):
        return True
    if Order.objects.get(id=scene.order_id).state != State.ANSWERED:
        return False
    actions.review(scene.reviewer, order_id=scene.order_id, act_id=act_id, accepted=accepted, reason=reason)
    return True


def _done(scene: Scene, act_id: UUID) -> bool:
    """Whether an earlier replay has told it already."""
    return OrderStep.objects.filter(order_id=scene.order_id, act_id=act_id).exists()


def _numbers(order_id: UUID) -> list[int]:
    return list(OrderDemand.objects.filter(order_id=order_id).order_by("no").values_list("no", flat=True))
