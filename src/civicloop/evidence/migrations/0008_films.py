from django.db import migrations, models

from civicloop.foundation.partitions import CreatePartitionedModel


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0007_public_photos'),
    ]

    operations = [
        CreatePartitionedModel(
            by='matter_id',
            name='Film',
            fields=[
                ('pk', models.CompositePrimaryKey('matter_id', 'evidence_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('matter_id', models.UUIDField()),
                ('evidence_id', models.UUIDField()),
                ('content', models.CharField(max_length=64)),
                ('milliseconds', models.IntegerField()),
                ('had_sound', models.BooleanField()),
                ('state', models.CharField(choices=[('waiting', 'Is being checked'), ('fine', 'Checked'), ('failed', 'Cannot be shown')], default='waiting', max_length=8)),
                ('tries', models.SmallIntegerField(default=0)),
                ('still', models.CharField(default='', max_length=64)),
                ('thumbnail', models.CharField(default='', max_length=64)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name='film',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['made_at'], name='film_waiting'),
        ),
    ]
