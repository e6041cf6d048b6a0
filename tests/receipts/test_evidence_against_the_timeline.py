"""The rows of photos and films are held against the timeline: who changes, adds or removes one is found out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from civicloop.evidence import boxes
from civicloop.evidence.models import Boxes, Capture, Evidence, Film, PublicPhoto
from civicloop.foundation import ids
from civicloop.matters import actions, proof, publishing
from civicloop.people.access import outsider
from civicloop.receipts.commands import verify
from civicloop.receipts.proof import WORDS
from tests import world
from tests.evidence import films_made, pictures
from tests.matters import erasing, loop
from tests.receipts.conftest import on

Owner = Callable[..., list[tuple[object, ...]]]
OTHER = "00000000-0000-7000-8000-000000000000"
DIGEST = "repeat('1', 64)"
SALTED = ("dhash", "capture")
# every column → (another value, how the findings call it)
COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sha256": (DIGEST, ("digest",)), "stage": ("'after'", ("stage",)), "bytes": ("bytes + 1", ("bytes",)),
    "media_type": ("'image/png'", ("media_type",)), "synthetic": ("NOT synthetic", ("synthetic",)),
    "created_at": ("created_at - interval '1 s'", ("at",)), "account_id": ("coalesce(account_id, 0) + 1", ("who",)),
    "post_id": ("coalesce(post_id, 0) + 1", ("who",)), "derivative": (DIGEST, ("derivative",)),
    "thumbnail": (DIGEST, ("thumbnail",)), "width": ("width + 1", ("width",)), "height": ("height + 1", ("height",)),
    "dhash": ("dhash # 1", ("dhash",)), "salt": ("set_byte(salt, 0, get_byte(salt, 0) # 1)", SALTED),
    "fingerprint": ("set_byte(fingerprint, 0, get_byte(fingerprint, 0) # 1)", ("fingerprint",)),
}  # fmt: skip
# where the sealed original lies changes with the keys; it opens for its own evidence and digest only
KEYS = {"matter_id", "id"}
SEALED = {"sealed_original", "sealed_with"}
CAPTURE = {
    "how": "'camera'", "taken_at": "timestamptz '2026-01-01 00:00+00'", "source": "'gps'", "had_place": "NOT had_place",
    "accuracy": "coalesce(accuracy, 0) + 1", "editor": "'Photoshop'",
}  # fmt: skip
COMPARED = {"lon", "lat"}  # kept until they were compared, and then no more
FILM = {"content": DIGEST, "milliseconds": "milliseconds + 1", "had_sound": "NOT had_sound"}
WORKERS = {"state", "tries", "still", "thumbnail", "made_at"}  # of a film: what the worker finds out later
PUBLIC = {
    "state": ("'taken_back'", "result"), "public_id": ("gen_random_uuid()", "covered"), "picture": (DIGEST, "digest"),
    "thumbnail": (DIGEST, "thumbnail"), "boxes": ("'[[9, 9, 99, 99]]'", "covered"),
    "account_id": ("account_id + 1", "who"), "post_id": ("post_id + 1", "who"),
    "decided_at": ("decided_at + interval '1 s'", "at"),
}  # fmt: skip
BOXES = {
    "detector": "'another'", "failed": "NOT failed", "boxes": "'[[\"face\", 1, 2, 30, 40, 0.9]]'",
    "evidence_id": f"uuid '{OTHER}'",
}  # fmt: skip


def columns_of(model: type[Any]) -> set[str]:
    return {field.column for field in model._meta.concrete_fields if field.column} - {"pk"}


def test_no_column_is_left_out() -> None:
    assert columns_of(Evidence) == set(COLUMNS) | KEYS | SEALED
    assert columns_of(Capture) == set(CAPTURE) | COMPARED | {"matter_id", "evidence_id"}
    assert columns_of(Film) == set(FILM) | WORKERS | {"matter_id", "evidence_id"}
    assert columns_of(PublicPhoto) == set(PUBLIC) | {"matter_id", "evidence_id"}
    assert columns_of(Boxes) == set(BOXES) | KEYS | {"made_at"}


def added(actor: Any, matter: UUID, upload: bytes, stage: str = "before", how: str = "album") -> UUID:
    prepared = actions.take_upload(
        actor, upload=upload, filename="a", stage=stage, matter_id=matter, evidence_id=ids.uuid7(), how=how
    )
    return actions.add_evidence(actor, prepared)[0].id


@pytest.fixture
def matter(committing: str) -> UUID:
    """A matter with a resident's photo and a clerk's."""
    with on():
        made = loop.report()
    for number, actor in enumerate((outsider("reporter", made), world.actor("clerk"))):
        with on(minutes=number + 1):
            added(actor, made, pictures.encoded(pictures.drawn(320, 240, number + 1)))
    return made


@pytest.fixture
def public(committing: str) -> tuple[UUID, UUID]:
    """A closed matter of which a checker has shown a photo to everybody, and that photo."""
    with on():
        made, photo = loop.closed_with_a_photo()
    with on(1):
        assert boxes.look() == 1
        publishing.decide(
            world.actor("checker"), matter_id=made, evidence_id=photo, act_id=ids.uuid7(),
            decision=publishing.Decision("public", boxes=(publishing.Box(10, 10, 60, 60),)),
        )  # fmt: skip
    return made, photo


def found(matter: UUID) -> list[tuple[int, str, str]]:
    return [(each.seq, each.code, each.about) for each in proof.verify(matter)]


def test_every_column_of_a_photo_is_held_against_its_entry(matter: UUID, owner: Owner) -> None:
    assert found(matter) == []
    photo = Evidence.objects.filter(matter_id=matter).order_by("created_at", "id")[1]
    for column, (other, names) in COLUMNS.items():
        before = owner(f"SELECT {column} FROM evidence_evidence WHERE id = %s", photo.id)[0][0]
        owner(f"UPDATE evidence_evidence SET {column} = {other} WHERE id = %s", photo.id)
        assert found(matter) == [(3, "evidence_changed", name) for name in names], column
        owner(f"UPDATE evidence_evidence SET {column} = %s WHERE id = %s", before, photo.id)
    for column, other in CAPTURE.items():
        before = owner(f"SELECT {column} FROM evidence_capture WHERE evidence_id = %s", photo.id)[0][0]
        owner(f"UPDATE evidence_capture SET {column} = {other} WHERE evidence_id = %s", photo.id)
        assert found(matter) == [(3, "evidence_changed", "capture")], column
        owner(f"UPDATE evidence_capture SET {column} = %s WHERE evidence_id = %s", before, photo.id)
    assert found(matter) == []
    owner("DELETE FROM evidence_capture WHERE evidence_id = %s", photo.id)
    assert found(matter) == [(3, "evidence_changed", "capture")]


def test_every_column_of_a_film_that_is_known_when_it_comes(matter: UUID, owner: Owner) -> None:
    with on(minutes=5):
        film = added(world.actor("clerk"), matter, films_made.film())
    assert found(matter) == []
    for column, other in FILM.items():
        before = owner(f"SELECT {column} FROM evidence_film WHERE evidence_id = %s", film)[0][0]
        owner(f"UPDATE evidence_film SET {column} = {other} WHERE evidence_id = %s", film)
        assert found(matter) == [(4, "evidence_changed", "film")], column
        owner(f"UPDATE evidence_film SET {column} = %s WHERE evidence_id = %s", before, film)
    assert found(matter) == []


def test_a_row_that_was_taken_away_or_moved(matter: UUID, owner: Owner) -> None:
    first = Evidence.objects.filter(matter_id=matter).order_by("created_at", "id")[0]
    owner("UPDATE evidence_evidence SET matter_id = %s WHERE id = %s", OTHER, first.id)
    assert found(matter) == [(2, "evidence_missing", str(first.id))]
    assert found(UUID(OTHER)) == [(0, "no_such_matter", ""), (0, "evidence_unknown", str(first.id))]
    owner("DELETE FROM evidence_evidence WHERE id = %s", first.id)
    assert found(matter) == [(2, "evidence_missing", str(first.id))]


def slipped_in(owner: Owner, matter: UUID) -> str:
    """A photo that never came: a copy of a row under another id."""
    columns = sorted(columns_of(Evidence) - {"id"})
    [[made]] = owner(
        f"INSERT INTO evidence_evidence (id, {', '.join(columns)}) SELECT gen_random_uuid(), {', '.join(columns)}"
        " FROM evidence_evidence WHERE matter_id = %s LIMIT 1 RETURNING id::text",
        matter,
    )
    return str(made)


def test_a_row_that_was_slipped_in_is_named(matter: UUID, owner: Owner) -> None:
    made = slipped_in(owner, matter)
    assert found(matter) == [(0, "evidence_unknown", made)]
    for options in (["--matter", str(matter)], ["--all"]):
        with on(1):
            done = CliRunner().invoke(verify, options)
        assert done.exit_code == 1
        assert f"{WORDS['evidence_unknown']} ({made})" in done.stdout


def test_what_everybody_sees_is_held_against_the_decision(public: tuple[UUID, UUID], owner: Owner) -> None:
    matter, photo = public
    assert found(matter) == []
    [[seq]] = owner("SELECT seq FROM matters_entry WHERE matter_id = %s AND action = 'publish_photo'", matter)
    for column, (other, about) in PUBLIC.items():
        before = owner(f"SELECT {column}::text FROM evidence_publicphoto WHERE evidence_id = %s", photo)[0][0]
        kind = {"public_id": "uuid", "boxes": "jsonb", "decided_at": "timestamptz"}.get(column, "")
        kind = kind or ("bigint" if column.endswith("_id") else "text")
        owner(f"UPDATE evidence_publicphoto SET {column} = {other} WHERE evidence_id = %s", photo)
        assert found(matter) == [(seq, "public_photo_changed", about)], column
        owner(f"UPDATE evidence_publicphoto SET {column} = %s::{kind} WHERE evidence_id = %s", before, photo)
    assert found(matter) == []
    for column, other in BOXES.items():
        before = owner(f"SELECT {column}::text FROM evidence_boxes WHERE matter_id = %s", matter)[0][0]
        kind = {"boxes": "jsonb", "failed": "boolean", "evidence_id": "uuid"}.get(column, "text")
        owner(f"UPDATE evidence_boxes SET {column} = {other} WHERE matter_id = %s", matter)
        assert found(matter) == [(seq, "public_photo_changed", "found")], column
        owner(f"UPDATE evidence_boxes SET {column} = %s::{kind} WHERE matter_id = %s", before, matter)
    owner("DELETE FROM evidence_boxes WHERE matter_id = %s", matter)
    assert found(matter) == [(seq, "public_photo_changed", "found")]


def test_a_decision_taken_away_or_slipped_in(public: tuple[UUID, UUID], owner: Owner) -> None:
    matter, photo = public
    [[seq]] = owner("SELECT seq FROM matters_entry WHERE matter_id = %s AND action = 'publish_photo'", matter)
    other = owner("SELECT id FROM evidence_evidence WHERE matter_id = %s AND id <> %s LIMIT 1", matter, photo)[0][0]
    owner("UPDATE evidence_publicphoto SET evidence_id = %s WHERE evidence_id = %s", other, photo)
    assert found(matter) == [
        (seq, "public_photo_missing", str(photo)), (0, "public_photo_unknown", str(other))
    ]  # fmt: skip


def test_taken_back_and_shown_again_the_last_decision_counts(public: tuple[UUID, UUID]) -> None:
    matter, photo = public
    for hours, before, decision in (
        (30, "public", publishing.Decision("taken_back", before="public", reason="useless")),
        (31, "taken_back", publishing.Decision("public", before="taken_back")),
    ):
        with on(hours=hours):
            publishing.decide(
                world.actor("checker"), matter_id=matter, evidence_id=photo, act_id=ids.uuid7(), decision=decision
            )
        assert PublicPhoto.objects.get().state == decision.outcome != before
        assert found(matter) == []


def test_lawful_erasure_is_no_finding_and_what_comes_back_is_one(matter: UUID) -> None:
    row = Evidence.objects.filter(matter_id=matter).order_by("created_at", "id")[0]
    with on(1):
        erasing.lawfully(matter)
    assert not Evidence.objects.filter(matter_id=matter).exists()
    assert found(matter) == []
    row.save(force_insert=True)
    assert found(matter) == [(0, "evidence_unknown", str(row.id))]


def test_every_finding_has_words() -> None:
    codes = {"evidence_missing", "evidence_changed", "evidence_unknown", "public_photo_changed", "public_photo_missing",
             "public_photo_unknown"}  # fmt: skip
    assert codes <= set(WORDS)
