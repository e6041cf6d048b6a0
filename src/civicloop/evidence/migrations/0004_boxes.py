from django.db import migrations, models

from civicloop.foundation.partitions import CreatePartitionedModel


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0003_capture'),
    ]

    operations = [
        CreatePartitionedModel(
            by='matter_id',
            name='Boxes',
            fields=[
                ('pk', models.CompositePrimaryKey('matter_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('matter_id', models.UUIDField()),
                ('id', models.UUIDField()),
                ('evidence_id', models.UUIDField()),
                ('detector', models.CharField(max_length=40)),
                ('failed', models.BooleanField(default=False, help_text='the photo could not be looked at')),
                ('boxes', models.JSONField(default=list, help_text="kind, left, top, right, bottom in the derivative's pixels, score")),
                ('made_at', models.DateTimeField()),
            ],
        ),
    ]
