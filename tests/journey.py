"""One short story told by the reference clients at a `getuige serve` process: intake, two items, consent, export."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from evidence import ids, keys, xwing
from evidence.envelope.meta import Meta
from server.clients import phone_folder, vault
from server.clients.attachments import describe
from server.clients.caseworker import Caseworker
from server.clients.investigator import Investigator
from server.clients.outbox import Source
from server.clients.pins import Pins
from server.clients.root import Root
from server.clients.signing import Signer
from server.clients.vault import Vault
from server.founding import found
from server.settings import Settings
from tests.api.world import until

SERVE = (sys.executable, "-c", "from server.cli import main; main()", "serve")
DEADLINE_S = 15.0


@contextmanager
def serving(
    settings: Settings, before: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `getuige serve` until it answers, behind the words `before` (faketime); killed at the end."""
    chosen = {
        "GETUIGE_DATA": str(settings.data),
        "GETUIGE_PORT": str(settings.port),
        "GETUIGE_WITNESS": settings.witness,
        "GETUIGE_TSA": settings.tsa,
        "GETUIGE_BRIDGE_FEED_URL": settings.bridge_feed_url,
    }
    output = settings.data.with_suffix(".log")
    with output.open("ab") as log:
        process = subprocess.Popen(
            [*before, *SERVE],
            env={**os.environ, **chosen, **(env or {})},
            stderr=log,
            stdout=log,
            start_new_session=True,  # faketime runs the server beside itself, and would be ended alone
        )
    try:
        until(lambda: process.poll() is not None or _alive(settings), "the server answers")
        assert process.poll() is None, output.read_text()
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _alive(settings: Settings) -> bool:
    try:
        return httpx.get(f"{settings.public_url}/health/live", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Journey:
    """The people of the story; `folder` holds the phone and the bundle."""

    settings: Settings
    folder: Path
    root: keys.Identity = field(default_factory=keys.Identity.generate)
    vault: keys.Identity = field(default_factory=keys.Identity.generate)
    caseworker: keys.Identity = field(default_factory=keys.Identity.generate)
    investigator: keys.Identity = field(default_factory=keys.Identity.generate)
    case: ids.CaseId = field(default_factory=lambda: ids.CaseId(ids.new_id()))
    _signers: list[Signer] = field(default_factory=list)

    def found(self) -> None:
        found(self.settings, self.root, "Filomena")

    @property
    def trust(self) -> Path:
        return self.settings.data / "trust"

    def intake(self, labels: Sequence[str] = ("M. de Wit", "R. Bos")) -> None:
        """Certify caseworker and investigator, open the case, enrol the phone."""
        root = Root(self._at(self.root))
        team = root.open_team("Team Rotterdam")
        root.publish("caseworker", labels[0], self.caseworker.sign_public, self.caseworker.box_public, team)
        hybrid = xwing.public_of(xwing.seed_of(self.investigator))  # so that what she grants is wrapped in suite 2
        investigator = (self.investigator.sign_public, self.investigator.box_public)
        root.publish("investigator", labels[1], *investigator, xwing=hybrid)
        worker = Caseworker(self._at(self.caseworker))
        worker.open_case(*vault.public_halves(self.vault), team, self.case)
        phone_folder.enrol(self.folder / "phone", worker.invite(self.case, self.vault.box_public))

    def tell(self, meta: Meta, photo: Path, name: str) -> None:
        """Add an incident and a photo about it on the phone, and have the log prove both."""
        with phone_folder.open_phone(self.folder / "phone") as phone:
            about = phone.add(meta)
            phone.add(describe(photo, "image/jpeg", meta.title, meta.text, about), Source(photo, name, "image/jpeg"))
            phone.sync()
            self._until(lambda: not phone.check_proofs(), "the log proves both")

    def export(self, ground: str = "artikel 126nd Sv") -> Path:
        """She grants everything to the investigator, who takes a sealed bundle; returns it."""
        Vault(self._at(self.vault), self.case).grant(self.investigator.kid, "aangifte", 7)
        investigator = Investigator(self._at(self.investigator))
        investigator.timeline(self.case)
        taken = investigator.order(self.case, ground)
        investigator.wait(taken.export)
        target = self.folder / "bundle.zip"
        investigator.download(taken.export, target)
        return target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for signer in self._signers:
            signer.api.close()

    def _at(self, identity: keys.Identity) -> Signer:
        signer = Signer.connect(self.settings.public_url, identity, Pins.from_folder(self.trust))
        self._signers.append(signer)
        return signer

    def _until(self, question: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not question():
            assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s: {what}"
            time.sleep(0.05)


def incident(title: str = "Hij stond voor de deur", **more: str) -> Meta:
    """Return an incident as she types it."""
    return Meta(v=1, kind="incident", source="victim", recorded=ids.now(), title=title, **more)  # type: ignore[arg-type]
