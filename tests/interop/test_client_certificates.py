"""Receivers that demand a certificate of us (mutual TLS): alarm centre, control room and on-call address.

Each is a TLS server that refuses who shows none: pysiaalarm and sipp behind it, and Python's own HTTP server.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from device_bridge.errors import RouteError, SettingsError
from device_bridge.planning import plan_of
from device_bridge.routes import Route
from device_bridge.routes.console import ConsoleRoute
from device_bridge.settings import BridgeSettings
from evidence import keyfile, keys
from tests.support.alarm_centre import KEY, alarm_centre
from tests.support.certificates import Authority
from tests.support.control_room import SENDER, control_room, dispatch
from tests.support.tls_front import Certificate, tls_front
from tests.support.waiting import patience, until


@contextmanager
def receivers(folder: Path) -> Iterator[tuple[Authority, Certificate]]:
    """Yield the authority of both sides, and the certificate that the receivers show."""
    authority = Authority(folder / "authority")
    yield authority, Certificate(*authority.issue("receiver", folder / "receiver.pem"))


def routes(folder: Path, authority: Authority, shown: Path | None, **more: tuple[str, ...]) -> tuple[Route, ...]:
    """Build the routes as a bridge does; the console's comes first and is left out."""
    settings = BridgeSettings.model_validate(
        {"data": folder, "receiver_ca_file": authority.file, "receiver_certificate_file": shown, "sip_sender": SENDER}
        | more
    )
    return plan_of(settings, keys.BridgeIdentity.generate(), ConsoleRoute(lambda: 1)).routes[1:]


def refused(route: Route) -> RouteError:
    with pytest.raises(RouteError) as refusal:
        route.send(dispatch())
    assert not refusal.value.permanent, "a certificate can be put right while the alarm is open"
    return refusal.value


def test_an_alarm_centre_knows_us_by_our_certificate(tmp_path: Path) -> None:
    keyfile.load_or_create(tmp_path / "secrets" / "alarm-centre-c1.key", lambda: KEY.hex().encode())
    stranger = Authority(tmp_path / "stranger").issue("bridge", tmp_path / "stranger.pem")[0]
    with receivers(tmp_path) as (authority, receiver), alarm_centre() as (behind, received):
        ours = authority.issue("bridge", tmp_path / "bridge.pem")[0]
        with tls_front(receiver, behind, demands=authority.file) as port:
            where = (f"c1=tls:127.0.0.1:{port}",)
            for shown in (None, stranger):
                (route,) = routes(tmp_path, authority, shown, alarm_centres=where)
                assert refused(route).code in ("receiver-tls", "receiver-unreachable", "receiver-odd")
            assert received == []
            (route,) = routes(tmp_path, authority, ours, alarm_centres=where)
            assert route.send(dispatch()).code == "dc09-ack"
        until(lambda: received, "the handler runs after the ACK")


@pytest.mark.need("sipp")
def test_a_control_room_knows_us_by_our_certificate(tmp_path: Path) -> None:
    with receivers(tmp_path) as (authority, receiver), control_room(tmp_path / "room") as room:
        ours = authority.issue("bridge", tmp_path / "bridge.pem")[0]
        with tls_front(receiver, room.port, demands=authority.file) as port:
            where = (f"mk=sips:meldkamer@127.0.0.1:{port}",)
            (route,) = routes(tmp_path, authority, None, control_rooms=where)
            refused(route)
            assert room.received() == []
            (route,) = routes(tmp_path, authority, ours, control_rooms=where)
            assert route.send(dispatch()).code == "sip-taken"


@contextmanager
def pager(receiver: Certificate, demands: Path) -> Iterator[tuple[int, list[str]]]:
    """Serve HTTPS to those who show a certificate of `demands`; yields the port, and who called."""
    called: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            assert isinstance(self.connection, ssl.SSLSocket)
            subject = dict(part[0] for part in (self.connection.getpeercert() or {}).get("subject", ()))  # type: ignore[misc] # RDNs of one part
            called.append(str(subject["commonName"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(receiver.certificate, receiver.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(demands)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port, called
    finally:
        server.shutdown()
        server.server_close()
        thread.join(patience(5))


def test_an_on_call_address_knows_us_by_our_certificate(tmp_path: Path) -> None:
    with receivers(tmp_path) as (authority, receiver), pager(receiver, authority.file) as (port, called):
        where = (f"duty=https://127.0.0.1:{port}/hook",)
        (route,) = routes(tmp_path, authority, None, on_call=where)
        assert refused(route).code == "receiver-unreachable"
        ours, key = authority.issue("bridge", tmp_path / "bridge.pem")
        (route,) = routes(tmp_path, authority, ours, on_call=where)
        assert route.send(dispatch()).code == "page-taken"
        assert called == ["bridge"]
        elsewhere = key.rename(tmp_path / "elsewhere.pem")
        settings = {"receiver_key_file": elsewhere, "on_call": where}
        (route,) = routes(tmp_path, authority, ours, **settings)  # type: ignore[arg-type] # a path among them
        route.send(dispatch())
        assert called == ["bridge", "bridge"]


def test_what_is_no_certificate_stops_the_bridge_before_there_is_an_alarm(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    ours = authority.issue("bridge", tmp_path / "bridge.pem")[0]
    authority.issue("another", tmp_path / "another.pem")
    (tmp_path / "bridge.key").write_bytes((tmp_path / "another.key").read_bytes())
    for shown in (ours, tmp_path / "nowhere.pem"):
        with pytest.raises(SettingsError, match="no certificate and its key"):
            routes(tmp_path, authority, shown, on_call=("duty=https://127.0.0.1/hook",))
