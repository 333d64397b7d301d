"""The time that a run of benches may take, and its end: what was measured until then is kept, whatever ends it.

GETUIGE_BENCH_S bounds a run: a bench ends when the time is over, and those that did not begin are named as not
measured. SIGTERM ends a run as Ctrl-C does, so that no broker and no bridge is left running.
"""

import os
import signal
import time
from collections.abc import Generator
from typing import Final

import pytest

from tests.bench.alarm_figures import MEASURED

LIMIT_S: Final = float(os.environ.get("GETUIGE_BENCH_S", "inf"))
LEAST_S: Final = 20.0
"""With less than this left no other bench is begun."""

_begun_s: Final = time.monotonic()


def pytest_configure(config: pytest.Config) -> None:
    """End as by Ctrl-C when told to end."""
    config.stash[MEASURED] = set()
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let no bench go on for longer than what is left."""
    own = item.get_closest_marker("timeout")
    left_s = max(LEAST_S, _left_s())
    if left_s < float("inf") and (own is None or own.args[0] > left_s):
        item.add_marker(pytest.mark.timeout(left_s), append=False)
    return (yield)


def pytest_runtest_setup() -> None:
    """Begin nothing that cannot come to its end."""
    if _left_s() < LEAST_S:
        pytest.skip("the time of this run is over")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what came to its end."""
    report = yield
    if call.when == "call" and report.passed:
        item.config.stash[MEASURED].add(item.nodeid)
    return report


def _left_s() -> float:
    return LIMIT_S - (time.monotonic() - _begun_s)
