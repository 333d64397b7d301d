"""A witness that is killed around the moment of saving never cosigns a second history, and the log goes on with it."""

import signal
import sys
from pathlib import Path

import httpx
import pytest

from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import NoteSignature, generate_key
from tests.faults.witness_crash_child import DEADLY_SIZE
from tests.support.waiting import patience
from tests.support.witness_world import FORK, head, request, running

LOG = generate_key("log.example")


@pytest.mark.parametrize(("moment", "known"), [("before", 9), ("after", DEADLY_SIZE)])
def test_a_kill_between_saving_and_answering(tmp_path: Path, moment: str, known: int) -> None:
    deadly = (sys.executable, "-m", "tests.faults.witness_crash_child", moment, "witness")
    with running(tmp_path / "w", [LOG.verifier], program=deadly) as witness:
        assert witness.add(request(LOG, 0, 9)).status_code == 200
        with pytest.raises(httpx.TransportError):
            witness.add(request(LOG, 9, DEADLY_SIZE))
        assert witness.process.wait(patience(10)) == -signal.SIGKILL
    with running(tmp_path / "w", [LOG.verifier]) as witness:
        # The operator got no answer, and may try whatever he likes now.
        for body in (request(LOG, 0, 20, FORK), request(LOG, 9 if known != 9 else 0, 20)):
            assert witness.add(body).content == b"%d\n" % known
        for size in (DEADLY_SIZE, 20):
            assert witness.add(request(LOG, known, size, FORK)).status_code == 422
        answer = witness.add(request(LOG, known, DEADLY_SIZE))
        assert answer.status_code == 200
        body = SignedCheckpoint.parse(head(LOG, DEADLY_SIZE)).checkpoint.body
        witness.verifier.verify(body, NoteSignature.parse(answer.text))
        assert witness.add(request(LOG, DEADLY_SIZE, 20)).status_code == 200
