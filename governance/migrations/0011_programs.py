import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [("governance", "0010_levels_by_profile")]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="案件经过里写作“系统对接：名称”", max_length=40, verbose_name="系统名称"
                    ),
                ),
                ("purpose", models.CharField(max_length=200, verbose_name="用途")),
                ("active_from", models.DateField(verbose_name="启用")),
                ("active_until", models.DateField(blank=True, null=True, verbose_name="到期")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("made_at", models.DateTimeField(editable=False, verbose_name="发放")),
                ("revoked_at", models.DateTimeField(editable=False, null=True, verbose_name="停用")),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发放人",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="只能上报这个区域内的案件",
                        on_delete=PROTECT,
                        to="governance.organization",
                        verbose_name="区域",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="停用人",
                    ),
                ),
            ],
            options={
                "verbose_name": "对接密钥",
                "verbose_name_plural": "对接密钥",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("active_until", None))
                        | models.Q(("active_until__gt", models.F("active_from"))),
                        name="api_key_dates_in_order",
                        violation_error_code="active_until",
                        violation_error_message="到期日期须晚于启用日期。",
                    )
                ],
            },
        ),
    ]
