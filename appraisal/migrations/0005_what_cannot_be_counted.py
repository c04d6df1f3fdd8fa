from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appraisal", "0004_nightly_looks")]

    operations = [
        migrations.AddField(
            "touched",
            "problem",
            models.CharField("问题", max_length=200, db_default=""),
        ),
        migrations.AddField("touched", "tried_at", models.DateTimeField("最近一次尝试", null=True)),
        migrations.AddField(
            "tallied", "counting", models.CharField("正在计入的定义摘要", max_length=64, default="")
        ),
        migrations.AddField("tallied", "until", models.BigIntegerField(default=0)),
        migrations.RunSQL(
            "INSERT INTO appraisal_tallied (id, definitions, counting, until) VALUES (1, '', '', 0)"
            " ON CONFLICT DO NOTHING",
            migrations.RunSQL.noop,
        ),
    ]
