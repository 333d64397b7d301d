"""Codes for what became of an alarm on a route: pages say them in their reader's language.

The English text beside a code is for the journal and for logs. A page that does not know a code shows that text.
"""

from typing import Literal, get_args

RouteCode = Literal[
    "feed-taken",
    "feed-nobody",
    "dc09-ack",
    "dc09-ack-no-position",
    "sip-taken",
    "sip-taken-no-position",
    "sip-withdrawn",
    "scaip-taken",
    "page-taken",
    "receiver-silent",
    "receiver-unreachable",
    "receiver-untrusted",
    "receiver-tls",
    "receiver-refused",
    "receiver-odd",
    "no-account",
    "not-opened",
    "route-fault",
    "alternate-tried",
    "nobody-second",
    "nobody-on-call",
    "siren-not-accepted",
    "siren-claim-lapsed",
    "siren-unheard",
    "siren-again",
    "siren-not-dispatched",
    "second-look",
    "device-told-112",
    "device-watched",
    "device-no-broker",
]
"""Every code that this version writes; an alarm may carry others, from a bridge of a newer one."""

ALL: frozenset[str] = frozenset(get_args(RouteCode))
