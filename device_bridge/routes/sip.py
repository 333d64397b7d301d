"""The route to an emergency control room over SIP on TCP or TLS (RFC 8876), with an OPTIONS poll.

A 200 means that their software has the alert, not that a person has it. A 425 (*Bad Alert Message*) means that it never
will: the alert is not sent again as it is, and the history shows their error code.
"""

import secrets
import socket
import time
from typing import Final

from device_bridge import cap, sip
from device_bridge.dc09 import CODES
from device_bridge.dispatch import Dispatch
from device_bridge.errors import RouteError
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Handed
from device_bridge.routes.line import ANSWER_S, Line, Poll

NEVER: Final = (413, 415, sip.BAD_ALERT)
"""Answers about the content, which is the same at the next try. Everything else is tried again."""

_UNWELL: Final = (408, 480, 503)
"""Answers to a poll that say: reachable, but it takes nothing now. Any other answer shows that it lives."""

_NAME_BYTES: Final = 12


class SipRoute:
    """One control room. `exercise` marks every alarm as an exercise: an installation that is not in production."""

    def __init__(self, name: str, to: sip.Address, line: Line, sender: str, *, exercise: bool) -> None:
        self._name = name
        self._to = to
        self._line = line
        self._parties = cap.Parties(sender, to.uri)
        self._exercise = exercise
        self._watch = Poll(name, self._options)

    @property
    def name(self) -> str:
        """The route's name."""
        return self._name

    @property
    def hears_withdrawal(self) -> bool:
        """A control room is told when an alarm that it was given turned out to be none."""
        return True

    def takes(self, kind: str) -> bool:
        """Presses, duress and tests; tampering goes to the caseworker."""
        return kind in CODES

    def send(self, what: Dispatch) -> Handed:
        """Report the alarm; RouteError when the control room does not take it (`permanent` when it never will)."""
        said = "the control room's software has it (SIP 200); that is not yet a person"
        code: RouteCode = "sip-taken"
        if what.withdrawn_at is not None:
            said, code = "the control room's software has the withdrawal (SIP 200)", "sip-withdrawn"
        try:
            answer = self._message(what, cap.location_object(what, self._parties))
            if answer.status == sip.BAD_LOCATION:
                answer = self._message(what, None)
                said += ". It refused the position's form, so only the alert carries it"
                code = "sip-taken-no-position"
        except RouteError as error:
            self._watch.trouble = str(error)
            raise
        if not answer.is_taken:
            never = answer.status in NEVER or answer.alert_error is not None
            words = f"the control room refused the alert ({answer.words})"
            raise RouteError(words, permanent=never, about=answer.words)
        self._watch.trouble = None
        return Handed(said, code, cap.name_of(what))

    def start(self) -> None:
        """Begin to poll the line."""
        self._watch.start()

    def stop(self) -> None:
        """End polling."""
        self._watch.stop()

    def trouble(self) -> str | None:
        """Why the line is not usable now."""
        return self._watch.trouble

    def _message(self, what: Dispatch, location: bytes | None) -> sip.Answer:
        status = cap.status_of(what, exercise=self._exercise)
        alert = cap.alert(what, self._parties, status)
        service = sip.SERVICE if status == "Actual" else sip.TEST_SERVICE
        with self._line.connected() as line:
            call = self._call(line)
            line.sendall(sip.message(self._to, call, service, alert, location))
            return _final_answer(line, call, "MESSAGE")

    def _options(self) -> None:
        with self._line.connected() as line:
            call = self._call(line)
            line.sendall(sip.options(self._to, call))
            answer = _final_answer(line, call, "OPTIONS")
        if answer.status in _UNWELL:
            raise RouteError(f"the control room takes nothing now ({answer.words})")

    def _call(self, line: socket.socket) -> sip.Call:
        host, port = line.getsockname()[:2]
        domain = self._parties.sender.rpartition("@")[2]
        branch, tag = secrets.token_hex(_NAME_BYTES), secrets.token_hex(4)
        return sip.Call(self._parties.sender, f"{secrets.token_hex(_NAME_BYTES)}@{domain}", branch, tag, (host, port))


def _final_answer(line: socket.socket, call: sip.Call, method: str) -> sip.Answer:
    """Return the first answer that is final; a `100 Trying` before it says nothing, and wins no time."""
    received = b""
    end = time.monotonic() + ANSWER_S
    while True:
        size = sip.whole_answer(received)
        if size is None:
            line.settimeout(max(0.001, end - time.monotonic()))
            piece = line.recv(sip.MAX_ANSWER_BYTES)
            if not piece:
                raise RouteError("the control room hung up without an answer", code="receiver-silent")
            received += piece
            continue
        answer = sip.parse_answer(received[:size], call, method)
        if answer.is_final:
            return answer
        received = received[size:]
