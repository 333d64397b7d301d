"""Whatever an operator sends in whatever order, restarts included, a witness never cosigns two histories."""

import itertools
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from evidence.custody.errors import ForkError, RollbackError, StaleSizeError
from evidence.custody.log.checkpoint import Checkpoint, SignedCheckpoint
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.witnessing.witness import FileWitnessState, Witness
from tests.support import rfc6962
from tests.support.sizes import examples

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
LOG = generate_key("log.example")
KEY = generate_key("w.example", KeyType.COSIGNATURE_V1)
TRUNK = [str(number).encode() for number in range(24)]
HISTORIES = [TRUNK] + [[*TRUNK[:at], b"fork %d" % at, *TRUNK[at + 1 :]] for at in (0, 3, 8, 15)]
SIZES = st.integers(0, 24)


class OperatorAgainstWitness(RuleBasedStateMachine):
    """Histories of an operator who owns the log key and lies as he likes."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.cosigned: list[list[bytes]] = []
        self.restart()

    @rule()
    def restart(self) -> None:
        self.witness = Witness(KEY, FileWitnessState(self.folder), [LOG.verifier])

    @rule(history=st.sampled_from(HISTORIES), old=SIZES, new=SIZES, proof_of=st.sampled_from(HISTORIES))
    def send(self, history: list[bytes], old: int, new: int, proof_of: list[bytes]) -> None:
        self._send(history[:new], old, rfc6962.proof(old, proof_of[:new]))

    @rule(history=st.sampled_from(HISTORIES), new=SIZES)
    def send_with_the_right_old_size(self, history: list[bytes], new: int) -> None:
        known = len(self.cosigned[-1]) if self.cosigned else 0
        self._send(history[:new], known, rfc6962.proof(known, history[:new]))

    def _send(self, entries: list[bytes], old: int, proof: list[bytes]) -> None:
        latest = self.cosigned[-1] if self.cosigned else []
        head = SignedCheckpoint.sign(Checkpoint(LOG.name, len(entries), rfc6962.mth(entries)), LOG)
        honest = old == len(latest) <= len(entries) and entries[:old] == latest
        stale = -1
        try:
            self.witness.add_checkpoint(old, proof, head.to_bytes(), NOW)
            accepted = True
        except StaleSizeError as error:
            accepted, stale = False, error.known_size
        except (ForkError, RollbackError):
            accepted = False
        assert accepted == (honest and proof == rfc6962.proof(old, entries))
        assert stale in {-1, len(latest)}
        assert stale != old
        if accepted:
            self.cosigned.append(entries)

    def teardown(self) -> None:
        for earlier, later in itertools.pairwise(getattr(self, "cosigned", [])):
            assert later[: len(earlier)] == earlier
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestOperatorAgainstWitness = OperatorAgainstWitness.TestCase
TestOperatorAgainstWitness.settings = settings(max_examples=examples(60))
