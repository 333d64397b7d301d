"""Rotations of the log's key as the root signs them, and the line of logs that they make.

Only the root can end a log: a thief who has the log's key, and even one who has the server, cannot name a successor.
So a rotation may come from anywhere (a trust folder, a bundle, the server itself): what counts is the root's signature
under it, and that all of them make one line.
"""

from collections.abc import Iterable
from typing import Final

from evidence import keys
from evidence.custody.errors import SuccessionError
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.note import NoteVerifier
from evidence.custody.succession.lineage import MAX_LOGS, Lineage
from evidence.errors import EvidenceError
from evidence.ids import Sha256
from evidence.statements import dsse
from evidence.statements import statement as statements
from evidence.statements.bodies import LogHead, LogOpen, LogRotate
from evidence.statements.statement import Statement

TYPE: Final = "log.rotate"


def head_of(checkpoint: Checkpoint) -> LogHead:
    """Return a checkpoint as a rotation names it."""
    return LogHead(checkpoint.origin, checkpoint.size, Sha256(checkpoint.root.hex()))


def checkpoint_of(head: LogHead) -> Checkpoint:
    """Return the checkpoint that a rotation names; CheckpointError when it can be none."""
    return Checkpoint(head.origin, head.size, bytes.fromhex(head.root))


def lineage_of(log: LogOpen | None, rotations: Iterable[LogRotate]) -> Lineage:
    """Return the line of a journal: the log that it opened with, and its rotations in order.

    Raises:
        CustodyError: no log was opened, a key is none, or a rotation does not fit the logs before it.
    """
    if log is None:
        raise SuccessionError("a log that was not opened does not end")
    return follow(NoteVerifier.parse(log.log_vkey), rotations)


def follow(first: NoteVerifier, rotations: Iterable[LogRotate]) -> Lineage:
    """Return the line that begins with the log of key `first`. The rotations may come in any order, and more than once.

    Raises:
        SuccessionError: two rotations end one log in different ways, or one ends a log that is not of this line.
        CustodyError: a rotation's key or head is none.
    """
    endings: dict[str, LogRotate] = {}
    for rotation in rotations:
        if endings.setdefault(rotation.closed.origin, rotation) != rotation:
            raise SuccessionError(f"the root ended {rotation.closed.origin} in two different ways")
        if len(endings) >= MAX_LOGS:
            raise SuccessionError(f"a line has at most {MAX_LOGS} logs")
    line = Lineage.founded(first)
    while line.current.origin in endings:
        rotation = endings.pop(line.current.origin)
        line = line.succeeded(checkpoint_of(rotation.closed), NoteVerifier.parse(rotation.log_vkey))
    if endings:
        raise SuccessionError(f"{min(endings)} was ended, and is no log of this line")
    return line


def signed_by_root(statement: Statement, root: bytes) -> LogRotate:
    """Return the rotation in a statement that the root signed.

    Args:
        statement: of type `log.rotate`.
        root: the pinned root, Ed25519, 32 bytes.

    Raises:
        SuccessionError: it is another statement, or the root did not sign it.
    """
    try:
        statements.verified(statement, {keys.signing_kid(root): root})
    except EvidenceError as error:
        raise SuccessionError(f"the root did not sign this rotation: {error}") from error
    if not isinstance(statement.body, LogRotate):
        raise SuccessionError(f"{statement.type} is no rotation")
    return statement.body


def read(documents: Iterable[object], root: bytes) -> tuple[LogRotate, ...]:
    """Return the rotations in DSSE envelopes (parsed JSON), each signed by the root.

    Raises:
        FormatError: one is no statement.
        SuccessionError: one is another statement, or the root did not sign it.
    """
    envelopes = (dsse.from_json(document, dsse.STATEMENT_TYPE) for document in documents)
    return tuple(signed_by_root(statements.from_envelope(envelope), root) for envelope in envelopes)
