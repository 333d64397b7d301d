"""Receivers of alarms as an operator writes them down: alarm and care centres, control rooms, whom to call. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from device_bridge.errors import SettingsError
from device_bridge.routes.dc09_frames import MessageId
from device_bridge.routes.sip_messages import Address

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
MAX_PORT: Final = 65535
TLS_MARK: Final = "tls:"
WIREGUARD_MARK: Final = "wg:"
NO_ACCOUNT: Final = "00000000"
ACCOUNT: Final = re.compile("[0-9A-F]{3,16}")
CARE_ACCOUNT: Final = re.compile("[0-9]{3,16}")


@dataclass(frozen=True)
class AlarmCentre:
    """One alarm centre that takes SIA DC-09; its key, if it has one, stands in a file of its name.

    `alternate` is its second receiver, which is tried when the first does not answer.
    """

    name: str
    host: str
    port: int
    message_id: MessageId = "SIA-DCS"
    alternate: tuple[str, int] | None = None
    tls: bool = False
    inside: bool = False
    """Whether it is reached inside TLS or WireGuard: only then it may do without a key of its own."""
    poll_account: str = NO_ACCOUNT

    @staticmethod
    def parse(text: str) -> "AlarmCentre":
        """Read `name=host:port`; SettingsError when it is none.

        Optionally `tls:` or `wg:` before it, and behind it `|host:port`, `#account` of the line, and `/ADM-CID`.
        """
        name, _, rest = text.partition("=")
        tls, wireguard = rest.startswith(TLS_MARK), rest.startswith(WIREGUARD_MARK)
        addresses, _, spelled = rest.removeprefix(TLS_MARK).removeprefix(WIREGUARD_MARK).partition("/")
        addresses, hash_mark, account = addresses.partition("#")
        if hash_mark and ACCOUNT.fullmatch(account) is None:
            raise SettingsError(f"{account!r} is not an account of 3 to 16 digits (0-9, A-F)")
        first, bar, second = addresses.partition("|")
        primary, alternate = _address(first), _address(second) if bar else None
        message_id: MessageId | None = "ADM-CID" if spelled == "ADM-CID" else "SIA-DCS"
        if spelled not in ("", "SIA-DCS", "ADM-CID"):
            message_id = None
        known = name.isidentifier() and primary is not None and (alternate is not None) is bool(bar)
        if known and primary is not None and message_id is not None:
            inside, poll = tls or wireguard, account or NO_ACCOUNT
            return AlarmCentre(name, *primary, message_id, alternate, tls, inside, poll)
        raise SettingsError(f"{text!r} is not an alarm centre such as centre1=192.0.2.7:9000|192.0.2.8:9000")


@dataclass(frozen=True)
class ControlRoom:
    """One emergency control room that takes alarms over SIP (RFC 8876); `alternate` as with an alarm centre."""

    name: str
    to: Address
    alternate: Address | None = None

    @staticmethod
    def parse(text: str) -> "ControlRoom":
        """Read `name=sips:user@host:port`, optionally `|sips:user@host:port`; SettingsError otherwise."""
        name, _, rest = text.partition("=")
        first, bar, second = rest.partition("|")
        to, alternate = Address.parse(first), Address.parse(second) if bar else None
        if name.isidentifier() and to is not None and (alternate is not None) is bool(bar):
            return ControlRoom(name, to, alternate)
        raise SettingsError(f"{text!r} is not a control room such as mk=sips:meldkamer@sip.example:5061")


@dataclass(frozen=True)
class CareCentre:
    """One centre that takes SCAIP; `line_account` is what it gave to the line itself, for heartbeats."""

    name: str
    to: Address
    alternate: Address | None = None
    line_account: str | None = None

    @staticmethod
    def parse(text: str) -> "CareCentre":
        """Read `name=sips:user@host:port`, maybe with `|sips:user@host:port` and `#account`; else SettingsError."""
        addresses, hash_mark, account = text.partition("#")
        if hash_mark and CARE_ACCOUNT.fullmatch(account) is None:
            raise SettingsError(f"{account!r} is not an account of 3 to 16 digits (0-9)")
        try:
            room = ControlRoom.parse(addresses)
        except SettingsError:
            example = "zc=sips:alarm@sip.example:5061"
            raise SettingsError(f"{text!r} is not a care centre such as {example}") from None
        return CareCentre(room.name, room.to, room.alternate, account or None)


@dataclass(frozen=True)
class OnCall:
    """An address that is called when nobody accepts an alarm."""

    name: str
    url: str

    @staticmethod
    def parse(text: str) -> "OnCall":
        """Read `name=https://…` (plain http on this machine only); SettingsError otherwise."""
        name, _, url = text.partition("=")
        try:
            parts = urlsplit(url)
            plain = parts.scheme == "http" and parts.hostname in LOOPBACK
            if name.isidentifier() and parts.hostname and (parts.scheme == "https" or plain):
                return OnCall(name, url)
        except ValueError:
            pass
        raise SettingsError(f"on-call address {name!r} is not one such as duty=https://pager.example/hook")


def _address(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host and port.isdecimal() and 0 < int(port) <= MAX_PORT else None
