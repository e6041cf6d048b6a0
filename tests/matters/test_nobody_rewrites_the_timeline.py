"""The application's role may add to what happened, and nothing else; what is changed from elsewhere is found."""

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from civicloop.foundation import clock
from civicloop.matters import proof
from civicloop.matters.models import EntryText
from civicloop.ops.grants import append_only, refuse_powerful_role
from tests import world
from tests.matters import erasing, loop

pytestmark = pytest.mark.both_servers


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(["matters_entry", "matters_fact", "records_auditentry", "records_readentry"]))
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}", "LOCK TABLE {}", "SELECT * FROM {} FOR UPDATE"],
)
def test_the_application_is_refused(table: str, statement: str) -> None:
    assert table in append_only()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.mark.django_db
def test_partitions_are_closed_to_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'matters_entry_%'"
        )
        parts = [row[0] for row in cursor.fetchall()]
    assert len(parts) >= 5
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f'INSERT INTO "{parts[0]}" SELECT * FROM matters_entry LIMIT 0')


@pytest.mark.django_db
def test_the_application_role_may_serve_and_the_owner_may_not(database_server) -> None:
    assert refuse_powerful_role() is None
    name = connection.settings_dict["NAME"]
    with psycopg.connect(database_server.addresses(name).owner) as owner:
        row = owner.execute(
            "SELECT bool_or(pg_has_role(relowner, 'MEMBER')) FROM pg_class WHERE relname = 'matters_entry'"
        ).fetchone()
    assert row == (True,)


@pytest.mark.django_db
def test_every_table_of_a_matter_is_partitioned() -> None:
    from django.apps import apps

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'p'")
        partitioned = {row[0] for row in cursor.fetchall()}
    owned = {
        model._meta.db_table
        for model in apps.get_models()
        if any(field.column == "matter_id" and field in model._meta.pk_fields for field in model._meta.concrete_fields)
    } | {"matters_matter"}
    assert len(owned) >= 10
    assert owned <= partitioned


TAMPERINGS = {
    "an entry's body": "UPDATE matters_entry SET body = overlay(body placing 'x'::bytea from 40) WHERE seq = 3",
    "an entry's hash": "UPDATE matters_entry SET hash = sha256(hash) WHERE seq = 3",
    "when it was": "UPDATE matters_entry SET at = at + interval '1 hour' WHERE seq = 2",
    "who did it": "UPDATE matters_entry SET account_id = account_id + 1 WHERE seq = 2",
    "a deleted entry": "DELETE FROM matters_entry WHERE seq = 3",
    "a truncated tail": "DELETE FROM matters_entry WHERE seq = 4",
    "a changed text": "UPDATE matters_entrytext SET value = value || '。' WHERE seq = 1",
}


@pytest.mark.parametrize("what", sorted(TAMPERINGS))
def test_what_the_owner_changes_is_found(committing: str, database_server, what: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        loop.act("clerk", matter, "file", condition=loop.condition())
        loop.act("clerk", matter, "dispatch")
        loop.act("clerk", matter, "note", note="看过")
    assert proof.verify(matter) == []
    with psycopg.connect(database_server.addresses(committing).superuser, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(TAMPERINGS[what])
    assert proof.verify(matter)


def test_lawful_erasure_is_no_tampering(committing: str) -> None:
    with clock.at(world.START):
        matter = loop.report()
        loop.act("clerk", matter, "note", note="含个人信息")
        erasing.lawfully(matter)
    assert not EntryText.objects.filter(matter_id=matter).exists()
    assert proof.verify(matter) == []
