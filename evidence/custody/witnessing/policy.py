"""Trust policies: which logs and witnesses, and how many of them, make a checkpoint believable (c2sp.org/tlog-policy).

A policy travels apart from the evidence. Without a quorum a verifier would accept a head that the operator alone
signed, and so would not notice witness lines that were taken out.
"""

import re
from collections.abc import Collection, Mapping, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from evidence.custody.errors import KeyFormatError, PolicyError, QuorumError, SignatureError, UnknownLogError
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import COSIGNERS, KeyType, NoteVerifier

MAX_POLICY_BYTES: Final = 256 * 1024
"""`MAX_ITEMS` lines of the longest keys and names, with as much again for comments."""

MAX_ITEMS: Final = 128
"""Of each kind: logs, witnesses, groups. The specification recommends at least 32."""

NO_QUORUM: Final = "none"
LOGS: Final = frozenset({KeyType.ED25519})
"""Types of a log's key."""

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True)
class Group:
    """At least `threshold` of the named members must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Cosigned:
    """One witness's verified cosignature: its name in the policy, its key name, and its time (UTC)."""

    witness: str
    key_name: str
    at: datetime


@dataclass(frozen=True)
class VerifiedCheckpoint:
    """A checkpoint that satisfied a policy: which log key signed it, and which witnesses when."""

    signed: SignedCheckpoint
    log: NoteVerifier
    cosigned: tuple[Cosigned, ...]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self.signed.checkpoint.size

    @property
    def root(self) -> bytes:
        """The 32-byte root."""
        return self.signed.checkpoint.root


@dataclass(frozen=True)
class Policy:
    """A parsed policy file."""

    logs: tuple[NoteVerifier, ...]
    witnesses: Mapping[str, NoteVerifier]
    groups: Mapping[str, Group]
    quorum: str
    witness_urls: Mapping[str, str] = field(default_factory=dict)
    """Where a witness takes checkpoints (its submission prefix), for those that the policy gives one of."""

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy in a policy file.

        Raises:
            PolicyError: a line is not understood, a name is unknown or defined twice, a key appears twice or is of
                the wrong type for its role, or there is not exactly one quorum.
        """
        return _Parser().parse(text)

    def verify(self, note_bytes: bytes) -> VerifiedCheckpoint:
        """Check a signed checkpoint against this policy.

        Returns:
            The checkpoint with who signed it. Of several cosignatures by one witness the earliest counts.

        Raises:
            NoteError, CheckpointError: the bytes are no signed checkpoint.
            UnknownLogError: its origin is not the name of a log of this policy.
            SignatureError: no log key signed it, or a line of any known key does not verify.
            QuorumError: too few witnesses cosigned.
        """
        signed = SignedCheckpoint.parse(note_bytes)
        candidates = [log for log in self.logs if log.name == signed.checkpoint.origin]
        if not candidates:
            raise UnknownLogError(f"the policy knows no log {signed.checkpoint.origin!r}")
        # Every known key is checked before anything is concluded: one bad line of a known key spoils the note.
        signers = [log for log in candidates if log.verify_note(signed.note)]
        cosigned = tuple(
            Cosigned(name, verifier.name, min(times))
            for name, verifier in self.witnesses.items()
            if (times := [by.at for by in verifier.verify_note(signed.note) if by.at is not None])
        )
        if not signers:
            raise SignatureError(f"no known key of {signed.checkpoint.origin} signed the checkpoint")
        self._demand_quorum({one.witness for one in cosigned})
        return VerifiedCheckpoint(signed, signers[0], cosigned)

    def _demand_quorum(self, present: set[str]) -> None:
        """Raise `QuorumError` unless these witnesses satisfy the quorum."""
        if self.quorum == NO_QUORUM:
            return
        satisfied = set(present)
        # Groups stand in the order of their lines, and refer only to names before them.
        for name, group in self.groups.items():
            if sum(member in satisfied for member in group.members) >= group.threshold:
                satisfied.add(name)
        if self.quorum in satisfied:
            return
        wanted = self.groups.get(self.quorum, Group(1, (self.quorum,)))
        got = sum(member in satisfied for member in wanted.members)
        raise QuorumError(got, wanted.threshold, self.quorum)


class _Parser:
    """Collects the lines of one policy file."""

    def __init__(self) -> None:
        self.logs: list[NoteVerifier] = []
        self.witnesses: dict[str, NoteVerifier] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self.urls: dict[str, str] = {}

    def parse(self, text: str) -> Policy:
        """Read the whole file."""
        if len(text) > MAX_POLICY_BYTES:
            raise PolicyError(f"a policy has at most {MAX_POLICY_BYTES} characters")
        if _FORBIDDEN.search(text):
            raise PolicyError("a policy has no control characters but tab and newline")
        for number, line in enumerate(text.split("\n"), start=1):
            # Only space and tab separate: other Unicode spaces are part of a name.
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                self._line(words[0], words[1:])
            except (KeyFormatError, PolicyError) as error:
                raise PolicyError(f"policy line {number}: {error}") from None
        if self.quorum is None:
            raise PolicyError("a policy has exactly one quorum line")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum, self.urls)

    def _line(self, keyword: str, words: list[str]) -> None:
        match keyword, words:
            case "log", [vkey] | [vkey, _]:
                self.logs.append(_key(vkey, LOGS, self.logs))
                _cap(self.logs)
            case "witness", [name, vkey, *url] if len(url) <= 1:
                self._define(name)
                self.witnesses[name] = _key(vkey, COSIGNERS, self.witnesses.values())
                if url:
                    self.urls[name] = url[0]
                _cap(self.witnesses)
            case "group", [name, threshold, *members] if members:
                self._define(name)
                self.groups[name] = self._group(threshold, members)
                _cap(self.groups)
            case "quorum", [name]:
                if self.quorum is not None:
                    raise PolicyError("a policy has exactly one quorum line")
                if name != NO_QUORUM:
                    self._known(name)
                self.quorum = name
            case _:
                raise PolicyError("not a log, witness, group or quorum line")

    def _define(self, name: str) -> None:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise PolicyError("this name is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError("a name is used before it is defined")

    def _group(self, threshold: str, members: list[str]) -> Group:
        for member in members:
            self._known(member)
            # Within the whole policy, so that no witness can count twice on its way to the quorum.
            if members.count(member) > 1 or any(member in group.members for group in self.groups.values()):
                raise PolicyError("a name is a member of at most one group, once")
        words = {"any": 1, "all": len(members)}
        if threshold not in words and _NUMBER.fullmatch(threshold) is None:
            raise PolicyError("a threshold is any, all or a number")
        needed = words.get(threshold) or int(threshold)
        if needed > len(members):
            raise PolicyError("a threshold is at most the number of members")
        return Group(needed, tuple(members))


def _key(vkey: str, kinds: Collection[KeyType], others: Collection[NoteVerifier]) -> NoteVerifier:
    verifier = NoteVerifier.parse(vkey)
    if verifier.kind not in kinds:
        raise PolicyError("logs have keys of type 1, witnesses of type 4 or 6")
    if any(other.public_key == verifier.public_key for other in others):
        raise PolicyError("the same public key stands here twice")
    return verifier


def _cap(items: Sized) -> None:
    if len(items) > MAX_ITEMS:
        raise PolicyError(f"more than {MAX_ITEMS} of one kind")
