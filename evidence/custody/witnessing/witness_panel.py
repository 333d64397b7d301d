"""The panel of witnesses: asked for their cosignatures, without ever waiting long for one of them.

Witnesses in this process are asked one after another. With a deadline each is asked in a thread of its own, and the
panel waits until the prompt ones have answered or the deadline has passed. A witness that failed or was late is asked
again in the background and not waited for, until it answers again: a dead witness costs the deadline once.

What comes late is kept. A cosignature on a head that is still the newest is taken at the next call, and a *fork* or a
*roll-back* is raised then.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from evidence.custody.errors import (
    CustodyError,
    ForkError,
    RollbackError,
    StaleSizeError,
    WitnessUnavailableError,
)
from evidence.custody.log.note import NoteSignature, NoteVerifier
from evidence.custody.log.tiles import TileReader, TileSource

MAX_WITNESS_TRIES: Final = 3
"""One to learn the size that a witness knows, one with the right proof, one for a race with another integrator."""


class CheckpointWitness(Protocol):
    """A witness as the integrator sees it: in this process, or a client of one elsewhere."""

    @property
    def name(self) -> str:
        """The name by which errors and logs speak of it; no two witnesses of a log have the same."""

    @property
    def verifier(self) -> NoteVerifier:
        """The key under which its cosignatures must verify."""

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note_bytes: bytes, now: datetime) -> str:
        """See `witness.Witness.add_checkpoint`; `WitnessUnavailableError` when it cannot be reached."""


@dataclass(frozen=True)
class Question:
    """The head that is to be cosigned: its size, the note with the log's signature, and the text that is signed."""

    size: int
    note: bytes
    body: bytes


@dataclass(frozen=True)
class _Answer:
    """What came of asking one witness: a verified line or an error."""

    witness: str
    question: Question
    result: NoteSignature | CustodyError | OSError


class WitnessPanel:
    """The witnesses of one log. `cosign` is called from one thread."""

    def __init__(
        self,
        witnesses: Sequence[CheckpointWitness],
        tiles: TileSource,
        newest_size: Callable[[], int],
        clock: Callable[[], datetime],
        deadline_s: float | None = None,
    ) -> None:
        """Args: `newest_size` is that of the head row; without `deadline_s` witnesses are asked in this thread."""
        self._witnesses = tuple(witnesses)
        self._tiles = tiles
        self._newest_size = newest_size
        self._clock = clock
        self._deadline_s = deadline_s
        self._question: Question | None = None
        self._lines: dict[str, NoteSignature] = {}
        self._failures: dict[str, Exception] = {}
        self._known_sizes: dict[str, int] = {}
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._busy: set[str] = set()
        self._not_waited_for: set[str] = set()

    @property
    def failures(self) -> Mapping[str, Exception]:
        """Witness name → why its cosignature of the last question is missing."""
        return MappingProxyType(self._failures)

    def cosign(self, question: Question) -> list[NoteSignature]:
        """Return the cosignatures of this head that are there now; who has given one already is not asked again.

        Raises:
            ForkError, RollbackError: a witness knows another or a longer history.
        """
        if question != self._question:
            self._question, self._lines = question, {}
        self._failures = {}
        self._settle_late()
        if self._deadline_s is None:
            for witness in self._missing():
                self._settle(self._ask(witness, question))
        else:
            self._ask_all(question, self._deadline_s)
        return [self._lines[witness.name] for witness in self._witnesses if witness.name in self._lines]

    def _missing(self) -> list[CheckpointWitness]:
        return [witness for witness in self._witnesses if witness.name not in self._lines]

    def _ask_all(self, question: Question, deadline_s: float) -> None:
        waiting = set(self._start_threads(question))
        end = time.monotonic() + deadline_s
        while waiting and (left := end - time.monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=left)
            except queue.Empty:
                break
            waiting.discard(answer.witness)
            self._settle(answer)
        self._not_waited_for |= waiting
        self._settle_late()

    def _start_threads(self, question: Question) -> Iterator[str]:
        """Ask whoever is missing and not busy; yield the names to wait for."""
        for witness in self._missing():
            self._failures.setdefault(witness.name, WitnessUnavailableError("it has not answered yet"))
            if witness.name in self._busy:
                continue
            self._busy.add(witness.name)
            # A daemon, so that a witness that hangs does not keep the process from ending.
            threading.Thread(target=self._ask_in_thread, args=(witness, question), daemon=True).start()
            if witness.name not in self._not_waited_for:
                yield witness.name

    def _ask_in_thread(self, witness: CheckpointWitness, question: Question) -> None:
        try:
            answer = self._ask(witness, question)
        except Exception as error:  # noqa: BLE001 - a thread that died silently would stay "busy" for ever
            unforeseen = WitnessUnavailableError(f"asking it failed in an unforeseen way ({type(error).__name__})")
            answer = _Answer(witness.name, question, unforeseen)
        self._answers.put(answer)

    def _settle_late(self) -> None:
        while True:
            try:
                self._settle(self._answers.get_nowait())
            except queue.Empty:
                return

    def _settle(self, answer: _Answer) -> None:
        self._busy.discard(answer.witness)
        if isinstance(answer.result, NoteSignature):
            self._not_waited_for.discard(answer.witness)
            if answer.question == self._question:
                self._lines[answer.witness] = answer.result
                self._failures.pop(answer.witness, None)
            return
        if isinstance(answer.result, ForkError | RollbackError):
            raise answer.result
        self._not_waited_for.add(answer.witness)
        self._failures[answer.witness] = answer.result

    def _ask(self, witness: CheckpointWitness, question: Question) -> _Answer:
        """Ask one witness until it has the size that it knows, and verify its line. Raises nothing foreseen."""
        try:
            return _Answer(witness.name, question, self._cosignature(witness, question))
        except (CustodyError, OSError) as error:
            # One witness that fails must not stop the log: the quorum of the reader's policy decides what it is worth.
            return _Answer(witness.name, question, error)

    def _cosignature(self, witness: CheckpointWitness, question: Question) -> NoteSignature:
        reader = TileReader(self._tiles, question.size)
        for _ in range(MAX_WITNESS_TRIES):
            old_size = min(self._known_sizes.get(witness.name, 0), question.size)
            proof = reader.prove_consistency(old_size)
            try:
                line = NoteSignature.parse(witness.add_checkpoint(old_size, proof, question.note, self._clock()))
            except StaleSizeError as error:
                self._known_sizes[witness.name] = error.known_size
                self._accept_overtaking(witness.name, error.known_size, question.size)
                continue
            witness.verifier.verify(question.body, line)
            self._known_sizes[witness.name] = question.size
            return line
        raise WitnessUnavailableError("it kept naming another size")

    def _accept_overtaking(self, name: str, known_size: int, size: int) -> None:
        """Raise unless the witness is behind; being ahead is well only if the head row has moved there too."""
        if known_size <= size:
            return
        if self._newest_size() < known_size:
            raise RollbackError(f"witness {name} has cosigned {known_size} leaves, the log has {size}")
        raise WitnessUnavailableError("it already cosigned a newer head of another integrator")
