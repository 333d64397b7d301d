"""Her phone and her vault at a running server, made by the reference clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evidence import ids, keys
from server.clients import phone_folder, vault
from server.clients.caseworker import Caseworker
from server.clients.invitation import Invitation
from server.clients.phone import Phone
from server.clients.pins import Pins
from server.clients.signing import Signer
from server.clients.vault import Vault
from tests.support.server_world import World
from tests.support.waiting import until


@dataclass(frozen=True)
class PhoneOwner:
    """A case with its keys, and an invitation that was not used."""

    world: World
    case: ids.CaseId
    identity: keys.Identity
    invitation: Invitation
    connections: list[Signer] = field(default_factory=list)

    def connect(self, identity: keys.Identity, pins: Pins | None = None) -> Signer:
        """Return someone at the server; `close` closes the connections."""
        signer = Signer.connect(self.world.url, identity, pins or self.pins)
        self.connections.append(signer)
        return signer

    def close(self) -> None:
        for signer in self.connections:
            signer.api.close()

    @property
    def pins(self) -> Pins:
        return Pins.from_folder(self.world.settings.data / "trust")

    @property
    def vault(self) -> Vault:
        return Vault(self.connect(self.identity), self.case)

    def enrol(self, folder: Path) -> Path:
        phone_folder.enrol(folder, self.invitation)
        return folder


@contextmanager
def new_case(world: World) -> Iterator[PhoneOwner]:
    """Open a case by the caseworker's own client, and invite a phone."""
    pins = Pins.from_folder(world.settings.data / "trust")
    worker = Caseworker(Signer.connect(world.url, world.caseworker.identity, pins))
    identity = keys.Identity.generate()
    case = worker.open_case(*vault.public_halves(identity), world.team)
    her = PhoneOwner(world, case, identity, worker.invite(case, identity.opening_kid), [worker.signer])
    try:
        yield her
    finally:
        her.close()


def prove(phone: Phone) -> None:
    """Ask until the log proves every receipt."""
    until(lambda: not phone.check_proofs(), "the log took the leaves in")
