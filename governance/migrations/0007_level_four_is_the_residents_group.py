from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0006_sentences_of_constraints'),
    ]

    operations = [
        migrations.AlterField(
            model_name='organization',
            name='level',
            field=models.SmallIntegerField(choices=[(0, '市'), (1, '区'), (2, '街道'), (3, '社区'), (4, '居民小组（庭院）'), (5, '楼栋')], help_text='部门和单位取其所挂区域的层级', verbose_name='层级'),
        ),
    ]
