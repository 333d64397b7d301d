"""A case that demands suite 2, from intake to an opened bundle, and every reader refusing what is wrapped lower.

The page is held to the same by `tests/browser/test_whole.py` (the demonstration's case is pinned) and
`tests/interop/test_webcrypto_node.py`. The operator of these tests is the malicious one: they write weak items and
grants into the journal past the server's own door, as whoever holds the database can.
"""

import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence import canonical, ids, keys, xwing
from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.bundle.opening.opened import open_bundle
from evidence.envelope import container, sealing, wraps
from evidence.envelope.wraps import Reader, WrapError
from evidence.statements import statement as statements
from evidence.statements import types
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from server.clients import case_keys, locked, memory, phone_folder, suites, tus, vault
from server.clients.caseworker import Caseworker
from server.clients.errors import ClientError, DistrustError, RefusedError
from server.clients.investigator import Investigator
from server.clients.invitation import Invitation
from server.clients.phone_folder import open_phone
from server.clients.pins import Pins
from server.clients.root import Root
from server.clients.signing import Signer
from server.clients.vault import Vault
from tests.api.world import World
from tests.e2e.her import incident


def getuige(*words: str) -> str:
    """Run a command as a person does, and return what it says."""
    command = [sys.executable, "-c", "from server.cli import main; main()", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@dataclass
class Intake:
    """One organisation whose people have X-Wing keys, and one case of it."""

    world: World
    folder: Path
    connections: list[Signer]
    hers: keys.Identity
    worker: keys.Identity
    police: keys.Identity
    case: ids.CaseId

    def at(self, identity: keys.Identity) -> Signer:
        signer = Signer.connect(self.world.url, identity, Pins.from_folder(self.trust))
        self.connections.append(signer)
        return signer

    @property
    def trust(self) -> Path:
        return self.world.settings.data / "trust"

    @property
    def caseworker(self) -> Caseworker:
        return Caseworker(self.at(self.worker))

    @property
    def vault(self) -> Vault:
        return Vault(self.at(self.hers), self.case)

    def phone(self, name: str = "phone") -> Path:
        folder = self.folder / name
        phone_folder.enrol(folder, self.caseworker.invite(self.case, self.hers.box_public))
        return folder

    def slip_in(self, made: statements.Statement) -> None:
        """Write a statement into the journal past the server, as its operator can."""
        engine = open_engine(self.world.settings.database_url)
        journal = SqlJournal(engine)
        journal.start()
        try:
            journal.append(made.envelope.to_bytes()).result(15)
        finally:
            journal.close()
            engine.dispose()


@contextmanager
def intake(world: World, folder: Path, *, pinned: bool, hybrid: bool = True) -> Iterator[Intake]:
    hers, worker, police = (keys.Identity.generate() for _ in range(3))
    made = Intake(world, folder, [], hers, worker, police, ids.CaseId(ids.new_id()))
    try:
        root = Root(made.at(world.root.identity))
        for role, who, team in (("caseworker", made.worker, world.team), ("investigator", made.police, None)):
            own = Reader.of(who, hybrid=True).xwing
            root.publish(role, f"{role} X", who.sign_public, who.box_public, team, xwing=own)  # type: ignore[arg-type]
        own = vault.xwing_public(made.hers) if hybrid else None
        halves = vault.public_halves(made.hers)
        made.caseworker.open_case(*halves, world.team, made.case, xwing=own, pinned=pinned)
        yield made
    finally:
        for signer in made.connections:
            signer.api.close()


@pytest.fixture
def pinned(world: World, tmp_path: Path) -> Iterator[Intake]:
    with intake(world, tmp_path, pinned=True) as made:
        yield made


def export(made: Intake, name: str = "bundle.zip") -> Path:
    police = Investigator(made.at(made.police))
    taken = police.order(made.case, "artikel 126nd Sv")
    police.wait(taken.export)
    police.download(taken.export, made.folder / name)
    return made.folder / name


def weak_item(made: Intake, author: keys.Identity, readers: list[bytes | Reader]) -> statements.Statement:
    """Upload an item whose head has a lower wrap, and return its statement, not yet posted."""
    prepared = sealing.prepare(author, made.case, incident("Zwak"), readers)
    out = io.BytesIO()
    body = sealing.write(prepared, None, out)
    tus.upload_bytes(made.at(author).api, out.getvalue(), body.item, body.container.sha256)
    return statements.sign(author, "item.seal", body, case=made.case)


def test_a_pinned_case_from_invitation_to_opened_bundle(pinned: Intake) -> None:
    with open_phone(pinned.phone()) as phone:
        first = phone.add(incident("Op de stoep"))
        assert phone.sync() == 1
        assert phone.case_keys.xwing == vault.xwing_public(pinned.hers)
    worker = pinned.caseworker
    worker.seal(pinned.case, incident("Gesprek"), worker.readers(pinned.case))
    assert [one.opened is not None for one in worker.timeline(pinned.case) if one.item] == [False, True]
    moments = [one for one in pinned.vault.items() if one.opened]
    assert [one.opened.meta.title for one in moments if one.opened] == ["Op de stoep", "Gesprek"]
    granted, _ = pinned.vault.grant(pinned.police.kid, "aangifte", 7, lambda one: one.item == first)
    assert {one.suite for one in granted.items} == {2}
    bundle = export(pinned)
    anchors = trust.load(pinned.trust)
    assert not verify(bundle, anchors).failed
    opened = open_bundle(bundle, pinned.police, pinned.folder / "opened")
    assert [one.item for one in opened.items] == [first]
    assert not verify(pinned.folder / "opened", anchors).failed


def test_nothing_below_the_pin_is_accepted_by_the_server(pinned: Intake) -> None:
    own = Reader(pinned.hers.box_public)
    weak: list[list[bytes | Reader]] = [[own], [Reader.of(pinned.hers, hybrid=True), pinned.worker.box_public]]
    for readers in weak:
        with pytest.raises(RefusedError) as refused:
            pinned.at(pinned.worker).post(weak_item(pinned, pinned.worker, readers))
        assert refused.value.status == 422
    plain = pinned.world.certify("investigator", "Zonder X-Wing")
    with pytest.raises(DistrustError, match="no X-Wing key"):
        pinned.vault.grant(plain.kid, "aangifte", 7)


def test_what_an_operator_slips_in_below_the_pin_is_refused_by_every_reader(pinned: Intake) -> None:
    """Item and grant below the pin stand in the journal: clients, opener and verifier each say no."""
    worker = pinned.caseworker
    strong, _ = worker.seal(pinned.case, incident("Sterk"), worker.readers(pinned.case))
    pinned.vault.grant(pinned.police.kid, "aangifte", 7)
    weak = weak_item(pinned, pinned.worker, [pinned.hers.box_public, pinned.worker.box_public])
    pinned.slip_in(weak)
    with pytest.raises(DistrustError, match="lower suite"):
        worker.timeline(pinned.case)
    with pytest.raises(DistrustError, match="lower suite"):
        pinned.vault.items()
    assert isinstance(weak.body, types.ItemSeal)
    given = wraps.wrap_for(bytes(32), pinned.case, weak.body.item, Reader.of(pinned.police, hybrid=True))
    grant = types.Grant(
        ids.GrantId(ids.new_id()),
        pinned.police.kid,
        ids.PublicKey(pinned.police.box_public.hex()),
        "aangifte",
        ids.Time("2099-01-01T00:00:00.000Z"),
        (types.GrantedItem(weak.body.item, given, 2),),
    )
    pinned.at(pinned.hers).post(statements.sign(pinned.hers, "grant", grant, case=pinned.case))
    bundle = export(pinned)
    report = verify(bundle, trust.load(pinned.trust))
    assert [(one.code, one.about) for one in report.failed] == [("item-differs", weak.body.item)]
    assert "lower suite" in report.failed[0].values["why"]
    assert {one.about for one in report.claims if one.code == "item-unchanged"} == {strong}
    with pytest.raises(container.TamperedError, match="lower suite"):
        open_bundle(bundle, pinned.police, pinned.folder / "refused")


def test_a_key_that_was_given_below_the_pin_opens_nothing(pinned: Intake) -> None:
    """The journal's own rules refuse such a grant, so a reader meets it only in what was forged."""
    worker = pinned.caseworker
    worker.seal(pinned.case, incident("Sterk"), worker.readers(pinned.case))
    pinned.vault.grant(pinned.police.kid, "aangifte", 7)
    (moment,) = (one for one in pinned.vault.items() if one.opened)
    assert moment.item
    assert moment.opened
    low = types.GrantedItem(
        moment.item, wraps.wrap(moment.opened.content_key, pinned.case, moment.item, pinned.police.box_public)
    )
    with pytest.raises(WrapError, match="demands a higher one"):
        wraps.check_suite(low.suite, case_keys.fetch(pinned.at(pinned.hers), pinned.case).least)


def test_a_key_that_somebody_slips_in_is_used_by_nobody(world: World, tmp_path: Path) -> None:
    """A dishonest server lets others name the case's X-Wing key: whoever seals notices, and seals nothing."""
    with intake(world, tmp_path, pinned=False, hybrid=False) as made:
        certificates = made.at(made.worker).certificates()
        halves = vault.public_halves(made.hers)
        opened = statements.sign(
            made.worker, "case.open", types.CaseOpen(*halves, world.team, made.worker.kid), case=made.case
        )
        other = ids.CaseId(ids.new_id())

        def pin(who: keys.Identity, case: ids.CaseId) -> statements.Statement:
            body = types.CasePin(2, ids.Base64(canonical.b64(vault.xwing_public(who))))
            return statements.sign(who, "case.pin", body, case=case)

        def open_for(who: keys.Identity, case: ids.CaseId) -> statements.Statement:
            body = types.CaseOpen(*vault.public_halves(who), world.team, made.worker.kid)
            return statements.sign(made.worker, "case.open", body, case=case)

        stranger = keys.Identity.generate()
        for said in (
            [opened, pin(made.worker, made.case)],
            [opened, pin(stranger, made.case)],
            [opened, open_for(stranger, made.case), pin(stranger, made.case)],
            [opened, open_for(stranger, other), pin(stranger, made.case)],
            [opened, open_for(stranger, other), pin(stranger, other)],
        ):
            with pytest.raises(DistrustError):
                case_keys.believed(certificates, said, made.case)
        honest = case_keys.believed(certificates, [opened, pin(made.hers, made.case)], made.case)
        assert honest.reader == Reader.of(made.hers, hybrid=True)
        assert honest.least == 2


def test_a_phone_takes_no_other_case_key_than_its_invitation_pins(pinned: Intake) -> None:
    invitation = pinned.caseworker.invite(pinned.case, pinned.hers.box_public)
    assert Invitation.parse(invitation.text()) == invitation
    assert len(invitation.text()) < 400
    with open_phone(pinned.phone("honest")) as phone:
        told = phone.signer.api.get(f"{case_keys.CASE_KEYS}/{pinned.case}")
    assert set(told) == {"xwing", "events"}
    assert told["events"] == [], "who leads her case is nothing for whoever holds her phone"
    other = hashlib.sha256(xwing.public_of(bytes(32))).hexdigest()
    swapped = type(invitation)(**{**vars(invitation), "xwing_sha256": other})
    folder = pinned.folder / "swapped"
    with pytest.raises(DistrustError, match="not the one of the invitation"):
        phone_folder.enrol(folder, swapped)
    with pytest.raises(ClientError, match="Enrol it again"), open_phone(folder):
        pass
    memory.write_json(folder / "phone.json", {**memory.read_json(folder / "phone.json"), "case_xwing_sha256": None})
    with open_phone(folder) as phone:  # a phone that was talked out of it seals in suite 1, and is refused
        phone.add(incident("Zwak"))
        with pytest.raises(RefusedError):
            phone.sync()


def test_the_vault_pins_an_old_case_and_no_phone_is_silenced_by_it(world: World, tmp_path: Path) -> None:
    """THREATS: whoever holds her pass phrase cannot use a pin to stop her phone; old items and grants stay readable."""
    with intake(world, tmp_path, pinned=False, hybrid=False) as made:
        plain = world.certify("investigator", "Zonder X-Wing")
        with open_phone(made.phone("old")) as phone:
            phone.add(incident("Van vroeger"))
            phone.sync()
        made.vault.grant(plain.kid, "aangifte", 7)
        own = ids.Base64(canonical.b64(vault.xwing_public(made.hers)))
        would = suites.look(made.at(made.hers), made.case)
        assert len(would.phones) == 1
        assert [plain.kid in one for one in would.given] == [True]
        with pytest.raises(RefusedError) as refused:
            suites.pin(made.at(made.hers), made.case, own)
        assert refused.value.reason == "suite"
        with pytest.raises(ClientError, match="no X-Wing key yet"):
            suites.pin(made.at(made.worker), made.case)
        thief = types.CasePin(2, own)
        with pytest.raises(RefusedError) as by_worker:
            made.at(made.worker).post(statements.sign(made.worker, "case.pin", thief, case=made.case))
        assert by_worker.value.reason == "role"
        made.vault.signer.post(
            statements.sign(made.hers, "device.revoke", types.DeviceRevoke(would.phones[0]), case=made.case)
        )
        key, phrase = tmp_path / "her.json", tmp_path / "phrase"
        phrase.write_text("bado kemi luso")
        key.write_bytes(keys.lock(made.hers, "noor", "bado kemi luso", keys.Kdf.fresh(1, keys.MIN_MEMLIMIT)).to_bytes())
        assert locked.unlock(key, "bado kemi luso") == made.hers
        words = [
            *("vault", "pin", "--key", str(key), "--case", made.case, "--trust", str(made.trust)),
            *("--url", world.url, "--phrase-file", str(phrase)),
        ]
        dry = getuige(*words)
        assert "Zonder X-Wing" in dry
        assert "Nothing was signed" in dry
        assert case_keys.fetch(made.at(made.hers), made.case).least is None
        assert "Pinned. Receipt" in getuige(*words, "--really")
        with open_phone(made.phone("new")) as phone:
            phone.add(incident("Nieuw"))
            phone.sync()
        titles = [one.opened.meta.title for one in made.vault.items() if one.opened]
        assert titles == ["Van vroeger", "Nieuw"]
        with pytest.raises(DistrustError):
            made.vault.grant(plain.kid, "aangifte", 7)
        assert [one.opened is not None for one in Investigator(made.at(plain.identity)).timeline(made.case) if one.item]
