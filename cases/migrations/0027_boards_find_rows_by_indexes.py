"""Boards ask for the cases of a unit by the day of their report, and for legs that are late now."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0026_closing_ends_what_nobody_evaluates'),
        ('governance', '0015_kinds_of_communities'),
        ('grid', '0004_staffing_by_profile'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The index of the key alone is the beginning of the new one.
        migrations.AlterField(
            model_name='case',
            name='unit',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governance.organization', verbose_name='处置单位'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['unit', 'reported_at'], name='case_of_unit'),
        ),
        migrations.AddIndex(
            model_name='leg',
            index=models.Index(condition=models.Q(('lateness', 'red'), ('stopped_at', None)), fields=['case'], name='leg_late'),
        ),
    ]
