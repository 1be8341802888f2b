"""Triggers that keep the side a person took of a report. The SQL stands beside this file."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("0002_sides_kept.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("lab", "0001_initial")]

    # No way back: taking the guard off the separation of duties is not a migration. RunSQL passes params=None.
    operations = [migrations.RunSQL(SQL)]
