"""The database notes which whistles moved, so that the tallies follow them."""

from django.db import migrations

from appraisal.triggers import notes_touched


class Migration(migrations.Migration):
    dependencies = [
        ("partybuilding", "0006_whistles_that_are_tried_again"),
        ("appraisal", "0002_functions_and_triggers"),
    ]

    operations = notes_touched("partybuilding_whistle", "whistle")
