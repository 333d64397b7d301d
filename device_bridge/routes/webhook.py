"""The route to the person on call: an HTTPS address (a pager service, a telephone exchange) that is told of an alarm.

The body is a DSSE envelope signed by the bridge, so that the receiver can tell our page from anybody's. It carries
account, kind and age, and of an overdue check-in whom of her own people to tell; no position, and no name or address of
hers. A 2xx answer means that their software has it.
"""

import ssl
from typing import Final

import httpx

from device_bridge.errors import RouteError
from device_bridge.routes import Handed, Unpolled
from device_bridge.routes.dispatch import Dispatch
from evidence import canonical, keys
from evidence.statements import dsse

PAGE_TYPE: Final = "application/vnd.getuige.page.v1+json"
ANSWER_S: Final = 5.0
_REFUSED: Final = 400
_SERVER_FAULT: Final = 500
_LATER: Final = frozenset({408, 425, 429})
"""Refusals that say "not now" (RFC 9110, 6585, 8470): tried again, like every fault of theirs."""


class WebhookRoute:
    """One address that is called when nobody accepted an alarm. `send` may be called from several threads."""

    hears_withdrawal = False
    """Nobody is woken to hear that it was nothing."""

    def __init__(self, name: str, url: str, bridge: keys.SigningKey, tls: ssl.SSLContext) -> None:
        self.name = name
        self._called = name.removeprefix("on-call-")
        self._tls = tls
        self._url = url
        self._bridge = bridge
        self.watch = Unpolled()

    def takes(self, kind: str) -> bool:
        """Presses, duress and whoever is overdue: nobody is woken for a test."""
        return kind in ("press", "duress", "overdue")

    def send(self, what: Dispatch) -> Handed:
        """Page; RouteError when the address does not answer with 2xx (`permanent` when it refuses)."""
        try:
            self._post(what)
        except RouteError as error:
            self.watch.trouble = str(error)
            raise
        self.watch.trouble = None
        return Handed("the on-call service took the page; that is not yet a person", "page-taken")

    def _post(self, what: Dispatch) -> None:
        page = {
            "v": 1,
            "alarm": what.alarm,
            "account": what.accounts.get(self._called, what.device),
            "kind": what.kind,
            "raised_at": what.raised_at,
            "round": what.round,
            **({"tell": list(what.tell)} if what.tell else {}),
        }
        body = dsse.sign(PAGE_TYPE, canonical.encode(page), self._bridge).to_bytes()
        try:
            answer = httpx.post(
                self._url,
                content=body,
                headers={"content-type": "application/json"},
                timeout=ANSWER_S,
                verify=self._tls,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            words = f"the on-call service cannot be reached ({type(error).__name__})"
            raise RouteError(words, code="receiver-unreachable") from error
        if not answer.is_success:
            refused = _REFUSED <= answer.status_code < _SERVER_FAULT and answer.status_code not in _LATER
            about = str(answer.status_code)
            raise RouteError(f"the on-call service answered {about}", permanent=refused, about=about)
