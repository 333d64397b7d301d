"""A process and all that it started: what belongs to it, what it costs, and a signal to each."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path


def children(process: int) -> list[int]:
    """Return the processes that this one started and that run."""
    said = subprocess.run(["pgrep", "-P", str(process)], stdout=subprocess.PIPE, text=True, check=False).stdout
    return [int(one) for one in said.split()]


def tree(process: int) -> list[int]:
    """Return a process and all below it, itself first."""
    return [process, *(below for child in children(process) for below in tree(child))]


def signal_all(processes: list[int], number: int) -> None:
    """Send a signal to each that still runs."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def cpu_s(process: int) -> float:
    """Return the processor time of a process and all below it, seconds; what ended meanwhile counts nothing."""
    return sum(map(_cpu_s, tree(process)))


def rss_mib(process: int) -> float:
    """Return the memory of a process and all below it, MiB."""
    return sum(map(_rss_mib, tree(process)))


def _cpu_s(process: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _rss_mib(process: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return sum(int(one.split()[1]) for one in lines if one.startswith("VmRSS")) / 1024
    return 0.0
