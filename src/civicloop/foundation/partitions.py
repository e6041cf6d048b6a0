"""Tables owned by a matter: partitioned by RANGE of matter_id (a UUIDv7, so time), a quarter each, from the start.

A model keeps its ordinary CreateModel state; only the SQL differs. A partition that is not made yet is caught by the
DEFAULT one; after that it can no longer be made, so partitions are made ahead.
"""

from typing import Any

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION civicloop_make_partitions(quarters_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
    parent record; first_day date; next_day date; part text; made integer := 0; q integer;
    low uuid; high uuid;
BEGIN
    FOR parent IN
        SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_partitioned_table p ON p.partrelid = c.oid WHERE n.nspname = 'public' ORDER BY c.relname
    LOOP
        FOR q IN -1 .. LEAST(GREATEST(quarters_ahead, 0), 40) LOOP
            first_day := (date_trunc('quarter', clock_timestamp() AT TIME ZONE 'UTC')
                          + make_interval(months => 3 * q))::date;
            next_day := (first_day + make_interval(months => 3))::date;
            part := parent.relname || '_' || to_char(first_day, 'YYYY"q"Q');
            CONTINUE WHEN to_regclass('public.' || quote_ident(part)) IS NOT NULL;
            low := (lpad(to_hex((extract(epoch FROM first_day::timestamp) * 1000)::bigint), 12, '0')
                    || repeat('0', 20))::uuid;
            high := (lpad(to_hex((extract(epoch FROM next_day::timestamp) * 1000)::bigint), 12, '0')
                     || repeat('0', 20))::uuid;
            BEGIN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                               part, parent.relname, low, high);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                -- rows of that quarter lie in the DEFAULT partition already: harmless, it just stays there
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $body$;
REVOKE ALL ON FUNCTION civicloop_make_partitions(integer) FROM PUBLIC;
"""


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is PARTITION BY RANGE (`by`), with its DEFAULT partition."""

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "by": self.by}

    def reduce(self, operation: Any, app_label: str) -> Any:
        return False  # squashing must not fold it into a plain table

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = plain + f' PARTITION BY RANGE ("{self.by}")'
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')


class AddDatabaseKey(migrations.RunSQL):
    """A foreign key inside a matter, by (matter_id, column), which the ORM does not know."""

    def __init__(self, *, table: str, columns: str, to: str, to_columns: str, name: str) -> None:
        self.spoken = {"table": table, "columns": columns, "to": to, "to_columns": to_columns, "name": name}
        super().__init__(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ({columns}) REFERENCES "{to}" ({to_columns}) '
            "DEFERRABLE INITIALLY DEFERRED",
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )

    def deconstruct(self) -> Any:
        return self.__class__.__qualname__, [], self.spoken
