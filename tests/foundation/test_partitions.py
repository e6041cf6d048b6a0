"""Tables of a matter are partitioned by quarter from the start, made ahead by the owner's function only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, models, transaction
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter
from django.db.utils import ProgrammingError

from civicloop.foundation.ids import uuid7
from civicloop.foundation.partitions import AddDatabaseKey, CreatePartitionedModel


def operation() -> CreatePartitionedModel:
    fields = [("id", models.UUIDField(primary_key=True)), ("text", models.TextField())]
    return CreatePartitionedModel(name="Thing", fields=fields, by="id")


class Editor:
    """Collects what a schema editor would run."""

    sql_create_table = "CREATE TABLE %(table)s (%(definition)s)"

    def __init__(self) -> None:
        self.ran: list[str] = []

    def execute(self, statement: str) -> None:
        self.ran.append(statement)

    def create_model(self, model: type[models.Model]) -> None:
        self.ran.append(self.sql_create_table % {"table": model._meta.db_table, "definition": "…"})

    class connection:
        alias = "default"


def test_the_table_is_partitioned_with_a_default_partition() -> None:
    state, editor = ProjectState(), Editor()
    after = state.clone()
    operation().state_forwards("foundation", after)
    operation().database_forwards("foundation", editor, state, after)
    assert editor.ran == [
        'CREATE TABLE foundation_thing (…) PARTITION BY RANGE ("id")',
        'CREATE TABLE "foundation_thing_default" PARTITION OF "foundation_thing" DEFAULT',
    ]
    assert editor.sql_create_table == Editor.sql_create_table


def test_the_state_is_that_of_an_ordinary_model() -> None:
    ours, plain = ProjectState(), ProjectState()
    operation().state_forwards("foundation", ours)
    name, args, kwargs = operation().deconstruct()
    assert name == "CreatePartitionedModel"
    assert kwargs.pop("by") == "id"
    from django.db.migrations import CreateModel

    CreateModel(*args, **kwargs).state_forwards("foundation", plain)
    assert ours.models == plain.models


def test_a_migration_file_can_hold_it() -> None:
    text, imports = OperationWriter(operation()).serialize()
    assert "by='id'" in text
    assert any("civicloop.foundation.partitions" in line for line in imports)
    key = AddDatabaseKey(table="a", columns="m, n", to="b", to_columns="m, n", name="a_to_b")
    text, _imports = OperationWriter(key).serialize()
    assert "to_columns='m, n'" in text


def test_squashing_never_folds_it_into_a_plain_table() -> None:
    from django.db.migrations import AddField

    added = AddField("Thing", "more", models.TextField(default=""))
    assert operation().reduce(added, "foundation") is False


def part_of(table: str, moment: datetime) -> str:
    """In which partition a row of that moment lies (nothing stays behind)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (matter_id, no, field, envelope, retention, created_at) "
            "VALUES (%s, 1, 'f', '', 'matter', %s) RETURNING tableoid::regclass::text",
            [uuid7(moment), moment],
        )
        return str(cursor.fetchone()[0]).strip('"')


@pytest.mark.django_db
@pytest.mark.both_servers
def test_rows_lie_in_the_quarter_of_their_key() -> None:
    now = datetime.now(UTC)
    assert part_of("records_sealedvalue", now) == f"records_sealedvalue_{now.year}q{(now.month + 2) // 3}"


@pytest.mark.django_db
@pytest.mark.both_servers
def test_quarters_meet_without_gap_or_overlap() -> None:
    year = datetime.now(UTC).year
    start = datetime(year + 1, 1, 1, tzinfo=UTC)
    assert part_of("records_sealedvalue", start) == f"records_sealedvalue_{year + 1}q1"
    assert part_of("records_sealedvalue", start - timedelta(milliseconds=1)) == f"records_sealedvalue_{year}q4"


@pytest.mark.django_db
@pytest.mark.both_servers
def test_a_quarter_that_is_not_made_is_caught() -> None:
    assert part_of("records_sealedvalue", datetime(2001, 5, 1, tzinfo=UTC)) == "records_sealedvalue_default"


@pytest.mark.both_servers
def test_the_application_makes_partitions_through_the_function_alone(committing: str) -> None:
    def run(statement: str, *values: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()[0] if cursor.description else None

    tables = run("SELECT count(*) FROM pg_class WHERE relkind = 'p' AND relnamespace = 'public'::regnamespace")
    before = run("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'")
    more = run("SELECT civicloop_make_partitions(9)")
    assert isinstance(more, int)
    assert isinstance(before, int)
    assert isinstance(tables, int)
    assert more > 0
    assert more % tables == 0
    assert run("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'") == before + more
    assert run("SELECT civicloop_make_partitions(9)") == 0
    assert run("SELECT civicloop_make_partitions(-5)") == 0
    with pytest.raises(ProgrammingError), transaction.atomic():
        run("CREATE TABLE more PARTITION OF records_sealedvalue DEFAULT")


@pytest.mark.both_servers
def test_a_quarter_whose_rows_came_too_early_stays_in_the_default_partition(committing: str) -> None:
    now = datetime.now(UTC)
    far = datetime(now.year + 2, now.month, 1, tzinfo=UTC)  # eight quarters ahead: not made yet
    assert part_of("records_sealedvalue", far) == "records_sealedvalue_default"
    with connection.cursor() as cursor:
        cursor.execute("SELECT civicloop_make_partitions(9)")
    assert part_of("records_sealedvalue", far) == "records_sealedvalue_default"
