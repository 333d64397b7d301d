"""`getuige witness` answers as c2sp.org/tlog-witness says, over real HTTP, and never cosigns a fork or a roll-back."""

import hashlib
import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import KeyType, NoteSignature, generate_key
from evidence.custody.witnessing.witness_request import MAX_REQUEST_BYTES, AddCheckpoint
from tests.support.waiting import patience
from tests.support.witness_world import FORK, GETUIGE, RunningWitness, head, request, running

LOG = generate_key("log.example")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWitness]:
    """One witness for this file, by the true command, which knows ten logs; each test takes some of its own."""
    known = [LOG.verifier, *(log.verifier for log in LOGS)]
    with running(tmp_path_factory.mktemp("witness"), known, program=(GETUIGE, "witness")) as witness:
        yield witness


LOGS = [generate_key(f"log-{number}.example") for number in range(10)]


def check(witness: RunningWitness, answer: httpx.Response, note: bytes) -> None:
    """Fail unless the answer is the witness's cosignature on this head, alone."""
    assert answer.status_code == 200, answer.text
    line = NoteSignature.parse(answer.content.decode())
    at = witness.verifier.verify(SignedCheckpoint.parse(note).checkpoint.body, line).at
    assert at is not None
    assert at.year >= 2026


def test_a_growing_log_is_cosigned_and_shown_to_monitors(process: RunningWitness) -> None:
    log, old = LOGS[0], 0
    address = f"{process.url}/{hashlib.sha256(log.name.encode()).hexdigest()}/checkpoint"
    assert httpx.get(address).status_code == 404
    for new in (0, 3, 3, 17, 40):
        answer = process.add(request(log, old, new))
        check(process, answer, head(log, new))
        shown = httpx.get(address)
        assert shown.headers["content-type"] == "text/plain; charset=utf-8"
        assert shown.content == head(log, new) + answer.content
        old = new


def test_another_old_size_is_told_the_known_one(process: RunningWitness) -> None:
    log = LOGS[1]
    process.add(request(log, 0, 9))
    for body in (request(log, 0, 12), request(log, 3, 12), request(log, 3, 4), request(log, 12, 12)):
        answer = process.add(body)
        assert (answer.status_code, answer.content) == (409, b"9\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"


def test_a_fork_is_refused_and_kept_as_proof(process: RunningWitness) -> None:
    log = LOGS[2]
    process.add(request(log, 0, 9))
    for body in (request(log, 9, 9, FORK), request(log, 9, 12, FORK)):
        assert process.add(body).status_code == 422
    kept = {path.read_bytes() for path in (process.folder / "refused").iterdir()}
    assert {head(log, 9, FORK), head(log, 12, FORK)} <= kept
    check(process, process.add(request(log, 9, 12)), head(log, 12))


def test_a_roll_back_is_refused(process: RunningWitness) -> None:
    log = LOGS[3]
    process.add(request(log, 0, 12))
    assert process.add(AddCheckpoint(12, (), head(log, 9)).to_bytes()).status_code == 400
    assert process.add(request(log, 9, 9)).content == b"12\n"


def test_a_replayed_request_changes_nothing(process: RunningWitness) -> None:
    log = LOGS[4]
    first, second = request(log, 0, 9), request(log, 9, 20)
    process.add(first)
    process.add(second)
    assert process.add(first).content == b"20\n"
    assert process.add(second).content == b"20\n"
    check(process, process.add(request(log, 20, 20)), head(log, 20))


def test_strangers_are_refused(process: RunningWitness) -> None:
    assert process.add(request(generate_key("unknown.example"), 0, 3)).status_code == 404
    assert process.add(request(generate_key(LOG.name), 0, 3)).status_code == 403
    genuine = SignedCheckpoint.parse(head(LOG, 3))
    broken = genuine.with_signatures([NoteSignature(LOG.name, LOG.verifier.key_id, bytes(64))])
    assert process.add(AddCheckpoint(0, (), broken.to_bytes()).to_bytes()).status_code == 403


def test_a_wrong_proof_is_unprocessable(process: RunningWitness) -> None:
    log = LOGS[5]
    assert process.add(AddCheckpoint(0, (bytes(32),), head(log, 6)).to_bytes()).status_code == 422
    process.add(request(log, 0, 6))
    assert process.add(AddCheckpoint(6, (bytes(32),), head(log, 11)).to_bytes()).status_code == 422


@pytest.mark.parametrize("body", [b"", b"old 0\n", b"old 00\n\n" + head(LOG, 3), b"old 0\n\nno note", bytes(5000)])
def test_what_is_no_request_is_malformed(process: RunningWitness, body: bytes) -> None:
    assert process.add(body).status_code == 400


def test_a_body_that_is_too_large_is_refused_before_its_end(process: RunningWitness) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=patience(10))
    connection.putrequest("POST", "/add-checkpoint")
    connection.putheader("content-length", str(10**9))
    connection.endheaders()
    connection.send(bytes(MAX_REQUEST_BYTES + 70_000))
    answer = connection.getresponse()
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    connection.close()


def test_a_client_that_hangs_up_harms_nobody(process: RunningWitness) -> None:
    with socket.create_connection(("127.0.0.1", process.port)) as line:
        line.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 500\r\n\r\nold 0\n")
    check(process, process.add(request(LOGS[6], 0, 3)), head(LOGS[6], 3))


def test_of_two_histories_at_the_same_moment_one_is_cosigned(process: RunningWitness) -> None:
    log = LOGS[7]
    bodies = [request(log, 0, 9), request(log, 0, 9, FORK)] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = [one.status_code for one in pool.map(process.add, bodies)]
    assert answers.count(200) == 1
    assert set(answers) == {200, 409}


def test_only_what_the_protocol_names_is_there(process: RunningWitness) -> None:
    assert httpx.get(process.url).text == f"{process.verifier.vkey}\n"
    for path in ("/witness.skey/checkpoint", "/..%2fstate/checkpoint", "/add-checkpoint", "/nothing"):
        assert httpx.get(process.url + path).status_code in {404, 405}
    assert "PRIVATE" not in process.log


def test_its_log_is_one_json_object_a_line_without_hashes(process: RunningWitness) -> None:
    process.add(request(LOGS[8], 0, 3))
    lines = [json.loads(line) for line in process.log.splitlines()]
    assert {"origin": LOGS[8].name, "size": 3, "status": 200}.items() <= lines[-1].items()
    assert SignedCheckpoint.parse(head(LOGS[8], 3)).checkpoint.root.hex() not in process.log


def test_the_memory_survives_the_process(tmp_path: Path) -> None:
    with running(tmp_path / "w", [LOG.verifier]) as witness:
        witness.add(request(LOG, 0, 9))
    with running(tmp_path / "w", [LOG.verifier]) as witness:
        assert witness.add(request(LOG, 0, 12, FORK)).content == b"9\n"
        assert witness.add(request(LOG, 9, 12, FORK)).status_code == 422
        check(witness, witness.add(request(LOG, 9, 12)), head(LOG, 12))


def refused(*arguments: str) -> str:
    """Run `getuige witness`, which must refuse; return what it says."""
    done = subprocess.run(
        [GETUIGE, "witness", *arguments], capture_output=True, text=True, timeout=patience(30), check=False
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_it_does_not_start_on_an_empty_disk_or_with_other_logs(tmp_path: Path) -> None:
    """An empty memory under an old key would cosign a second history."""
    folder, logs = tmp_path / "w", tmp_path / "logs"
    logs.write_text(f"{LOG.vkey}\n")
    both = ("--folder", str(folder), "--logs", str(logs))
    assert "holds no witness" in refused(*both)
    made = subprocess.run([GETUIGE, "witness", *both[:2], "--new-key", "w.example"], capture_output=True, check=True)
    assert (folder / "witness.vkey").read_bytes().strip() in made.stdout
    assert b"PRIVATE" not in made.stdout
    assert (folder / "witness.skey").stat().st_mode & 0o777 == 0o600
    assert "already holds a witness" in refused(*both[:2], "--new-key", "w.example")
    assert "not allowed" in refused(*both, "--origin", "another.example")
    logs.write_text("# none\n")
    assert "names no log" in refused(*both)
    logs.write_text(generate_key("w.example", KeyType.COSIGNATURE_V1).vkey)
    assert "type 1" in refused(*both)
    (folder / "state").rmdir()
    logs.write_text(f"log {LOG.vkey}\nquorum none\n")
    assert "Is the disk there?" in refused(*both)
