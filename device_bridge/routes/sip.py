"""The route to an emergency control room over SIP on TCP or TLS (RFC 8876), with an OPTIONS poll.

A challenge is answered once, with the login that was agreed on; a redirect is followed once, to a control room that the
settings name and never from TLS to a line without: positions go nowhere that nobody wrote down.

A 200 means that their software has the alert, not that a person has it. A 425 (*Bad Alert Message*) means that it never
will: the alert is not sent again as it is, and the history shows their error code.
"""

import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Handed, cap, sip_digest, sip_messages
from device_bridge.routes.dc09_frames import CODES
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import ANSWER_S, Line, Poll
from device_bridge.routes.sip_digest import PROXY_UNAUTHORIZED, UNAUTHORIZED, Login

NEVER: Final = (413, 415, sip_messages.BAD_ALERT)
"""Answers about the content, which is the same at the next try. Everything else is tried again."""

_UNWELL: Final = (408, 480, 503)
"""Answers to a poll that say: reachable, but it takes nothing now. Any other answer shows that it lives."""

_NOT_LET_IN: Final = (UNAUTHORIZED, 403, PROXY_UNAUTHORIZED)
_NAME_BYTES: Final = 12

Written = Callable[[sip_messages.Address, sip_messages.Call], bytes]
"""Writes a request to an address."""


class SipRoute:
    """One control room. `exercise` marks every alarm as an exercise: an installation that is not in production."""

    hears_withdrawal = True
    """A control room is told when an alarm that it was given turned out to be none."""

    def __init__(
        self,
        name: str,
        to: sip_messages.Address,
        line: Line,
        sender: str,
        *,
        exercise: bool,
        login: Login | None = None,
        known_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self._login = login
        self._known_hosts = known_hosts
        self._to = to
        self._line = line
        self._parties = cap.Parties(sender, to.uri, name.removeprefix("sip-").removesuffix("-alternate"))
        self._exercise = exercise
        self.watch = Poll(name, self._options)

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
            if answer.status == sip_messages.BAD_LOCATION:
                answer = self._message(what, None)
                said += ". It refused the position's form, so only the alert carries it"
                code = "sip-taken-no-position"
        except RouteError as error:
            self.watch.trouble = str(error)
            raise
        if not answer.is_taken:
            never = answer.status in NEVER or answer.alert_error is not None
            words = f"the control room refused the alert ({answer.words})"
            raise RouteError(words, permanent=never, about=answer.words)
        self.watch.trouble = None
        return Handed(said, code, cap.name_of(what))

    def _message(self, what: Dispatch, location: bytes | None) -> sip_messages.Answer:
        status = cap.status_of(what, exercise=self._exercise)
        alert = cap.alert(what, self._parties, status)
        service = sip_messages.SERVICE if status == "Actual" else sip_messages.TEST_SERVICE

        def written(to: sip_messages.Address, call: sip_messages.Call) -> bytes:
            return sip_messages.message(to, call, service, alert, location)

        return self._ask("MESSAGE", service, written)

    def _options(self) -> None:
        answer = self._ask("OPTIONS", self._to.uri, sip_messages.options)
        if answer.status in _UNWELL:
            raise RouteError(f"the control room takes nothing now ({answer.words})", about=answer.words)
        if self._login is not None and answer.status in _NOT_LET_IN:
            raise RouteError(f"the control room does not take our login ({answer.words})", about=answer.words)

    def _ask(self, method: str, uri: str, written: Written) -> sip_messages.Answer:
        """Ask, follow one redirect, and return the final answer."""
        call = sip_messages.Call(self._parties.sender, self._new_call_id(), "", secrets.token_hex(4), ("", 0))
        call, answer = self._ask_at(self._line, self._to, call, method, uri, written)
        if not answer.is_elsewhere:
            return answer
        to = self._elsewhere(answer)
        line = replace(self._line, host=to.host, port=to.port)
        call = replace(call, sequence=call.sequence + 1, login=None, uri=to.uri)
        return self._ask_at(line, to, call, method, to.uri, written)[1]

    def _ask_at(
        self, line: Line, to: sip_messages.Address, call: sip_messages.Call, method: str, uri: str, written: Written
    ) -> tuple[sip_messages.Call, sip_messages.Answer]:
        """Ask on one connection, and once more with our login when that is demanded; return the last call as well."""
        with line.connected() as connection:
            call = replace(call, local=connection.getsockname()[:2], branch=secrets.token_hex(_NAME_BYTES))
            connection.sendall(written(to, call))
            answer = _final_answer(connection, call, method)
            if self._login is None or answer.status not in (UNAUTHORIZED, PROXY_UNAUTHORIZED):
                return call, answer
            said = sip_digest.answer(
                sip_digest.choose(answer.challenges), self._login, method, uri, secrets.token_hex(_NAME_BYTES)
            )
            header = sip_digest.header_of(answer.status)[1]
            call = replace(
                call,
                sequence=call.sequence + 1,
                branch=secrets.token_hex(_NAME_BYTES),
                login=f"{header}: {said}",
            )
            connection.sendall(written(to, call))
            return call, _final_answer(connection, call, method)

    def _elsewhere(self, answer: sip_messages.Answer) -> sip_messages.Address:
        """Return the first address of a redirect that the settings know; RouteError when there is none."""
        for contact in answer.contacts:
            to = sip_messages.Address.parse(contact)
            if to is not None and to.host in self._known_hosts and to.tls is self._to.tls:
                return to
        words = f"the control room sends us to an address that is not in the settings ({answer.words})"
        raise RouteError(words, about=answer.words)

    def _new_call_id(self) -> str:
        return f"{secrets.token_hex(_NAME_BYTES)}@{self._parties.sender.rpartition('@')[2]}"


def _final_answer(line: socket.socket, call: sip_messages.Call, method: str) -> sip_messages.Answer:
    """Return the first answer that is final; a `100 Trying` before it says nothing, and wins no time."""
    received = b""
    end = time.monotonic() + ANSWER_S
    while True:
        size = sip_messages.whole_answer(received)
        if size is None:
            line.settimeout(max(0.001, end - time.monotonic()))
            piece = line.recv(sip_messages.MAX_ANSWER_BYTES)
            if not piece:
                raise RouteError("the control room hung up without an answer", code="receiver-silent")
            received += piece
            continue
        answer = sip_messages.parse_answer(received[:size], call, method)
        if answer.is_final:
            return answer
        received = received[size:]
