"""Several time stamp authorities over real HTTP: asked at once, one down or lying costs nothing, and it shows."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evidence.bundle.checking import trust
from evidence.custody.errors import TimestampError
from evidence.custody.time import tsa_policy
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.custody.time.timestamp import MAX_TOKEN_BYTES, verify_token
from server.layout import Layout
from server.settings import Settings, SettingsError, StandInError
from server.timestamps import health, tsa
from server.timestamps.stamp_folder import StampFolder
from server.timestamps.tsa import TsaPanel
from tests.support.tsa import RunningTsa, running
from tests.support.waiting import patience

DIGEST = hashlib.sha256(b"a head").digest()
NOBODY = "http://127.0.0.1:1"
TWO_HOURS = timedelta(hours=2)


class Panel:
    """A panel of the policy that names these authorities, and what it told of them."""

    def __init__(self, folder: Path, **authorities: RunningTsa) -> None:
        folder.mkdir(parents=True)
        self.told: Counter[tuple[str, str]] = Counter()
        lines = [f"tsa {name} {tsa_policy.fingerprint(one.root_pem)} {one.url}" for name, one in authorities.items()]
        (folder / trust.TSA_ROOTS).write_bytes(b"".join(one.root_pem for one in authorities.values()))
        (folder / "policy").write_text("\n".join([*lines, "quorum 1", ""]))
        self.settings = Settings(data=folder / "data", tsa=str(folder / "policy"))
        self.layout = Layout(self.settings.data)
        self.panel: TsaPanel = tsa.choose(
            self.settings, self.layout, lambda name, outcome: self.told.update([(name, outcome)])
        )


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def at(by: timedelta) -> DevelopmentTsa:
    made = DevelopmentTsa.create(lambda: datetime.now(UTC) - timedelta(days=1))
    made._clock = lambda: datetime.now(UTC) + by
    return made


def test_all_are_asked_and_every_token_is_kept(stack: ExitStack, tmp_path: Path) -> None:
    a, b = stack.enter_context(running()), stack.enter_context(running())
    world = Panel(tmp_path / "p", kpn=a, police=b)
    stamps = world.panel.stamp_all(DIGEST)
    assert (set(stamps.kept), set(stamps.aside)) == ({"kpn", "police"}, set())
    verify_token(stamps.kept["kpn"], DIGEST, [a.root_pem])
    verify_token(stamps.kept["police"], DIGEST, [b.root_pem])
    assert world.told == {("kpn", "stamped"): 1, ("police", "stamped"): 1}


def test_they_are_asked_side_by_side(stack: ExitStack, tmp_path: Path) -> None:
    together = threading.Barrier(5)

    def with_the_others(_digest: bytes, token: bytes) -> bytes:
        together.wait(tsa.TIMEOUT_S)
        return token

    five = {f"t{number}": stack.enter_context(running(answer=with_the_others)) for number in range(5)}
    assert len(Panel(tmp_path / "p", **five).panel.stamp_all(DIGEST).kept) == 5


def test_one_that_hangs_holds_up_nobody(stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsa, "GRACE_S", 0.5)
    released = threading.Event()

    def never(_digest: bytes, token: bytes) -> bytes:
        assert released.wait(patience(60)), "it was waited for"
        return token

    good, hangs = stack.enter_context(running()), stack.enter_context(running(answer=never))
    stack.callback(released.set)
    world = Panel(tmp_path / "p", good=good, hangs=hangs)
    assert set(world.panel.stamp_all(DIGEST).kept) == {"good"}
    assert world.told[("hangs", "no-answer")] == 1


LIES = {
    "of another digest": lambda _digest, _token: DevelopmentTsa.create().stamp(bytes(32)),
    "of a stranger": lambda digest, _token: DevelopmentTsa.create().stamp(digest),
    "no token": lambda _digest, _token: b"<html>Moved</html>",
    "far too long": lambda _digest, token: token + bytes(MAX_TOKEN_BYTES),
}


@pytest.mark.parametrize("lie", LIES)
def test_one_that_lies_costs_nothing_and_shows(lie: str, stack: ExitStack, tmp_path: Path) -> None:
    good, liar = stack.enter_context(running()), stack.enter_context(running(answer=LIES[lie]))
    world = Panel(tmp_path / "p", good=good, liar=liar)
    assert set(world.panel.stamp_all(DIGEST).kept) == {"good"}
    assert world.told[("good", "stamped")] == 1
    assert world.told[("liar", "refused")] + world.told[("liar", "no-answer")] == 1


def test_one_that_gives_anothers_token_is_refused(stack: ExitStack, tmp_path: Path) -> None:
    shared = DevelopmentTsa.create()
    good = stack.enter_context(running(shared))
    mirror = stack.enter_context(running(answer=lambda digest, _token: shared.stamp(digest)))
    world = Panel(tmp_path / "p", good=good, mirror=mirror)
    assert set(world.panel.stamp_all(DIGEST).kept) == {"good"}
    assert world.told[("mirror", "refused")] == 1


def test_one_that_is_down_costs_nothing_and_shows(stack: ExitStack, tmp_path: Path) -> None:
    good = stack.enter_context(running())
    world = Panel(tmp_path / "p", good=good, down=RunningTsa(NOBODY, DevelopmentTsa.create().root_pem))
    assert set(world.panel.stamp_all(DIGEST).kept) == {"good"}
    assert world.told == {("good", "stamped"): 1, ("down", "no-answer"): 1}


def test_when_none_answers_there_is_no_stamp(tmp_path: Path) -> None:
    world = Panel(tmp_path / "p", down=RunningTsa(NOBODY, DevelopmentTsa.create().root_pem))
    with pytest.raises(TimestampError):
        world.panel.stamp_all(DIGEST)


@pytest.mark.parametrize("shift", [TWO_HOURS, -TWO_HOURS])
def test_of_two_clocks_the_one_against_all_others_is_laid_aside(
    shift: timedelta, stack: ExitStack, tmp_path: Path
) -> None:
    good, wrong = stack.enter_context(running()), stack.enter_context(running(at(shift)))
    world = Panel(tmp_path / "p", good=good, wrong=wrong)
    stamps = world.panel.stamp_all(DIGEST)
    assert (set(stamps.kept), set(stamps.aside)) == ({"good"}, {"wrong"})
    assert world.told[("wrong", "aside")] == 1


def test_a_clock_of_our_own_that_is_wrong_lays_nothing_aside(stack: ExitStack, tmp_path: Path) -> None:
    """Two authorities that agree with each other and not with this server: then it is this server."""
    late, later = stack.enter_context(running(at(TWO_HOURS))), stack.enter_context(running(at(TWO_HOURS)))
    stamps = Panel(tmp_path / "p", late=late, later=later).panel.stamp_all(DIGEST)
    assert (len(stamps.kept), stamps.aside) == (2, {})
    split = stack.enter_context(running(at(-TWO_HOURS)))
    stamps = Panel(tmp_path / "q", late=late, split=split).panel.stamp_all(DIGEST)
    assert (len(stamps.kept), stamps.aside) == (2, {})


def test_what_the_doctor_sees(stack: ExitStack, tmp_path: Path) -> None:
    good, other = stack.enter_context(running()), stack.enter_context(running())
    world = Panel(tmp_path / "p", good=good, other=other)
    world.layout.trust.mkdir(parents=True)
    for name, text in tsa.policy_files(world.settings).items():
        (world.layout.trust / name).write_text(text)
    assert health.look(world.settings).mend == ""
    folder, note = StampFolder(world.layout.timestamps_of(1)), b"a head"
    folder.keep(5, note, world.panel.stamp_all(DIGEST).kept, {})
    assert "2 vouch" in health.look(world.settings).seen
    stamps = world.panel.stamp_all(DIGEST).kept
    folder.keep(9, note, {"good": stamps["good"]}, {"other": stamps["other"]})
    found = health.look(world.settings)
    assert "other did not stamp the newest head" in found.seen
    assert "1 tokens contradict all other clocks: other" in found.seen
    assert found.mend
    assert (folder.sizes(), folder.tokens(9)) == ([5, 9], [stamps["good"]])
    assert folder.token(5, "other") == folder.tokens(5)[1]


def test_a_certificate_that_ends_soon_shows(stack: ExitStack, tmp_path: Path) -> None:
    short = DevelopmentTsa.create(life=timedelta(days=20))
    world = Panel(tmp_path / "p", short=stack.enter_context(running(short)))
    world.layout.trust.mkdir(parents=True)
    (world.layout.trust / trust.TSA_ROOTS).write_bytes(short.root_pem)
    StampFolder(world.layout.timestamps_of(1)).keep(5, b"a head", world.panel.stamp_all(DIGEST).kept, {})
    assert "the certificate of" in health.look(world.settings).seen


def test_a_policy_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "policy").write_text("quorum 1\n")
    (tmp_path / trust.TSA_ROOTS).write_text("")
    settings = Settings(data=tmp_path / "data", tsa=str(tmp_path / "policy"))
    with pytest.raises(SettingsError, match="GETUIGE_TSA"):
        tsa.choose(settings, Layout(settings.data))


def test_production_refuses_an_authority_without_https(stack: ExitStack, tmp_path: Path) -> None:
    world = Panel(tmp_path / "p", plain=stack.enter_context(running()))
    production = world.settings.model_copy(update={"mode": "production"})
    with pytest.raises(StandInError, match="https"):
        tsa.choose(production, world.layout)
