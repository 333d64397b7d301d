"""Every module that is run with `python -m` is loaded once: its package does not import it before.

Python would load it twice, warn of it, and two of each of its values would be there.
"""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PROGRAMS = sorted(
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for package in ("server", "device_bridge", "evidence")
    for path in (PROJECT / package).rglob("*.py")
    if "node_modules" not in path.parts and 'if __name__ == "__main__":' in path.read_text("utf-8")
)


def test_there_are_programs() -> None:
    assert {"server.web.vendor", "server.web.meta_schema", "server.openapi"} <= set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_package_of_a_program_does_not_import_it(name: str) -> None:
    script = "import importlib, sys; importlib.import_module(sys.argv[1]); print(sys.argv[2] in sys.modules)"
    command = (sys.executable, "-c", script, name.rpartition(".")[0], name)
    assert subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout == "False\n"
