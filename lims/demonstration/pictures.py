"""Placards that stand in for photographs, so that nothing pretends to be a picture of evidence."""

import struct
import zlib

_WIDTH, _HEIGHT = 640, 420


def placard(caption: str) -> bytes:
    """A PNG of diagonal bands whose colours come from the caption, with the caption as its text chunk."""
    shade = zlib.crc32(caption.encode())
    dark, light = (60 + shade % 60, 70 + (shade >> 8) % 60, 80 + (shade >> 16) % 60), (225, 222, 210)
    rows = bytearray()
    for y in range(_HEIGHT):
        rows.append(0)
        for x in range(_WIDTH):
            rows += bytes(dark if (x + y) // 28 % 2 else light)
    text = b"Description\0SYNTHETIC placard: " + caption.encode("latin-1", "replace")
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"tEXt", text), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
