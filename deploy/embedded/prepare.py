"""Bring database and static files to the state of the code, in one process: loading the code costs most.

Run as ``python -m deploy.embedded.prepare`` with the owner's database address.
"""

import hashlib
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def static_digest() -> str:
    """Digest over name, size and time of every static source file, and over how they are stored."""
    marks = [str(settings.STORAGES["staticfiles"]), django.__version__]
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            marks.append(f"{name}:{found.st_size}:{found.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(marks)).encode()).hexdigest()


def collect_static() -> None:
    """Collect and compress the static files unless those there are current."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    digest = static_digest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest, encoding="ascii")


def main() -> None:
    """Migrate, then collect."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    collect_static()


if __name__ == "__main__":
    main()
