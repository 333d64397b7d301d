"""A real PostgreSQL server of the tests' own, on a free port, run by a user without rights; it can be killed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL, Engine

from tests.support.ports import free_port
from tests.support.programs import carry_out, need
from tests.support.waiting import patience

DEADLINE_S = 30.0


@dataclass
class PostgresServer:
    """One cluster in one folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    names: Iterator[int] = field(default_factory=count)

    def create(self) -> None:
        """Make the cluster. PostgreSQL refuses to run as root, so that root gives the folder to another user."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, self._user())
        options = ["--username=getuige", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        user = self._user() if os.geteuid() == 0 else None
        carry_out([need("initdb"), f"--pgdata={self.folder / 'data'}", *options], cwd=self.folder, user=user)

    def start(self, **settings: str) -> None:
        """Start and wait until it answers. After a kill its orphans go first, so that it is tried again."""
        settings = {"port": str(self.port), "listen_addresses": "127.0.0.1", **settings}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        begun = time.monotonic()
        while True:
            with self._log.open("ab") as log:
                self.process = subprocess.Popen(
                    [need("postgres"), "-D", self.folder / "data", "-k", self.folder, *options],
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    user=self._user() if os.geteuid() == 0 else None,
                )
            while self.process.poll() is None:
                if self._answers():
                    return
                self._in_time(begun, "PostgreSQL does not answer")
                time.sleep(0.02)
            self._in_time(begun, "PostgreSQL does not start")

    @property
    def _log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def _in_time(self, begun: float, what: str) -> None:
        passed = time.monotonic() - begun
        assert passed < DEADLINE_S or passed < patience(DEADLINE_S), f"{what}:\n{self._log.read_text()[-2000:]}"

    def kill(self) -> None:
        """SIGKILL, as a machine does that runs out of memory."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Stop at once; its clients lose their connections."""
        self._signal(signal.SIGINT)

    def database(self) -> str:
        """Return the address of a new, empty database."""
        name = f"test{next(self.names)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://getuige@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="getuige",
            dbname=name,
            autocommit=True,
            connect_timeout=round(patience(2)),
        )

    def _signal(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(patience(DEADLINE_S))

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    @staticmethod
    def _user() -> str:
        """Return the user that Debian's package makes, or the one that owns nothing."""
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Make, start and at the end remove a cluster. Not below pytest's folder, which is closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="getuige-postgresql-"))
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
        server._log.unlink(missing_ok=True)


Opening = Callable[[str | URL], Engine]
