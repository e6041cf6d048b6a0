"""Matters reported before get the words of their area and the parts of their number, so that they are found by them."""

from django.db import migrations

BATCH = 5_000
NEXT = """SELECT matter_id FROM (SELECT matter_id FROM matters_searchtoken WHERE {after} ORDER BY matter_id LIMIT %s) x
    ORDER BY matter_id DESC LIMIT 1"""
ADD = """UPDATE matters_searchtoken s SET tokens = s.tokens || array_remove(ARRAY[
        substr(m.number, 1, 8), substr(m.number, 10, 7), '@' || m.district_id, '@' || m.subdistrict_id]::varchar[], NULL)
    FROM matters_matter m WHERE m.id = s.matter_id AND {after} AND s.matter_id <= %s
        AND NOT s.tokens @> ARRAY[substr(m.number, 10, 7)]::varchar[]"""


def add_words(apps, schema_editor):
    """Batch by batch, each a transaction of its own; may be broken off and run again."""
    last = None
    with schema_editor.connection.cursor() as cursor:
        while True:
            known = [] if last is None else [last]
            cursor.execute(NEXT.format(after="TRUE" if last is None else "matter_id > %s"), [*known, BATCH])
            found = cursor.fetchone()
            if found is None:
                return
            [upto] = found
            cursor.execute(ADD.format(after="TRUE" if last is None else "s.matter_id > %s"), [*known, upto])
            last = upto


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("matters", "0013_clock_events"),
    ]

    operations = [migrations.RunPython(add_words, migrations.RunPython.noop)]
