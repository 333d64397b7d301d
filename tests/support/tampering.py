"""What a forger does to the folder of a bundle, without any key. Each takes the folder, and who its world is."""

import base64
import hashlib
import json
from pathlib import Path

from evidence import canonical
from evidence.bundle.format import bag, layout
from evidence.custody.time.development_tsa import DevelopmentTsa
from tests.support.organisation import Organisation

WITNESS = "— witness.example"


# ------------------------------------------------------------------------------------------------- items and events
def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _items(folder: Path, book: Organisation) -> list[Path]:
    """Return the containers of whole items, the largest last."""
    found = [one for one in (folder / layout.ITEMS).iterdir() if one.stem in book.standing.items]
    return sorted(found, key=lambda path: path.stat().st_size)


def flip_item(folder: Path, book: Organisation) -> None:
    flip(_items(folder, book)[-1])


def cut_item(folder: Path, book: Organisation) -> None:
    path = _items(folder, book)[-1]
    path.write_bytes(path.read_bytes()[:-16])


def leave_out_item(folder: Path, book: Organisation) -> None:
    _items(folder, book)[-1].unlink()


def swap_items(folder: Path, book: Organisation) -> None:
    swap(*_items(folder, book)[:2])


def swap(first: Path, second: Path) -> None:
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def flip_what_was_begun(folder: Path, book: Organisation) -> None:
    (item,) = book.standing.opened
    flip(folder / layout.container(item), 200)


def leave_out_event(folder: Path, _book: Organisation) -> None:
    sorted((folder / layout.EVENTS).iterdir())[-2].unlink()


def leave_out_events(folder: Path, _book: Organisation) -> None:
    for path in (*(folder / layout.EVENTS).iterdir(), *(folder / layout.PROOFS).iterdir()):
        path.unlink()


def backdate(folder: Path, _book: Organisation) -> None:
    path = max((folder / layout.EVENTS).iterdir())
    members = json.loads(path.read_bytes())
    members["received_at"] = "2020-01-01T00:00:00.000Z"
    path.write_bytes(canonical.encode(members))


def change_statement(path: Path, old: bytes, new: bytes) -> None:
    """Put other words into what was signed; the signature stays."""
    members = json.loads(path.read_bytes())
    payload = base64.b64decode(members["dsse"]["payload"])
    assert payload.count(old) == 1
    members["dsse"]["payload"] = base64.b64encode(payload.replace(old, new)).decode()
    path.write_bytes(canonical.encode(members))


def change_claim(folder: Path, _book: Organisation) -> None:
    """The server's certificate says another name."""
    path = next(one for one in sorted((folder / layout.EVENTS).iterdir()) if _says(one, b'"role":"investigator"'))
    change_statement(path, b'"R. Rechercheur"', b'"R. Rechtschaps"')


def _says(path: Path, words: bytes) -> bool:
    return words in base64.b64decode(json.loads(path.read_bytes())["dsse"]["payload"])


def change_ground(folder: Path, _book: Organisation) -> None:
    change_statement(folder / layout.EXPORT_EVENT, b'"artikel 126nd Sv"', b'"artikel 126nc Sv"')


def change_salt(folder: Path, _book: Organisation) -> None:
    path = folder / layout.SALTS
    salts = json.loads(path.read_bytes())
    path.write_bytes(canonical.encode({**salts, next(iter(salts)): "ab" * 32}))


def leave_out_salt(folder: Path, _book: Organisation) -> None:
    path = folder / layout.SALTS
    salts = json.loads(path.read_bytes())
    del salts[next(iter(salts))]
    path.write_bytes(canonical.encode(salts))


def change_export_salt(folder: Path, _book: Organisation) -> None:
    (folder / layout.EXPORT_SALT).write_text("ab" * 32 + "\n")


def leave_out_path_of_export(folder: Path, _book: Organisation) -> None:
    (folder / layout.EXPORT_HEAD).unlink()


def spoil_path_of_export(folder: Path, _book: Organisation) -> None:
    (folder / layout.EXPORT_HEAD).write_text("nonsense\n")


def another_path_of_export(folder: Path, _book: Organisation) -> None:
    path = folder / layout.EXPORT_HEAD
    path.write_text(path.read_text() + "ab" * 32 + "\n")


# -------------------------------------------------------------------------------------------------- proofs and notes
def leave_out_proof(folder: Path, _book: Organisation) -> None:
    min((folder / layout.PROOFS).iterdir()).unlink()


def spoil_proof(folder: Path, _book: Organisation) -> None:
    path = min((folder / layout.PROOFS).iterdir())
    path.write_text("c2sp.org/tlog-proof@v1\nindex x\n\nno log\n$(id)\n*\n")


def leave_out_salts(folder: Path, _book: Organisation) -> None:
    (folder / layout.SALTS).unlink()


def leave_out_export(folder: Path, _book: Organisation) -> None:
    (folder / layout.EXPORT_EVENT).unlink()


def swap_proofs(folder: Path, _book: Organisation) -> None:
    swap(*sorted((folder / layout.PROOFS).iterdir())[:2])


def _notes(folder: Path) -> list[Path]:
    return list((folder / "proof").rglob("*.tlog-proof"))


def _keep_lines(folder: Path, start: str) -> None:
    for path in _notes(folder):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith(start)))


def strip_witness(folder: Path, _book: Organisation) -> None:
    _keep_lines(folder, WITNESS)


def strip_log(folder: Path, book: Organisation) -> None:
    _keep_lines(folder, f"— {book.log.name} ")


def another_size(folder: Path, _book: Organisation) -> None:
    for path in _notes(folder):
        head, _, note = path.read_text().partition("\n\n")
        origin, size, root, *rest = note.split("\n")
        path.write_text("\n".join([f"{head}\n\n{origin}", str(int(size) + 1), root, *rest]))


def add_a_line_that_is_wrong(folder: Path, _book: Organisation) -> None:
    """A second line of the witness that does not verify: a note with such a line is refused (c2sp.org/signed-note)."""
    for path in _notes(folder):
        lines = path.read_text().splitlines(keepends=True)
        (line,) = [line for line in lines if line.startswith(WITNESS)]
        dash, name, blob = line.split()
        good = base64.b64decode(blob)
        wrong = base64.b64encode(good[:-1] + bytes([good[-1] ^ 1])).decode()
        path.write_text("".join([*lines, f"{dash} {name} {wrong}\n"]))


def add_a_line_of_a_stranger(folder: Path, book: Organisation) -> None:
    for path in _notes(folder):
        path.write_text(path.read_text() + f"— stranger.example {base64.b64encode(bytes(76)).decode()}\n")
        _stamp(path, folder, book)


def say_the_cosignature_twice(folder: Path, book: Organisation) -> None:
    for path in _notes(folder):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines, *(line for line in lines if line.startswith(WITNESS))]))
        _stamp(path, folder, book)


def _stamp(proof: Path, folder: Path, book: Organisation) -> None:
    """A head in other bytes needs a token of its own."""
    digest = hashlib.sha256(proof.read_bytes().partition(b"\n\n")[2]).digest()
    (folder / layout.token(digest.hex())).write_bytes(book.tsa.stamp(digest))


# ------------------------------------------------------------------------------------------------------------ tokens
def _token(folder: Path) -> Path:
    (path,) = (folder / layout.TIMESTAMPS).iterdir()
    return path


def foreign_token(folder: Path, _book: Organisation) -> None:
    path = _token(folder)
    path.write_bytes(DevelopmentTsa.create().stamp(bytes.fromhex(path.stem)))


def token_of_another_document(folder: Path, book: Organisation) -> None:
    _token(folder).write_bytes(book.tsa.stamp(bytes(32)))


def cut_token(folder: Path, _book: Organisation) -> None:
    path = _token(folder)
    path.write_bytes(path.read_bytes()[:-10])


def leave_out_token(folder: Path, _book: Organisation) -> None:
    _token(folder).unlink()


# --------------------------------------------------------------------------------------------------------- manifests
def add_file(folder: Path, _book: Organisation) -> None:
    (folder / "data/extra.txt").write_text("van niemand")


def name_a_file_twice(folder: Path, _book: Organisation) -> None:
    path = folder / bag.TAG_MANIFEST
    path.write_text(path.read_text() + path.read_text().splitlines(keepends=True)[0])


def name_a_file_outside(folder: Path, _book: Organisation) -> None:
    path = folder / bag.TAG_MANIFEST
    (folder.parent / "outside.txt").write_text("")
    path.write_text(f"{path.read_text()}{bag.sha256_of([])}  ../outside.txt\n")


def hash_in_capitals(folder: Path, _book: Organisation) -> None:
    path = folder / bag.TAG_MANIFEST
    path.write_text("".join(f"{line[:64].upper()}{line[64:]}\n" for line in path.read_text().splitlines()))


def another_declaration(folder: Path, _book: Organisation) -> None:
    (folder / bag.DECLARATION).write_text(bag.DECLARATION_TEXT.replace("1.0", "0.9"))


def link_in_place_of_a_file(folder: Path, _book: Organisation) -> None:
    path = folder / layout.HOWTO
    path.rename(folder.parent / "HOWTO.txt")
    path.symlink_to(folder.parent / "HOWTO.txt")


# ---------------------------------------------------------------------------------------------------- opened bundles
def _original(folder: Path) -> Path:
    return next(one for one in sorted((folder / "data/originals").iterdir()) if "ONVOLLEDIG" not in one.name)


def change_original(folder: Path, _book: Organisation) -> None:
    flip(_original(folder))


def leave_out_original(folder: Path, _book: Organisation) -> None:
    _original(folder).unlink()


def change_description(folder: Path, _book: Organisation) -> None:
    flip(min((folder / "data/descriptions").iterdir()), 20)


def leave_out_opening(folder: Path, _book: Organisation) -> None:
    path = folder / layout.OPENINGS
    members = json.loads(path.read_bytes())
    path.write_bytes(canonical.encode({**members, "items": members["items"][1:]}))


def spell_openings_otherwise(folder: Path, _book: Organisation) -> None:
    path = folder / layout.OPENINGS
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))


def change_sealed_manifest(folder: Path, _book: Organisation) -> None:
    path = folder / layout.SEALED_MANIFEST
    data = path.read_bytes()
    path.write_bytes((b"1" if data.startswith(b"0") else b"0") + data[1:])


# ------------------------------------------------------------------------------------------------- foreign files, texts
def _name_in_tags(folder: Path, name: str, data: bytes) -> None:
    """Put a file beside the others, and name it in the manifest that nobody signs."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    tags = folder / bag.TAG_MANIFEST
    tags.write_bytes(tags.read_bytes() + bag.manifest_text({name: bag.sha256_of([data])}))


def add_a_statement_of_the_suspect(folder: Path, _book: Organisation) -> None:
    _name_in_tags(folder, "data/VERKLARING-VERDACHTE.pdf", b"%PDF-1.7 niet waar")


def add_a_proof_of_nothing(folder: Path, _book: Organisation) -> None:
    _name_in_tags(folder, "proof/events/0000009999.tlog-proof", b"c2sp.org/tlog-proof@v1\n")


def add_a_text_among_the_proofs(folder: Path, _book: Organisation) -> None:
    _name_in_tags(folder, "proof/LEES-DIT-EERST.txt", b"Bel dit nummer voor uitleg.")


def swap_the_howto(folder: Path, _book: Organisation) -> None:
    path = folder / layout.HOWTO
    path.write_text(path.read_text().replace("Vraag dat programma", "Haal van https://getuige.example dat programma"))


def swap_the_script(folder: Path, _book: Organisation) -> None:
    path = folder / layout.SCRIPT
    path.write_text(path.read_text().replace("set -u\n", "set -u # en meer\n", 1))


def add_an_original(folder: Path, _book: Organisation) -> None:
    (folder / layout.ORIGINALS / "0009-deadbeef-bekentenis.jpg").write_bytes(b"\xff\xd8\xff niet van haar")


def add_a_line_to_the_timeline(folder: Path, _book: Organisation) -> None:
    path = folder / layout.TIMELINE
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])


def change_the_case_file(folder: Path, _book: Organisation) -> None:
    path = folder / layout.CASE
    path.write_bytes(path.read_bytes().replace(b"stalking", b"niets"))


def say_that_another_version_made_it(folder: Path, _book: Organisation) -> None:
    path = folder / layout.OPENINGS
    path.write_bytes(canonical.encode({**json.loads(path.read_bytes()), "maker": "getuige 0.0.9"}))
    add_a_line_to_the_timeline(folder, _book)
