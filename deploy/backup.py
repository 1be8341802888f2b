"""Back up a home into one encrypted file, and restore it into an empty one.

``python -m deploy.backup make [FOLDER]`` while Spoor runs or is stopped: first checkpoints, so that none is ahead of
its log, then the database (pg_dump, one snapshot), then the evidence, so that no entry lacks its bytes. ``restore FILE
[HOME]`` into a home that does not exist yet: also across PostgreSQL's major versions, since a dump is a program of SQL.
``list FOLDER`` names what is there. The passphrase is asked for, or read from the file that
SPOOR_BACKUP_PASSPHRASE_FILE names.
"""

import getpass
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.archive import Opening, Sealing, archive_facts, damaged, passphrase_check
from deploy.backup_files import (
    BACKUP,
    alone,
    folder_made,
    leftovers_clear,
    reading_told,
    restoring,
    writing_told,
    written_whole,
)
from deploy.embedded.environment import Mode, Plan, plan_read, plans_known
from deploy.embedded.errors import DeployError
from deploy.embedded.home import Home, private_folder
from deploy.embedded.postgres import DATABASE, OWNER, SUPERUSER, Cluster
from deploy.embedded.signals import Stopped, stop_signals
from lims.common.version import VERSION

SUFFIX = ".spoor-backup"
RECORD = "last-backup.json"
_FOLDERS = ("vault", "secrets")
_PASSING = "incoming"
"""The store's folder for what is being received; nothing in it is evidence yet."""
_FILES = ("mode", "spoor.env")
_DUMP = "database.dump"


def backup_make(plan: Plan, folder: Path, passphrase: str) -> Path:
    """Write one archive into `folder` and note its time in the home. Whole or not there at all.

    Raises DeployError, with nothing left in the folder: the passphrase is short, another backup of this home is being
    made, the folder cannot be written or is full, the database cannot be dumped.
    """
    cluster, home = _own_cluster(plan), plan.home
    passphrase_check(passphrase)
    if not home.root.is_dir():
        raise DeployError(f"{home.root} is no home of Spoor.", remedy="start it once («make up»)")
    home.check_whole()
    with alone(home, BACKUP), writing_told(folder, "The backup"), folder_made(folder):
        leftovers_clear(home, folder, f"{home.root.name}-*{SUFFIX}.part")
        moment = datetime.now(tz=UTC)
        file = folder / f"{home.root.name}-{moment:%Y%m%d-%H%M%S}{SUFFIX}"
        if file.exists():
            raise DeployError(f"{file} is there already.", remedy="wait a second and make the backup again")
        with _serving(plan, cluster), written_whole(file) as out:
            sealing = Sealing(out, passphrase, _facts(plan, cluster, moment))
            with tarfile.open(fileobj=sealing, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                _add(tar, home, "log")
                _add_dump(tar, cluster)
                for name in (*_FOLDERS, *_FILES):
                    _add(tar, home, name)
            sealing.finish()
    _noted(home, file, moment)
    return file


def _facts(plan: Plan, cluster: Cluster, moment: datetime) -> dict[str, Any]:
    return {
        "made_at": moment.isoformat(timespec="seconds"),
        "home": plan.home.root.name,
        "mode": plan.mode.value,
        "spoor": VERSION,
        "postgres": cluster.programs.major,
    }


def backup_remarks(plan: Plan, folder: Path) -> list[str]:
    """What somebody who made a backup should know: what is not in it, and whether it lies on the home's own disk."""
    remarks = []
    store, own = plan.given.get("SPOOR_STORE_URL", ""), f"file://{plan.home.vault}"
    if store and store != own:
        place = store.rpartition("@")[2]
        remarks.append(f"The evidence files are NOT in it: they are in {place}. Back that store up with its own means.")
    if folder.stat().st_dev == plan.home.root.stat().st_dev:
        remarks.append(f"{folder} is on the home's own disk: a disk that fails takes both. Is the USB disk there?")
    return remarks


def backup_restore(file: Path, home: Home, passphrase: str) -> Plan:
    """Make a home of an archive: folders as they were, a new database with the dump in it. It is not started.

    Raises DeployError and leaves nothing behind: the home is in use, the archive is damaged, the disk is full, the dump
    does not load. What a killed restore left is marked: it is never started, and the next restore begins anew.
    """
    with reading_told(file) as source:
        opening = Opening(source, passphrase, file.name)
        opening.begin()
        with writing_told(home.root, "The restored home"), restoring(home, file):
            return _restored(opening, home)


def _restored(opening: Opening, home: Home) -> Plan:
    try:
        with tarfile.open(fileobj=opening, mode="r|") as tar:
            tar.extractall(home.root, filter="tar")
    except tarfile.TarError as error:
        raise damaged(opening.name, f"its content cannot be read ({error})") from error
    opening.rest()
    plan = plan_read(Mode(opening.facts["mode"]), {"SPOOR_HOME": str(home.root)})
    _load_dump(plan, home.root / _DUMP)
    (home.root / _DUMP).unlink()
    return plan


def _add(tar: tarfile.TarFile, home: Home, name: str) -> None:
    if (home.root / name).exists():
        tar.add(home.root / name, arcname=name, filter=lambda one: None if _PASSING in Path(one.name).parts else one)


def _add_dump(tar: tarfile.TarFile, cluster: Cluster) -> None:
    with tar_file(cluster.home.root / "tmp") as path:
        words = [str(cluster.programs.folder / "pg_dump"), "--format=custom", "--compress=6", f"--file={path}"]
        done = subprocess.run(
            [*words, "--no-owner", "--dbname", cluster.url(SUPERUSER, DATABASE)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DeployError(
                f"The database could not be dumped: {done.stderr.strip()}",
                remedy=f"look for free space on the disk of {path.parent}, and into {cluster.log}",
            )
        tar.add(path, arcname=_DUMP)


@contextmanager
def tar_file(folder: Path) -> Iterator[Path]:
    """A private file for the dump, gone afterwards."""
    private_folder(folder)
    path = folder / f"dump-{os.getpid()}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _load_dump(plan: Plan, dump: Path) -> None:
    """The dump into a new database of the newest PostgreSQL at hand, owned by the owner's role, then its rights."""
    cluster = _own_cluster(plan)
    cluster.initialise()
    server = cluster.start()
    try:
        cluster.wait_ready(server)
        cluster.provision()
        words = [str(cluster.programs.folder / "pg_restore"), "--no-owner", f"--role={OWNER}", "--exit-on-error"]
        words += ["--single-transaction", "--dbname", cluster.url(SUPERUSER, DATABASE), str(dump)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DeployError(
                f"The database could not be restored: {done.stderr.strip()[-2000:]}",
                remedy="a dump of a newer PostgreSQL needs programs as new: install them or set SPOOR_POSTGRES_BIN",
            )
        cluster.grant(DATABASE)
    finally:
        cluster.stop(server)


@contextmanager
def _serving(plan: Plan, cluster: Cluster) -> Iterator[None]:
    """The database of the home: the one that runs, or one started for as long."""
    if plan.home.holder() is not None:
        yield
        return
    if not cluster.data.exists():
        raise DeployError(f"{plan.home.root} holds no database.", remedy="start it once («make up»)")
    with plan.home.held():
        server = cluster.start()
        try:
            cluster.wait_ready(server)
            yield
        finally:
            cluster.stop(server)


def _own_cluster(plan: Plan) -> Cluster:
    if plan.cluster is None:
        raise DeployError(
            "SPOOR_DATABASE_URL names a server of your own; it is backed up with that server's means.",
            remedy="see deploy/runbooks/backup.md, «On servers»",
        )
    return plan.cluster


def _noted(home: Home, file: Path, moment: datetime) -> None:
    text = f'{{"at": "{moment.isoformat()}", "file": "{file.name}", "bytes": {file.stat().st_size}}}\n'
    part = home.root / f"{RECORD}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(home.root / RECORD)


def passphrase_read(*, twice: bool) -> str:
    """The passphrase from its file, else from the terminal."""
    named = os.environ.get("SPOOR_BACKUP_PASSPHRASE_FILE")
    if named:
        return _passphrase_of(Path(named))
    if not sys.stdin.isatty():
        raise DeployError("There is no terminal to ask for the passphrase.", remedy="set SPOOR_BACKUP_PASSPHRASE_FILE")
    first = getpass.getpass("Passphrase of the backup: ")
    if twice and getpass.getpass("Again: ") != first:
        raise DeployError("The two are not the same.", remedy="start again")
    return first


def _passphrase_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is no text"
        raise DeployError(
            f"The passphrase cannot be read from {path}: {why}.",
            remedy="SPOOR_BACKUP_PASSPHRASE_FILE names the file; without it you are asked",
        ) from error


def plan_chosen() -> Plan:
    """The home of SPOOR_HOME, else the only one there is that is a laboratory's."""
    known = plans_known(os.environ)
    plans = [plan for plan in known if plan.mode is Mode.LAB] or known
    if len(plans) != 1:
        raise DeployError(f"{len(plans)} homes are there.", remedy="name one with SPOOR_HOME")
    return plans[0]


def main(words: list[str]) -> int:
    """Run one command; trouble is told in words with the remedy, and a signal ends it tidily."""
    try:
        with stop_signals():
            return _command(words)
    except DeployError as error:
        print(f"Spoor cannot go on.\n  {error}", file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped. What was begun has been removed; what was there before is as it was.", file=sys.stderr)
        return 130


def _command(words: list[str]) -> int:
    begun = time.monotonic()
    match words:
        case ["make", *rest] if len(rest) <= 1:
            plan = plan_chosen()
            folder = Path(rest[0]) if rest else plan.home.root.with_name("backups")
            file = backup_make(plan, folder.expanduser().absolute(), passphrase_read(twice=True))
            print(f"{file}: {file.stat().st_size / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s")
            for remark in backup_remarks(plan, file.parent):
                print(f"Note: {remark}", file=sys.stderr)
            print(
                "Keep a copy elsewhere, and the passphrase apart from it. Without the passphrase it cannot be opened."
            )
        case ["restore", file, *rest] if len(rest) <= 1:
            home = Home(root=Path(rest[0] if rest else os.environ.get("SPOOR_HOME", "var/lab")).expanduser().absolute())
            plan = backup_restore(Path(file), home, passphrase_read(twice=False))
            print(
                f"{home.root} is restored in {time.monotonic() - begun:.1f} s. Start it: SPOOR_HOME={home.root} make up"
            )
            print(
                "If acts were signed after this backup, the sequencer refuses to sign: manage ledger_new_origin --help"
            )
        case ["list", folder]:
            return _listed(Path(folder))
        case _:
            print("usage: python -m deploy.backup make [FOLDER] | restore FILE [HOME] | list FOLDER", file=sys.stderr)
            return 2
    return 0


def _listed(folder: Path) -> int:
    """One line for each archive; code 1 when one of them cannot be read, or none is there."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    if not files:
        raise DeployError(f"{folder} holds no *{SUFFIX}.", remedy="name the folder the backups are in")
    well = True
    for one in files:
        try:
            facts = archive_facts(one)
        except (DeployError, OSError) as error:
            print(f"{one.name}  cannot be read: {error}", file=sys.stderr)
            well = False
            continue
        size = f"{one.stat().st_size / 1e6:.1f} MB"
        print(f"{one.name}  {facts.get('made_at', '?')}  {size}  PostgreSQL {facts.get('postgres', '?')}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
