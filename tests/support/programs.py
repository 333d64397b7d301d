"""Programs of the machine that tests drive: found, or loudly left out (with CI=true a failure)."""

import os
import shutil
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[2] / "infra" / "toolchain" / "programs.tsv"
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
