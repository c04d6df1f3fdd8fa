"""Decisions in disputes are found by an index, the newest first, built beside the work of others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cases', '0037_search_rows_of_before'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='caseevent',
            index=models.Index(condition=models.Q(('move', 'adjudicate')), fields=['-at'], name='event_adjudicated'),
        ),
    ]
