"""The record of retention and legal hold that lies beside every object of the filesystem store."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chain_of_custody.vault.durable import write_replacing
from chain_of_custody.vault.errors import LockRecordDamaged
from chain_of_custody.vault.objects import Retention, RetentionMode

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecord:
    """One object's size, time of storing, retention and hold."""

    digest: str
    size: int
    stored_at: datetime
    retention: Retention | None
    legal_hold: bool


def sidecar_write(path: Path, record: LockRecord) -> None:
    """Replace the record durably."""
    lock = record.retention
    body = {
        "v": _VERSION,
        "digest": record.digest,
        "size": record.size,
        "stored_at": record.stored_at.isoformat(),
        "retention": {"mode": lock.mode.value, "until": lock.until.isoformat()} if lock else None,
        "legal_hold": record.legal_hold,
    }
    write_replacing(path, json.dumps(body, indent=1).encode() + b"\n")


def sidecar_read(path: Path, digest: str) -> LockRecord:
    """The record of an object that exists; `LockRecordDamaged` when it is gone, malformed or another's."""
    try:
        record = _record(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise _damaged(digest, "is missing") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(digest, f"cannot be read ({error})") from error
    if record.digest != digest:
        raise _damaged(digest, f"belongs to {record.digest}")
    return record


def _record(body: Any) -> LockRecord:
    if body["v"] != _VERSION:
        raise ValueError(f"version {body['v']} is not known")
    lock = body["retention"]
    return LockRecord(
        digest=str(body["digest"]),
        size=int(body["size"]),
        stored_at=datetime.fromisoformat(body["stored_at"]),
        retention=lock and Retention(mode=RetentionMode(lock["mode"]), until=datetime.fromisoformat(lock["until"])),
        legal_hold=bool(body["legal_hold"]),
    )


def _damaged(digest: str, what: str) -> LockRecordDamaged:
    return LockRecordDamaged(
        f"The record of retention and hold of object {digest} {what}; the object is treated as locked.",
        found=digest,
        remedy="Restore the record from a backup; do not delete or replace the object.",
    )
