"""Small steps through the loop for tests, as a person would take them."""

from typing import Any
from uuid import UUID

from civicloop.foundation import clock, ids
from civicloop.matters import actions, reading
from civicloop.matters.actions import Act, Done, NewMatter
from tests import world


def report(user: str | None = None, **values: Any) -> UUID:
    """Report something at SPOT; returns the id."""
    from civicloop.people.access import ANONYMOUS

    lon, lat = values.pop("point", world.SPOT)
    new = NewMatter(
        **{
            "id": ids.uuid7(),
            "title": "井盖缺失",
            "text": "路口井盖不见了，很危险。",
            "lon": lon,
            "lat": lat,
            "crs": "wgs84",
        }
        | values
    )
    return actions.report(world.actor(user) if user else ANONYMOUS, new).id


def act(user: str, matter: UUID, action: str, outcome: str | None = None, /, **data: Any) -> Done:
    """Act as a user of the tiny city."""
    return actions.act(world.actor(user), Act(matter, action, ids.uuid7(), outcome, data))


def photo(matter: UUID, stage: str, user: str | None = None) -> None:
    """A row of evidence, without a file: what the loop looks at."""
    from civicloop.evidence.models import Evidence

    Evidence.objects.create(
        matter_id=matter, id=ids.uuid7(), stage=stage, media_type="image/jpeg", bytes=1, sha256="0" * 64,
        sealed_original="", fingerprint=bytes(32), created_at=clock.now(),
    )  # fmt: skip


def condition(code: str = "01001", no: int = 1) -> int:
    """The id of a filing condition."""
    from civicloop.catalogue.models import FilingCondition

    return FilingCondition.objects.get(kind__code=code, kind__family="matter", no=no).id


def step(matter: UUID) -> str:
    """Where the matter stands."""
    found = reading.read(matter)
    assert found is not None
    return str(found.row["step"])


def to_handling(matter: UUID) -> None:
    """From reported to being handled."""
    act("clerk", matter, "file", condition=condition())
    act("clerk", matter, "dispatch")
    act("receiver", matter, "accept")
    act("receiver", matter, "assign", worker="worker")


def to_check(matter: UUID) -> None:
    """On to the check."""
    photo(matter, "after")
    act("worker", matter, "handle", result="已更换井盖")
    act("receiver", matter, "feed_back")
