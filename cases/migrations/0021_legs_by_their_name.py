from django.db import migrations


class Migration(migrations.Migration):
    """The model is called what everybody calls it; table, indexes and constraints keep their names."""

    dependencies = [("cases", "0020_numbers_above_nothing")]

    operations = [
        migrations.AlterModelTable("assignment", "cases_assignment"),
        migrations.RenameModel("Assignment", "Leg"),
    ]
