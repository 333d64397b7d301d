"""Renewing time stamps in a data folder: what is due, one new token over it, and certificates that really expire."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence import keyfile
from evidence.bundle.checking import trust
from evidence.custody.errors import TimestampError
from evidence.custody.time import development_tsa, quorum, renewal
from evidence.custody.time.development_tsa import DevelopmentTsa
from server.cli import commands
from server.layout import Layout
from server.timestamps import renewing
from server.timestamps.renewals import Renewals, renew
from server.timestamps.renewing import Renewer
from server.timestamps.stamp_folder import StampFolder
from server.timestamps.tsa import TsaPanel
from tests.support.waiting import until

DAY = timedelta(days=1)
LIFE = timedelta(seconds=4)


class Data:
    """A data folder with stamped heads of two logs."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.trust.mkdir(parents=True)
        self.roots = b""

    def panel(self, tsa: DevelopmentTsa) -> TsaPanel:
        """Return a panel with this authority; readers trust it beside all earlier ones."""
        self.roots += tsa.root_pem
        (self.layout.trust / trust.TSA_ROOTS).write_bytes(self.roots)
        return TsaPanel({"": tsa}, trust.read_tsas(self.layout.trust))

    def stamp(self, panel: TsaPanel, *sizes: int, log: int = 1) -> None:
        for size in sizes:
            note = f"head {log} {size}".encode()
            kept = panel.stamp_all(hashlib.sha256(note).digest()).kept
            StampFolder(self.layout.timestamps_of(log)).keep(size, note, kept, {})

    def judged(self, size: int, log: int = 1) -> quorum.Judged:
        digest = hashlib.sha256(f"head {log} {size}".encode()).digest()
        believed = trust.read_tsas(self.layout.trust)
        return quorum.judge(digest, renewing.stored(self.layout), believed, datetime.now(UTC))


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path / "data")


def test_only_what_expires_soon_is_due_and_only_once(data: Data) -> None:
    soon, late = DevelopmentTsa.create(life=30 * DAY), DevelopmentTsa.create()
    data.stamp(data.panel(soon), 5, 9)
    data.stamp(data.panel(soon), 3, log=2)
    new = data.panel(late)
    data.stamp(new, 12)
    due = renewing.look(data.layout, new)
    assert (len(due.entries), due.lost, due.living) == (3, 0, 1)
    assert renewing.renew(data.layout, new).number == 1
    again = renewing.renew(data.layout, new)
    assert (again.number, again.due.entries, again.due.living) == (
        None,
        (),
        2,
    )  # and the renewal
    assert renewing.renew(data.layout, data.panel(DevelopmentTsa.create(life=9999 * DAY)), 4000 * DAY).number == 2


def test_a_new_token_must_outlive_the_old_ones(data: Data) -> None:
    panel = data.panel(DevelopmentTsa.create(life=30 * DAY))
    data.stamp(panel, 5)
    with pytest.raises(TimestampError, match="outlive"):
        renewing.renew(data.layout, panel)
    assert not list(data.layout.renewals.glob("[0-9]*"))


def test_a_renewal_that_was_cut_short_counts_for_nothing_and_is_made_anew(data: Data) -> None:
    data.stamp(data.panel(DevelopmentTsa.create(life=30 * DAY)), 5)
    panel = data.panel(DevelopmentTsa.create())
    data.layout.renewals.mkdir(parents=True)
    (data.layout.renewals / "1.tokens").write_bytes(b"cut")
    assert renewing.renew(data.layout, panel).number == 2
    (token,) = StampFolder(data.layout.timestamps_of(1)).tokens(5)
    assert Renewals(data.layout.renewals).renewed(renewal.token_sha256(token))


def test_of_two_processes_that_renew_at_once_one_finds_nothing_left(data: Data) -> None:
    data.stamp(data.panel(DevelopmentTsa.create(life=30 * DAY)), 5, 9)
    panel = data.panel(DevelopmentTsa.create())
    assert panel.trusted is not None
    due = renewing.look(data.layout, panel)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: renew(data.layout.renewals, due, panel, panel.trusted), range(4)))  # type: ignore[arg-type]
    assert sorted(numbers, key=str) == [1, None, None, None]


def test_without_roots_nobody_knows_what_is_due(data: Data) -> None:
    with pytest.raises(TimestampError):
        renewing.look(data.layout, TsaPanel({"": DevelopmentTsa.create()}))


def test_certificates_that_really_expire(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(development_tsa, "BACKDATE", timedelta(seconds=1))
    born = time.time()
    short = data.panel(DevelopmentTsa.create(life=LIFE))
    data.stamp(short, 5)
    long = data.panel(DevelopmentTsa.create())
    renewer = Renewer(data.layout, long, first_s=0.01)
    renewer.start()
    until(lambda: list(data.layout.renewals.glob("1.tsr")), "the server renews by itself")
    renewer.close()
    data.stamp(short, 9)
    while time.time() < born + LIFE.total_seconds() + 1.1:
        time.sleep(0.1)
    held, lost = data.judged(5), data.judged(9)
    assert ([len(one.renewed) for one in held.vouched], held.expired) == ([1], ())
    assert (lost.vouched, len(lost.expired)) == ((), 1)
    assert renewing.look(data.layout, long).lost == 1


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GETUIGE_")]:
        monkeypatch.delenv(name)
    data = Data(tmp_path / "data")
    keyfile.load_or_create_signing_key(data.layout.server_key)  # a founded folder
    monkeypatch.setenv("GETUIGE_DATA", str(data.layout.data))
    data.stamp(data.panel(DevelopmentTsa.create(life=30 * DAY)), 5)
    data.layout.tsa.mkdir(parents=True)
    data.panel(DevelopmentTsa.in_folder(data.layout.tsa))  # what GETUIGE_TSA=development asks

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["log", "renew-tokens", *arguments])
        return done.exit_code, done.output

    code, said = run("--dry-run")
    assert (code, "Nothing was changed." in said, "1 tokens were due" in said) == (0, True, True)
    assert not data.layout.renewals.exists()
    code, said = run()
    assert (code, "Renewal 1 was made" in said) == (0, True)
    code, said = run()
    assert (code, "0 tokens were due" in said, "1 others are good for longer" in said) == (0, True, True)
