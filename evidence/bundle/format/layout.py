"""The layout of a bundle. One place, because builder, opener, verifier and `verify.sh` must agree."""

from typing import Final

from evidence import ids

ITEMS: Final = "data/items/"
EVENTS: Final = "data/events/"
SALTS: Final = "data/salts.json"
ORIGINALS: Final = "data/originals/"
DESCRIPTIONS: Final = "data/descriptions/"
FIELDS: Final = "data/fields/"
HEADS: Final = "data/heads/"
OPENINGS: Final = "data/openings.json"
TIMELINE: Final = "data/timeline.csv"
CASE: Final = "data/case.jsonld"

PROOFS: Final = "proof/events/"
TIMESTAMPS: Final = "proof/timestamps/"
RENEWALS: Final = "proof/renewals/"
EXPORT_EVENT: Final = "proof/export-event.json"
EXPORT_SALT: Final = "proof/export-salt.txt"
EXPORT_PROOF: Final = "proof/export-event.tlog-proof"
EXPORT_HEAD: Final = "proof/export-head.txt"
ROTATIONS: Final = "proof/rotations.json"
SEALED_MANIFEST: Final = "proof/sealed-manifest-sha256.txt"
HOWTO: Final = "HOWTO.txt"
SCRIPT: Final = "verify.sh"

ITEM_SUFFIX: Final = ".getuige"

INDEX_DIGITS: Final = 10
"""Ten digits keep file names in order of receipt up to ten thousand million events."""


def container(item: ids.ItemId) -> str:
    """Return the name of an item's ciphertext."""
    return f"{ITEMS}{item}{ITEM_SUFFIX}"


def event(index: int) -> str:
    """Return the name of an event's exact bytes."""
    return f"{EVENTS}{index:0{INDEX_DIGITS}}.json"


def proof(index: int) -> str:
    """Return the name of the proof that an event is in the log (C2SP tlog-proof)."""
    return f"{PROOFS}{index:0{INDEX_DIGITS}}.tlog-proof"


def token(stamped_sha256: str, number: int = 0) -> str:
    """Return the name of an RFC 3161 token over a checkpoint's bytes; further authorities' tokens count from 1."""
    return f"{TIMESTAMPS}{stamped_sha256}{f'.{number}' if number else ''}.tsr"


def renewal(token_sha256: str) -> str:
    """Return the name of the proof that a token was renewed (`evidence.custody.time.renewal`)."""
    return f"{RENEWALS}{token_sha256}.tlog-proof"
