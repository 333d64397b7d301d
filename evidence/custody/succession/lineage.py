"""A line of logs: the one that was founded, and each that took over when its key was rotated. Pure.

Events keep their numbers through every rotation, so a line says for each event in which log its leaf stands and where,
and for each head how many events lie below it. What a thief of an old key can still sign is judged here too: nothing
beyond the head at which that log ended, and no other past than the one that leads to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from evidence.custody.errors import ForkError, ProofError, RetiredKeyError, SuccessionError, UnknownLogError
from evidence.custody.log import merkle
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.note import KeyType, NoteVerifier
from evidence.custody.succession.succession import succession_entry
from evidence.custody.witnessing.policy import Policy, VerifiedCheckpoint

MAX_LOGS: Final = 64
"""A key a year for a lifetime; each head is compared with the line, and a policy names at most 128 logs."""


@dataclass(frozen=True)
class Era:
    """One log of a line.

    `number` counts from 1, `first_event` is the journal's number of the first event in it. `before` is the head of the
    log that it took over from (None: it was founded), `final` the head at which it ended itself (None: it goes on).
    """

    number: int
    key: NoteVerifier
    first_event: int = 0
    before: Checkpoint | None = None
    final: Checkpoint | None = None

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.key.name

    @property
    def opening(self) -> tuple[bytes, ...]:
        """The entries that stand before the first event: the commitment to the older log, if there is one."""
        return () if self.before is None else (succession_entry(self.before),)

    def entry_of(self, event: int) -> int:
        """Return where the leaf of event `event` stands in this log.

        Raises:
            ProofError: it stands in an older log.
        """
        if event < self.first_event:
            raise ProofError(f"event {event} stands in an older log: this one begins with event {self.first_event}")
        return event - self.first_event + len(self.opening)

    def events_below(self, size: int) -> int:
        """Return how many events of the journal lie below a head of `size` entries, those of older logs included."""
        return self.first_event + max(0, size - len(self.opening))


@dataclass(frozen=True)
class Lineage:
    """The logs of one journal, oldest first; never empty."""

    eras: tuple[Era, ...]

    @classmethod
    def founded(cls, key: NoteVerifier) -> "Lineage":
        """Return the line of a log that was never rotated."""
        return cls((Era(1, key),))

    @property
    def current(self) -> Era:
        """The log that grows."""
        return self.eras[-1]

    def succeeded(self, final: Checkpoint, key: NoteVerifier) -> "Lineage":
        """Return the line after a rotation: the current log ended at `final`, and the log of `key` goes on.

        Raises:
            SuccessionError: `final` is not of the current log, or the key or its name was used in this line before.
        """
        ending = self.current
        if final.origin != ending.origin or final.extensions:
            raise SuccessionError(f"{ending.origin} is the log that can end, and not {final.origin}")
        if final.size < max(1, len(ending.opening)):
            raise SuccessionError("a log ends with its first entry at the earliest")
        if key.kind is not KeyType.ED25519:
            raise SuccessionError("a log has a key of type 1")
        if any(key.name == era.origin or key.public_key == era.key.public_key for era in self.eras):
            raise SuccessionError("a log that takes over has a name and a key of its own")
        if len(self.eras) >= MAX_LOGS:
            raise SuccessionError(f"a line has at most {MAX_LOGS} logs")
        closed = replace(ending, final=final)
        following = Era(ending.number + 1, key, ending.events_below(final.size), final)
        return Lineage((*self.eras[:-1], closed, following))

    def era(self, origin: str) -> Era:
        """Return the log of this name.

        Raises:
            UnknownLogError: there is none in this line.
        """
        for era in self.eras:
            if era.origin == origin:
                return era
        raise UnknownLogError(f"{origin} is none of the logs of this line")

    def of_event(self, event: int) -> Era:
        """Return the log in which event `event` stands, or will stand."""
        return next(era for era in reversed(self.eras) if era.first_event <= event)

    def policy(self, base: Policy) -> Policy:
        """Return `base` with the keys of this line as its logs: same witnesses, same quorum."""
        return replace(base, logs=tuple(era.key for era in self.eras))

    def admit(self, head: VerifiedCheckpoint, proof: Sequence[bytes] | None = ()) -> Era:
        """Check that no rotation forbids a head that the policy believed; return its log.

        Args:
            head: a head of any log of the line.
            proof: consistency proof from it to the head at which its log ended; empty when it is that head. None: there
                is none, and the caller answers for the past that the head shows. Ignored for a log that goes on.

        Raises:
            UnknownLogError: it is of no log of this line.
            RetiredKeyError: it is larger than the head at which its log ended.
            ForkError: it does not lead to that head.
        """
        era = self.era(head.signed.checkpoint.origin)
        final = era.final
        if final is None:
            return era
        if head.size > final.size:
            raise RetiredKeyError(
                f"the key of {era.origin} was retired at {final.size} entries; this head has {head.size}"
            )
        if proof is None and head.size < final.size:
            return era
        try:
            merkle.verify_consistency(head.size, head.root, final.size, final.root, proof or ())
        except ProofError as error:
            raise ForkError(f"a head of {head.size} entries is not part of the final head: {error}") from error
        return era
