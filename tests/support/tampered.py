"""One table of tampered bundles, and what each verifier must say about each row (`tests/interop/test_tampered.py`)."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evidence import canonical, ids, keys
from evidence.bundle.format import layout
from evidence.bundle.opening import opened
from evidence.envelope import meta as metas
from evidence.envelope import sealing
from evidence.envelope.meta import Media
from evidence.statements import bodies, statement
from evidence.statements import event as events
from tests.support import (
    ended_keys,
    odd_items,
    published,
    tampered_erasures,
    tampered_exports,
    tampered_keys,
    tampered_logs,
    tampered_times,
    tampering,
    tampering_fields,
)
from tests.support.forging import regenerate
from tests.support.hostile_zips import HOSTILE
from tests.support.incidents import incident
from tests.support.lying_server import LyingServer, team_of
from tests.support.organisation import Organisation
from tests.support.rows import HOLDS, NOT_FOR_IT, UNCHECKED, Outcome, Row, Story, fails, unreadable

Folder = Callable[[Path, Organisation], None]


def _folder(tamper: Folder, *, anew: bool, of: str = "sealed") -> Callable[[Story, Path], tuple[Path, Path]]:
    def make(story: Story, target: Path) -> tuple[Path, Path]:
        folder = target / "bundle"
        shutil.copytree(getattr(story, of), folder)
        tamper(folder, story.book)
        if anew:
            regenerate(folder)
        return folder, story.book.trust

    return make


def sealed(name: str, tamper: Folder, python: Outcome, shell: Outcome, *, anew: bool = True) -> Row:
    """A sealed bundle's folder; with `anew` a forger makes both manifests fit again."""
    return Row(name, python, shell, _folder(tamper, anew=anew))


def opened_(name: str, tamper: Folder, python: Outcome, shell: Outcome) -> Row:
    """An opened bundle; both manifests fit again."""
    return Row(f"opened: {name}", python, shell, _folder(tamper, anew=True, of="opened"))


def _of_every_kind(_story: Story, target: Path) -> tuple[Path, Path]:
    """An opened bundle with a whole item and a bare one of each kind, one corrected, one added to, one disputed."""
    book = Organisation(target / "book")
    items = []
    for kind in metas.KINDS:
        for described in (odd_items.FULL[kind], odd_items.meta(kind=kind)):
            meta = metas.parse(canonical.encode(described))
            content = sealing.Content.of_bytes(b"=1+1", "=a,b.txt", "text/plain") if isinstance(meta, Media) else None
            items.append(book.seal(meta, content))
    book.act(book.vault, "item.amend", bodies.ItemAmend(items[1], items[0]), case=book.case)
    added = bodies.ItemAmend(items[3], items[2])
    book.act(book.phone, "item.amend", added, case=book.case, chain=book.next_link())
    device = book.standing.device_of_key[book.phone.kid]
    day = ids.time_of(datetime.now(UTC) - timedelta(days=1))
    book.act(book.vault, "dispute", bodies.Dispute(device, day, ids.now()), case=book.case)
    book.grant(*items)
    opened.open_bundle(book.export(*items), book.investigator, target / "opened")
    return target / "opened", book.trust


def _old_version_for_the_new(_story: Story, target: Path) -> tuple[Path, Path]:
    """What she corrected stands in the place of her correction, opening and all."""
    book = Organisation(target / "book")
    old, new = book.seal(incident("Hij belde een keer.")), book.seal(incident("Hij belde dertig keer."))
    book.act(book.vault, "item.amend", bodies.ItemAmend(new, old), case=book.case)
    book.grant(old, new)
    opened.open_bundle(book.export(old, new), book.investigator, target / "opened")
    for kind in (layout.FIELDS, layout.DESCRIPTIONS):
        (first,) = (target / "opened" / kind).glob(f"*-{old[:8]}.*")
        (second,) = (target / "opened" / kind).glob(f"*-{new[:8]}.*")
        second.write_bytes(first.read_bytes())
    regenerate(target / "opened")
    return target / "opened", book.trust


def zipped(name: str) -> Row:
    """A ZIP that two programs could read differently."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        names = sorted(one for one in story.sealed.rglob("*") if one.is_file())
        files = {one.relative_to(story.sealed).as_posix(): one.read_bytes() for one in names}
        path = target / "bundle.zip"
        path.write_bytes(HOSTILE[name](files))
        return path, story.book.trust

    return Row(f"ZIP: {name}", unreadable("bundle.zip"), NOT_FOR_IT, make)


def whole_zip(name: str, behind: bytes | None, python: Outcome) -> Row:
    """The bundle as it was exported, with another byte right behind the last of these."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        data = bytearray(story.bundle.read_bytes())
        if behind is not None:
            data[data.rindex(behind) + len(behind)] ^= 1
        path = target / "bundle.zip"
        path.write_bytes(data)
        return path, story.book.trust

    return Row(f"ZIP: {name}", python, NOT_FOR_IT, make)


def receipt(name: str, change: Callable[[Organisation, dict[str, object]], None], python: Outcome) -> Row:
    """A receipt as a phone keeps it."""

    def make(story: Story, target: Path) -> tuple[Path, Path]:
        book, recorded = story.book, story.book.journal[-1]
        members: dict[str, object] = {
            "receipt": events.issue(book.server, book.log.name, recorded).to_json(),
            "event": canonical.b64(recorded.event),
            "salt": recorded.salt.hex(),
            "server_key": _certificate(book.root, book.server),
        }
        change(book, members)
        path = target / "receipt.json"
        path.write_bytes(canonical.encode(members))
        return path, book.trust

    return Row(f"receipt: {name}", python, NOT_FOR_IT, make)


def _certificate(root: keys.SigningKey, server: keys.Identity) -> dict[str, object]:
    certificate = published.certificate(server, "server", "Getuige")
    return dict(statement.sign(root, "key.publish", certificate).envelope.to_json())


def _foreign_server(book: Organisation, members: dict[str, object]) -> None:
    stranger = keys.Identity.generate()
    members["receipt"] = events.issue(stranger, book.log.name, book.journal[-1]).to_json()
    members["server_key"] = _certificate(stranger, stranger)


def lied(name: str, lie: Callable[[LyingServer], object], python: Outcome, shell: Outcome) -> Row:
    """A server that recorded what no rule allows."""

    def make(_story: Story, target: Path) -> tuple[Path, Path]:
        server = LyingServer(target / "server")
        lie(server)
        return server.bundle(target / "out"), server.trust

    return Row(f"a server that lies: {name}", python, shell, make)


def _odd_event(server: LyingServer) -> None:
    dsse = events.parse(server.journal[1].event).statement.envelope.to_json()
    server.lie(lambda index, now: canonical.encode({"v": 1, "index": index, "received_at": now, "dsse": dsse}) + b"\n")


FOREIGN: Final = fails("do not belong in the bundle")
TEXTS: Final = Outcome(0, ("whether HOWTO.txt and this very script are those of Getuige",))
DERIVED: Final = Outcome(0, ("timeline.csv and case.jsonld, which are made from the rest",))
SAID_LATER: Final = Outcome(0, ("item-amended", "item-added-to", "item-disputed"))
EXPORT_HEAD: Final = "export-head-differs"
LOG, EXPORT, ITEM = "event-not-logged", "export-manifest-differs", "item-differs"
ORIGINAL: Final = "original-differs"
MANIFEST: Final = "the manifest is not the exported one"
HEAD: Final = "log or witnesses did not sign it"
NOT_LOGGED: Final = "is not in the log"
NOT_EXPORTED: Final = "the export is not in the log"

ROWS: Final = (
    sealed("nothing at all", lambda *_: None, HOLDS, UNCHECKED),
    # Manifests as they were.
    sealed("an item, manifests as they were", tampering.flip_item, fails("bag-file-differs", ITEM),
           fails("files of manifest-sha256.txt"), anew=False),
    sealed("a file more", tampering.add_file, fails("bag-file-extra"), fails("listed or here, not both"), anew=False),
    sealed("an event less, manifests as they were", tampering.leave_out_event, fails("bag-file-missing"),
           fails("listed or here, not both"), anew=False),
    sealed("a file named twice", tampering.name_a_file_twice, unreadable("twice"), fails("listed or here"), anew=False),
    sealed("a file outside named", tampering.name_a_file_outside, unreadable("outside the bag"),
           fails("listed or here"), anew=False),
    sealed("hashes in capitals", tampering.hash_in_capitals, unreadable("malformed"),
           fails("a line of tagmanifest-sha256.txt"), anew=False),
    sealed("a link for a file", tampering.link_in_place_of_a_file, unreadable("not a plain file"),
           fails("listed or here"), anew=False),
    # And from here on a forger makes them fit again.
    sealed("another declaration", tampering.another_declaration, unreadable("BagIt 1.0"), fails("bagit.txt")),
    sealed("a byte of an item", tampering.flip_item, fails(EXPORT, ITEM), fails("differs from its event", MANIFEST)),
    sealed("an item cut off", tampering.cut_item, fails(EXPORT, ITEM), fails("differs from its event")),
    sealed("an item left out", tampering.leave_out_item, fails(EXPORT, ITEM), fails("differs from its event")),
    sealed("two items for each other", tampering.swap_items, fails(EXPORT, ITEM), fails("differs from its event")),
    sealed("what was begun", tampering.flip_what_was_begun, fails(EXPORT, ITEM), fails("not the one that was begun")),
    sealed("an event left out", tampering.leave_out_event, fails(EXPORT), fails(MANIFEST)),
    sealed("all events left out", tampering.leave_out_events, fails(EXPORT), fails(MANIFEST)),
    sealed("an event of before", tampering.backdate, fails(EXPORT, LOG), fails(NOT_LOGGED, MANIFEST)),
    sealed("another claim in a statement", tampering.change_claim, fails(EXPORT, LOG, "event-not-authentic"),
           fails(NOT_LOGGED)),
    sealed("another ground of the export", tampering.change_ground, fails(EXPORT, LOG, "event-not-authentic"),
           fails("the export is not in the log")),
    sealed("another salt", tampering.change_salt, fails(LOG), fails(NOT_LOGGED)),
    sealed("a salt left out", tampering.leave_out_salt, fails(LOG), fails(NOT_LOGGED)),
    sealed("another salt of the export", tampering.change_export_salt, fails(LOG), fails(NOT_EXPORTED)),
    sealed("the path from the export's head left out", tampering.leave_out_path_of_export, fails(EXPORT_HEAD),
           fails("nothing shows that the head")),
    sealed("a path of nonsense from the export's head", tampering.spoil_path_of_export, fails(EXPORT_HEAD),
           fails("nothing shows that the head")),
    sealed("a longer path from the export's head", tampering.another_path_of_export, fails(EXPORT_HEAD),
           fails("leads to another one")),
    sealed("a proof left out", tampering.leave_out_proof, fails(LOG), fails(NOT_LOGGED)),
    sealed("a proof of nonsense", tampering.spoil_proof, fails(LOG), fails(NOT_LOGGED)),
    sealed("all salts left out", tampering.leave_out_salts, unreadable("is missing"), fails("salts.json is missing")),
    sealed("the export left out", tampering.leave_out_export, unreadable("is missing"),
           fails("export-event.json is missing")),
    sealed("two proofs for each other", tampering.swap_proofs, fails(LOG), fails(NOT_LOGGED)),
    sealed("no witness", tampering.strip_witness, fails(LOG), fails(HEAD)),
    sealed("no signature of the log", tampering.strip_log, fails(LOG), fails(HEAD)),
    sealed("another size of the log", tampering.another_size, fails(LOG), fails(HEAD)),
    sealed("a false line of the witness", tampering.add_a_line_that_is_wrong, fails(LOG), fails(HEAD)),
    sealed("a line of a stranger", tampering.add_a_line_of_a_stranger, HOLDS, UNCHECKED),
    sealed("a line twice", tampering.say_the_cosignature_twice, HOLDS, UNCHECKED),
    sealed("a foreign token", tampering.foreign_token, fails("time-token-bad"), fails("FAIL  time stamp")),
    sealed("a token of something else", tampering.token_of_another_document, fails("time-token-bad"),
           fails("FAIL  time stamp")),
    sealed("a token cut off", tampering.cut_token, fails("time-token-bad"), fails("FAIL  time stamp")),
    sealed("a token left out", tampering.leave_out_token, fails("time-quorum"), fails("no outside time stamp")),
    # Files that nobody signed for, and texts for people.
    sealed("a file that the other manifest names", tampering.add_a_statement_of_the_suspect, fails("bag-file-extra"),
           FOREIGN, anew=False),
    sealed("a proof of no event", tampering.add_a_proof_of_nothing, fails("bag-file-extra"), FOREIGN, anew=False),
    sealed("a text among the proofs", tampering.add_a_text_among_the_proofs, fails("bag-file-extra"), FOREIGN,
           anew=False),
    sealed("another HOWTO", tampering.swap_the_howto, fails("bag-text-foreign"), TEXTS),
    sealed("another script", tampering.swap_the_script, fails("bag-text-foreign"), TEXTS),
    # Opened bundles.
    opened_("nothing at all", lambda *_: None, HOLDS, UNCHECKED),
    Row("opened: every kind", SAID_LATER, UNCHECKED, _of_every_kind),
    opened_("an original", tampering.change_original, fails(ORIGINAL), fails("the original of item")),
    opened_("an original left out", tampering.leave_out_original, fails(ORIGINAL), fails("the original of item")),
    opened_("a description", tampering.change_description, fails(ORIGINAL), fails("the description of item")),
    *(opened_(f"fields: {name}", way, fails(ORIGINAL), fails("the description of item"))
      for name, way in tampering_fields.FIELDS.items()),
    Row("opened: what she corrected in the place of her correction", fails(ORIGINAL),
        fails("the description of item"), _old_version_for_the_new),
    opened_("an opening left out", tampering.leave_out_opening, fails(ORIGINAL), fails("the description of item")),
    opened_("the sealed manifest", tampering.change_sealed_manifest, fails(EXPORT), fails(MANIFEST)),
    opened_("openings in another spelling", tampering.spell_openings_otherwise,
            unreadable("canonical"), fails("is not in the one spelling that is read")),
    opened_("an original more", tampering.add_an_original, fails("bag-file-extra"), FOREIGN),
    opened_("a line more in the timeline", tampering.add_a_line_to_the_timeline, fails("derived-differs"), DERIVED),
    opened_("another case file", tampering.change_the_case_file, fails("derived-differs"), DERIVED),
    opened_("made by another version", tampering.say_that_another_version_made_it,
            Outcome(0, ("derived-not-compared",)), DERIVED),
    # What only a server could do.
    lied("a statement that is right", lambda server: server.say(team_of(server.root)), HOLDS, UNCHECKED),
    lied("a statement in another spelling", lambda server: server.say(team_of(server.root) + b"\n"),
         fails("event-not-authentic"), fails("is not in the one spelling that is signed")),
    lied("an event in another spelling", _odd_event, fails("event-not-authentic"),
         fails("is not in the one spelling that is signed")),
    lied("a statement of a stranger", lambda server: server.say(team_of(server.root), keys.Identity.generate()),
         fails("event-not-authentic"), fails("is not signed by a key that was recognised then")),
    *(lied(one.name, one.tell, HOLDS if one.holds else fails("event-not-authentic"),
           UNCHECKED if one.holds else fails("is not signed by a key that was recognised then"))
      for one in ended_keys.ROWS),
    # Receipts.
    receipt("nothing at all", lambda *_: None, HOLDS),
    receipt("another salt", lambda _, members: members.update(salt="00" * 32), fails("receipt-bad")),
    receipt("another event", lambda book, members: members.update(event=canonical.b64(book.journal[0].event)),
            fails("receipt-bad")),
    receipt("another server", _foreign_server, fails("receipt-bad")),
    receipt("no receipt in it", lambda _, members: members.update(receipt=None), fails("receipt-bad")),
    receipt("a member more", lambda _, members: members.update(more=1), unreadable("more")),
    whole_zip("nothing at all", None, HOLDS),
    whole_zip("a byte of an item", b"getuige-item-1\n", unreadable("cannot be read")),
    *map(zipped, HOSTILE),
    *tampered_exports.ROWS,
    *tampered_logs.ROWS,
    *tampered_times.ROWS,
    *tampered_keys.ROWS,
    *tampered_erasures.ROWS,
)  # fmt: skip
