"""One request over SIP on TCP or TLS and its final answer: a login once, one redirect, and what follows the answer.

A challenge is answered once, with the login that was agreed on; a redirect is followed once, to a receiver that the
settings name and never from TLS to a line without: positions go nowhere that nobody wrote down.
"""

import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.routes import sip_digest, sip_messages
from device_bridge.routes.line import ANSWER_S, Line
from device_bridge.routes.sip_digest import PROXY_UNAUTHORIZED, UNAUTHORIZED, Login
from device_bridge.routes.sip_messages import Address, Answer, Call

UNWELL: Final = (408, 480, 503)
"""Answers to a poll that say: reachable, but it takes nothing now. Any other answer shows that it lives."""

_NOT_LET_IN: Final = (UNAUTHORIZED, 403, PROXY_UNAUTHORIZED)
_NAME_BYTES: Final = 12

Written = Callable[[Address, Call], bytes]
"""Writes a request to an address."""


class Heard:
    """Whole SIP messages from a connection, one at a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def next(self, end: float) -> bytes:
        """Return the next message; TimeoutError at `end` (monotonic), RouteError when the other side hangs up."""
        while (size := sip_messages.whole_message(self._received)) is None:
            self._connection.settimeout(max(0.001, end - time.monotonic()))
            piece = self._connection.recv(sip_messages.MAX_ANSWER_BYTES)
            if not piece:
                raise RouteError("the receiver hung up without an answer", code="receiver-silent")
            self._received += piece
        message, self._received = self._received[:size], self._received[size:]
        return message

    def say(self, message: bytes) -> None:
        """Send our own word on the same connection."""
        self._connection.sendall(message)


ReadOn = Callable[[Heard, Answer], Answer]
"""Reads what follows a final answer on the same connection, and returns the answer with what it found."""


class Exchange:
    """Requests to one receiver, each on a connection of its own."""

    def __init__(
        self, to: Address, line: Line, login: Login | None = None, known_hosts: frozenset[str] = frozenset()
    ) -> None:
        self.to = to
        self._line = line
        self._login = login
        self._known_hosts = known_hosts

    def ask(self, sender: str, method: str, uri: str, written: Written, read_on: ReadOn | None = None) -> Answer:
        """Ask, follow one redirect, and return the final answer; RouteError when there is none."""
        domain = sender.rpartition("@")[2]
        call = Call(sender, f"{secrets.token_hex(_NAME_BYTES)}@{domain}", "", secrets.token_hex(4), ("", 0))
        call, answer = self._ask_at(self._line, self.to, call, method, uri, written, read_on)
        if not answer.is_elsewhere:
            return answer
        to = self._elsewhere(answer)
        line = replace(self._line, host=to.host, port=to.port)
        call = replace(call, sequence=call.sequence + 1, login=None, uri=to.uri)
        return self._ask_at(line, to, call, method, to.uri, written, read_on)[1]

    def poll(self, sender: str) -> None:
        """Ask whether it lives (OPTIONS); RouteError when it takes nothing now, or not our login."""
        answer = self.ask(sender, "OPTIONS", self.to.uri, sip_messages.options)
        if answer.status in UNWELL:
            raise RouteError(f"{self._line.called} takes nothing now ({answer.words})", about=answer.words)
        if self._login is not None and answer.status in _NOT_LET_IN:
            raise RouteError(f"{self._line.called} does not take our login ({answer.words})", about=answer.words)

    def _ask_at(
        self, line: Line, to: Address, call: Call, method: str, uri: str, written: Written, read_on: ReadOn | None
    ) -> tuple[Call, Answer]:
        """Ask on one connection, and once more with our login when that is demanded; return the last call as well."""
        with line.connected() as connection:
            heard = Heard(connection)
            call = replace(call, local=connection.getsockname()[:2], branch=secrets.token_hex(_NAME_BYTES))
            heard.say(written(to, call))
            answer = _final_answer(heard, call, method)
            if self._login is not None and answer.status in (UNAUTHORIZED, PROXY_UNAUTHORIZED):
                call = replace(
                    call,
                    sequence=call.sequence + 1,
                    branch=secrets.token_hex(_NAME_BYTES),
                    login=self._logging_in(answer, method, uri),
                )
                heard.say(written(to, call))
                answer = _final_answer(heard, call, method)
            return call, answer if read_on is None else read_on(heard, answer)

    def _logging_in(self, answer: Answer, method: str, uri: str) -> str | None:
        """Return the header line that answers a challenge."""
        if self._login is None:
            return None
        fresh = secrets.token_hex(_NAME_BYTES)
        said = sip_digest.answer(sip_digest.choose(answer.challenges), self._login, method, uri, fresh)
        return f"{sip_digest.header_of(answer.status)[1]}: {said}"

    def _elsewhere(self, answer: Answer) -> Address:
        """Return the first address of a redirect that the settings know; RouteError when there is none."""
        for contact in answer.contacts:
            to = Address.parse(contact)
            if to is not None and to.host in self._known_hosts and to.tls is self.to.tls:
                return to
        words = f"{self._line.called} sends us to an address that is not in the settings ({answer.words})"
        raise RouteError(words, about=answer.words)


def _final_answer(heard: Heard, call: Call, method: str) -> Answer:
    """Return the first answer that is final; a `100 Trying` before it says nothing."""
    end = time.monotonic() + ANSWER_S
    while True:
        answer = sip_messages.parse_answer(heard.next(end), call, method)
        if answer.is_final:
            return answer
