import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce


def narrowest(apps, schema_editor):
    apps.get_model("appraisal", "RepeatPlace").objects.update(
        territory=Coalesce(F("community"), F("street"), F("district"))
    )


class Migration(migrations.Migration):
    dependencies = [("appraisal", "0005_what_cannot_be_counted")]

    operations = [
        migrations.AddField(
            model_name="repeatplace",
            name="territory",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.organization",
                verbose_name="区域",
            ),
        ),
        migrations.RunPython(narrowest, migrations.RunPython.noop),
        # The checks of the keys of the rows just written are due before the table changes again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField(model_name="repeatplace", name="community"),
        migrations.RemoveField(model_name="repeatplace", name="street"),
        migrations.RemoveField(model_name="repeatplace", name="district"),
        migrations.AlterField(
            model_name="repeatplace",
            name="territory",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.organization",
                verbose_name="区域",
            ),
        ),
    ]
