"""The client of a witness against real HTTP servers that lie, drip, hang up or speak nonsense.

Such a witness costs its own cosignature; it never stops the log, unless it shows what the log's own key signed.
"""

import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from evidence.custody.errors import (
    CustodyError,
    ForkError,
    SignatureError,
    StaleSizeError,
    WitnessFormatError,
    WitnessUnavailableError,
)
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.witnessing.witness_request import MAX_ANSWER_BYTES, AddCheckpoint
from server.log import witness_client
from server.log.witness_client import HttpWitness
from tests.support.ports import free_port
from tests.support.witness_world import FORK, head, request

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
LOG = generate_key("log.example")
KEY = generate_key("w.example", KeyType.COSIGNATURE_V1)
SHOWN_AT = f"/{hashlib.sha256(LOG.name.encode()).hexdigest()}/checkpoint"
Answers = Mapping[str, tuple[int, bytes]]


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """Serve fixed answers by path; yield the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b"none\n"))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str) -> str:
    """Ask for a cosignature from 6 to 9 entries."""
    asked = AddCheckpoint.parse(request(LOG, 6, 9))
    client = HttpWitness("W", KEY.verifier, url, LOG.verifier)
    try:
        return client.add_checkpoint(asked.old_size, asked.proof, asked.note, NOW)
    finally:
        client.close()


BODY = head(LOG, 9).partition(b"\n\n")[0] + b"\n"
GOOD = KEY.cosign(BODY, NOW).line.encode()
OTHERS = generate_key("other.example", KeyType.COSIGNATURE_V1).cosign(BODY, NOW).line.encode()
ELSEWHERE = KEY.cosign(head(LOG, 8).partition(b"\n\n")[0] + b"\n", NOW).line.encode()

LIES: dict[str, tuple[Answers, type[CustodyError]]] = {
    "a line over another head": ({"/add-checkpoint": (200, ELSEWHERE)}, SignatureError),
    "another's line only": ({"/add-checkpoint": (200, OTHERS)}, SignatureError),
    "a web page": ({"/add-checkpoint": (200, b"<html>hello</html>\n")}, WitnessFormatError),
    "an empty answer": ({"/add-checkpoint": (200, b"")}, WitnessFormatError),
    "an endless answer": ({"/add-checkpoint": (200, bytes(MAX_ANSWER_BYTES + 1))}, WitnessUnavailableError),
    "a redirect": ({"/add-checkpoint": (302, b"")}, WitnessUnavailableError),
    "out of order": ({"/add-checkpoint": (500, b"")}, WitnessUnavailableError),
    "an unknown log": ({"/add-checkpoint": (404, b"")}, WitnessUnavailableError),
    "it is behind": ({"/add-checkpoint": (409, b"3\n")}, StaleSizeError),
    "a conflict with itself": ({"/add-checkpoint": (409, b"6\n")}, WitnessFormatError),
    "a conflict without a size": ({"/add-checkpoint": (409, b"other\n")}, WitnessFormatError),
    "ahead, and nothing to show": ({"/add-checkpoint": (409, b"12\n")}, WitnessUnavailableError),
    "ahead, and shows it": ({"/add-checkpoint": (409, b"12\n"), SHOWN_AT: (200, head(LOG, 12))}, StaleSizeError),
    "a fork, and nothing to show": ({"/add-checkpoint": (422, b"")}, WitnessUnavailableError),
    "a fork that a stranger signed": (
        {"/add-checkpoint": (422, b""), SHOWN_AT: (200, head(generate_key(LOG.name), 9, FORK))},
        WitnessUnavailableError,
    ),
    "a fork that our key signed": ({"/add-checkpoint": (422, b""), SHOWN_AT: (200, head(LOG, 9, FORK))}, ForkError),
}


@pytest.mark.parametrize("name", LIES)
def test_what_a_lie_is_worth(name: str) -> None:
    answers, kind = LIES[name]
    with answering(answers) as url, pytest.raises(CustodyError) as caught:
        ask(url)
    assert type(caught.value) is kind


def test_a_good_line_among_others_is_taken() -> None:
    with answering({"/add-checkpoint": (200, OTHERS + GOOD)}) as url:
        assert ask(url).encode() == GOOD


def test_nobody_there() -> None:
    for url in (f"http://127.0.0.1:{free_port()}", "http://no.such.host.invalid"):
        with pytest.raises(WitnessUnavailableError):
            ask(url)


@pytest.mark.parametrize("drips", [True, False])
def test_an_answer_that_drips_or_stops_is_given_up(drips: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - two cases
    monkeypatch.setattr(witness_client, "TIMEOUT_S", 0.4)
    monkeypatch.setattr(witness_client, "TOTAL_TIMEOUT_S", 0.8)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener, drips))
        thread.start()
        with pytest.raises(WitnessUnavailableError):
            ask(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()  # it drips, or holds the line, until the other side hangs up


def drip(listener: socket.socket, drips: bool) -> None:  # noqa: FBT001 - as above
    line, _ = listener.accept()
    with line:
        try:
            line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            while drips:
                line.sendall(b"x")
                time.sleep(0.05)
            while line.recv(4096):
                pass
        except OSError:
            return
