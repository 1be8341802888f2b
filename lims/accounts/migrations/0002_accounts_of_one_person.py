"""A person may have several accounts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The account's party is no longer unique."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("chain_of_custody", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="users",
                to="chain_of_custody.party",
            ),
        ),
    ]
