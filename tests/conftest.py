"""What every test may lean on: programs of the machine, and the loud list of what was not tested.

`@pytest.mark.need("mosquitto_pub")`, or `need("chromium")` inside a fixture, demands a program. Missing,
it is a skip that is repeated at the end of the run with the Debian package to install; with CI=true it is
a failure. `make test` installs the packages when it may.
"""

import pytest

from tests.support.programs import _missing, debian_packages, need


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
