"""Salted commitments: a value stands in an entry as a hash that can be opened, withheld or forgotten."""

from hashlib import sha256
from uuid import UUID

from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.entry import SALT_SIZE
from chain_of_custody.core.errors import EntryRefused

COMMITMENT_TAG = b"spoor/commitment/v1\x00"


def commitment_of_bytes(*, entry_id: UUID | str, field: str, value: bytes, salt: bytes) -> str:
    """As `commitment`, of a value whose canonical bytes are at hand: a name that stands in a hundred entries is written
    once. `field` holds nothing that JSON would escape (its pattern sees to that when the entry is written).
    """
    if len(salt) != SALT_SIZE:
        raise EntryRefused(f"committed.{field}: a salt has {SALT_SIZE} bytes, not {len(salt)}")
    return sha256(
        COMMITMENT_TAG + salt + b'["%b","%b",%b]' % (str(entry_id).encode(), field.encode(), value)
    ).hexdigest()


def commitment(*, entry_id: UUID | str, field: str, value: Json, salt: bytes) -> str:
    """SHA-256 (hex) over tag, 32-byte random salt and the canonical JSON `[entry id, field, value]`.

    Entry and field are inside the hash so that an opened value cannot be shown in another place. Raises
    `EntryRefused` for a salt of another size and `NotCanonical` for a value without canonical form.
    """
    if len(salt) != SALT_SIZE:
        raise EntryRefused(f"committed.{field}: a salt has {SALT_SIZE} bytes, not {len(salt)}")
    return sha256(COMMITMENT_TAG + salt + canonical_bytes([str(entry_id), field, value])).hexdigest()
