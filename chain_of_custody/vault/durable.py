"""Files that survive a power cut: written under a private name, flushed to the disk, then made visible in one
step.

After `fsync` of a file its bytes are on the disk; only `fsync` of the folder makes its name so (POSIX
fsync(2) and the Linux manual page say that the second is not implied by the first).
"""

import contextlib
import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.vault.errors import StoreFull, StoreUnreachable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Say what the operating system's refusal means for the store in `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull(
                f"The evidence store has no room for this file: {error.strerror}; nothing was stored.",
                found=str(folder),
                remedy="Free or add space on the volume of the store, then send the file again.",
            ) from error
        raise StoreUnreachable(
            f"The evidence store's folder cannot be used: {error.strerror}; nothing was stored.",
            found=str(error.filename or folder),
            remedy="Check that the volume is mounted and that the service's account may write there.",
        ) from error


def folder_sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_make(folder: Path) -> None:
    """Create one folder and make its name durable; quiet when it is there."""
    if not folder.is_dir():
        folder.mkdir(mode=0o750, exist_ok=True)
        folder_sync(folder.parent)


def write_replacing(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Write a small file so that a reader sees the old content or the new, never a part, even after a power
    cut."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder_sync(path.parent)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the advisory lock of a file among processes; the kernel releases it when a holder dies."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o640), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def incoming_file(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A private file being filled, gone afterwards; locked while its writer lives, so that `incoming_sweep`
    spares it."""
    path = folder / f"{secrets.token_hex(16)}.part"
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path, file
    finally:
        file.close()
        path.unlink(missing_ok=True)


def incoming_sweep(folder: Path, *, older_than_seconds: float = 60.0) -> int:
    """Remove what writers that died left behind, and return how many; a file still locked has a living
    writer."""
    removed = 0
    for path in folder.glob("*.part"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            if time.time() - path.stat().st_mtime < older_than_seconds:
                continue
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            removed += 1
    return removed
