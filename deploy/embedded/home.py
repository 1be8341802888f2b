"""The home: one folder that holds everything an embedded Spoor writes (``SPOOR_HOME``)."""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import AlreadyRunning, DiskFull, FolderUnreachable, RestoreUnfinished

MINIMUM_FREE_BYTES = 512 * 1024 * 1024
# sun_path holds 108 bytes with its zero on Linux, 104 elsewhere; PostgreSQL adds "/.s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Paths inside one home."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def database(self) -> Path:
        return self.root / "postgres"

    @property
    def broker(self) -> Path:
        return self.root / "redis"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def lock(self) -> Path:
        return self.root / "supervisor.lock"

    @property
    def restoring(self) -> Path:
        """There while a backup is being restored into this home; it holds the archive's name."""
        return self.root / "restoring"

    @property
    def parts(self) -> Path:
        return self.root / "parts.json"

    @property
    def address(self) -> Path:
        """Where the web of the last start answers: the port may have been chosen for that start alone."""
        return self.root / "address"

    @property
    def sockets(self) -> Path:
        """Where sockets go: inside the home, or in a short folder of our own when its path is too long."""
        inside = self.root / "run"
        if len(os.fsencode(inside / "postgres")) <= LONGEST_SOCKET_FOLDER:
            return inside
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"spoor-{os.geteuid()}-{mark}"

    def prepare(self) -> None:
        """Create the folders. Others may pass through the home (the database's account), not list it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711)
            for folder in (self.secrets, self.logs, self.vault, self.broker, self.root / "tmp"):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
            private_folder(self.sockets, mode=0o711)
        except PermissionError as error:
            raise FolderUnreachable(
                f"Spoor cannot write to {error.filename or self.root} (permission denied).",
                remedy=f"give this account the folder, or choose another home: SPOOR_HOME=/some/folder "
                f"(now {self.root})",
            ) from error
        except OSError as error:
            raise FolderUnreachable(
                f"Spoor cannot use {self.root} as its home: {error.strerror}.",
                remedy="choose another home with SPOOR_HOME=/some/folder",
            ) from error

    def check_space(self, minimum: int = MINIMUM_FREE_BYTES) -> None:
        """Refuse to start on a nearly full disk: a database that cannot write stops at the worst moment."""
        free = shutil.disk_usage(self.root).free
        if free < minimum:
            raise DiskFull(
                f"Only {free // 2**20} MB are free on the disk of {self.root}; "
                f"Spoor needs {minimum // 2**20} MB to start.",
                remedy="free some space (logs and old backups first), or move the home to a larger disk and "
                "set SPOOR_HOME",
            )

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of that name, made at first use and kept in a file only this account can read (0600)."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, make())
        return path.read_text(encoding="utf-8").strip()

    def check_whole(self) -> None:
        """Refuse a home that a restore was cut off in: what it lacks would be missing without a word."""
        if not self.restoring.exists():
            return
        archive = self.restoring.read_text(encoding="utf-8").strip()
        raise RestoreUnfinished(
            f"{self.root} is half restored: the restore from {archive} is under way, or was cut off.",
            remedy=f'wait for it, or begin it anew: make restore ARGS="{archive} {self.root}"',
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the home alone until the block ends; the kernel lets go however the process dies.

        Raises AlreadyRunning when another supervisor holds it.
        """
        with self.lock.open("a+", encoding="ascii") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"Spoor already runs on {self.root} (process {self.holder() or 'unknown'}).",
                    remedy="use the running one, stop it with «make down», or start on another home with "
                    "SPOOR_HOME=/some/folder",
                ) from None
            stream.truncate(0)
            stream.write(f"{os.getpid()}\n")
            stream.flush()
            yield

    def holder(self) -> int | None:
        """The process that holds the home now, or None."""
        if not self.lock.exists():
            return None
        with self.lock.open("r", encoding="ascii") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = stream.read().strip()
                return int(text) if text.isdigit() else None
        return None


def write_private(path: Path, text: str) -> None:
    """Write a new file with mode 0600, whole or not at all; an existing file is left alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()


def private_folder(path: Path, *, owner: int | None = None, mode: int = 0o700) -> Path:
    """A folder of ours with that mode; refuses a link or another account's folder of the same name."""
    wanted = os.geteuid() if owner is None else owner
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid not in {os.geteuid(), wanted}:
        raise FolderUnreachable(
            f"{path} belongs to uid {found.st_uid} or is a link.",
            remedy=f"remove {path}, or choose another home with SPOOR_HOME=/some/folder",
        )
    if found.st_uid != wanted:
        os.chown(path, wanted, wanted)
    path.chmod(mode)
    return path


def first_closed_folder(path: Path, uid: int) -> Path | None:
    """The first folder on the way to ``path`` that ``uid`` (with no groups) may not pass, or None."""
    resolved = path.resolve()
    for folder in (*reversed(resolved.parents), resolved):
        if not folder.is_dir():
            continue
        found = folder.stat()
        bit = stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH
        if not found.st_mode & bit:
            return folder
    return None
