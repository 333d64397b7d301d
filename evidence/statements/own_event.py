"""Own events, read back quickly: what this server read in full when it took it in, and keeps beside a leaf of its log.

Nearly all that reading an event costs is asking for its one spelling and its forms, member by member. An event that
fits its leaf is byte for byte the one that the leaf was made of, after all that had been asked; so it is taken as it
is. Whatever does not fit, or does not come out, is read in full (`event.parse`).

This answers questions about a case inside the server. Nothing that is shown to a court stands on it: exports, the
timeline, erasures and what every process has to know are read in full, because whoever writes to the database writes
event, salt and leaf (`docs/adr/0027-own-events-are-read-by-their-leaf.md`).
"""

import binascii
import hashlib
import hmac
import json
import sys
from typing import Final

from evidence import ids, schema
from evidence.custody.log import leaf as leaves
from evidence.statements import catalogue, event
from evidence.statements.bodies import Body
from evidence.statements.statement import Told


def read(data: bytes, salt: bytes, leaf: bytes) -> Told[Body]:
    """Return what an event tells its case; FormatError when it cannot be read, TypeError when it has no case."""
    if hmac.compare_digest(leaves.leaf_entry(salt, data), leaf):
        try:
            return _taken(data)
        except (ValueError, KeyError, TypeError):
            pass
    return Told.of(event.parse(data).statement)


def _taken(data: bytes) -> Told[Body]:
    if not data.startswith(_BEGINNING):
        raise ValueError("an event begins with its payload")
    end = data.index(b'"', len(_BEGINNING))
    payload = binascii.a2b_base64(data[len(_BEGINNING) : end], strict_mode=True)
    said = _READER.decode(payload.decode())
    act = catalogue.ACTS[said["type"]]
    return Told(
        act.name,
        ids.CaseId(sys.intern(said["case"])),
        said["at"],
        ids.KeyId(sys.intern(said["by"])),
        ids.Sha256(hashlib.sha256(payload).hexdigest()),
        schema.taker(act.body)(said["body"]),
        said.get("seq"),
    )


_BEGINNING: Final = b'{"dsse":{"payload":"'
"""Of every event (`event.record`): members stand in the order of their names."""

_READER: Final = json.JSONDecoder()
