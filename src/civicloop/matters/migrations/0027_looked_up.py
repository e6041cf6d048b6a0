"""What lists look up instead of walking through: grids, kinds, classes and where matters stand."""

import django.contrib.postgres.indexes
from django.db import migrations, models

from civicloop.foundation.indexes import AddLargeIndex, RemoveLargeIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("matters", "0026_kinds_on_the_map_index"),
    ]

    operations = [
        AddLargeIndex("matter", models.Index(fields=["grid", "-id"], name="matter_grid")),
        AddLargeIndex("matter", models.Index(fields=["kind"], name="matter_of_kind")),
        AddLargeIndex("matter", models.Index(fields=["class_code"], name="matter_of_class")),
        AddLargeIndex("matter", models.Index(fields=["procedure", "step"], name="matter_stands")),
        AddLargeIndex(
            "matter",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["received_at"], name="matter_received", pages_per_range=32
            ),
        ),
        RemoveLargeIndex("matter", "matter_open_community"),
        RemoveLargeIndex("matter", "matter_stage"),
    ]
