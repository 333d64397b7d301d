"""A meter of contention: how much longer than alone a process takes here, moment by moment, until it is ended.

Each line is a moment (the machine's monotonic clock, seconds) and how many times longer than its processor time a
millisecond of work took. One means that the machine is free; ten, that a process waits nine tenths of the time.
"""

import sys
import time

WORK_S = 0.001
PAUSE_S = 0.05


def measure() -> float:
    """Work for a millisecond of processor time; return how many times longer that took."""
    began, used = time.monotonic(), time.process_time()
    while time.process_time() - used < WORK_S:
        pass
    return max(1.0, (time.monotonic() - began) / WORK_S)


if __name__ == "__main__":
    while True:
        sys.stdout.write(f"{time.monotonic():.4f} {measure():.2f}\n")
        sys.stdout.flush()
        time.sleep(PAUSE_S)
