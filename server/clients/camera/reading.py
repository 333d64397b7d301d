"""The camera's claims about a file: read from whatever form its type keeps them in, never at the cost of the file.

The file itself is sealed as it is. A broken, hostile or unknown description of it is no description: nothing is
guessed, and nothing here keeps a file from being sealed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from evidence.boxes import ReadAt
from evidence.envelope.parts import Camera
from server.clients.camera import exif, quicktime, wrappings

_READERS: Final[dict[str, Callable[[ReadAt], Camera | None]]] = {
    "image/jpeg": lambda read_at: exif.read(wrappings.in_jpeg(read_at)),
    "image/png": lambda read_at: exif.read(wrappings.in_png(read_at)),
    "image/webp": lambda read_at: exif.read(wrappings.in_webp(read_at)),
    "image/tiff": exif.read,
    **dict.fromkeys(("image/heic", "image/heif", "image/avif"), lambda read_at: exif.read(wrappings.in_heif(read_at))),
    **dict.fromkeys(
        ("video/quicktime", "video/mp4", "video/3gpp", "video/3gpp2", "audio/mp4", "audio/3gpp", "audio/3gpp2"),
        quicktime.read,
    ),
}
"""Main type → how its description is read; other types have none that is read here."""


def read_file(path: Path, mime: str) -> Camera | None:
    """Return what the file at `path` says, None when it says nothing. OSError when it cannot be read at all."""
    with path.open("rb") as file:

        def read_at(offset: int, size: int) -> bytes:
            file.seek(offset)
            return file.read(size)

        return read(read_at, mime)


def read(read_at: ReadAt, mime: str) -> Camera | None:
    """Return what a file of this type says about itself. Raises nothing but what `read_at` raises as OSError."""
    reader = _READERS.get(mime)
    if reader is None:
        return None
    try:
        return reader(read_at)
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - her file is sealed whatever its description is made of
        return None
