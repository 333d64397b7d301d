"""Sealing and opening 4 GiB, in a process of its own: how fast, and that the peak of memory is that of 8 MiB.

GETUIGE_BENCH_SEAL_GIB changes the size. Nothing touches the disk, so its latency does not matter here.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
GIB = int(os.environ.get("GETUIGE_BENCH_SEAL_GIB", "4"))
MAX_GROWTH_MIB = 32


def measured(mib: int) -> tuple[float, int]:
    """Return seconds and peak memory in KiB of sealing and opening so many MiB."""
    command = [sys.executable, "-m", "tests.unit.envelope.flat_memory_child", str(mib)]
    begun = time.monotonic()
    peak = int(subprocess.check_output(command, cwd=ROOT))
    return time.monotonic() - begun, peak


def hashed_mib_per_second() -> float:
    block, begun, digest = bytes(1 << 20), time.monotonic(), hashlib.sha256()
    for _ in range(512):
        digest.update(block)
    return 512 / (time.monotonic() - begun)


def test_four_gibibytes_in_the_memory_of_eight_mebibytes() -> None:
    _, small = measured(8)
    seconds, large = measured(GIB * 1024)
    rate, peer = GIB * 1024 / seconds, hashed_mib_per_second()
    print(
        f"\nseal and open {GIB} GiB: {rate:,.0f} MiB/s; one SHA-256 {peer:,.0f} MiB/s (three of them are part of it); "
        f"ratio {rate / peer:.2f}; peak {large / 1024:.0f} MiB, of 8 MiB {small / 1024:.0f} MiB; {os.cpu_count()} cores"
    )
    assert large - small < MAX_GROWTH_MIB * 1024
