"""Rows about proofs of erasures that are checked alone: what a server, a caseworker or a forger could try with one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from evidence import canonical, ids, keys
from evidence.bundle.checking import erasure_proof
from evidence.custody.log import tlogproof
from evidence.custody.log.tiles import FolderTiles
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from evidence.statements import bodies, fold, statement
from evidence.statements import event as events
from evidence.statements import tombstone as tombstones
from evidence.statements.event import Recorded
from evidence.statements.rules.erasure import ERASE_CLOCK, ERASE_DELAY
from evidence.statements.tombstone import Tombstone
from tests.support import published
from tests.support.incidents import incident
from tests.support.organisation import Organisation
from tests.support.rows import NOT_FOR_IT, Outcome, Row, Story, fails, unreadable

Members = dict[str, Any]


@dataclass
class ErasingServer(Organisation):
    """A server that carries out an erasure, and records whatever it is told to say of it."""

    erasure: ids.ErasureId = field(default_factory=lambda: ids.ErasureId(ids.new_id()))
    gone: list[Recorded] = field(default_factory=list)
    """Events that were destroyed."""

    steps: list[Recorded] = field(default_factory=list)
    later: timedelta = ERASE_DELAY
    """Between her request and that it is carried out."""

    def record(self, signer: keys.SigningKey, kind: str, body: bodies.Body, **options: Any) -> None:  # noqa: ANN401
        """Record a statement that no rule was asked about."""
        link = self.standing.next_link(signer.kid)
        chain = {"chain": link} if signer.kid in self.standing.case_of_vault else {}
        made = statement.sign(signer, kind, body, **{"case": self.case, **chain, **options})
        fold.apply(self.standing, made)
        self.journal.append(events.record(made, len(self.journal), self.clock()))
        if kind.startswith("erase."):
            self.steps.append(self.journal[-1])

    def erase(self) -> None:
        """Erase a photo that was announced and granted, and keep an incident that was granted with another one."""
        photo = Media(kind="photo", source="victim", recorded=ids.now(), title="Auto")
        going = self.seal(photo, sealing.Content.of_bytes(bytes(900), "auto.jpg", "image/jpeg"), announced=True)
        staying = self.seal(incident())
        self.grant(going, staying)
        self.grant(staying)
        self.gone = [one for one in self.journal if going in tombstones.named_items(events.parse(one.event).statement)]
        self.record(self.vault, "erase.request", bodies.EraseRequest(self.erasure, (going,)))
        step = bodies.EraseStep(self.erasure)
        self.record(self.caseworker, "erase.approve", step)
        began = ids.moment_of(self.steps[0].received_at)
        self.clock = lambda: ids.time_of(began + self.later)
        self.record(self.server, "erase.execute", step)

    @property
    def buried(self) -> list[Tombstone]:
        return [tombstones.instead_of(one, self.erasure) for one in self.gone]

    def finish(self, **changes: object) -> None:
        """Say what was destroyed, and what remains."""
        containers = tuple(one.container for one in self.buried if one.container is not None)
        remains = (
            bodies.Remain("read", 2, self.vault.kid),
            bodies.Remain("export", 1, self.investigator.kid),
            bodies.Remain("object-lock", 1, None, self.clock()),
            bodies.Remain("database-files", 0),
        )
        body = bodies.EraseFinish(self.erasure, tuple(one.index for one in self.gone), containers, remains)
        self.record(self.server, "erase.finish", replace(body, **changes))  # type: ignore[arg-type]

    def proof(self, buried: list[Tombstone] | None = None) -> Members:
        """Return the members of the proof."""
        head = self.integrate()
        tiles = FolderTiles(self.folder / "log")

        def shown(one: Recorded | Tombstone) -> str:
            return canonical.b64(tlogproof.build_proof(tiles, one.index, head).to_bytes())

        opened = [one for one in self.journal if events.parse(one.event).statement.type == "case.open"]
        wanted = erasure_proof.needed_keys([events.parse(one.event) for one in (*opened, *self.steps)])
        told = [one for one in self.journal if one.index <= self.steps[-1].index and self._belongs(one, wanted)]
        return {
            "v": 1,
            "erasure": self.erasure,
            "case": self.case,
            "events": [
                {"event": canonical.b64(one.event), "salt": one.salt.hex(), "proof": shown(one)} for one in told
            ],
            "tombstones": [
                {"tombstone": canonical.b64(one.to_bytes()), "proof": shown(one)}
                for one in (self.buried if buried is None else buried)
            ],
            "receipt": events.issue(self.server, self.log.name, self.steps[-1]).to_json(),
        }

    def _belongs(self, one: Recorded, wanted: frozenset[ids.KeyId]) -> bool:
        event = events.parse(one.event)
        return one in self.steps or event.statement.type == "case.open" or erasure_proof.vouches_for(event, wanted)


Act = Callable[[ErasingServer], Members]


def erasure(name: str, act: Act, python: Outcome, spell: Callable[[object], bytes] = canonical.encode) -> Row:
    """What `act` makes of an erasure that was carried out and whose end is not recorded yet."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        server = ErasingServer(target / "server")
        members = act(server)
        path = target / "proof.json"
        path.write_bytes(spell(members))
        return path, server.trust

    return Row(f"an erasure: {name}", python, NOT_FOR_IT, make)


def _honest(server: ErasingServer, **changes: object) -> Members:
    server.erase()
    server.finish(**changes)
    return server.proof()


def changed(change: Callable[[Members], object]) -> Act:
    """Change an honest proof."""

    def act(server: ErasingServer) -> Members:
        members = _honest(server)
        change(members)
        return members

    return act


def without(kind: str) -> Act:
    """Leave a step out, as whoever took it back would like."""

    def act(server: ErasingServer) -> Members:
        server.erase()
        server.finish()
        server.steps = [one for one in server.steps if events.parse(one.event).statement.type != kind]
        return server.proof()

    return act


def buried(change: Callable[[ErasingServer, list[Tombstone]], list[Tombstone]]) -> Act:
    """Show other tombstones than the server named."""

    def act(server: ErasingServer) -> Members:
        _honest(server)
        return server.proof(change(server, server.buried))

    return act


def after(wait: timedelta) -> Act:
    """Carry it out when so much time has passed."""

    def act(server: ErasingServer) -> Members:
        server.later = wait
        return _honest(server)

    return act


def _cancelled(server: ErasingServer) -> Members:
    server.erase()
    server.record(server.vault, "erase.cancel", bodies.EraseStep(server.erasure))
    server.finish()
    return server.proof()


def _agreed_elsewhere(server: ErasingServer) -> Members:
    stranger, team = keys.Identity.generate(), ids.TeamId(ids.new_id())
    server.act(server.root, "team.open", bodies.TeamOpen(team, "Team Elders"))
    server.act(server.root, "key.publish", published.certificate(stranger, "caseworker", "V. Erder", team))
    server.caseworker, own = stranger, server.caseworker
    members = _honest(server)
    server.caseworker = own
    return members


def _agreed_after_retirement(server: ErasingServer) -> Members:
    server.act(server.root, "key.retire", bodies.KeyRetire(server.caseworker.kid))
    return _honest(server)


def _retired_since(server: ErasingServer) -> Members:
    server.erase()
    server.act(server.root, "key.retire", bodies.KeyRetire(server.caseworker.kid))
    server.finish()
    server.act(server.root, "key.retire", bodies.KeyRetire(server.server.kid))
    return server.proof()


def _asked_by_another_vault(server: ErasingServer) -> Members:
    her, other = server.vault, keys.Identity.generate()
    body = published.case_of(other, server.team, server.caseworker.kid)
    server.record(server.caseworker, "case.open", body, case=ids.CaseId(ids.new_id()))
    record = server.record

    def recorded(signer: keys.SigningKey, kind: str, *said: Any, **options: Any) -> None:  # noqa: ANN401
        record(other if signer is her and kind == "erase.request" else signer, kind, *said, **options)

    server.record = recorded  # type: ignore[method-assign]
    return _honest(server)


def _of_other_items(_server: ErasingServer, found: list[Tombstone]) -> list[Tombstone]:
    foreign = (ids.ItemId("ee" * 16),)
    return [replace(one, items=foreign) if one.type == "grant" else one for one in found]


def _another_leaf(_server: ErasingServer, found: list[Tombstone]) -> list[Tombstone]:
    return [replace(found[0], leaf=found[1].leaf), *found[1:]]


def _by_a_stranger(server: ErasingServer) -> Members:
    members = _honest(server)
    receipt = events.issue(keys.Identity.generate(), server.log.name, server.steps[-1])
    return {**members, "receipt": receipt.to_json()}


def _of_another_step(server: ErasingServer) -> Members:
    members = _honest(server)
    return {**members, "receipt": events.issue(server.server, server.log.name, server.steps[-2]).to_json()}


def _another_root(server: ErasingServer) -> Members:
    members = _honest(server)
    other = Organisation(server.folder / "other")
    (server.trust / "root.pub").write_text((other.trust / "root.pub").read_text())
    return members


BAD: Final = fails("erasure-bad")
TOLD: Final = Outcome(
    0,
    (
        *("erasure-remains-read", "erasure-remains-export", "erasure-remains-object-lock"),
        *("erasure-remains-database-files", "erasure-limits"),
    ),
)

ROWS: Final = (
    erasure("nothing at all", _honest, TOLD),
    *(erasure(f"without {kind}", without(kind), BAD)
      for kind in ("erase.request", "erase.approve", "erase.execute", "erase.finish")),
    erasure("she called it off", _cancelled, BAD),
    erasure("a caseworker of another team agreed", _agreed_elsewhere, BAD),
    erasure("a caseworker agreed whose key was retired", _agreed_after_retirement, BAD),
    erasure("whose key decided was retired since", _retired_since, TOLD),
    erasure("the vault of another case asked", _asked_by_another_vault, BAD),
    erasure("carried out as soon as her clock allows", after(ERASE_DELAY - ERASE_CLOCK), TOLD),
    erasure("carried out a moment sooner", after(ERASE_DELAY - ERASE_CLOCK - timedelta(milliseconds=1)), BAD),
    erasure("a tombstone less", buried(lambda _, found: found[1:]), BAD),
    erasure("a tombstone twice", buried(lambda _, found: [found[0], *found]), BAD),
    erasure("tombstones in another order", buried(lambda _, found: found[::-1]), BAD),
    erasure("a tombstone of another case",
            buried(lambda _, found: [replace(found[0], case=ids.CaseId("ee" * 16)), *found[1:]]), BAD),
    erasure("a tombstone of another erasure",
            buried(lambda _, found: [replace(found[0], erasure=ids.ErasureId("ee" * 16)), *found[1:]]), BAD),
    erasure("a tombstone of another item",
            buried(lambda _, found: [replace(found[0], items=(ids.ItemId("ee" * 16),)), *found[1:]]), BAD),
    erasure("a grant of what stays", buried(_of_other_items), BAD),
    erasure("a tombstone with another leaf", buried(_another_leaf), BAD),
    erasure("the server names an event less", lambda server: _honest(server, events=(1,)), BAD),
    erasure("the server names another file", lambda server: _honest(server, containers=(ids.Sha256("ee" * 32),)), BAD),
    erasure("events in another order", changed(lambda members: members["events"].reverse()), BAD),
    erasure("another salt", changed(lambda members: members["events"][0].update(salt="00" * 32)), BAD),
    erasure("of another case", changed(lambda members: members.update(case="ee" * 16)), BAD),
    erasure("another name", changed(lambda members: members.update(erasure="ee" * 16)), BAD),
    erasure("the receipt of another server", _by_a_stranger, BAD),
    erasure("the receipt of another step", _of_another_step, BAD),
    erasure("another root", _another_root, BAD),
    erasure("a member more", changed(lambda members: members.update(more=1)), unreadable("more")),
    erasure("no tombstones named", changed(lambda members: members.update(tombstones=None)), unreadable("tombstones")),
    erasure("in another spelling", _honest, unreadable("canonical"), lambda members: canonical.encode(members) + b"\n"),
)  # fmt: skip
