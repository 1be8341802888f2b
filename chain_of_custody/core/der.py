"""Just enough of DER (ITU-T X.690) to read a time stamp: definite lengths in their shortest form, tags of one byte."""

from dataclasses import dataclass
from typing import ClassVar

from chain_of_custody.core.errors import CoreError


class DerRefused(CoreError):
    """Bytes are not DER, or not the type that is due."""


@dataclass(frozen=True, slots=True)
class Der:
    """One value: tag, content, and all of its bytes with the head."""

    OID: ClassVar[int] = 0x06
    SEQUENCE: ClassVar[int] = 0x30
    GENERALIZED_TIME: ClassVar[int] = 0x18

    tag: int
    body: bytes
    whole: bytes

    def children(self) -> list["Der"]:
        """The values inside a constructed one. Raises `DerRefused`."""
        if not self.tag & 0x20:
            raise DerRefused(f"tag 0x{self.tag:02x} holds no values")
        found, at = [], 0
        while at < len(self.body):
            one = _head(self.body, at)
            found.append(one)
            at += len(one.whole)
        return found

    def integer(self) -> int:
        """An INTEGER. Raises `DerRefused`."""
        if self.tag != 0x02 or not self.body:
            raise DerRefused(f"tag 0x{self.tag:02x} is no integer")
        return int.from_bytes(self.body, signed=True)

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form. Raises `DerRefused`."""
        if self.tag != Der.OID or not self.body or self.body[-1] & 0x80:
            raise DerRefused(f"tag 0x{self.tag:02x} is no object identifier")
        arcs, arc = [], 0
        for byte in self.body:
            arc = arc << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def der_read(data: bytes) -> Der:
    """The one value that the bytes are. Raises `DerRefused` for anything before, after or malformed."""
    value = _head(data)
    if len(value.whole) != len(data):
        raise DerRefused(f"{len(data) - len(value.whole)} bytes follow the value")
    return value


def _head(data: bytes, start: int = 0) -> Der:
    """The value that starts there; only its own bytes are copied."""
    left = len(data) - start
    if left < 2 or data[start] & 0x1F == 0x1F:
        raise DerRefused("cut off, or a tag of more than one byte")
    size, head = data[start + 1], 2
    if size & 0x80:
        count = size & 0x7F
        size, head = int.from_bytes(data[start + 2 : start + 2 + count]), 2 + count
        if not 1 <= count <= 4 or left < head or size < 0x80 or size >> (8 * (count - 1)) == 0:
            raise DerRefused("a length that is not in its shortest form")
    if left < head + size:
        raise DerRefused("cut off within a value")
    end = start + head + size
    return Der(data[start], data[start + head : end], data[start:end])
