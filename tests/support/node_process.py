"""A program in Node that answers each line of JSON with one: started once for all questions of a test process."""

import atexit
import json
import os
import subprocess
from pathlib import Path
from typing import Any

_running: dict[Path, "subprocess.Popen[bytes]"] = {}


def answer(program: Path, request: object, **environment: str) -> Any:  # noqa: ANN401 - JSON
    """Put a request to the program and return its answer; when it dies the test fails, and the next has a new one."""
    process = _running.get(program) or _start(program, environment)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        _end(program)
    assert line, f"{program.name} ended; what it said stands in standard error"
    return json.loads(line)


def _start(program: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    _running[program] = subprocess.Popen(
        ["node", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
    )
    return _running[program]


def _end(program: Path) -> None:
    process = _running.pop(program)
    process.kill()
    process.communicate()


@atexit.register
def _end_all() -> None:
    for program in list(_running):
        _end(program)
