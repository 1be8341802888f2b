"""Back up a home into one encrypted file, and restore it into an empty one.

``python -m deploy.backup make [FOLDER]`` while Spoor runs or is stopped: first checkpoints, so that none is ahead of
its log, then the database (pg_dump, one snapshot), then the evidence, so that no entry lacks its bytes. ``restore FILE
[HOME]`` into a home that does not exist yet: also across PostgreSQL's major versions, since a dump is a program of SQL.
``list FOLDER`` names what is there. The passphrase is asked for, or read from the file that
SPOOR_BACKUP_PASSPHRASE_FILE names.
"""

import getpass
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.archive import Opening, Sealing, archive_facts
from deploy.embedded.environment import Mode, Plan, plan_read, plans_known
from deploy.embedded.errors import DeployError
from deploy.embedded.home import Home, private_folder
from deploy.embedded.postgres import DATABASE, OWNER, SUPERUSER, Cluster
from lims.common.version import VERSION

SUFFIX = ".spoor-backup"
RECORD = "last-backup.json"
_FOLDERS = ("vault", "secrets")
_PASSING = "incoming"
"""The store's folder for what is being received; nothing in it is evidence yet."""
_FILES = ("mode", "spoor.env")
_DUMP = "database.dump"


def backup_make(plan: Plan, folder: Path, passphrase: str) -> Path:
    """Write one archive into `folder` and note its time in the home. Whole or not there at all."""
    cluster = _own_cluster(plan)
    home = plan.home
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(tz=UTC)
    file = folder / f"{home.root.name}-{moment:%Y%m%d-%H%M%S}{SUFFIX}"
    facts = {
        "made_at": moment.isoformat(timespec="seconds"),
        "home": home.root.name,
        "mode": plan.mode.value,
        "spoor": VERSION,
        "postgres": cluster.programs.major,
    }
    part = file.with_name(file.name + ".part")
    with _serving(plan, cluster), part.open("xb") as out:
        part.chmod(0o600)
        sealing = Sealing(out, passphrase, facts)
        with tarfile.open(fileobj=sealing, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, home, "log")
            _add_dump(tar, cluster)
            for name in (*_FOLDERS, *_FILES):
                _add(tar, home, name)
        sealing.finish()
    part.rename(file)
    _noted(home, file, moment)
    return file


def backup_restore(file: Path, home: Home, passphrase: str) -> Plan:
    """Make a home of an archive: folders as they were, a new database with the dump in it. It is not started.

    Raises DeployError and leaves nothing behind: the home exists, the archive is damaged, the dump does not load.
    """
    if home.root.exists() and any(home.root.iterdir()):
        raise DeployError(
            f"{home.root} is not empty; a backup is restored into a new home.",
            remedy='name another: make restore ARGS="FILE /some/new/folder"; swap the folders when all is well',
        )
    made = not home.root.exists()
    try:
        with file.open("rb") as source:
            opening = Opening(source, passphrase, file.name)
            home.prepare()
            with tarfile.open(fileobj=opening, mode="r|") as tar:
                tar.extractall(home.root, filter="tar")
            opening.rest()
        plan = plan_read(Mode(opening.facts["mode"]), {"SPOOR_HOME": str(home.root)})
        _load_dump(plan, home.root / _DUMP)
    except BaseException:
        shutil.rmtree(home.root, ignore_errors=True)
        if not made:
            home.root.mkdir()
        raise
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
                f"The database could not be dumped: {done.stderr.strip()}", remedy="is Spoor's disk full?"
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
        return Path(named).read_text(encoding="utf-8").strip()
    if not sys.stdin.isatty():
        raise DeployError("There is no terminal to ask for the passphrase.", remedy="set SPOOR_BACKUP_PASSPHRASE_FILE")
    first = getpass.getpass("Passphrase of the backup: ")
    if twice and getpass.getpass("Again: ") != first:
        raise DeployError("The two are not the same.", remedy="start again")
    return first


def plan_chosen() -> Plan:
    """The home of SPOOR_HOME, else the only one there is that is a laboratory's."""
    known = plans_known(os.environ)
    plans = [plan for plan in known if plan.mode is Mode.LAB] or known
    if len(plans) != 1:
        raise DeployError(f"{len(plans)} homes are there.", remedy="name one with SPOOR_HOME")
    return plans[0]


def main(words: list[str]) -> int:
    """Run one command; trouble is told in words with the remedy."""
    try:
        return _command(words)
    except DeployError as error:
        print(f"Spoor cannot go on.\n  {error}", file=sys.stderr)
        return 1


def _command(words: list[str]) -> int:
    begun = time.monotonic()
    match words:
        case ["make", *rest] if len(rest) <= 1:
            plan = plan_chosen()
            folder = Path(rest[0]) if rest else plan.home.root.with_name("backups")
            file = backup_make(plan, folder.expanduser().absolute(), passphrase_read(twice=True))
            print(f"{file}: {file.stat().st_size / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s")
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
            for one in sorted(Path(folder).glob(f"*{SUFFIX}")):
                facts = archive_facts(one)
                print(
                    f"{one.name}  {facts['made_at']}  {one.stat().st_size / 1e6:.1f} MB  PostgreSQL {facts['postgres']}"
                )
        case _:
            print("usage: python -m deploy.backup make [FOLDER] | restore FILE [HOME] | list FOLDER", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
