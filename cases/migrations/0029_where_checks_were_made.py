"""Where a check was made, by whose word, and from how far it needs a reason."""

import django.core.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0028_category_words'),
        ('governance', '0015_kinds_of_communities'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='leg',
            name='checked_metres',
            field=models.PositiveIntegerField(null=True, verbose_name='核查距离'),
        ),
        migrations.AddField(
            model_name='leg',
            name='is_far',
            field=models.BooleanField(db_default=False, default=False, verbose_name='远距离核查'),
        ),
        migrations.AddField(
            model_name='leg',
            name='position_source',
            field=models.CharField(blank=True, choices=[('device', '设备定位'), ('pin', '地图选点')], db_default='', default='', max_length=10, verbose_name='位置来源'),
        ),
        migrations.AlterField(
            model_name='ruleoverride',
            name='name',
            field=models.CharField(choices=[('reopen_days', '结案后可重开的天数'), ('extensions', '最多延期次数'), ('suspension_days', '挂账最长天数'), ('supervision_days', '系统督办的答复天数'), ('check_metres', '核实、核查离案件多远须说明原因（米）')], max_length=20, verbose_name='规则'),
        ),
        migrations.AlterField(
            model_name='ruleoverride',
            name='value',
            field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(5000)], verbose_name='数值'),
        ),
        migrations.AddConstraint(
            model_name='ruleoverride',
            constraint=models.CheckConstraint(condition=models.Q(('name', 'check_metres'), ('value__lte', 366), _connector='OR'), name='rule_override_days_at_most', violation_error_code='value', violation_error_message='这一条规则的数值最多为 366。'),
        ),
    ]
