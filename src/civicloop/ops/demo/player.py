"""One matter of the demonstration as its script sees it: report, act, take a photo, through the real actions."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from civicloop.evidence import actions as evidence
from civicloop.foundation import clock
from civicloop.matters import actions, jobs, reading
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry
from civicloop.ops.demo import pictures
from civicloop.ops.demo.cast import Cast
from civicloop.people.access import ANONYMOUS, Actor, outsider


def identifier(draw: random.Random, moment: datetime) -> UUID:
    """A UUIDv7 of the simulated moment whose other bits come from the script's own draw: a repeat makes the same."""
    milliseconds = int(moment.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | draw.getrandbits(12) << 64
    return UUID(int=value | 0b10 << 62 | draw.getrandbits(62))


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
    id: UUID | None = None
    asked: int = 0
    level: str = ""  # the dispatching level once it was passed up

    def pick(self, name: str) -> str:
        """One of the written sentences of a kind."""
        return str(self.draw.choice(self.texts["results"][name]))

    def report(self, who: Actor | None = None, **values: Any) -> None:
        """Report the matter at the present simulated moment."""
        now = clock.now()
        self.id = identifier(self.draw, now)
        point: dict[str, Any] = {"lon": self.place.lon, "lat": self.place.lat, "crs": "wgs84"}
        actions.report(who or ANONYMOUS, NewMatter(**{"id": self.id, **point, **values}))

    @property
    def matter(self) -> UUID:
        if self.id is None:
            raise RuntimeError("the script has not reported yet")
        return self.id

    def act(self, who: Actor, action: str, outcome: str | None = None, /, **data: Any) -> actions.Done:
        """Do one act; a refusal is a fault of the script and says where."""
        wanted = Act(self.matter, action, identifier(self.draw, clock.now()), outcome, data)
        try:
            done = actions.act(who, wanted)
        except Refused as reason:
            raise RuntimeError(f"{action} {outcome or ''} at {self.step()}: {reason.code} {reason.words}") from reason
        self.asked += done.requested
        return done

    def outside(self, relation: str) -> Actor:
        """The reporter, household or resident of this matter."""
        return outsider(relation, self.matter)

    def photo(self, stage: str, who: Actor | None = None) -> None:
        """A drawn photo, marked synthetic."""
        content = pictures.drawn(stage, self.draw.randrange(pictures.VARIANTS))
        actor = who or self.outside("reporter")
        prepared = evidence.prepare(
            upload=content, filename="synthetic.jpg", stage=stage, matter_id=self.matter,
            evidence_id=identifier(self.draw, clock.now()), actor_id=actor.account_id, post_id=actor.post_id,
            synthetic=True,
        )  # fmt: skip
        evidence.store(prepared)

    def seen(self) -> reading.Reading:
        """The matter now."""
        found = reading.read(self.matter)
        if found is None:
            raise RuntimeError("the matter is gone")
        return found

    def step(self) -> str:
        """Where the matter stood at the present simulated moment: the same when the replay is repeated."""
        past = Entry.objects.filter(matter_id=self.matter, at__lte=clock.now()).order_by("-seq")
        return str(past.values_list("step", flat=True).first())

    def was_done(self, action: str) -> bool:
        """Whether an act had been done by the present simulated moment."""
        return Entry.objects.filter(matter_id=self.matter, action=action, at__lte=clock.now()).exists()

    def seat(self, name: str) -> int:
        """What a seat of the matter holds."""
        return int(self.seen().row["seats"][name])

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
        row = self.seen().row
        if role in {"receiving_clerk", "unit_worker", "unit_head"}:
            return self.cast.of_unit(role, row["seats"]["answering"])
        # not the seat as it is now: a repeated replay must find the level of that moment
        return self.cast.at_desk(role, self.place.areas, self.level if role == "dispatcher" else "")

    def due(self) -> None:
        """Let the clocks of this matter act, as the worker does."""
        jobs.sweep_matter(self.matter)
