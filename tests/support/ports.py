"""Ports for the servers of the tests, so that no two programs of a run want the same one.

A port that the system gives out is one of those that outgoing connections take as well: between the moment at which
it was found free and the moment at which a server listens on it, a client of another test may have it. These lie
below, each process of a parallel run has a range of its own, and none is given twice before all were.
"""

import itertools
import os
import socket
from collections.abc import Iterator
from typing import Final

FIRST: Final = 12_000
PER_PROCESS: Final = 5_000
PROCESSES: Final = 4
"""Up to port 32,000: outgoing connections begin at 32,768 on Linux."""


def _candidates() -> Iterator[int]:
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES
    # The process's own number keeps two runs on one machine apart, as a rule.
    begin = os.getpid() * 37 % PER_PROCESS
    for step in itertools.count(begin):
        yield FIRST + number * PER_PROCESS + step % PER_PROCESS


_next: Final = _candidates()


def free_port() -> int:
    """Return a port that nothing listens on at this moment, and that no other test of this run was given."""
    for port in _next:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("the candidates never end")


def free_ports(count: int) -> list[int]:
    """Return several such ports."""
    return [free_port() for _ in range(count)]
