"""The power goes: what a device was told is stored is there when the machine comes back, and the rest arrives then.

Brokers and bridge stand on a file system of their own (a loop device with ext4), which is shut down under them without
a flush: what was not synced is gone, as after a power cut. SIGKILL would keep the page cache. The device is elsewhere.
"""

import fcntl
import json
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device_bridge.reference_device.memory import DeviceMemory
from device_bridge.wire.message import PressId, Told
from tests.support.bridge_processes import end_lanes
from tests.support.bridge_world import bridge_process, world
from tests.support.lane_threads import new_bridge
from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.waiting import patience, until

pytestmark = [pytest.mark.need("nats-server", "mkfs.ext4", "losetup"), pytest.mark.timeout(180)]
GOING_DOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN (Linux, fs/ext4/ext4.h), the same number as XFS_IOC_GOINGDOWN."""
WITHOUT_A_FLUSH = 2
SIZE = 256 * 1024 * 1024


@dataclass
class Machine:
    """A file system on a loop device."""

    image: Path
    where: Path
    devices: list[str] = field(default_factory=list)

    def switch_on(self) -> bool:
        """Mount the image by a loop device of its own: the one before it is dead, and may still be held open."""
        found = subprocess.run(
            [need("losetup"), "--find", "--show", self.image], check=False, capture_output=True, text=True
        )
        if found.returncode != 0:
            return False
        self.devices.append(found.stdout.strip())
        return subprocess.run([need("mount"), self.devices[-1], self.where], check=False).returncode == 0

    def cut_the_power(self) -> None:
        handle = os.open(self.where, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, GOING_DOWN, struct.pack("I", WITHOUT_A_FLUSH))
        finally:
            os.close(handle)

    def switch_off(self) -> None:
        subprocess.run([need("umount"), "--lazy", self.where], check=True)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """Make one; root only, and only where loop devices are."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root may cut the power of a file system")
    made = Machine(folder / "disk.img", folder / "disk")
    made.where.mkdir()
    with made.image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run([need("mkfs.ext4"), "-q", "-F", made.image], check=True)
    if not made.switch_on():
        pytest.skip("NOT TESTED: no loop device on this machine")
    try:
        yield made
    finally:
        made.switch_off()
        for device in made.devices:
            subprocess.run([need("losetup"), "--detach", device], check=True)


def test_what_was_told_as_stored_survives_a_power_cut(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    port = free_port()
    with machine(tmp_path) as disk, world(disk.where / "data") as made:
        lent = made.new_device()
        memory = elsewhere(lent, tmp_path / "button")
        made.bridge.stop()
        told: list[PressId] = []
        pressed: list[PressId] = []
        dark = threading.Event()
        with bridge_process(made, port) as process, made.switched_on(memory) as device:

            def press() -> None:
                while not dark.is_set():
                    pressed.append(device.press())
                    if device.wait(pressed[-1], Told.STORED, 1.0) is not None:
                        told.append(pressed[-1])

            thread = threading.Thread(target=press)
            thread.start()
            until(lambda: len(told) > random.Random(seed).randrange(20, 60), "presses are stored")
            disk.cut_the_power()
            sure = list(told)  # a disk without power stores nothing: what is told from here on would be a lie
            dark.wait(1.5)
            dark.set()
            thread.join()
            assert len(told) <= len(sure) + 1, f"seed {seed}: told to be stored on a disk without power"
            process.kill()
            process.wait()
            end_lanes(made.settings.data)
            for broker in made.brokers:
                broker.kill()
            disk.switch_off()
            assert disk.switch_on()
            kept = presses(made.settings.folder)
            lost = [one for one in told if (one.boot, one.counter) not in kept]
            assert not lost, f"seed {seed}: told as stored, and gone: {lost}"
            for broker in made.brokers:
                broker.restart()
            with bridge_process(made, port):
                for one in pressed:
                    assert device.wait(one, Told.STORED, patience(60)) is not None, f"seed {seed}: {one} never arrived"
        made.bridge = new_bridge(made.settings)  # the world stops the one that it has
        made.bridge.start()
        everything = presses(made.settings.folder)
        assert sorted(everything) == sorted((one.boot, one.counter) for one in pressed), f"seed {seed}: each once"
        with sqlite3.connect(made.settings.folder / "spool.db") as spool:
            assert spool.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def elsewhere(lent: DeviceMemory, folder: Path) -> DeviceMemory:
    """Return the device with its memory on another disk: it is in somebody's hand."""
    source = next(path.parent for path in Path(lent._path).parents[1].glob("*/device.json"))
    shutil.copytree(source, folder)
    return DeviceMemory(folder)


def presses(folder: Path) -> list[tuple[int, int]]:
    """Return what is in the spool, and what the lane stored that was not taken into it yet."""
    with closing(sqlite3.connect(folder / "spool.db")) as spool:
        found = {identity: json.loads(one) for identity, one in spool.execute("SELECT identity, pressed FROM press")}
    with closing(sqlite3.connect(folder / "lane.db")) as lane:
        rows = lane.execute("SELECT identity, said FROM arrival WHERE identity IS NOT NULL").fetchall()
    found |= {identity: json.loads(said)["press"] for identity, said in rows}
    return [(one["boot"], one["counter"]) for one in found.values()]
