"""What an installation is told to install: pinned with hashes, and nothing that only the demonstration needs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "requirements"
DEMONSTRATION = {"av", "pysiaalarm", "pycryptodome", "pytz"}


def pins(name: str) -> dict[str, str]:
    """Return the packages of a list, each with its version and hashes."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (FOLDER / f"{name}.txt").read_text())
    return {block.split("==")[0]: block for block in blocks if block.strip()}


def test_the_demonstration_has_a_list_of_its_own() -> None:
    run, demo, dev = pins("run"), pins("demo"), pins("dev")
    assert demo.keys() == DEMONSTRATION
    assert run.keys().isdisjoint(demo)
    assert all("--hash=sha256:" in block for block in (*run.values(), *demo.values()))
    version = {name: block.split()[0] for name, block in dev.items()}
    assert all(version[name] == block.split()[0] for name, block in (run | demo).items()), "tests run what is installed"


@pytest.mark.parametrize("program", ["server.serving", "server.witness.serving", "device_bridge.process"])
def test_a_program_starts_without_the_demonstration(program: str) -> None:
    script = (
        f"import sys\nfor name in ('av', 'pysiaalarm', 'Crypto', 'pytz'): sys.modules[name] = None\nimport {program}"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
