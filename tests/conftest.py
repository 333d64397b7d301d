"""What every test may lean on: programs of the machine, and the loud list of what was not tested.

`@pytest.mark.need("mosquitto_pub")`, or `need("chromium")` inside a fixture, demands a program. Missing,
it is a skip that is repeated at the end of the run with the Debian package to install; with CI=true it is
a failure. `make test` installs the packages when it may.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent.parent / "infra" / "toolchain" / "programs.tsv"
"""Program, tab, Debian packages; a program that is not listed is taken to be a package of its own name."""

EXTRA_FOLDERS = (
    str(Path(sys.executable).parent),
    *("/usr/sbin", "/usr/local/sbin", "/sbin"),
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
)
"""Searched beside PATH: a wheel puts its program beside Python, Debian puts daemons (mosquitto) in sbin and PostgreSQL
in a folder for each version."""

_missing: dict[str, int] = {}
"""Program → number of tests that asked for it in vain."""


def debian_packages(program: str) -> str:
    """Return the Debian packages that bring `program`, with a space between."""
    for line in PROGRAMS.read_text().splitlines():
        name, _, packages = line.partition("\t")
        if name == program:
            return packages
    return program


def need(program: str) -> Path:
    """Return where `program` is on this machine; otherwise skip the test loudly (fail it when CI=true)."""
    search = os.pathsep.join((os.environ.get("PATH", os.defpath), *EXTRA_FOLDERS))
    found = shutil.which(program, path=search)
    if found is not None:
        return Path(found)
    _missing[program] = _missing.get(program, 0) + 1
    text = f"{program} is not on this machine: apt-get install {debian_packages(program)}"
    if os.environ.get("CI") == "true":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Carry out `@pytest.mark.need(…)`."""
    for marker in item.iter_markers("need"):
        for program in marker.args:
            need(program)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end what was not tested, so that nobody takes a short run for a whole one."""
    if not _missing:
        return
    terminalreporter.section("NOT TESTED HERE: programs are missing", red=True, bold=True)
    for program, count in sorted(_missing.items()):
        text = f"{program}: {count} test(s) left out. Mend: apt-get install {debian_packages(program)}"
        terminalreporter.write_line(text)
