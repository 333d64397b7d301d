"""The place where a restore leaves proofs of erasures that the server carries out again (`server.erasure.sweeper`)."""

from typing import Final

REPEAT: Final = "erasures"
"""In the data folder: proofs of erasures that a restored journal may not know."""
