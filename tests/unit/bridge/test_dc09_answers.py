"""Answers of DC-09 receivers as they come: with something behind the CR, in pieces, with a binary CRC."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_bridge.errors import RouteError
from device_bridge.routes import dc09_frames
from device_bridge.routes.dc09 import Dc09Route
from device_bridge.routes.line import Line

CASES = Path(__file__).parents[2] / "cases" / "dc09"
"""Made after what owners of receivers reported (ioBroker.sia, issues 3 and 11)."""

ACK = b'\n1B750012"ACK"0001L0#5504[]\r'


@contextmanager
def receiver(pieces: Sequence[bytes]) -> Iterator[Line]:
    """A receiver that answers with these pieces and keeps the connection open, as receivers do."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(2048)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(OSError):  # whoever has a whole frame hangs up, whatever comes behind it
                    for piece in pieces:
                        connection.sendall(piece)
                done.wait()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield Line("127.0.0.1", listener.getsockname()[1], "the alarm centre")
        finally:
            done.set()
            thread.join()


def reply_of(*pieces: bytes) -> dc09_frames.Reply:
    with receiver(pieces) as line:
        return Dc09Route("dc09-1", line, dc09_frames.Line(None))._exchange(b"\n0000")


@pytest.mark.parametrize("name", ["ack-nul.bin", "ack-crlf.bin"])
def test_what_stands_behind_a_frame_changes_nothing(name: str) -> None:
    assert reply_of((CASES / name).read_bytes()) == dc09_frames.Reply("ACK", 1)


@pytest.mark.parametrize("behind", [b"", b"\0", b"\n", b"\r", ACK, b"\0" * 900])
def test_an_answer_that_comes_in_pieces_is_one(behind: bytes) -> None:
    data = ACK + behind
    assert reply_of(*(data[i : i + 1] for i in range(40)), data[40:]) == dc09_frames.Reply("ACK", 1)


def test_a_binary_crc_is_named() -> None:
    with pytest.raises(RouteError, match="binary CRC"):
        reply_of((CASES / "ack-binary-crc.bin").read_bytes())


def test_a_binary_crc_that_holds_a_carriage_return_is_named() -> None:
    bodies = (f'"ACK"0001L0#{account:04X}[]'.encode() for account in range(0x10000))
    body = next(one for one in bodies if b"\r" in dc09_frames.crc(one).to_bytes(2, "big"))
    frame = b"\n" + dc09_frames.crc(body).to_bytes(2, "big") + f"{len(body):04X}".encode() + body + b"\r"
    with pytest.raises(RouteError, match="binary CRC"):
        reply_of(frame)


@pytest.mark.parametrize(
    "odd", [b"\n1B750013" + ACK[9:], b"\n1B760012" + ACK[9:], b"\r\r\r\r\r\r\r\r", b"HTTP/1.1 400\r\n"]
)
def test_a_damaged_answer_is_refused_at_once(odd: bytes) -> None:
    with pytest.raises(RouteError, match=r"damaged|not a DC-09 frame"):
        reply_of(odd)


def test_every_prefix_of_an_answer_is_waited_for() -> None:
    assert all(dc09_frames.first_frame(ACK[:length]) is None for length in range(len(ACK)))
    assert dc09_frames.first_frame(ACK + b"\0\r") == ACK
