"""One short story told by the reference clients at a `getuige serve` process: intake, two items, consent, export."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from evidence import ids, keys
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
from tests.support.waiting import until


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
        for role, label, who, member in (
            ("caseworker", labels[0], self.caseworker, team),
            ("investigator", labels[1], self.investigator, None),
        ):
            root.publish(role, label, who.sign_public, member, xwing=who.xwing_public)  # type: ignore[arg-type]
        worker = Caseworker(self._at(self.caseworker))
        worker.open_case(*vault.public_halves(self.vault), team, self.case)
        phone_folder.enrol(self.folder / "phone", worker.invite(self.case, self.vault.opening_kid))

    def tell(self, meta: Meta, photo: Path, name: str, *others: Meta) -> None:
        """Add an incident, a photo about it and others on the phone, and have the log prove them."""
        with phone_folder.open_phone(self.folder / "phone") as phone:
            about = phone.add(meta)
            phone.add(describe(photo, "image/jpeg", meta.title, meta.words, about), Source(photo, name, "image/jpeg"))
            for other in others:
                phone.add(other)
            phone.sync()
            self._until(lambda: not phone.check_proofs(), "the log proves them")

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
        until(question, what)
