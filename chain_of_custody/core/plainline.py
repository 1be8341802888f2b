"""The commonest line of a full export, an entry of which nothing is opened, read without the careful reader."""

from binascii import Error as BinasciiError
from binascii import a2b_base64
from struct import Struct
from typing import NamedTuple

from chain_of_custody.core.export import ENTRY_START


class PlainLine(NamedTuple):
    """What stands in an entry line of a full export without opened values; `leaf` is still base64."""

    entry: bytes
    leaf: bytes
    leaf_salt: bytes


def plain_line(data: bytes, index: int) -> PlainLine | None:
    """The commonest line read quickly: nothing but entry, leaf and salt, with the index that is due.

    None when the line is another or not the format: `ExportReader.row` has the last word. An entry ends in `"}`, so the
    signs before its padding are known. The leaf is not decoded: whoever makes it again compares texts.
    """
    before = b'","index":%d,"leaf":"' % index
    end = len(data) - _PLAIN_REST - len(before)
    if end < len(ENTRY_START) or not (data.startswith(before, end) and data.startswith(ENTRY_START)):
        return None
    leaf, between, salt, after = _plain_rest(data, end + len(before))
    encoded = data[len(ENTRY_START) : end]
    if between != _BETWEEN or after != _AFTER or salt[42] not in _LAST:
        return None
    try:
        entry, leaf_salt = a2b_base64(encoded, strict_mode=True), a2b_base64(salt, strict_mode=True)
    except BinasciiError:
        return None
    if len(leaf_salt) != 32 or not entry.endswith(b'"}'):
        return None
    if encoded.endswith(b"=") and not encoded.endswith((b"fQ==", b"In0=")):
        return None
    return PlainLine(entry, leaf, leaf_salt)


_BETWEEN, _AFTER = b'","leaf_salt":"', b'"}\n'
_plain_struct = Struct(f"44s{len(_BETWEEN)}s44s{len(_AFTER)}s")
_plain_rest, _PLAIN_REST = _plain_struct.unpack_from, _plain_struct.size
_LAST = b"AEIMQUYcgkosw048"
