"""The laboratory's own row, in which nothing is stated yet: the environment's values hold until somebody does."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def _row_make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("casework", "Laboratory").objects.using(schema_editor.connection.alias)
    rows.create(pk=1)


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Laboratory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('address', models.TextField(blank=True)),
                ('code', models.CharField(blank=True, max_length=8)),
                ('zone', models.CharField(blank=True, max_length=64)),
                ('accreditation', models.CharField(blank=True, max_length=300)),
                ('stated', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='laboratory_one_row')],
            },
        ),
        migrations.RunPython(_row_make, migrations.RunPython.noop),
    ]
