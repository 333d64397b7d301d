"""A TCP or TLS connection to somebody else's receiver, whose failures read the same on every route.

Each exchange has a connection of its own, so that alarms do not queue behind each other, and a dead one is noticed.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from device_bridge.errors import RouteError, SettingsError
from device_bridge.loops import Loop

CONNECT_S: Final = 2.0
ANSWER_S: Final = 3.0
"""No answer five seconds after the first byte was tried is a failure that the history shows; the outbox tries again."""

POLL_S: Final = 30.0
"""How often the line is tried while nothing happens."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Line:
    """Where a receiver listens, and how to call it in a text for people."""

    host: str
    port: int
    called: str
    tls: ssl.SSLContext | None = None

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Yield a connection that waits `ANSWER_S` for each answer; RouteError for everything that goes wrong on it."""
        try:
            with socket.create_connection((self.host, self.port), timeout=CONNECT_S) as plain:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.tls is None:
                    plain.settimeout(ANSWER_S)
                    yield plain
                    return
                with self.tls.wrap_socket(plain, server_hostname=self.host) as secured:
                    secured.settimeout(ANSWER_S)
                    yield secured
        except TimeoutError as error:
            raise RouteError(f"{self.called} did not answer in time", code="receiver-silent") from error
        except ssl.SSLCertVerificationError as error:
            words = f"{self.called} shows a certificate that is not trusted here"
            raise RouteError(words, code="receiver-untrusted") from error
        except ssl.SSLError as error:
            words = f"TLS with {self.called} failed: {error.reason or 'no reason'}"
            raise RouteError(words, code="receiver-tls") from error
        except OSError as error:
            words = f"{self.called} cannot be reached: {error.strerror or 'no connection'}"
            raise RouteError(words, code="receiver-unreachable") from error


@dataclass(frozen=True)
class Shown:
    """The certificate (PEM) that we show to receivers who ask for one, and its key."""

    certificate: Path
    key: Path


def tls_context(ca_file: Path | None, shown: Shown | None = None, *, also_public: bool = False) -> ssl.SSLContext:
    """Return what checks a receiver's certificate (TLS 1.2 or newer) and shows ours.

    `also_public`: the machine's own authorities count beside those in `ca_file`. SettingsError: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if also_public else ca_file)
        if also_public and ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"{ca_file} cannot be used as certificates: {error}") from error
    if shown is not None:
        try:
            context.load_cert_chain(shown.certificate, shown.key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{shown.certificate} and {shown.key} are no certificate and its key: {error}"
            ) from error
    return context


class Poll:
    """Tries a line every half minute on a loop of its own, and knows why it does not work now."""

    def __init__(self, route: str, once: Callable[[], None]) -> None:
        self._route = route
        self._once = once
        self.trouble: str | None = "not tried yet"
        self.loop = Loop(f"poll {route}", self._turn)

    def start(self) -> None:
        """Begin."""
        self.loop.start()

    def stop(self) -> None:
        """End."""
        self.loop.stop()

    def _turn(self) -> float:
        try:
            self._once()
            self.trouble = None
        except RouteError as error:
            if self.trouble != str(error):
                log.warning("receiver-not-well", route=self._route, reason=str(error))
            self.trouble = str(error)
        return POLL_S
