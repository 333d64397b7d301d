"""The listening socket of a server, taken before anything else starts, so that a taken port is one sentence."""

import errno
import socket
from typing import Final

from server.errors import ServerError

_WHY: Final = {
    errno.EADDRINUSE: "something listens there already",
    errno.EACCES: "this user may not listen there: ports below 1024 are the administrator's",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


class ListenError(ServerError):
    """A port cannot be listened on; the text says why, and which setting to change."""


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Return a bound socket, not listening yet; `setting` names what to change in the text of ListenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}: {error.strerror}. Change {setting}") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        why = _WHY.get(error.errno or 0, error.strerror)
        raise ListenError(f"cannot listen on {host}, port {port}: {why}. Stop it, or change {setting}") from error
    return made
