"""TLS in front of a receiver that speaks none (pysiaalarm, Debian's sipp): ends TLS and passes the bytes on."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import need
from tests.support.waiting import patience

PIECE_BYTES = 65536


@dataclass(frozen=True)
class Certificate:
    """A certificate that openssl made, and its key."""

    certificate: Path
    key: Path


def own_certificate(folder: Path, names: str = "IP:127.0.0.1") -> Certificate:
    """Let openssl make a certificate that is its own authority."""
    made = Certificate(folder / "receiver.pem", folder / "receiver.key")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1")
    subject = ("-subj", "/CN=receiver", "-addext", f"subjectAltName={names}")
    files = ("-keyout", str(made.key), "-out", str(made.certificate))
    subprocess.run([str(need("openssl")), "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
    return made


@contextmanager
def tls_front(shown: Certificate, behind: int, demands: Path | None = None) -> Iterator[int]:
    """Listen with TLS and pass everything to the port `behind`; yields the port.

    `demands`: only who shows a certificate of this authority is let in.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)
    if demands is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(demands)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):  # closed: the end
            while True:
                plain, _ = server.accept()
                threading.Thread(target=_one, args=(context, plain, behind), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(patience(5))


def _one(context: ssl.SSLContext, plain: socket.socket, behind: int) -> None:
    """Pass on one exchange: a request up, then whatever comes back, until either side hangs up."""
    with contextlib.suppress(OSError), plain, socket.create_connection(("127.0.0.1", behind), 5) as inner:
        plain.settimeout(5)
        with context.wrap_socket(plain, server_side=True) as outer:
            inner.sendall(outer.recv(PIECE_BYTES))
            while piece := inner.recv(PIECE_BYTES):
                outer.sendall(piece)
