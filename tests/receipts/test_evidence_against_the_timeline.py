"""The rows of photos are held against what the timeline says of them: who changes or removes one is found out."""

from collections.abc import Callable
from uuid import UUID

import pytest

from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from civicloop.matters import actions, proof
from civicloop.people.access import outsider
from civicloop.receipts.proof import WORDS
from tests import world
from tests.evidence import pictures
from tests.matters import erasing, loop
from tests.receipts.conftest import on

Owner = Callable[..., list[tuple[object, ...]]]
# columns of a row that the entry repeats → (another value, how the finding calls it)
COLUMNS = {
    "sha256": (f"'{'1' * 64}'", "digest"), "stage": ("'after'", "stage"), "bytes": ("bytes + 1", "bytes"),
    "media_type": ("'image/png'", "media_type"), "synthetic": ("NOT synthetic", "synthetic"),
    "created_at": ("created_at - interval '1 s'", "at"), "account_id": ("coalesce(account_id, 0) + 1", "who"),
    "post_id": ("coalesce(post_id, 0) + 1", "who"),
}  # fmt: skip


@pytest.fixture
def matter(committing: str) -> UUID:
    """A matter with a resident's photo and a clerk's."""
    with on():
        made = loop.report()
    for number, actor in enumerate((outsider("reporter", made), world.actor("clerk"))):
        with on(minutes=number + 1):
            prepared = actions.take_upload(
                actor, upload=pictures.encoded(pictures.drawn(320, 240, number + 1)), filename="a.jpg",
                stage="before", matter_id=made, evidence_id=ids.uuid7(),
            )  # fmt: skip
            actions.add_evidence(actor, prepared)
    return made


def found(matter: UUID) -> list[tuple[int, str, str]]:
    return [(each.seq, each.code, each.about) for each in proof.verify(matter)]


def test_every_column_that_the_timeline_repeats(matter: UUID, owner: Owner) -> None:
    assert found(matter) == []
    photo = Evidence.objects.filter(matter_id=matter).order_by("created_at", "id")[1]
    for column, (other, about) in COLUMNS.items():
        before = owner(f"SELECT {column} FROM evidence_evidence WHERE id = %s", photo.id)[0][0]
        owner(f"UPDATE evidence_evidence SET {column} = {other} WHERE id = %s", photo.id)
        assert found(matter) == [(3, "evidence_changed", about)], column
        owner(f"UPDATE evidence_evidence SET {column} = %s WHERE id = %s", before, photo.id)
    assert found(matter) == []


def test_a_row_that_was_taken_away_or_moved(matter: UUID, owner: Owner) -> None:
    first = Evidence.objects.filter(matter_id=matter).order_by("created_at", "id")[0]
    other = "00000000-0000-7000-8000-000000000000"
    owner("UPDATE evidence_evidence SET matter_id = %s WHERE id = %s", other, first.id)
    assert found(matter) == [(2, "evidence_missing", str(first.id))]
    owner("DELETE FROM evidence_evidence WHERE id = %s", first.id)
    assert found(matter) == [(2, "evidence_missing", str(first.id))]
    assert {"evidence_missing", "evidence_changed"} <= set(WORDS)


def test_lawful_erasure_is_no_finding(matter: UUID) -> None:
    with on(1):
        erasing.lawfully(matter)
    assert not Evidence.objects.filter(matter_id=matter).exists()
    assert found(matter) == []
