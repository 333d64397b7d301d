"""Logs: only allowed keys, never a value of a library, and never an error to whoever logs."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import device_bridge.log_keys
import server.log_keys
from evidence import logs
from tests.support.waiting import patience

ROOT = Path(__file__).parents[3]
APART = {"evidence/logs.py", "server/openapi.py", "server/web/vendor.py"}
"""The module itself, and two scripts of a developer."""

RAISING = {"sys.stderr", "structlog.PrintLoggerFactory", "structlog.WriteLoggerFactory", "logging.StreamHandler"}
LAST = {name.rpartition(".")[2] for name in RAISING}
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}

SPEAKER = """
import logging, sys, structlog
from evidence import logs
logs.configure(frozenset({"count"}))
loop = []
loop.append(loop)
log = structlog.get_logger("server.x")
log.info("whole", count=1, body="Hij stond voor de deur", phrase="bado kemi")
log.error("half a pair \\ud800 %s", count=object())
log.warning("endless", count=loop)
logging.getLogger("uvicorn.error").error("secret %s", "value")
logging.getLogger("evidence.store.journal.journal").critical("journal writer stops")
logging.getLogger("evidence.store").error("%d", "no number")
print("alive")
"""


def test_a_line_holds_only_what_is_allowed() -> None:
    ended = subprocess.run([sys.executable, "-c", SPEAKER], capture_output=True, timeout=patience(60), check=True)
    whole, half, endless, theirs, ours, odd = (json.loads(line) for line in ended.stderr.splitlines())
    assert (whole["event"], whole["count"], whole["dropped"]) == ("whole", 1, ["body", "phrase"])
    assert half["count"] == "object"
    assert endless["event"] == "a line that cannot be written"
    assert (theirs["event"], theirs["logger"]) == ("a library spoke", "uvicorn.error")
    assert (ours["event"], odd["event"]) == ("journal writer stops", "%d")
    assert b"secret" not in ended.stderr
    assert b"deur" not in ended.stderr


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2> >(exec true)"])
def test_a_standard_error_that_takes_nothing_ends_nothing(redirection: str) -> None:
    command = f'sleep 0; "$0" -c "$1" {redirection}'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable, SPEAKER], capture_output=True, timeout=patience(60), check=True
    )
    assert ended.stdout == b"alive\n"


def _calls(package: str) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "log." in text else ():  # reading a file as a tree is dear
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                who = node.func.value
                if isinstance(who, ast.Name) and who.id in {"log", "_log"}:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


@pytest.mark.parametrize(
    ("package", "allowed"), [("server", server.log_keys.ALLOWED), ("device_bridge", device_bridge.log_keys.ALLOWED)]
)
def test_every_key_that_is_logged_is_on_the_list_of_its_program(package: str, allowed: frozenset[str]) -> None:
    keep = logs.ALWAYS | allowed
    calls = list(_calls(package))
    assert len(calls) > 10
    silent = {where: sorted({str(one.arg) for one in call.keywords if one.arg} - keep) for where, call in calls}
    assert {where: keys for where, keys in silent.items() if keys} == {}, "dropped in silence"
    assert {"handle", "address", "path", "user", "ip", "device", "topic", "token"}.isdisjoint(keep)


def test_nothing_else_speaks_to_standard_error_outside_the_command_lines() -> None:
    """`print`, `sys.stderr` and handlers of one's own raise where `evidence.logs` does not."""
    found = []
    for path in sorted(
        file for package in ("server", "device_bridge", "evidence") for file in (ROOT / package).rglob("*.py")
    ):
        name = str(path.relative_to(ROOT))
        if "/cli" in name or "/demo/" in name or name in APART:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(f"{name}:{node.lineno} print")
            if isinstance(node, ast.Attribute) and node.attr in LAST and ast.unparse(node) in RAISING:
                found.append(f"{name}:{node.lineno} {ast.unparse(node)}")
    assert found == []
