"""Files of a backup: written whole or not at all, told in words when a disk refuses, cleared after a crash."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from deploy.embedded.errors import DeployError, DiskFull, FolderUnreachable
from deploy.embedded.home import Home

BACKUP, RESTORE = "backup", "restore"


@contextmanager
def alone(home: Home, work: str) -> Iterator[None]:
    """Nobody else does this work on this home meanwhile; the kernel lets go however the process dies.

    Raises DeployError when somebody does.
    """
    with _lock_file(home, work).open("a", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeployError(f"A {work} of {home.root} is under way.", remedy="wait until it has ended") from None
        yield


def _lock_file(home: Home, work: str) -> Path:
    return home.root / f"{work}.lock"


@contextmanager
def folder_made(folder: Path) -> Iterator[None]:
    """Make the folder where there is none; when the block fails it goes again, unless something lies in it."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """A new file only this account reads: under its name with all its bytes on the disk, or not there."""
    part = file.with_name(file.name + ".part")
    # The mode is given at once: a FAT disk has no modes and refuses to change them.
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        try:
            with suppress(OSError):  # some network disks know no locks
                fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield out
            out.flush()
            os.fsync(out.fileno())
            part.rename(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    folder_sync(file.parent)


def folder_sync(folder: Path) -> None:
    """Let a new name in the folder outlast a loss of power, where the disk can promise that."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def tree_sync(root: Path) -> None:
    """Let all files below a folder outlast a loss of power: their bytes, then the names, innermost folders first.

    Raises OSError for a file whose bytes the disk did not take.
    """
    for folder, _folders, names in os.walk(root, topdown=False):
        for path in (Path(folder, name) for name in names):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        folder_sync(Path(folder))


def leftovers_clear(home: Home, folder: Path, parts: str) -> None:
    """Remove what a killed backup left: its half archive, and its dump in the home. Called by whoever is `alone`."""
    for left in (home.root / "tmp").glob("dump-*"):
        left.unlink(missing_ok=True)
    for left in folder.glob(parts):
        with left.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue  # being written, by a home of the same name elsewhere
        left.unlink(missing_ok=True)


@contextmanager
def writing_told(place: Path, what: str) -> Iterator[None]:
    """What the disk refuses, in words: no room, a file too large for it, no right to write, a disk that went away."""
    try:
        yield
    except OSError as error:
        raise _told(error, place, what) from error


def _told(error: OSError, place: Path, what: str) -> DeployError:
    where = error.filename or place
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(
            f"{what} could not be written: no space is left for {where}. Nothing of it was kept.",
            remedy="free some space, or name a folder on a larger disk",
        )
    if error.errno == errno.EFBIG:
        return DeployError(
            f"{what} could not be written to {place}: its file system takes no file as large. Nothing was kept.",
            remedy="FAT32 ends at 4 GB: format the disk as exFAT or ext4, or name another",
        )
    return FolderUnreachable(
        f"{what} could not be written: {where}: {error.strerror or error}. Nothing of it was kept.",
        remedy="is the disk there, and may this account write to it? Name another folder otherwise",
    )


@contextmanager
def reading_told(file: Path) -> Iterator[BinaryIO]:
    """An archive to read. Raises DeployError when it cannot be."""
    try:
        source = file.open("rb")
    except OSError as error:
        raise DeployError(
            f"The backup {file} cannot be read: {error.strerror or error}.",
            remedy="«python -m deploy.backup list FOLDER» names the backups of a folder",
        ) from error
    with source:
        yield source


@contextmanager
def restoring(home: Home, file: Path) -> Iterator[None]:
    """Around a restore: the home is this restore's alone, and marked as half restored until all went well.

    What fails leaves nothing; what a restore left that was killed is cleared first. Raises DeployError, and touches
    nothing, when the home holds anything else or another restore is at work in it, and when the disk is too small. All
    that was restored is on the disk, files and names, before the mark goes.
    """
    made = not home.root.exists()
    _check_unused(home)
    _check_room(home, file)
    new = [folder for folder in (home.root, *home.root.parents) if not folder.exists()]
    home.root.mkdir(parents=True, exist_ok=True)
    with alone(home, RESTORE):
        _check_unused(home)  # somebody may have been quicker
        _clear(home)
        try:
            home.restoring.write_text(f"{file}\n", encoding="utf-8")
            folder_sync(home.root)
            home.prepare()
            yield
            tree_sync(home.root)
            for folder in new:
                folder_sync(folder.parent)
        except BaseException:
            _clear(home)
            _lock_file(home, RESTORE).unlink(missing_ok=True)
            if made:
                with suppress(OSError):
                    home.root.rmdir()
            raise
        home.restoring.unlink()
        folder_sync(home.root)


def _check_unused(home: Home) -> None:
    if not home.root.exists() or home.restoring.exists():
        return
    if any(one != _lock_file(home, RESTORE) for one in home.root.iterdir()):
        raise DeployError(
            f"{home.root} is not empty; a backup is restored into a new home.",
            remedy='name another: make restore ARGS="FILE /some/new/folder"; swap the folders when all is well',
        )


def _check_room(home: Home, file: Path) -> None:
    there = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    needed, free = file.stat().st_size, shutil.disk_usage(there).free
    if free < needed:
        raise DiskFull(
            f"The disk of {there} has {free / 1e6:,.0f} MB left; the backup alone has {needed / 1e6:,.0f} MB.",
            remedy="free some space, or restore into a folder on a larger disk",
        )


def _clear(home: Home) -> None:
    """Remove all that a restore wrote, the mark last; whoever restores is `alone` and keeps the lock."""
    for one in home.root.iterdir():
        if one in {home.restoring, _lock_file(home, RESTORE)}:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)
    if home.sockets.parent != home.root:
        shutil.rmtree(home.sockets, ignore_errors=True)
    home.restoring.unlink(missing_ok=True)
