"""Checks that were made from afar are found by an index, built beside the work of others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cases', '0029_where_checks_were_made'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='leg',
            index=models.Index(condition=models.Q(('is_far', True)), fields=['case'], name='leg_far'),
        ),
    ]
