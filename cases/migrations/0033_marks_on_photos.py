"""Copies of photos with a mark: when each was made, and an index of those that are still missing, built beside the work of others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False
    dependencies = [('cases', '0032_rough_places')]

    operations = [
        migrations.AddField(
            model_name='photo',
            name='marked_at',
            field=models.DateTimeField(null=True, verbose_name='加水印'),
        ),
        AddIndexConcurrently(
            model_name='photo',
            index=models.Index(condition=models.Q(('case__isnull', False), ('marked_at', None)), fields=['uploaded_at'], name='photo_unmarked'),
        ),
    ]
