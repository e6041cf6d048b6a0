"""One matter of the demonstration as its script sees it: report, act, take a photo, through the real actions."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from civicloop.foundation import clock, ids
from civicloop.matters import actions, jobs, marks, reading
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.models import Clock, Entry, Matter
from civicloop.ops.demo import pictures
from civicloop.ops.demo.cast import Cast
from civicloop.ops.demo.components import Register
from civicloop.ops.demo.orders import Pushed
from civicloop.people.access import ANONYMOUS, Actor, outsider

SECOND = timedelta(seconds=1)


def identifier(draw: random.Random, moment: datetime) -> UUID:
    """A UUIDv7 of the simulated moment whose other bits come from the script's own draw: a repeat makes the same."""
    return ids.made_of(moment, draw.getrandbits(12) << 62 | draw.getrandbits(62))


@dataclass
class Place:
    """A point in a grid, with its path."""

    lon: float
    lat: float
    areas: Mapping[str, int]


@dataclass
class Player:
    """The hands of a script. `texts` are the words of the city's demonstration."""

    cast: Cast
    texts: Mapping[str, Any]
    draw: random.Random
    place: Place
    units: Mapping[int, str]  # unit id → code
    codes: Mapping[int, str]  # area id → code
    orders: Pushed
    register: Register | None = None
    id: UUID | None = None
    component: str = ""  # the code of what the matter is about, where there is such a thing
    scene: int = -1  # which drawn street
    asked: int = 0
    level: str = ""  # the dispatching level once it was passed up
    seq: int = 0  # of the entry that the last act left
    past: dict[UUID, tuple[str, int]] = field(default_factory=dict)  # acts of an earlier replay: id → action, seq
    until: datetime | None = None  # the moment up to which an earlier replay came

    def pick(self, name: str) -> str:
        """One of the written sentences of a kind."""
        return str(self.draw.choice(self.texts["results"][name]))

    def point_to(self, kind: str) -> None:
        """Let the matter be about a component of this kind, when there is one, and lie where it stands."""
        draw = random.Random(f"{self.place.lon}:{self.place.lat}:{kind}")
        found = self.register.pick(kind, dict(self.place.areas), draw) if self.register is not None else None
        if found is not None:
            self.component = found.code
            self.place = Place(found.lon, found.lat, found.areas)

    def report(self, who: Actor | None = None, **values: Any) -> None:
        """Report the matter at the present simulated moment."""
        now = clock.now()
        self.id = identifier(self.draw, now)
        point: dict[str, Any] = {"lon": self.place.lon, "lat": self.place.lat, "crs": "wgs84"}
        if who is not None and self.component:  # residents are not shown what stands where
            point["component"] = self.component
        done = actions.report(who or ANONYMOUS, NewMatter(**{"id": self.id, **point, **values}))
        if done.status == 200:
            self.remember()

    def remember(self) -> None:
        """What an earlier replay has told of this matter."""
        entries = list(Entry.objects.filter(matter_id=self.matter).values_list("act_id", "action", "seq", "at"))
        self.past |= {act: (action, seq) for act, action, seq, _at in entries if act}
        # a photo alone does not tell a moment: the act that it belongs to may have been cut off
        moments = [at for _act, action, _seq, at in entries if action != "evidence"]
        self.until = max(moments + ([self.until] if self.until else []))
        self.orders.look(self.matter)

    def into(self, matter_id: UUID) -> None:
        """Go on with another matter of the same story."""
        self.id, self.seq, self.asked = matter_id, 1, 0

    def into_part(self) -> None:
        """Go on with the matter that this one has opened."""
        self.into(Matter.objects.filter(parent_id=self.matter).earliest("id").id)
        if self.until is not None:
            self.remember()

    def told(self) -> bool:
        """Whether an earlier replay has told this moment already: then nothing is done, only drawn and counted."""
        return self.until is not None and clock.now() <= self.until

    @property
    def matter(self) -> UUID:
        if self.id is None:
            raise RuntimeError("the script has not reported yet")
        return self.id

    def act(self, who: Actor, action: str, outcome: str | None = None, /, **data: Any) -> None:
        """Do one act; a refusal is a fault of the script and says where."""
        act_id = identifier(self.draw, clock.now())
        if act_id in self.past:
            action, self.seq = self.past[act_id]
            self.asked += action.startswith("request:")
            return
        self.marks()
        wanted = Act(self.matter, action, act_id, outcome, data)
        try:
            done = actions.act(who, wanted)
        except Refused as reason:
            raise RuntimeError(f"{action} {outcome or ''} at {self.step()}: {reason.code} {reason.words}") from reason
        self.asked += done.requested
        self.seq = done.seq

    def marks(self) -> None:
        """Let the marks of deadlines that fell due before this moment fire, each at its own."""
        while (at := marks.next_of_matter(self.matter)) is not None:
            self.orders.until(at)
            with clock.at(at):
                if not marks.fire_of_matter(self.matter):
                    break
            self.orders.look(self.matter)
        self.orders.until(clock.now())

    def outside(self, relation: str) -> Actor:
        """The reporter, household or resident of this matter."""
        return outsider(relation, self.matter)

    def photo(self, stage: str, who: Actor | None = None) -> None:
        """A drawn photo, marked synthetic."""
        if self.scene < 0:  # one place, however often it is photographed
            self.scene = self.draw.randrange(pictures.VARIANTS)
        content = pictures.drawn(stage, self.scene)
        evidence_id = identifier(self.draw, clock.now())
        if self.told():
            return
        self.marks()
        actor = who or self.outside("reporter")
        prepared = actions.take_upload(
            actor, upload=content, filename="synthetic.jpg", stage=stage, matter_id=self.matter,
            evidence_id=evidence_id, synthetic=True,
        )  # fmt: skip
        actions.add_evidence(actor, prepared)

    def seen(self) -> reading.Reading:
        """The matter now."""
        found = reading.read(self.matter)
        if found is None:
            raise RuntimeError("the matter is gone")
        return found

    def _before(self) -> QuerySet[Entry]:
        """What had been written when the script came to this point: the same when the replay is repeated."""
        return Entry.objects.filter(Q(at__lt=clock.now()) | Q(seq__lte=self.seq), matter_id=self.matter)

    def step(self) -> str:
        """Where the matter stood at this point of the script."""
        return str(self._before().order_by("-seq").values_list("step", flat=True).first())

    def was_done(self, action: str) -> bool:
        """Whether an act had been done by this point of the script."""
        return self._before().filter(action=action).exists()

    def task(self, group: str) -> int:
        """The number of the first open task of a group; 0 when that is told already."""
        return next((int(t["no"]) for t in self.seen().tasks if t["group"] == group), 0)

    def time_left(self) -> timedelta:
        """How long it is until the limit of handling ends that runs now; a repeat finds later ones beside it."""
        rows = Clock.objects.filter(matter_id=self.matter, name="handle", started_at__lte=clock.now())
        due = rows.latest("no").due_at
        return max(due - clock.now(), timedelta()) if due else timedelta()

    def request(self) -> int:
        """The number of the request that was made last."""
        return self.asked

    def approve(self, *roles: str, yes: bool = True) -> None:
        """Answer the open request level by level, each by somebody who holds the role for the matter."""
        for role in roles:
            data = {"request": self.request(), "yes": yes, "reason": "" if yes else "理由不充分，请继续处置。"}
            self.act(self.holder(role), "decide", **data)
            if not yes:
                return

    def holder(self, role: str) -> Actor:
        """Who holds a role for this matter: in the answering unit for its posts, else for the place."""
        if self.told():
            return ANONYMOUS  # who it was then is written; the seats are those of a later moment
        if role in {"receiving_clerk", "unit_worker", "unit_head"}:
            seats = Matter.objects.values_list("seats", flat=True).get(id=self.matter)
            return self.cast.of_unit(role, seats["answering"])
        return self.cast.at_desk(role, self.place.areas, self.level if role == "dispatcher" else "")

    def superior(self) -> Actor:
        """Who designates: the supervisor at the level over all units that gave it back."""
        if self.told():
            return ANONYMOUS
        seats = Matter.objects.values_list("seats", flat=True).get(id=self.matter)
        return self.cast.at_desk("supervisor", self.place.areas, seats["superior"])

    def due(self) -> None:
        """Let the clocks of this matter act, as the worker does."""
        if not self.told():
            self.marks()
            jobs.sweep_matter(self.matter)
            self.orders.look(self.matter)

    def left_alone(self, since: datetime, until: datetime) -> None:
        """After the script: whatever falls due until the end of the replay acts at its own simulated moment."""
        if self.id is None:
            return
        moment = since
        for _number in range(50):
            due = jobs.next_due(self.id, moment, until - SECOND)
            if due is None:
                break
            moment = due
            self.orders.until(due + SECOND)
            with clock.at(due + SECOND):
                if jobs.sweep_matter(self.id):
                    self.orders.look(self.id)
        self.orders.until(until)
