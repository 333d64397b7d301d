"""The route to a care centre over SCAIP: one SIP MESSAGE with a document, answered by another with a status.

A status of 0 means that their software has the alarm, not that a person has it; a bare SIP 200 means less than that,
and is no delivery. The line itself is tried like a control room's (OPTIONS), and where the centre gave it an account of
its own it says that it lives (a heartbeat). What is not certain of the protocol: `docs/formats/scaip.md`.
"""

import secrets
import time
from dataclasses import replace
from functools import partial
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.routes import Handed, scaip_messages, sip_messages
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import ANSWER_S, Poll
from device_bridge.routes.scaip_messages import Status
from device_bridge.routes.sip_exchange import Exchange, Heard

HEARTBEAT_S: Final = 300.0
"""How often the line says that it lives; between them it is asked whether the centre does."""

_REFERENCE_BYTES: Final = scaip_messages.REFERENCE_LENGTH // 2


class ScaipRoute:
    """One care centre. `exercise` marks every alarm as a test: an installation that is not in production."""

    hears_withdrawal = False
    """Whether a reset means *it was none* at every centre is not certain: their operator is rung."""

    def __init__(
        self, name: str, exchange: Exchange, sender: str, *, centre: str, exercise: bool, line_account: str | None
    ) -> None:
        self.name = name
        self._exchange = exchange
        self._sender = sender
        self._centre = centre
        self._exercise = exercise
        self._line_account = line_account
        self._beat: float | None = None
        self.watch = Poll(name, self._poll)

    def takes(self, kind: str) -> bool:
        """Presses, duress, missed check-ins and tests; tampering goes to the caseworker."""
        return kind in scaip_messages.CODES

    def send(self, what: Dispatch) -> Handed:
        """Report the alarm; RouteError when the centre does not take it (`permanent` when it never will)."""
        account = self._account(what)
        document = scaip_messages.alarm(what, account, exercise=self._exercise)
        try:
            status = self._tell(account, scaip_messages.reference_of(what), document)
        except RouteError as error:
            self.watch.trouble = str(error)
            raise
        if status.number != scaip_messages.TAKEN:
            words = f"the care centre refused the alarm ({status.words})"
            raise RouteError(words, permanent=status.number in scaip_messages.NEVER, about=status.words)
        self.watch.trouble = None
        return Handed("the care centre's software has it (SCAIP status 0); that is not yet a person", "scaip-taken")

    def _account(self, what: Dispatch) -> str:
        account = what.accounts.get(self._centre)
        if account is None or not account.isdecimal():
            words = (
                f"this device has no account in digits at {self._centre}: the centre gives it, the enrolment names it"
            )
            raise RouteError(words, permanent=True, code="no-account", about=self._centre)
        return account

    def _poll(self) -> None:
        due = self._beat is None or time.monotonic() - self._beat >= HEARTBEAT_S
        if self._line_account is None or not due:
            self._exchange.poll(self._sender)
            return
        reference = secrets.token_hex(_REFERENCE_BYTES)
        document = scaip_messages.heartbeat(reference, self._line_account)
        status = self._tell(self._line_account, reference, document)
        if status.number != scaip_messages.TAKEN:
            raise RouteError(f"the care centre refuses our heartbeats ({status.words})", about=status.words)
        self._beat = time.monotonic()

    def _tell(self, account: str, reference: str, document: bytes) -> Status:
        """Send a document and return the status that answers it.

        It is sent in the account's name: centres compare that with the document.
        """
        domain = self._sender.rpartition("@")[2]
        sender = f"{self._sender.partition(':')[0]}:{account}@{domain}"
        kind = scaip_messages.CONTENT_TYPE
        answer = self._exchange.ask(
            sender,
            "MESSAGE",
            self._exchange.to.uri,
            partial(sip_messages.document, kind=kind, content=document),
            partial(_with_status, reference=reference),
        )
        if not answer.is_taken:
            raise RouteError(f"the care centre refused the message ({answer.words})", about=answer.words)
        status = scaip_messages.parse_status(answer.body)
        if status is None or status.reference != reference:
            raise RouteError("the care centre's answer holds no status of this message", code="receiver-odd")
        return status


def _with_status(heard: Heard, answer: sip_messages.Answer, reference: str) -> sip_messages.Answer:
    """Return the answer with the document that says what became of ours.

    Centres put it into the answer itself, or send it as a MESSAGE of their own on the same connection.
    """
    if not answer.is_taken or answer.body:
        return answer
    end = time.monotonic() + ANSWER_S
    while True:
        received = heard.next(end)
        body = sip_messages.incoming(received)
        if body is None:
            continue
        heard.say(sip_messages.taken(received, secrets.token_hex(4)))
        status = scaip_messages.parse_status(body)
        if status is not None and status.reference == reference:
            return replace(answer, body=body)
