from django.db import migrations, models

from civicloop.foundation.partitions import CreatePartitionedModel


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0006_sealed_with'),
    ]

    operations = [
        CreatePartitionedModel(
            by='matter_id',
            name='PublicPhoto',
            fields=[
                ('pk', models.CompositePrimaryKey('matter_id', 'evidence_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('matter_id', models.UUIDField()),
                ('evidence_id', models.UUIDField()),
                ('state', models.CharField(choices=[('public', 'Shown to the public'), ('not_public', 'Not for the public'), ('taken_back', 'Taken back from the public')], max_length=12)),
                ('public_id', models.UUIDField(null=True)),
                ('picture', models.CharField(default='', max_length=64)),
                ('thumbnail', models.CharField(default='', max_length=64)),
                ('boxes', models.JSONField(default=list, help_text='what was covered: left, top, right, bottom in the derivative')),
                ('account_id', models.BigIntegerField(null=True)),
                ('post_id', models.BigIntegerField(null=True)),
                ('decided_at', models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name='publicphoto',
            index=models.Index(condition=models.Q(('state', 'public')), fields=['public_id'], name='public_photo_address'),
        ),
        migrations.AddIndex(
            model_name='publicphoto',
            index=models.Index(condition=models.Q(('state', 'public')), fields=['decided_at'], name='public_photo_newest'),
        ),
    ]
