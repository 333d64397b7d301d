"""A small picture of nobody: a head and shoulders in two colours, as a PNG (RFC 2083) of a few hundred bytes."""

import struct
import zlib
from typing import Final

from evidence import canonical, ids
from evidence.envelope import parts

WIDTH, HEIGHT = 96, 120


def png() -> bytes:
    """Return the file."""
    rows = b"".join(b"\0" + bytes(_shade(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _shade(x: int, y: int) -> int:
    head = ((x - 48) / 22) ** 2 + ((y - 42) / 28) ** 2 <= 1
    shoulders = ((x - 48) / 44) ** 2 + ((y - 122) / 46) ** 2 <= 1
    return 90 if head or shoulders else 215


PORTRAIT: Final = parts.Picture("image/png", ids.Base64(canonical.b64(png())))
