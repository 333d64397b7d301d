"""The route to an alarm centre over SIA DC-09 on TCP or TLS, with a NULL poll that notices a dead line.

An ACK means that their receiver has it, not that a person has it. A repeat of the same alarm carries the same sequence
number, so that a receiver which has it already does not open a second one.
"""

import contextlib
import hashlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from device_bridge.errors import RouteError
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Handed, dc09_frames
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Line, Poll
from device_bridge.wire.message import Location

CLOCK_LIMIT: Final = timedelta(seconds=10)
"""Receivers take frames up to 20 s early and 40 s late (DC-09 5.5.2); less than this is the way there."""

log = structlog.get_logger()

POLL_ACCOUNT: Final = "00000000"
"""Of our polls, where a centre gave none for the line itself."""


class Dc09Route:
    """One alarm centre. Each frame has a connection of its own, so that alarms do not queue behind each other."""

    hears_withdrawal = False
    """DC-09 has no word for it: their operator rings."""

    def __init__(
        self,
        name: str,
        line: Line,
        agreed: dc09_frames.Line,
        message_id: dc09_frames.MessageId = "SIA-DCS",
        *,
        centre: str = "",
        poll_account: str = POLL_ACCOUNT,
    ) -> None:
        self.name = name
        self._line = line
        self._agreed = agreed
        self._poll_account = poll_account
        self._message_id: dc09_frames.MessageId = message_id
        self._centre = centre or name
        self._polls = 0
        self._ahead = timedelta()
        """How far the receiver's clock is ahead of ours: it refuses frames of another time than its own."""
        self.watch = Poll(name, self._poll)

    def takes(self, kind: str) -> bool:
        """Presses, duress and tests; tampering goes to the caseworker."""
        return kind in dc09_frames.CODES

    def send(self, what: Dispatch) -> Handed:
        """Report the alarm; RouteError when the receiver does not take it (`permanent` when it never will)."""
        said = "the alarm centre's receiver has it (ACK); that is not yet a person"
        code: RouteCode = "dc09-ack"
        try:
            reply = self._report(what, what.location)
            if reply.answer == "NAK" and what.location is not None:
                reply = self._report(what, None)
                said += ". It refused the position, so it was sent without"
                code = "dc09-ack-no-position"
        except RouteError as error:
            if error.code != "no-account":  # the centre is well
                self.watch.trouble = str(error)
            raise
        if reply.answer == "DUH":
            if self._agreed.key is not None:  # what another key makes of a frame may look like a kind it does not know
                raise RouteError("the receiver does not know this kind of alarm, or has another key (DUH)", about="DUH")
            raise RouteError("the receiver does not know this kind of alarm (DUH)", permanent=True, about="DUH")
        if reply.answer == "NAK":
            raise RouteError("the receiver refused the frame (NAK): clock, key or account", about="NAK")
        if reply.sequence != sequence_of(what):
            raise RouteError("the receiver answered another frame", code="receiver-odd")
        self.watch.trouble = None
        return Handed(said, code)

    def _report(self, what: Dispatch, location: Location | None) -> dc09_frames.Reply:
        account = what.accounts.get(self._centre)
        if account is None:
            words = f"this device has no account at {self._centre}: the centre gives it, the enrolment names it"
            raise RouteError(words, permanent=True, code="no-account", about=self._centre)

        def frame(at: datetime) -> bytes:
            return dc09_frames.alarm_frame(
                self._agreed,
                self._message_id,
                sequence_of(what),
                account,
                what.kind,
                location,
                at,
            )

        return self._in_its_time(frame)

    def _poll(self) -> None:
        self._polls = self._polls % dc09_frames.LAST_SEQUENCE + 1
        reply = self._in_its_time(partial(dc09_frames.null_frame, self._agreed, self._polls, self._poll_account))
        if reply.answer == "NAK":
            raise RouteError("the alarm centre's receiver refuses our polls (NAK): clock, key or account", about="NAK")

    def _in_its_time(self, frame: Callable[[datetime], bytes]) -> dc09_frames.Reply:
        """Send a frame; once more, with the receiver's time, when it refuses ours and tells its own."""
        reply = self._exchange(frame(datetime.now(UTC) + self._ahead))
        if reply.answer != "NAK" or reply.at is None:
            return reply
        ahead = reply.at - datetime.now(UTC)
        if abs(ahead - self._ahead) < CLOCK_LIMIT:
            return reply
        log.warning("receiver-has-another-clock", route=self.name, ahead_s=round(ahead.total_seconds()))
        self._ahead = ahead
        return self._exchange(frame(datetime.now(UTC) + self._ahead))

    def _exchange(self, frame: bytes) -> dc09_frames.Reply:
        """Send one frame in one write (receivers refuse a frame that comes in two) and return the answer."""
        with self._line.connected() as line:
            line.sendall(frame)
            return dc09_frames.parse_reply(_read_frame(line))


def sequence_of(what: Dispatch) -> int:
    """Return the sequence number of an alarm, 1 to 9999: the same for each repeat, without keeping a count."""
    digest = hashlib.sha256(f"{what.alarm}/{what.kind}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % dc09_frames.LAST_SEQUENCE + 1


def _read_frame(line: socket.socket) -> bytes:
    """Return what was received up to the end of the first frame; all of it when the peer hangs up before that."""
    received = b""
    while (frame := dc09_frames.first_frame(received)) is None:
        piece = line.recv(dc09_frames.MAX_FRAME_BYTES)
        received += piece
        if not piece or len(received) > dc09_frames.MAX_FRAME_BYTES:
            break
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    return received if frame is None else frame
