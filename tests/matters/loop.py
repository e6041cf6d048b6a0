"""Small steps through the loop for tests, as a person would take them."""

from typing import Any
from uuid import UUID

from civicloop.evidence import actions as evidence
from civicloop.foundation import ids
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
    """A row of evidence with its entry, without a file: what the loop looks at."""
    from civicloop.evidence import commitments
    from civicloop.evidence.models import Evidence
    from civicloop.matters.followups import SYSTEM

    row = Evidence(
        matter_id=matter, id=ids.uuid7(), stage=stage, media_type="image/jpeg", bytes=1, sha256="0" * 64,
        sealed_original="", salt=commitments.new_salt(),
    )  # fmt: skip
    row.fingerprint = commitments.print_of(row)
    actions.add_evidence(SYSTEM, evidence.Prepared(row, "photo.jpg"))


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


def to_close(matter: UUID) -> None:
    """The whole way, checked by somebody else and closed."""
    to_handling(matter)
    to_check(matter)
    photo(matter, "other")
    act("checker", matter, "post_check", "pass")
    act("clerk", matter, "close")


def closed_with_a_photo() -> tuple[UUID, UUID]:
    """A solved matter and the photo that was taken after it was handled."""
    from tests.evidence.pictures import encoded

    matter, photo_id = report("grid"), ids.uuid7()
    to_handling(matter)
    prepared = actions.take_upload(
        world.actor("worker"), upload=encoded(), filename="a.jpg", stage="after", matter_id=matter,
        evidence_id=photo_id, how="album",
    )  # fmt: skip
    actions.add_evidence(world.actor("worker"), prepared)
    act("worker", matter, "handle", result="已更换井盖")
    act("receiver", matter, "feed_back")
    photo(matter, "other")
    act("checker", matter, "post_check", "pass")
    act("clerk", matter, "close")
    return matter, photo_id
