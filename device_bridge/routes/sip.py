"""The route to an emergency control room over SIP on TCP or TLS (RFC 8876), with an OPTIONS poll.

A 200 means that their software has the alert, not that a person has it. A 425 (*Bad Alert Message*) means that it never
will: the alert is not sent again as it is, and the history shows their error code.
"""

from functools import partial
from typing import Final

from device_bridge.errors import RouteError
from device_bridge.route_codes import RouteCode
from device_bridge.routes import Handed, cap, sip_messages
from device_bridge.routes.dc09_frames import CODES
from device_bridge.routes.dispatch import Dispatch
from device_bridge.routes.line import Poll
from device_bridge.routes.sip_exchange import Exchange

NEVER: Final = (413, 415, sip_messages.BAD_ALERT)
"""Answers about the content, which is the same at the next try. Everything else is tried again."""


class SipRoute:
    """One control room. `exercise` marks every alarm as an exercise: an installation that is not in production."""

    hears_withdrawal = True
    """A control room is told when an alarm that it was given turned out to be none."""

    def __init__(
        self,
        name: str,
        exchange: Exchange,
        sender: str,
        *,
        exercise: bool,
    ) -> None:
        self.name = name
        self._exchange = exchange
        self._parties = cap.Parties(sender, exchange.to.uri, name.removeprefix("sip-").removesuffix("-alternate"))
        self._exercise = exercise
        self.watch = Poll(name, partial(exchange.poll, sender))

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

        return self._exchange.ask(self._parties.sender, "MESSAGE", service, written)
