"""The press lane as a thread of a test's own process: the same lane, behind the same lock, file and socket.

A process costs a second of a busy machine, and a fault can only be put into what runs here. That a bridge starts the
lane as a process, and what becomes of it when either is killed, `tests/faults/bridge/test_lane_process.py` tests.
"""

import subprocess
import threading
from pathlib import Path

from device_bridge.lane.running import RunningLane
from device_bridge.process import Bridge
from device_bridge.settings import BridgeSettings
from device_bridge.spool.reading import Reading


class LaneThread:
    """What `subprocess.Popen` offers of a process, of a thread."""

    def __init__(self, folder: Path) -> None:
        self.running = RunningLane(folder)
        self._thread = threading.Thread(target=self.running.run, name="press-lane", daemon=True)
        self._thread.start()

    def poll(self) -> int | None:
        return None if self._thread.is_alive() else 0

    def terminate(self) -> None:
        self.running.stop()

    def kill(self) -> None:
        self.running.stop()

    def wait(self, timeout: float | None = None) -> int:
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise subprocess.TimeoutExpired("press-lane", timeout or 0)
        return 0


def reading_of(bridge: Bridge) -> Reading:
    """Return what a bridge's spool says, with everything that its lane has stored until now."""
    bridge.taking.take()
    return bridge.spool.read()


def new_bridge(settings: BridgeSettings) -> Bridge:
    """Return a bridge in this process, whose lane will run on a thread of it."""
    return Bridge(settings, LaneThread)
