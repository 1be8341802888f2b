"""Whether database and static files are those of the code already, told without loading the application.

The record of the last preparation holds a digest of everything it depends on, among it what the database says of its
own migrations; so a restored database, a changed file or another version of a package prepares anew.
"""

import hashlib
import os
from pathlib import Path

import psycopg

from deploy.embedded.environment import ROOT, Plan
from deploy.embedded.postgres import OWNER

_APPLIED = "SELECT string_agg(concat_ws('.', id, app, name, applied), ',' ORDER BY id) FROM django_migrations"


def prepared(plan: Plan) -> bool:
    """Whether nothing has changed since the preparation that was recorded last."""
    record = _record(plan)
    if not record.exists() or not (plan.home.root / "static").is_dir():
        return False
    return record.read_text(encoding="ascii") == state_digest(plan)


def prepared_record(plan: Plan) -> None:
    """Record that database and static files are those of the code."""
    _record(plan).write_text(state_digest(plan), encoding="ascii")


def state_digest(plan: Plan) -> str:
    """Digest of code that shapes tables and static files, of packages and settings, and of the database's own record.

    Never twice the same while the database is not ours to ask or has no record yet.
    """
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in _sources():
        found = path.stat()
        digest.update(f"{path}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    digest.update(repr(sorted(plan.given.items())).encode())
    digest.update((_applied(plan) or os.urandom(16).hex()).encode())
    return digest.hexdigest()


def _sources() -> list[Path]:
    found = [ROOT / "lims" / "config" / "settings.py"]
    for package in ("lims", "chain_of_custody"):
        for folder in ("migrations", "static"):
            found += [
                path for path in (ROOT / package).glob(f"**/{folder}/**/*") if path.suffix != ".pyc" and path.is_file()
            ]
    return sorted(found)


def _applied(plan: Plan) -> str | None:
    if plan.cluster is None:
        return None
    try:
        with psycopg.connect(plan.cluster.url(OWNER)) as connection:
            row = connection.execute(_APPLIED).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return None if row is None else row[0]


def _record(plan: Plan) -> Path:
    return plan.home.root / "prepared"
