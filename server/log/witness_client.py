"""A witness elsewhere, as the integrator sees it: one POST per head (c2sp.org/tlog-witness).

What it answers is checked before it counts, and its refusals are, too: a *fork* or a *longer log* that it cannot show
with a head signed by our own key is worth a missing cosignature, no more (`witness_request.judge_refusal`).
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import httpx

from evidence.custody.errors import StaleSizeError, WitnessFormatError, WitnessUnavailableError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import NoteVerifier
from evidence.custody.witnessing.witness_request import (
    MAX_ANSWER_BYTES,
    AddCheckpoint,
    check_cosigned,
    judge_refusal,
    parse_cosignatures,
    parse_size,
)

TIMEOUT_S: Final = 5.0
"""For connecting and between two pieces of an answer; a witness does one fsync and answers."""

TOTAL_TIMEOUT_S: Final = 10.0
"""For a whole answer: one that drips is no answer."""


class HttpWitness:
    """A client of one witness, for one log. May be used from several threads."""

    def __init__(self, name: str, verifier: NoteVerifier, url: str, log: NoteVerifier) -> None:
        """Args: `name` by which the policy calls it, its key, its submission prefix, and our log's key."""
        self._name = name
        self._verifier = verifier
        self._url = url.rstrip("/")
        self._log = log
        # trust_env=False: an address of the settings is reached as it stands there.
        self._http = httpx.Client(timeout=TIMEOUT_S, trust_env=False, headers={"user-agent": "getuige"})

    @property
    def name(self) -> str:
        """Its name in the policy."""
        return self._name

    @property
    def verifier(self) -> NoteVerifier:
        """Its public key."""
        return self._verifier

    @property
    def url(self) -> str:
        """Its submission prefix."""
        return self._url

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:  # noqa: ARG002 - a witness elsewhere has a clock of its own
        """Return the witness's verified cosignature line; see `panel.CheckpointWitness`.

        Raises:
            StaleSizeError: it knows another size; one beyond our head only when it shows our signature on it.
            ForkError: it shows a head that our key signed and that our tree does not contain.
            SignatureError: no line is by its key, or one does not verify.
            WitnessFormatError, WitnessUnavailableError: no answer, or none that counts.
        """
        asked = AddCheckpoint(old_size, tuple(proof), note_bytes)
        status, body = self._send("POST", "/add-checkpoint", asked.to_bytes())
        checkpoint = SignedCheckpoint.parse(note_bytes).checkpoint
        if status == httpx.codes.OK:
            return check_cosigned(parse_cosignatures(body), self._verifier, checkpoint.body).line
        if status == httpx.codes.CONFLICT:
            known = parse_size(body)
            if known == old_size:
                raise WitnessFormatError("it refuses the very size that it names")
            if known <= checkpoint.size:
                raise StaleSizeError(known)
        elif status != httpx.codes.UNPROCESSABLE_ENTITY:
            raise WitnessUnavailableError(f"it refuses with status {status}")
        raise judge_refusal(asked, self._shown(), self._log)

    def _shown(self) -> bytes | None:
        """Return what the witness serves as the head of our log that it cosigned last."""
        origin_hash = hashlib.sha256(self._log.name.encode()).hexdigest()
        status, body = self._send("GET", f"/{origin_hash}/checkpoint", None)
        return body if status == httpx.codes.OK else None

    def _send(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        """Return status and body of one answer, within its limits of time and size."""
        end = time.monotonic() + TOTAL_TIMEOUT_S
        body = bytearray()
        try:
            with self._http.stream(method, self._url + path, content=content) as answer:
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES or time.monotonic() > end:
                        raise WitnessUnavailableError("its answer is too long or too slow")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WitnessUnavailableError(f"no answer from {self._url} ({type(error).__name__})") from error
        return answer.status_code, bytes(body)
