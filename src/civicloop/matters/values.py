"""What a report and an act are made of, and what they are answered with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from civicloop.matters.choices import Channel
from civicloop.people.access import Actor


@dataclass(frozen=True)
class NewMatter:
    """A report as it came in. `reporter` holds name and phone and is sealed at once."""

    id: UUID
    title: str = ""
    text: str = ""
    procedure: str = "grid-event"
    kind: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = ""
    address: str = ""
    area: str = ""
    channel: str = Channel.RESIDENT
    occurred_at: datetime | None = None
    reporter: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    parent_id: UUID | None = None
    confidentiality: int = 0
    complained_of: tuple[int | str, ...] = ()  # units by id or code
    answers: Mapping[str, str] = field(default_factory=dict)  # to questions of the catalogue
    component: str = ""  # code of a component of the register


@dataclass(frozen=True)
class Reported:
    """The answer to a report: 201 for a new matter, 200 for the same sent again."""

    status: int
    id: UUID
    number: str
    check_code: str


@dataclass(frozen=True)
class Done:
    """The answer to an act: 201 done now, 200 the same act sent again. `requested`: it waits for an approval."""

    status: int
    id: UUID
    seq: int
    step: str
    step_version: int
    action: str
    result: str
    requested: bool = False
    leads_on: bool = False  # whether something follows by itself


@dataclass(frozen=True)
class Foreseen:
    """What an act would do: the step and the accountable unit after it, or that it would only be asked for."""

    step: str
    unit_id: int
    requested: bool = False


def caller_of(actor: Actor) -> str:
    """Who sends, for telling a repeat from somebody else's use of the same id."""
    return f"post:{actor.post_id}" if actor.kind == "staff" else actor.relation or actor.kind


@dataclass(frozen=True)
class Act:
    """An act as it came in."""

    matter_id: UUID
    action: str
    act_id: UUID
    result: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    expected_step_version: int | None = None
