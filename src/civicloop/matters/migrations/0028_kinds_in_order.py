"""Kinds with the newest first, so that a span of time reads only its own matters of a kind."""

from django.db import migrations, models

from civicloop.foundation.indexes import AddLargeIndex, RemoveLargeIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("matters", "0027_looked_up"),
    ]

    operations = [
        AddLargeIndex("matter", models.Index(fields=["kind", "-id"], name="matter_kind")),
        RemoveLargeIndex("matter", "matter_of_kind"),
    ]
