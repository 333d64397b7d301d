"""Addresses of uploads: which requests are theirs, and whose bodies are streamed; asked before any route is known."""

from typing import Final

UPLOADS: Final = "/api/v1/uploads"
"""Where tus uploads are created."""

RESUMABLE: Final = "/api/v1/resumable-uploads"
"""Where uploads of the IETF draft are created."""


def is_streamed(method: str, path: str) -> bool:
    """Say whether a request's body is file content that goes to the disk piece by piece, whatever its size."""
    return method == "PATCH" or (method == "POST" and path == RESUMABLE)


def is_tus(path: str) -> bool:
    """Say whether an address is one of tus, whose answers, refusals too, carry Tus-Resumable."""
    return path == UPLOADS or path.startswith(f"{UPLOADS}/")
