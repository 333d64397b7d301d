"""Getuige's programs started without paying for their imports again: forked by a process that has imported them once.

What is started is a process as in earnest: its own id, words, environment, folder and streams, and the entry point of
the `getuige` command; it is signalled and killed like any other. Only what precedes the first line of that entry point
is shared, which costs one to two seconds of a processor each time. A start that is about just that (a program in front
of it, a library that is loaded before it) is made by the true command; so is at least one start of every program.
"""

import atexit
import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

GETUIGE: Final = (sys.executable, "-c", "from server.cli import main; main()")
"""The true command."""
PROJECT: Final = Path(__file__).parents[2]
MOST_BYTES: Final = 1 << 20
"""Of a request: words and environment."""


class Started:
    """A process that was forked, with what `subprocess.Popen` offers of one."""

    def __init__(self, words: tuple[str, ...], line: socket.socket) -> None:
        self.args = ("getuige", *words)
        self.returncode: int | None = None
        self._line = line.makefile("rb")
        self._socket = line
        self.pid = int(self._line.readline())

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ended; return its exit code, or the negative number of the signal that ended it."""
        if self.returncode is None:
            if timeout is not None and not _readable(self._socket, timeout):
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = int(self._line.readline())
            self._line.close()
            self._socket.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal; one that has ended gets none."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)


Process = subprocess.Popen[bytes] | Started
"""A process of either kind."""


def start(
    *words: object,
    output: int | IO[bytes],
    error: int | IO[bytes] | None = None,
    code: str | None = None,
    environment: Mapping[str, str] | None = None,
    new_session: bool = False,
    before: tuple[str, ...] = (),
) -> Process:
    """Start `getuige` with these words, in this folder; what it says goes to `output`, also its errors by default.

    With `code` it is that program in Python instead. `environment` is the whole of it, as in `subprocess.Popen`. With
    words `before` it, or with a library that is to be loaded first, it is the true command: a fork would know neither.
    """
    told = tuple(map(str, words))
    variables = dict(os.environ if environment is None else environment)
    if before or "LD_PRELOAD" in variables:
        command = [*before, *((sys.executable, "-c", code) if code else GETUIGE), *told]
        where = output if error is None else error
        return subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=where, start_new_session=new_session
        )
    request = {
        "words": told,
        "code": code or "from server.cli import main; main()",
        "environment": variables,
        "folder": str(Path.cwd()),
        "new_session": new_session,
    }
    ours, theirs = socket.socketpair()
    out = output if isinstance(output, int) else output.fileno()
    err = out if error is None else error if isinstance(error, int) else error.fileno()
    with theirs, Path(os.devnull).open("rb") as nothing:
        socket.send_fds(_forker(), [json.dumps(request).encode()], [nothing.fileno(), out, err, theirs.fileno()])
    return Started(told, ours)


def run(
    *words: object, code: str | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `getuige`, or `code`, with these words to its end; return its exit code and what it said."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(*words, output=out, error=err, code=code, environment=environment)
        process.wait()
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
    assert process.returncode is not None
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


@cache
def _forker() -> socket.socket:
    """Start the process that forks; it ends with this one, when its line to it is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.support.starter", str(theirs.fileno())]
    nothing = subprocess.DEVNULL
    with theirs:
        forker = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"},
            pass_fds=[theirs.fileno()],
            stdin=nothing,
            stdout=nothing,
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        forker.wait()

    atexit.register(end)
    return ours


def _readable(line: socket.socket, within_s: float) -> bool:
    line.settimeout(within_s)
    try:
        return bool(line.recv(1, socket.MSG_PEEK))
    except (BlockingIOError, TimeoutError):
        return False
    finally:
        line.settimeout(None)


# ------------------------------------------------------------------------------------------- the process that forks


def _fork_for_each(control: socket.socket) -> str:
    """Fork for each request; returns in a process that was started, with what it is to carry out."""
    gc.collect()
    gc.freeze()  # what is shared stays shared
    while True:
        raw, streams, _, _ = socket.recv_fds(control, MOST_BYTES, 4)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not raw:
            sys.exit()
        if os.fork() == 0:
            control.close()
            return _become(json.loads(raw), streams)
        for stream in streams:
            os.close(stream)


def _become(request: dict[str, Any], streams: list[int]) -> str:
    """Fork the process itself, and stay behind to tell how it ended."""
    *standard, line = streams
    if pid := os.fork():
        for stream in standard:
            os.close(stream)
        os.write(line, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):
            os.write(line, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(line)
    if request["new_session"]:
        os.setsid()
    for number, stream in enumerate(standard):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr] # a text stream
    sys.argv = ["-c", *request["words"]]
    return str(request["code"])


def _import_all() -> None:
    """Import what the commands and the long-lived programs import when they run."""
    for name in ("server.serving", "device_bridge.process"):
        import_module(name)
    for package in ("server.cli", "server.clients", "device_bridge.cli"):
        for found in pkgutil.iter_modules(import_module(package).__path__):
            import_module(f"{package}.{found.name}")


if __name__ == "__main__":
    _import_all()
    exec(_fork_for_each(socket.socket(fileno=int(sys.argv[1]))), {"__name__": "__main__"})  # noqa: S102 - as `python -c`
