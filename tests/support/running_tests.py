"""The running of these tests: where their files lie, how long one may take, and which may be left out.

These are hooks of pytest; `tests/conftest.py` takes them over by name.
"""

import gc
import os
import shutil
import signal
import ssl
import tempfile
import time
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

import httpx
import pytest
import pytest_timeout
from hypothesis import settings as hypothesis_settings

from tests.support.programs import missing_programs, need
from tests.support.sizes import examples
from tests.support.waiting import patience

MEMORY: Final = Path("/dev/shm")
ENOUGH_BYTES: Final = 4 * 1024**3
"""The largest test keeps about a gigabyte, and two processes run tests at once."""

SHORT_BYTES: Final = 16
"""Longer ones say nothing to a reader of a test's name."""

MAY_BE_SKIPPED: Final = (
    ("no AES instructions", "libsodium's own AEGIS and AES need them; the same vectors run in Python and in Node"),
    ("mount a file system", "a container may not; the same faults come from tests/support/disk.py on every machine"),
    ("cut the power of a file system", "as above: only a machine of its own has loop devices"),
    ("no loop device", "as above"),
    ("network namespace", "as above; a bridge that is cut off is also killed and stopped in the other tests"),
)
"""What may be left out although CI=true: part of the reason that the test gives, and why that is no loss."""


DEAREST: Final = (
    "tests/browser/test_console.py",
    "tests/browser/test_review.py",
    "tests/interop/test_tampered.py",
    "tests/interop/test_verify_sh_rotation.py",
    "tests/interop/test_verify_sh.py",
    "tests/bridge/test_loops.py",
    "tests/faults/test_no_plaintext.py",
    "tests/faults/test_journal_crash.py",
    "tests/browser/test_erasures.py",
    "tests/browser/test_rescue.py",
    "tests/browser/test_day_report.py",
    "tests/browser/test_closing_note.py",
    "tests/browser/test_odd_items.py",
    "tests/e2e/test_rescue.py",
    "tests/interop/test_odd_items_node.py",
    "tests/interop/test_caddy.py",
    "tests/s3/test_outbox.py",
    "tests/s3/test_server.py",
    "tests/property/test_reading_by_case.py",
)
"""Files whose tests are begun first, the dearest of all in front, in any order of the others: no process is left alone
with one at the end. Each takes more than ten seconds of a processor."""


LEFT_TO_FAULTS: Final = (
    "tests/faults/",
    *(
        f"tests/browser/test_{name}.py"
        for name in (
            *("clips", "console_escalation", "engines", "files", "integrity", "map", "positions", "readers", "reading"),
            *("signs", "verifier_engines", "whole"),
        )
    ),
    "tests/interop/test_verify_sh_times.py",
)
"""What is marked `faults` as a folder or file, not beside a test: `make test` is to take less than ten minutes."""

IN_EVERY_RUN: Final = (
    "tests/faults/bridge/test_kill_bridge.py",
    "tests/faults/bridge/test_lane_process.py",
    "tests/faults/test_journal_crash.py",
    "tests/faults/test_no_plaintext.py",
    "tests/faults/test_server_killed.py",
)
"""What of that `make test` runs all the same, for the promises: nothing acknowledged is lost, nothing delays a press,
the server cannot read."""


LEFT_OUT_OF_QUICK: Final = (
    "tests/unit/server/test_cli.py",
    "tests/unit/server/test_parts.py",
    "tests/unit/server/test_renewing.py",
    "tests/unit/toolchain/test_pins.py",
    "tests/unit/bridge/test_starts.py",
    "tests/unit/bundle/test_several_tsas.py",
    "tests/unit/clients/test_outbox.py::test_a_kill_at_any_moment",
    "tests/unit/statements/test_refusals.py::test_mutants_of_the_rules_die",
    "tests/unit/statements/test_hostile_bodies.py::test_no_hostile_body_stops",
    "tests/unit/toolchain/test_readers_of_cose.py",
    "tests/property/test_reading_by_case.py",
)
"""What is marked `starts`: it starts whole programs, waits for a clock, or asks everything of everything. `make
test-quick` is to take a minute."""


def keep_files_in_memory() -> None:
    """Have temporary files of the tests, and of the programs that they start, lie in memory where there is enough.

    No test proves anything by what a disk does: those that need one that is full, slow, failing or cut off make it.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH_BYTES:
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # asked for anew


def collect_without_looking_for_garbage() -> None:
    """Have Python look for garbage only when all tests are collected, and never among what they consist of."""
    gc.disable()


def pytest_collection_finish() -> None:
    """End what `collect_without_looking_for_garbage` began."""
    gc.collect()
    gc.freeze()
    gc.enable()


def read_certificates_once() -> None:
    """Have clients of httpx in this process share the certificates of the machine: each would read them all anew.

    Tests make thousands of clients, nearly all for plain http. Who names certificates of its own gets just those.
    """
    read = httpx.create_ssl_context

    @cache
    def of_the_machine(trust_env: bool, *_places: object) -> ssl.SSLContext:  # noqa: FBT001 - as in httpx
        return read(trust_env=trust_env)

    def context(verify: ssl.SSLContext | str | bool = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:  # noqa: ANN401, FBT001, FBT002 - httpx's
        if verify is True and cert is None:
            return of_the_machine(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return read(verify, cert, trust_env)

    httpx._transports.default.create_ssl_context = context  # type: ignore[attr-defined] # private: there is no other way


def draw_examples_in_peace() -> None:
    """Have generated examples take the time they need: no limit for each, and fewer in `make test-quick`."""
    hypothesis_settings.register_profile("getuige", max_examples=examples(100), deadline=None)
    hypothesis_settings.load_profile("getuige")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave to `make faults`, and out of `make test-quick`, what the tables say."""
    if item.nodeid.startswith(LEFT_TO_FAULTS) and not item.nodeid.startswith(IN_EVERY_RUN):
        item.add_marker(pytest.mark.faults)
    if item.nodeid.startswith(LEFT_OUT_OF_QUICK):
        item.add_marker(pytest.mark.starts)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case with long bytes by its place: those that are sealed or compressed anew differ in each process."""
    return argname if isinstance(val, bytes) and len(val) > SHORT_BYTES else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the dearest files, when the order of the others is drawn."""
    turn = {name: number for number, name in enumerate(DEAREST)}
    items.sort(key=lambda item: turn.get(item.nodeid.partition("::")[0], len(turn)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Carry out `@pytest.mark.need(…)`."""
    for marker in item.iter_markers("need"):
        for program in marker.args:
            need(program)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end what was not tested, so that nobody takes a short run for a whole one."""
    left_out = terminalreporter.stats.get("skipped", [])
    lines = missing_programs(str(report.longrepr) for report in left_out)
    if lines:
        terminalreporter.section("NOT TESTED HERE: programs are missing", red=True, bold=True)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:  # noqa: ANN401 - the report passes through
    """With CI=true a test that is left out fails, unless its reason is on the list."""
    report: pytest.TestReport = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Any:  # noqa: ANN401 - as above
    """The same for a whole module."""
    report: pytest.CollectReport = yield
    refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure when CI=true and its reason is not on the list."""
    if os.environ.get("CI") != "true" or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(words in reason for words, _ in MAY_BE_SKIPPED):
        report.outcome = "failed"
        report.longrepr = f"left out although CI=true: {reason}\n(MAY_BE_SKIPPED in {__name__} lists what may be)"


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:  # noqa: ANN401 - pytest-timeout's
    """Give a test more time on a busy machine: when its time is up, the load decides whether it really is."""
    if settings.method != "signal":
        return None
    begun = time.monotonic()

    def time_is_up(_number: int, _frame: FrameType | None) -> None:
        left = patience(settings.timeout) - (time.monotonic() - begun)
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, max(left, 1.0))
            return
        pytest_timeout.timeout_sigalrm(item, settings)

    signal.signal(signal.SIGALRM, time_is_up)
    signal.setitimer(signal.ITIMER_REAL, settings.timeout)
    item.cancel_timeout = _cancel  # type: ignore[attr-defined] # where pytest-timeout keeps it
    return True


def _cancel() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
