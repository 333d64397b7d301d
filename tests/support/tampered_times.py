"""Rows about clocks, authorities that disagree, witnesses of another kind, receipts with a proof, and items alone."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys
from evidence.bundle.checking import trust
from evidence.bundle.format import layout
from evidence.custody.log import tlogproof
from evidence.custody.log.checkpoint import SignedCheckpoint
from evidence.custody.log.note import KeyType, generate_key
from evidence.custody.log.tiles import FolderTiles
from evidence.custody.time.development_tsa import DevelopmentTsa
from evidence.statements import event as events
from evidence.statements import statement
from evidence.statements.statement import SeenCheckpoint
from tests.support import published
from tests.support.forging import regenerate
from tests.support.incidents import incident
from tests.support.lying_server import LyingServer
from tests.support.organisation import Organisation
from tests.support.rows import HOLDS, NOT_FOR_IT, UNCHECKED, Outcome, Row, Story, fails, unpacked

Change = Callable[[LyingServer, dict[str, object]], dict[str, object]]
TWO_HOURS: Final = timedelta(hours=2)


# ------------------------------------------------------------------------------------------------------------- clocks
def _moved_server(book: Organisation, by: timedelta) -> None:
    book.clock = lambda: ids.time_of(datetime.now(UTC) + by)


def _ahead(book: Organisation) -> SeenCheckpoint | None:
    _moved_server(book, TWO_HOURS)
    return None


def _behind(book: Organisation) -> SeenCheckpoint:
    """Her phone saw a head, and another item of hers is proven under it."""
    book.grant(book.seal(incident("Het eerste")))
    seen = book.stamp()
    _moved_server(book, -TWO_HOURS)
    return seen


def _far_behind(book: Organisation) -> SeenCheckpoint | None:
    _moved_server(book, -TWO_HOURS)
    return None


def _false_claim(more: int) -> Callable[[Organisation], SeenCheckpoint]:
    def claim(book: Organisation) -> SeenCheckpoint:
        seen = book.stamp()
        book.seal(incident("Het eerste"))
        _moved_server(book, -TWO_HOURS)
        return SeenCheckpoint(seen.size + more, ids.Sha256("ab" * 32))

    return claim


def clocks(name: str, way: Callable[[Organisation], SeenCheckpoint | None], python: Outcome, shell: Outcome) -> Row:
    """A bundle with an item that was sealed after what `way` did; it returns the head that the phone says it saw."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        book = Organisation(target / "book")
        item = book.seal(incident(), seen=way(book))
        book.grant(item)
        return unpacked(book.export(item), target / "out"), book.trust

    return Row(f"clocks: {name}", python, shell, make)


# -------------------------------------------------------------------------------------------------------- authorities
def _moved(by: timedelta) -> DevelopmentTsa:
    made = DevelopmentTsa.create(lambda: datetime.now(UTC) - timedelta(days=1))
    made._clock = lambda: datetime.now(UTC) + by
    return made


def authorities(name: str, others: tuple[timedelta, ...], quorum: int, python: Outcome, shell: Outcome) -> Row:
    """Heads that an authority and `others` stamped, of which `quorum` must vouch."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        book = Organisation(target / "book")
        book.more_tsas = [_moved(by) for by in others]
        named = {f"more{number}": tsa for number, tsa in enumerate(book.more_tsas)} or {"gone": DevelopmentTsa.create()}
        book.trust_tsas(quorum, kpn=book.tsa, **named)
        item = book.seal(incident())
        book.grant(item)
        return unpacked(book.export(item), target / "out"), book.trust

    return Row(f"authorities: {name}", python, shell, make)


# ------------------------------------------------------------------------------------------- witnesses with ML-DSA-44
def post_quantum(name: str, python: Outcome, shell: Outcome, *, spoil: bool = False, beside: bool = False) -> Row:
    """A policy that believes a witness with ML-DSA-44: it alone, or either of two."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        folder, anchors = target / "bundle", target / "trust"
        shutil.copytree(story.sealed, folder)
        shutil.copytree(story.book.trust, anchors)
        signer = generate_key("pq.example", KeyType.ML_DSA_44)
        policy = (anchors / trust.POLICY).read_text().replace("quorum dev", f"witness pq {signer.vkey}")
        end = "group both any dev pq\nquorum both\n" if beside else "quorum pq\n"
        (anchors / trust.POLICY).write_text(policy + end)
        for path in (folder / "proof").rglob("*.tlog-proof"):
            proof = tlogproof.TlogProof.parse(path.read_bytes())
            signed = SignedCheckpoint.parse(proof.checkpoint)
            line = signer.cosign(signed.checkpoint.body, datetime.now(UTC))
            if spoil:
                line = replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
            note = signed.with_signatures([line]).to_bytes()
            path.write_bytes(replace(proof, checkpoint=note).to_bytes())
            digest = hashlib.sha256(note).digest()
            (folder / layout.token(digest.hex())).write_bytes(story.book.tsa.stamp(digest))
        regenerate(folder)
        return folder, anchors

    return Row(f"a witness with ML-DSA-44: {name}", python, shell, make)


# ------------------------------------------------------------------------------------------------- receipts and items
def _receipt(book: Organisation, recorded: events.Recorded, *, proven_as: int | None = None) -> dict[str, object]:
    """Return a receipt as a phone keeps it, with the proof of an event if one is named."""
    certificate = published.certificate(book.server, "server", "Getuige")
    members: dict[str, object] = {
        "receipt": events.issue(book.server, book.log.name, recorded).to_json(),
        "event": canonical.b64(recorded.event),
        "salt": recorded.salt.hex(),
        "server_key": dict(statement.sign(book.root, "key.publish", certificate).envelope.to_json()),
    }
    if proven_as is not None:
        head = next(head for head, _ in book.stamped if head.checkpoint.size > proven_as)
        proof = tlogproof.build_proof(FolderTiles(book.folder / "log"), proven_as, head)
        members["proof"] = canonical.b64(proof.to_bytes())
    return members


def proven_receipt(name: str, away: int, python: Outcome) -> Row:
    """A receipt with the proof of the event that lies `away` from its own."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        recorded = story.book.journal[-2]
        path = target / "receipt.json"
        path.write_bytes(canonical.encode(_receipt(story.book, recorded, proven_as=recorded.index + away)))
        return path, story.book.trust

    return Row(f"receipt: {name}", python, NOT_FOR_IT, make)


def alone(name: str, tamper: Callable[[bytes], bytes], python: Outcome, *, of_another: bool = False) -> Row:
    """An item with its receipt beside it."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        book = story.book
        first, second = list(book.standing.items)[:2]
        (sealed,) = (one for one in book.journal if _seals(one, second if of_another else first))
        path = target / f"{first}{layout.ITEM_SUFFIX}"
        path.write_bytes(tamper(book.container(book.sealed(first).container.sha256).read_bytes()))
        path.with_suffix(".json").write_bytes(canonical.encode(_receipt(book, sealed, proven_as=sealed.index)))
        return path, book.trust

    return Row(f"an item alone: {name}", python, NOT_FOR_IT, make)


def _seals(recorded: events.Recorded, item: ids.ItemId) -> bool:
    made = events.parse(recorded.event).statement
    return made.type == "item.seal" and getattr(made.body, "item", None) == item


def kept(name: str, number: int, python: Outcome, change: Change = lambda _server, members: members) -> Row:
    """An export that leaves out the third item that her phone sealed, and the receipt of one that somebody kept.

    All that the export says fits: only the receipt shows that the server knew more. The fourth came after the export.
    """

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        server = LyingServer(target / "server")
        items = [server.seal(incident(word)) for word in ("een", "twee", "drie")]
        server.grant(*items)
        sealed = [one for one in server.journal if events.parse(one.event).statement.type == "item.seal"]
        known = events.parse(sealed[1].event).statement
        server.leave_out = lambda made: getattr(made.body, "item", None) == items[2]
        server.twist = lambda body: replace(
            body,
            last=tuple(replace(one, seq=2, statement=known.id) if one.by == known.by else one for one in body.last),
        )
        bundle = server.export(*items[:2])
        server.seal(incident("vier"))
        sealed.append(server.journal[-1])
        (target / "receipts").mkdir()
        members = change(server, _receipt(server, sealed[number - 1]))
        (target / "receipts/one.json").write_bytes(canonical.encode(members))
        unpacked(bundle, target / "out").rename(target / "bundle")
        return target / "bundle", server.trust

    return Row(f"a receipt that was kept: {name}", python, NO_RECEIPTS, make)


def _by_a_stranger(server: LyingServer, members: dict[str, object]) -> dict[str, object]:
    stranger = keys.Identity.generate()
    return {**members, "receipt": events.issue(stranger, server.log.name, server.journal[-1]).to_json()}


NO_RECEIPTS: Final = Outcome(0, ("not checked here: receipts that somebody kept",))
LATE: Final = "later than witnesses and time stamps allow"
EARLY: Final = "that its signer says to have seen"
NOT_COUNTED: Final = "a witness with ML-DSA-44 is not counted here"

ROWS: Final = (
    clocks("the server's is ahead", _ahead, fails("time-server-ahead"), fails(LATE)),
    clocks("the server's is behind a head that her phone saw", _behind, fails("time-server-behind"), fails(EARLY)),
    clocks("the server's is behind", _far_behind, Outcome(0, ("time-wide",)), UNCHECKED),
    clocks("a phone says it saw another log", _false_claim(0), Outcome(0, ("seen-differs",)),
           Outcome(0, ("to have seen another log",))),
    clocks("a phone says it saw what is not here", _false_claim(1), Outcome(0, ("time-claim-early",)),
           Outcome(0, (EARLY,))),
    authorities("two of two", (timedelta(),), 2, HOLDS, UNCHECKED),
    authorities("one of two", (), 2, fails("time-quorum"), fails("fewer than 2")),
    authorities("two that contradict each other", (-TWO_HOURS,), 1, fails("time-tsa-differs"),
                fails("contradict each other")),
    authorities("one against two", (-TWO_HOURS, timedelta()), 2, Outcome(0, ("time-tsa-outvoted",)),
                Outcome(0, ("2 others agree",))),
    post_quantum("nothing at all", HOLDS, fails(NOT_COUNTED)),
    post_quantum("a false line", fails("event-not-logged"), fails(NOT_COUNTED), spoil=True),
    post_quantum("or one with Ed25519", HOLDS, Outcome(0, (NOT_COUNTED,)), beside=True),
    proven_receipt("with its proof", 0, HOLDS),
    proven_receipt("with the proof of another event", -1, fails("receipt-bad")),
    kept("of a number that the export does not know", 3, fails("export-contradicted")),
    kept("of one that it knows", 2, Outcome(0, ("receipt-fits",))),
    kept("of one before that", 1, Outcome(0, ("receipt-fits",))),
    kept("of what came later", 4, Outcome(0, ("receipt-later",))),
    kept("by another server", 3, fails("receipt-bad"), _by_a_stranger),
    alone("nothing at all", lambda data: data, HOLDS),
    alone("a byte less", lambda data: data[:-1], fails("item-differs")),
    alone("the receipt of another", lambda data: data, fails("item-differs"), of_another=True),
)  # fmt: skip
