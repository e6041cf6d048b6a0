"""A count holds all measures of its member in one row; units are counted by district alone; days of grids are given up.

What lies in the cubes is written anew from itself, in one transaction, in which the worker does not fold.
"""

from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

FOLD_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('figures.fold', 0))"
# events that no figure names: they stay facts alone
LEFT_OUT = "('clock', 'counted', 'mark', 'joined', 'followed', 'moved', 'responder_rated', 'urged')"
OLD = f"""(SELECT t.* FROM figures_count t JOIN figures_folding s ON s.id = 1 AND s.generation = t.generation
    WHERE split_part(t.measure, ':', 1) NOT IN {LEFT_OUT} AND (t.cube, t.grain) <> ('grid', 'd'))"""
MEASURES = f"""INSERT INTO figures_measure (no, name)
SELECT row_number() OVER (ORDER BY count(*) DESC, measure), measure FROM {OLD} t WHERE cube = 'city' GROUP BY measure"""
TABLE = """CREATE TABLE figures_count_new (
    generation smallint NOT NULL, cube varchar(12) NOT NULL, grain varchar(1) NOT NULL, scope bigint NOT NULL,
    start date NOT NULL, member varchar(24) NOT NULL, visibility smallint NOT NULL, n bigint[] NOT NULL, minutes bigint[])
WITH (fillfactor = 85)"""
# units within the city are what lies in no district: the whole less the districts
SINGLE = f"""SELECT generation, cube, grain, scope, start, member, visibility, measure, n, minutes FROM {OLD} t
UNION ALL
SELECT generation, cube, grain, 0, start, member, visibility, measure, -n, -minutes
FROM {OLD} t JOIN places_area a ON a.id = t.scope AND a.level = 'district' WHERE t.cube = 'unit'"""


def placed(column: str, many: int) -> str:
    """The numbers of a group, each at the place of its measure."""
    each = ", ".join(f"max(x.{column}) FILTER (WHERE x.no = {place})" for place in range(1, many + 1))
    return f"ARRAY[{each}]::bigint[]"


def convert(_apps: Any, editor: Any) -> None:
    """Write the counts anew, and put the new table in the place of the old one."""
    with editor.connection.cursor() as cursor:
        cursor.execute(FOLD_ALONE)
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("UPDATE figures_folding SET making = NULL, making_after = NULL WHERE making IS NOT NULL")
        cursor.execute(MEASURES)
        cursor.execute("SELECT count(*) FROM figures_measure")
        many = cursor.fetchone()[0]
        cursor.execute(TABLE)
        if many:
            cursor.execute(f"""INSERT INTO figures_count_new
            SELECT generation, cube, grain, scope, start, member, visibility, {placed("n", many)},
                CASE WHEN count(minutes) > 0 THEN {placed("minutes", many)} END
            FROM (SELECT q.generation, q.cube, q.grain, q.scope, q.start, q.member, q.visibility, m.no,
                    nullif(sum(q.n)::bigint, 0) AS n, nullif(sum(q.minutes)::bigint, 0) AS minutes
                FROM ({SINGLE}) q JOIN figures_measure m ON m.name = q.measure GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) x
            WHERE n IS NOT NULL OR minutes IS NOT NULL
            GROUP BY generation, cube, grain, scope, start, member, visibility""")
        cursor.execute("DROP TABLE figures_count")
        cursor.execute("ALTER TABLE figures_count_new RENAME TO figures_count")
        cursor.execute(
            "ALTER TABLE figures_count ADD PRIMARY KEY (generation, cube, grain, scope, start, member, visibility)"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('figures', '0004_public_month'),
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('no', models.SmallIntegerField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=81, unique=True)),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(convert, migrations.RunPython.noop)],
            state_operations=[
                migrations.DeleteModel(name='Count'),
                migrations.CreateModel(
                    name='Count',
                    fields=[
                        ('pk', models.CompositePrimaryKey('generation', 'cube', 'grain', 'scope', 'start', 'member', 'visibility', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('generation', models.SmallIntegerField()),
                        ('cube', models.CharField(max_length=12)),
                        ('grain', models.CharField(max_length=1)),
                        ('scope', models.BigIntegerField()),
                        ('start', models.DateField()),
                        ('member', models.CharField(max_length=24)),
                        ('visibility', models.SmallIntegerField()),
                        ('n', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(null=True), size=None)),
                        ('minutes', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(null=True), null=True, size=None)),
                    ],
                ),
            ],
        ),
    ]
