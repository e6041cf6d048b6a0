"""The few reports whose id claims a later moment than they were received at, so that lists up to a moment find them."""

from django.db import migrations, models

from civicloop.foundation.indexes import AddLargeIndex
from civicloop.matters.claimed import FAST_CLOCK


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("matters", "0029_stands_by_id"),
    ]

    operations = [
        AddLargeIndex("matter", models.Index(fields=["id"], name="matter_ahead", condition=FAST_CLOCK)),
    ]
