"""A line of logs says where each event stands, and which heads of logs that ended still count."""

from datetime import UTC, datetime

import pytest

from evidence.custody.errors import ForkError, ProofError, RetiredKeyError, SuccessionError, UnknownLogError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, NoteSigner, generate_key
from evidence.custody.succession.lineage import MAX_LOGS, Era, Lineage
from evidence.custody.succession.succession import succession_entry
from evidence.custody.witnessing.policy import Policy, VerifiedCheckpoint
from tests.support import rfc6962

FIRST, SECOND, THIRD = (generate_key(f"log.example/{number}") for number in (1, 2, 3))
WITNESS = generate_key("w.example", KeyType.COSIGNATURE_V1)
LEAVES = [b"leaf %d" % number for number in range(40)]


def checkpoint(key: NoteSigner, entries: list[bytes]) -> Checkpoint:
    return Checkpoint(key.name, len(entries), rfc6962.mth(entries))


END = checkpoint(FIRST, LEAVES[:20])
SECOND_ENTRIES = [succession_entry(END), *LEAVES[20:30]]
SECOND_END = checkpoint(SECOND, SECOND_ENTRIES)
LINE = Lineage.founded(FIRST.verifier).succeeded(END, SECOND.verifier).succeeded(SECOND_END, THIRD.verifier)
POLICY = LINE.policy(Policy.parse(f"log {FIRST.vkey}\nwitness W {WITNESS.vkey}\nquorum W\n"))


def believed(key: NoteSigner, entries: list[bytes]) -> VerifiedCheckpoint:
    signed = SignedCheckpoint.sign(checkpoint(key, entries), key)
    lines = [WITNESS.cosign(signed.checkpoint.body, datetime.now(UTC))]
    return POLICY.verify(signed.with_signatures(lines).to_bytes())


def test_every_event_has_one_place() -> None:
    assert [(era.number, era.first_event, len(era.opening)) for era in LINE.eras] == [(1, 0, 0), (2, 20, 1), (3, 30, 1)]
    places = [(LINE.of_event(event).number, LINE.of_event(event).entry_of(event)) for event in (0, 19, 20, 29, 30, 99)]
    assert places == [(1, 0), (1, 19), (2, 1), (2, 10), (3, 1), (3, 70)]
    with pytest.raises(ProofError):
        LINE.eras[1].entry_of(19)


@pytest.mark.parametrize(("number", "size", "below"), [(1, 0, 0), (1, 20, 20), (2, 0, 20), (2, 1, 20), (2, 11, 30)])
def test_heads_of_all_logs_are_measured_in_events(number: int, size: int, below: int) -> None:
    assert LINE.eras[number - 1].events_below(size) == below


def test_heads_within_their_log_count() -> None:
    assert LINE.admit(believed(FIRST, LEAVES[:20])).number == 1
    assert LINE.admit(believed(FIRST, LEAVES[:7]), rfc6962.proof(7, LEAVES[:20])).number == 1
    assert LINE.admit(believed(FIRST, LEAVES[:7]), None).number == 1, "then the caller answers for its past"
    assert LINE.admit(believed(SECOND, SECOND_ENTRIES)).number == 2
    assert LINE.admit(believed(THIRD, [succession_entry(SECOND_END), *LEAVES])).number == 3


def test_heads_beyond_the_end_or_of_another_past_do_not() -> None:
    for key, entries in ((FIRST, LEAVES[:21]), (SECOND, [*SECOND_ENTRIES, b"more"])):
        for proof in ((), None):
            with pytest.raises(RetiredKeyError):
                LINE.admit(believed(key, entries), proof)
    fork = [b"another", *LEAVES[1:20]]
    with pytest.raises(ForkError):
        LINE.admit(believed(FIRST, fork), None)
    with pytest.raises(ForkError):
        LINE.admit(believed(FIRST, fork[:7]), rfc6962.proof(7, LEAVES[:20]))
    with pytest.raises(ForkError):
        LINE.admit(believed(FIRST, LEAVES[:7]), ())
    with pytest.raises(UnknownLogError):
        LINE.era("stranger.example")


@pytest.mark.parametrize(
    ("final", "key"),
    [
        (END, THIRD),
        (Checkpoint("stranger.example", 5, bytes(32)), THIRD),
        (Checkpoint(SECOND.name, 0, Checkpoint.parse(believed(FIRST, []).signed.checkpoint.body).root), THIRD),
        (SECOND_END, FIRST),
        (SECOND_END, NoteSigner("log.example/new", KeyType.ED25519, FIRST.seed)),
        (SECOND_END, NoteSigner(SECOND.name, KeyType.ED25519, THIRD.seed)),
        (SECOND_END, WITNESS),
        (Checkpoint(SECOND.name, 5, bytes(32), ("more",)), THIRD),
    ],
)
def test_a_rotation_must_fit_the_logs_before_it(final: Checkpoint, key: NoteSigner) -> None:
    line = Lineage.founded(FIRST.verifier).succeeded(END, SECOND.verifier)
    with pytest.raises(SuccessionError):
        line.succeeded(final, key.verifier)


def test_a_line_has_an_end() -> None:
    eras = tuple(Era(number, generate_key(f"log.example/{number}").verifier) for number in range(1, MAX_LOGS + 1))
    with pytest.raises(SuccessionError, match="at most"):
        Lineage(eras).succeeded(Checkpoint(eras[-1].origin, 5, bytes(32)), generate_key("more.example").verifier)
