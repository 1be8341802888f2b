"""The table of finished steps."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Steps of the demonstration."""

    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="SeedStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("done_at", models.DateTimeField(auto_now_add=True)),
                ("made", models.JSONField(default=dict)),
            ],
        ),
    ]
