"""A trigger that keeps profiles as they were entered. The SQL stands beside this file."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("0012_profiles_frozen.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("lab", "0011_profiles")]

    # No way back: taking the guard off evidence is not a migration. RunSQL passes params=None.
    operations = [migrations.RunSQL(SQL)]
