"""She erases by command, and what she gave beside it stays given.

A dry run destroys nothing, in fourteen days either of two people calls it off, and then it is gone for her readers. Her
receipts go on to hold.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence import ids, keys
from server.clients import receipts, timeline
from server.clients.erasing import Erasing
from server.clients.errors import DistrustError, RefusedError
from server.clients.investigator import Investigator
from server.clients.phone_folder import open_phone
from server.clients.receipts import Receipts
from tests.support import starter
from tests.support.erasing_world import sweeping
from tests.support.incidents import incident
from tests.support.phone_owner import PhoneOwner, new_case, prove
from tests.support.server_world import World
from tests.support.waiting import until

PHRASE = "bado kemi luro sita povu nezi"
CHEAP = keys.Kdf.fresh(keys.MIN_OPSLIMIT, keys.MIN_MEMLIMIT)
"""The tests are not about how long a phrase holds."""


@pytest.fixture
def her(world: World, tmp_path: Path) -> Iterator[PhoneOwner]:
    with new_case(world) as her:
        with open_phone(her.enrol(tmp_path / "phone")) as phone:
            for title in ("Een", "Twee", "Drie"):
                phone.add(incident(title))
            phone.sync()
        yield her


def _erasing(her: PhoneOwner, who: keys.Identity) -> Erasing:
    return Erasing(her.connect(who), her.case)


def _by_title(her: PhoneOwner) -> dict[str, ids.ItemId]:
    return {one.opened.meta.title: one.item for one in her.vault.items() if one.opened and one.item}


def _titles(who: Investigator, her: PhoneOwner) -> set[str]:
    return {moment.opened.meta.title for moment in who.timeline(her.case) if moment.opened}


def test_who_fetched_without_a_key_is_not_said_to_have_opened_it(her: PhoneOwner, tmp_path: Path) -> None:
    reader = Investigator(her.connect(her.world.investigator.identity))
    worker = her.world.caseworker.identity
    her.vault.set_readers({worker.kid: None})
    with open_phone(
        tmp_path / "phone"
    ) as phone:  # it has not heard of the list: what it adds is given, and not wrapped
        phone.add(incident("Vier"))
        phone.add(incident("Vijf"))
        phone.sync()
    given, kept = _by_title(her)["Vier"], _by_title(her)["Vijf"]
    her.vault.grant(her.world.investigator.kid, "aangifte", 30, lambda moment: moment.item == given)
    assert _titles(reader, her) == {"Vier"}
    assert not [one for one in timeline.read(her.connect(worker), her.case, [worker]) if one.opened]  # ciphertext only
    vault = _erasing(her, her.identity)

    plan = vault.plan([given])
    assert set(plan.fetched) == {"R. Bos", "yourself"}
    assert set(plan.unopenable) == {"M. de Wit"}
    assert set(vault.plan([kept]).fetched) == {"yourself"}
    assert set(vault.plan([kept]).unopenable) == {"M. de Wit"}


def test_what_was_given_beside_an_erased_item_stays_given(her: PhoneOwner, tmp_path: Path) -> None:
    reader = Investigator(her.connect(her.world.investigator.identity))
    her.vault.grant(her.world.investigator.kid, "aangifte", 30)
    assert _titles(reader, her) == {"Een", "Twee", "Drie"}
    vault, worker = _erasing(her, her.identity), _erasing(her, her.world.caseworker.identity)
    plan = vault.plan([_by_title(her)["Twee"]])
    assert len(plan.ending) == len(plan.again) == 1
    assert plan.fetched["R. Bos"] >= 1
    erasure, _ = vault.ask(plan)
    her.vault.grant(her.world.investigator.kid, "nog eens", 30)  # in the meantime: what may go comes apart
    assert [one.state for one in worker.known()] == ["asked"]
    worker.agree(erasure)
    assert [one.state for one in worker.known()] == ["waiting"]
    assert _titles(reader, her) == {"Een", "Twee", "Drie"}
    with sweeping(her.world.settings) as sweeper:
        assert sweeper.sweep() == 1
    assert _titles(reader, her) == {"Een", "Drie"}
    assert set(_by_title(her)) == {"Een", "Drie"}
    with open_phone(tmp_path / "phone") as phone:
        prove(phone)  # of the erased item, too: its leaf is there
        phone.add(incident("Vier"))
        phone.sync()
    assert set(_by_title(her)) == {"Een", "Drie", "Vier"}
    proof = until(lambda: _proof(vault, erasure), "the erasure is in the log")
    (tmp_path / "proof.json").write_bytes(proof)
    report = json.loads(_run("verify", str(tmp_path / "proof.json"), *_trust(her), "--json"))
    assert report["proven"]
    assert "R. Bos (investigator)" in [
        one.get("who") for one in report["claims"] if one["code"] == "erasure-remains-read"
    ]


def test_a_phone_that_never_got_its_receipt_goes_on_behind_what_was_erased(
    her: PhoneOwner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    with open_phone(tmp_path / "phone") as phone:
        phone.add(incident("Vier"))
        with monkeypatch.context() as dying:
            dying.setattr(Receipts, "keep", die)  # the answer came, and the phone died
            with pytest.raises(SystemExit):
                phone.sync()
    vault, worker = _erasing(her, her.identity), _erasing(her, her.world.caseworker.identity)
    erasure, _ = vault.ask(vault.plan([_by_title(her)["Vier"]]))
    worker.agree(erasure)
    with sweeping(her.world.settings) as sweeper:
        assert sweeper.sweep() == 1
    with open_phone(tmp_path / "phone") as phone:
        phone.add(incident("Vijf"))
        phone.sync()
        assert not list(phone.outbox.entries())
    assert set(_by_title(her)) == {"Een", "Twee", "Drie", "Vijf"}


def test_nothing_is_forgotten_because_a_server_says_that_it_was_erased(her: PhoneOwner) -> None:
    signer = her.connect(her.identity)
    other = ids.Sha256("ab" * 32)
    for receipt in ("", "e30="):
        with pytest.raises(DistrustError):
            receipts.check_erased(signer.pins, signer.certificates(), receipt, other)


def _proof(vault: Erasing, erasure: ids.ErasureId) -> bytes:
    try:
        return vault.proof(erasure)
    except RefusedError:
        return b""


def test_by_command_asked_agreed_and_called_off(her: PhoneOwner, tmp_path: Path) -> None:
    (tmp_path / "phrase.txt").write_text(f"{PHRASE}\n")
    for name, identity in (("vault", her.identity), ("caseworker", her.world.caseworker.identity)):
        (tmp_path / f"{name}.json").write_bytes(keys.lock(identity, name, PHRASE, CHEAP).to_bytes())
    common = ("--case", her.case, *_trust(her), "--url", her.world.url, "--phrase-file", str(tmp_path / "phrase.txt"))
    hers = ("--key", str(tmp_path / "vault.json"), *common)
    worker = ("--key", str(tmp_path / "caseworker.json"), *common)
    item = _by_title(her)["Een"]
    dry = _run("vault", "erase", *hers, "--item", item)
    assert "Een" in dry
    assert "Nothing was asked" in dry
    assert not _erasing(her, her.identity).known()
    asked = _run("vault", "erase", *hers, "--item", item, "--really")
    erasure = asked.split("Erasure ")[1].split(",")[0]
    assert "cancel-erase" in asked
    assert "Agreed" in _run("staff", "caseworker", "agree-erase", erasure, *worker)
    assert "waiting" in _run("staff", "caseworker", "erasures", *worker)
    assert erasure in _run("vault", "cancel-erase", *hers)  # without naming it: everything that is open
    assert not _erasing(her, her.identity).call_off()
    with sweeping(her.world.settings) as sweeper:
        assert sweeper.sweep() == 0
    assert item in _by_title(her).values()
    held = _erasing(her, her.world.caseworker.identity).hold("klacht", [item])
    assert [one.ground for one in _erasing(her, her.identity).plan([item]).holds] == ["klacht"]
    _run("staff", "caseworker", "lift", held, *worker)
    term = ("--class", "claim", "--ground", "AVG 17", "--until", "2028-01-01")
    kept = _run("staff", "caseworker", "retain", *worker, *term)
    assert kept.startswith("Kept until 2028-01-01")
    assert "the case is kept (claim: AVG 17)" in _run("vault", "erase", *hers, "--item", item)
    moments = timeline.read(her.connect(her.identity), her.case, [])
    assert {"erase.request", "erase.approve", "erase.cancel", "hold.place", "hold.lift", "case.retain"} <= {
        one.type for one in moments
    }


def _trust(her: PhoneOwner) -> tuple[str, str]:
    return "--trust", str(her.world.settings.data / "trust")


def _run(*words: str) -> str:
    done = starter.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
