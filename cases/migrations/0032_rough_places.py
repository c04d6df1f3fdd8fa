from django.db import migrations, models

SOURCES = [("device", "设备定位"), ("pin", "地图选点"), ("last_fix", "上次定位"), ("grid", "只知网格")]


class Migration(migrations.Migration):
    dependencies = [("cases", "0031_reports_of_patrols")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="position_source",
            field=models.CharField(
                blank=True, choices=SOURCES, db_default="", default="", max_length=10, verbose_name="位置来源"
            ),
        ),
        migrations.AlterField(
            model_name="leg",
            name="position_source",
            field=models.CharField(
                blank=True, choices=SOURCES, db_default="", default="", max_length=10, verbose_name="位置来源"
            ),
        ),
    ]
