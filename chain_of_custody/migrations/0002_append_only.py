"""Triggers that let the ledger only grow, and the grants that say the same. The SQL stands beside this file."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("0002_append_only.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("chain_of_custody", "0001_initial")]

    # No way back: taking the guard off a ledger is not a migration. RunSQL passes params=None.
    operations = [migrations.RunSQL(SQL)]
