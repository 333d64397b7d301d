"""Programs of the machine that tests drive: found, or loudly left out (with CI=true a failure)."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
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

IN_VAIN = re.compile(r"(\S+) is not on this machine: (apt-get install .*)")


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
    text = f"{program} is not on this machine: apt-get install {debian_packages(program)}"
    if os.environ.get("CI") == "true":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def missing_programs(reasons: Iterable[str]) -> list[str]:
    """Return a line for each program that tests asked for in vain, from the reasons why they were left out."""
    found = Counter(match.groups() for reason in reasons if (match := IN_VAIN.search(reason)))
    return [f"{program}: {count} test(s) left out. Mend: {mend}" for (program, mend), count in sorted(found.items())]


def carry_out(
    command: Sequence[str | Path], *, cwd: Path | None = None, user: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; when it fails, the test fails with what the program said."""
    done = subprocess.run(command, cwd=cwd, user=user, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done
