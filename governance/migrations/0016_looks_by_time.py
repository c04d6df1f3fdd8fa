"""Looks at personal data are read by their time, by an index built beside the work of others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('governance', '0015_kinds_of_communities'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='accesslog',
            index=models.Index(fields=['at'], name='look_at'),
        ),
    ]
