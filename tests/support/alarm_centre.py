"""An alarm centre that others wrote: pysiaalarm on a free port."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from device_bridge.routes.development_centre import DevelopmentAlarmCentre
from tests.support.ports import free_port

KEY = b"00112233445566778899aabbccddeeff"  # pysiaalarm uses the characters of the hexadecimal key as the key


@contextmanager
def alarm_centre() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Run pysiaalarm and yield its port and what it received."""
    received: list[dict[str, Any]] = []
    port = free_port()
    centre = DevelopmentAlarmCentre(port, KEY, received.append)
    centre.start()
    try:
        yield port, received
    finally:
        centre.stop()
