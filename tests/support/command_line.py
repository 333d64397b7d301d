"""The `getuige` command inside this process, put together once: what it prints, and its exit code."""

import gc
import io
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache

from typer.main import get_command

from server import cli


@cache
def _app() -> Callable[[], object]:
    app: Callable[[], object] = get_command(cli.build_app())
    return app


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def word(self) -> str:
        """The first word that it printed: an id."""
        return self.out.split()[0]

    def line(self, name: str) -> str:
        """The value of the line that begins with `name`."""
        (found,) = (one for one in self.out.splitlines() if one.startswith(name))
        return found.removeprefix(name).strip()


def getuige(*arguments: object, **environment: object) -> Ended:
    """Run a command with these words and variables, as `main` does."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv, variables, hook = sys.argv, dict(os.environ), sys.excepthook
    gc.freeze()  # so that only what the command leaves is looked through at its end
    sys.argv = ["getuige", *map(str, arguments)]
    os.environ.update({name: str(value) for name, value in environment.items()})
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.carry_out(_app())
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # a command leaves its connections to the process's end
            gc.collect()
            gc.unfreeze()
        sys.argv, sys.excepthook = argv, hook
        os.environ.clear()
        os.environ.update(variables)
    return Ended(code, out.getvalue(), err.getvalue())
