"""Triggers that keep the history of links. The SQL stands beside this file."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("0002_history_kept.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("links", "0001_initial")]

    # No way back: taking the guard off a history is not a migration. RunSQL passes params=None.
    operations = [migrations.RunSQL(SQL)]
