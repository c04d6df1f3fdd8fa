"""Residents and programs act beside staff and system; what was written before keeps its digests (version 1)."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models
from django.db.models.lookups import Exact, LessThanOrEqual

PROGRAM = {
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "governance.apikey",
    "db_index": False,
    "verbose_name": "对接系统",
}

STATED = models.Func(
    "by", "contact", "program", function="num_nonnulls", output_field=models.IntegerField()
)


class Migration(migrations.Migration):
    dependencies = [("governance", "0011_programs"), ("cases", "0018_loops_by_profile")]

    operations = [
        # Columns alone: events of before are not changed, and say version 1.
        migrations.AddField("caseevent", "contact", models.UUIDField(editable=False, null=True, verbose_name="居民")),
        migrations.AddField("caseevent", "program", models.ForeignKey(**PROGRAM)),
        migrations.AddField(
            "caseevent", "digest_version", models.PositiveSmallIntegerField(default=1, verbose_name="摘要版本")
        ),
        migrations.AlterField(
            "caseevent", "digest_version", models.PositiveSmallIntegerField(default=2, verbose_name="摘要版本")
        ),
        migrations.RenameField("photo", "uploaded_by", "by"),
        migrations.AddField("photo", "contact", models.UUIDField(editable=False, null=True, verbose_name="居民")),
        migrations.AddField("photo", "program", models.ForeignKey(**PROGRAM)),
        # A random one for each row of before.
        migrations.AddField(
            "contact", "uuid", models.UUIDField(db_default=RandomUUID(), editable=False, unique=True)
        ),
        migrations.AlterField(
            "contact", "uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
        ),
        migrations.AlterField(
            "photo",
            "by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="办理人",
            ),
        ),
        migrations.AddIndex(
            "caseevent",
            models.Index(
                condition=models.Q(("program__isnull", False)),
                fields=["program", "at"],
                name="event_by_program",
            ),
        ),
        migrations.AddIndex(
            "photo",
            models.Index(
                condition=models.Q(("program__isnull", False)),
                fields=["program", "uploaded_at"],
                name="photo_by_program",
            ),
        ),
        migrations.AddConstraint(
            "caseevent",
            models.CheckConstraint(
                condition=models.Q(("contact", None), ("digest_version", 1), ("program", None))
                | models.Q(("digest_version", 2), LessThanOrEqual(STATED, 1)),
                name="event_done_by_one",
            ),
        ),
        migrations.AddConstraint(
            "photo", models.CheckConstraint(condition=Exact(STATED, 1), name="photo_by_one")
        ),
        migrations.AlterField(
            "case",
            "source",
            models.CharField(
                choices=[
                    ("field", "网格上报"),
                    ("self", "自处理"),
                    ("phone", "来电登记"),
                    ("resident", "居民上报"),
                    ("api", "系统对接"),
                ],
                max_length=20,
                verbose_name="来源",
            ),
        ),
    ]
