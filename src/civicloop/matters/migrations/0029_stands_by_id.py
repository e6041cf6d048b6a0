"""Where matters stand with their ids, so that those of a unit's tasks are found without looking at matters."""

from django.db import migrations, models

from civicloop.foundation.indexes import AddLargeIndex, RemoveLargeIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("matters", "0028_kinds_in_order"),
    ]

    operations = [
        AddLargeIndex("matter", models.Index(fields=["procedure", "step", "id"], name="matter_stands_id")),
        RemoveLargeIndex("matter", "matter_stands"),
    ]
