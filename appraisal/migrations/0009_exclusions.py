import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from appraisal.triggers import exclusion_of_two
from records.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('appraisal', '0008_recounts'),
        ('cases', '0028_category_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ground', models.CharField(choices=[('force_majeure', '不可抗力'), ('not_ours', '不属本地、本单位职责'), ('repeated', '重复立案'), ('system_fault', '系统故障'), ('other', '其他')], max_length=20, verbose_name='事由')),
                ('words', models.CharField(max_length=200, verbose_name='说明')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('state', models.CharField(choices=[('asked', '待第一人同意'), ('agreed', '待领导同意'), ('granted', '已剔除'), ('denied', '不予剔除'), ('ended', '已恢复计入')], default='asked', max_length=10, verbose_name='状态')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='申请人')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='cases.case', verbose_name='案件')),
            ],
            options={
                'verbose_name': '剔除',
                'verbose_name_plural': '剔除',
            },
        ),
        migrations.CreateModel(
            name='ExclusionDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('agree', '同意剔除'), ('refuse', '不同意'), ('end', '恢复计入')], max_length=10, verbose_name='意见')),
                ('reason', models.CharField(max_length=200, verbose_name='理由')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='决定人')),
                ('exclusion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='appraisal.exclusion', verbose_name='剔除')),
            ],
            options={
                'verbose_name': '剔除意见',
                'verbose_name_plural': '剔除意见',
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='exclusion',
            index=models.Index(condition=models.Q(('state', 'granted')), fields=['case'], name='exclusion_granted'),
        ),
        migrations.AddConstraint(
            model_name='exclusion',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'agreed', 'granted'])), fields=('case',), name='exclusion_runs_once'),
        ),
        migrations.AddConstraint(
            model_name='exclusiondecision',
            constraint=models.UniqueConstraint(condition=models.Q(('verdict', 'end'), _negated=True), fields=('exclusion', 'by'), name='exclusion_decided_once_each'),
        ),
        migrations.AddConstraint(
            model_name='exclusiondecision',
            constraint=models.UniqueConstraint(condition=models.Q(('verdict', 'agree'), _negated=True), fields=('exclusion',), name='exclusion_stopped_once'),
        ),
        append_only('appraisal_exclusiondecision'),
        exclusion_of_two(),
    ]
