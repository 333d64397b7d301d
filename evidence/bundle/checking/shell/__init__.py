"""The script in every bundle, `verify.sh`, put together of its parts: a court gets one file, we read it by concept.

The order is that in which a shell reads them; the table of who signs what comes from the catalogue of acts.
"""

from functools import cache
from importlib import resources
from typing import Final

from evidence.statements import catalogue

PARTS: Final = (
    "begin", "json", "times", "ed25519", "files", "manifest", "signatures", "rotations", "heads", "stamps",
    "checkpoints", "events", "items", "originals", "completeness", "signers", "end",
)  # fmt: skip
_ACTS: Final = "acts() { cat <<'END'\n"


@cache
def script() -> bytes:
    """Return `verify.sh`, the same bytes for everybody who has these sources."""
    folder = resources.files(__name__)
    before, after = "\n".join((folder / f"{part}.sh").read_text("utf-8") for part in PARTS).split(_ACTS)
    return "".join((before, _ACTS, *map(_line, catalogue.ACTS.items()), after)).encode()


def _line(row: tuple[str, catalogue.Act]) -> str:
    """Return a type of statement with who signs it, and which member of its body names a second signer."""
    name, act = row
    return " ".join((name, ",".join(sorted(act.signers)), *([act.cosigner] if act.cosigner else []))) + "\n"
