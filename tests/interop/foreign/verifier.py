"""A verifier of bundles and receipts, written from docs/formats alone: it imports nothing of Getuige.

`python -m tests.interop.foreign.verifier BUNDLE TRUST` prints `{"failed": [[step, what], …], "notes": […]}`; the steps
are those of sealed-bundle.md.
Exit code 0: all holds; 1: something does not; 2: it cannot be read. Who signs what is read from the table in
statement.md itself.
"""

import hmac
import json
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from tests.interop.foreign import proofs
from tests.interop.foreign.proofs import Json, Stamps, Trust, UnreadableError, canonical, dsse, kid, sha, unb64

FAULTS = (
    *(AssertionError, InvalidSignature, LookupError, ValueError, TypeError),
    *(ArithmeticError, AttributeError, StopIteration),
)  # fmt: skip
PAGES = Path(__file__).parents[3] / "docs/formats"
SIGNERS = {
    name: set(who.split(", "))
    for name, who in re.findall(
        r"^\| `([\w.]+)` \| ([\w, ]+) \| ", (PAGES / "statement.md").read_text("utf-8"), re.MULTILINE
    )
}
ORGANISATION = ("log.", "key.", "team.", "shift.")


PLACES = (
    r"HOWTO\.txt|verify\.sh|bagit\.txt|bag-info\.txt|(tag)?manifest-sha256\.txt",
    r"data/(events/\d{10}\.json|salts\.json|items/[0-9a-f]{32}\.getuige|openings\.json|timeline\.csv|case\.jsonld)",
    r"data/(originals/\d+-[^/]+|descriptions/\d+-[0-9a-f]{8}\.json|fields/\d+-[0-9a-f]{8}\.tsv|heads/[0-9a-f]{32}\.json)",
    r"proof/(events/\d{10}\.tlog-proof|export-event\.json|export-salt\.txt|export-event\.tlog-proof|export-head\.txt|rotations\.json)",
    r"proof/(timestamps/[0-9a-f]{64}(\.\d+)?\.tsr|renewals/[0-9a-f]{64}\.tlog-proof|sealed-manifest-sha256\.txt)",
)
"""The files of both pages, and no others."""


NEW = {
    "log.open": "root", "key.publish": "", "case.open": "vault", "device.enrol": "phone",
    "alarm_device.enrol": "alarm_device",
}  # fmt: skip
"""Which statement makes a key known, and in which role; `key.publish` says that itself."""


# ------------------------------------------------------------ the bundle: sealed-bundle.md, opened-bundle.md
class Verifier:
    def __init__(self, files: dict[str, bytes], trust: Path, work: Path) -> None:
        self.files, self.trust = files, Trust(trust)
        self.failed: list[tuple[int, str]] = []
        self.notes = ["CSV, CASE and texts are not compared"]
        self.openings: Json = {"items": []}
        self.opened = "data/openings.json" in files
        self.stamps = Stamps(files, trust, work)

    def claim(self, step: int, what: str, check: Callable[..., Any], *arguments: object) -> Json:
        """Hold one claim; return what the check returns, None when it fails."""
        try:
            return check(*arguments)
        except FAULTS as error:
            self.failed.append((step, f"{what}: {error!r}"))

    def need(self, name: str) -> bytes:
        if name not in self.files:
            raise UnreadableError(f"{name} is missing")
        return self.files[name]

    def manifest(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.need(name).decode().splitlines():
            match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
            if match is None or match[2] in found or match[2].startswith("/") or ".." in match[2].split("/"):
                raise UnreadableError("a line of a manifest is malformed, twice or outside")
            found[match[2]] = match[1]
        return found

    def whole(self) -> None:
        payload, tags = self.manifest("manifest-sha256.txt"), self.manifest("tagmanifest-sha256.txt")
        if self.need("bagit.txt") != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            raise UnreadableError("another declaration than BagIt 1.0")
        tables = "".join((PAGES / f"{page}.md").read_text("utf-8") for page in ("sealed-bundle", "opened-bundle"))
        places = "|".join(PLACES)
        assert "`data/salts.json`" in tables, "the pages that name the files"
        for name in self.files.keys() | payload.keys() | tags.keys():
            data, events = (
                name.startswith("data/"),
                name.replace("proof/events/", "data/events/").replace(".tlog-proof", ".json"),
            )
            named = name in (payload if data else tags) or name == "tagmanifest-sha256.txt"
            right = named and name not in (tags if data else payload) and re.fullmatch(places, name)
            if not right or name not in self.files or (name.startswith("proof/events/") and events not in self.files):
                self.failed.append((2, f"foreign or missing: {name}"))
            elif sha(self.files[name]).hex() != (payload if data else tags).get(name, sha(self.files[name]).hex()):
                self.failed.append((2, f"changed: {name}"))

    def event(self, data: bytes) -> Json:
        members = canonical(data)
        assert members.keys() == {"v", "index", "received_at", "dsse"} and members["v"] == 1, "no event"
        said = dsse(members["dsse"], "statement", {})
        assert said["v"] == said["suite"] == 1 and said["type"] in SIGNERS, "no statement"
        assert ("case" in said) is not said["type"].startswith(ORGANISATION), "a case, or none"
        return {**members, "said": said, "id": sha(unb64(members["dsse"]["payload"])).hex(), "raw": data}

    def verify(self) -> None:
        self.whole()
        salts, export = self.need("data/salts.json"), self.need("proof/export-event.json")
        self.need("proof/export-salt.txt"), self.need("proof/export-event.tlog-proof")
        self.salts, self.export = canonical(salts), self.event(export)
        self.salts[str(self.export["index"])] = self.files["proof/export-salt.txt"].decode().strip()
        if self.opened:
            self.openings = canonical(self.files["data/openings.json"])
        shown = {
            name
            for one in self.openings["items"]
            for name in (*one.values(), *one.get("incomplete", {}).values())
            if isinstance(name, str)
        }
        for name in self.files:
            if re.match("data/(originals|descriptions|fields|heads)/", name) and name not in shown:
                self.failed.append((2, f"no opening names {name}"))
        names = sorted(name for name in self.files if name.startswith("data/events/"))
        read = [self.claim(5, name, self.event, self.files[name]) for name in names]
        self.events = [
            one for name, one in zip(names, read, strict=True) if one and name == f"data/events/{one['index']:010}.json"
        ]
        self.claim(3, "rotations", self.rotations)
        self.roots: dict[tuple[str, int], bytes] = {}
        self.notes_seen: dict[bytes, tuple[list[int], int, list[Json]]] = {}
        for one in (*self.events, self.export):
            self.claim(3, f"event {one['index']}", self.logged, one)
        for note, (times, _, events) in self.notes_seen.items():
            self.claim(4, "time stamps", self.timed, note, times, events)
        self.keys: dict[str, Json] = {}
        self.invited: dict[str, Json] = {}
        self.grants: dict[str, Json] = {}
        self.devices: dict[str, str] = {}
        self.excluded: list[str] = []
        self.root_seen = False
        for one in sorted((*self.events, self.export), key=lambda one: one["index"]):
            self.claim(5, f"event {one['index']}", self.authentic, one)
        self.claim(6, "export", self.scope)
        sealed = {one["said"]["body"]["item"] for one in self.events if one["said"]["type"] == "item.seal"}
        for one in self.events:
            kind, item = one["said"]["type"], one["said"]["body"].get("item")
            if kind == "item.seal" or (kind == "item.open" and item not in sealed):
                self.claim(7, f"item {one['said']['body']['item']}", self.original if self.opened else self.item, one)
        self.numbers()

    def rotations(self) -> None:
        file = (
            canonical(self.files["proof/rotations.json"])
            if "proof/rotations.json" in self.files
            else {"rotations": [], "links": []}
        )
        self.links = {one["checkpoint"]: [bytes.fromhex(hash_) for hash_ in one["proof"]] for one in file["links"]}
        more = [self.trust.rotation(canonical(unb64(one["statement"]))) for one in file["rotations"]]
        assert self.trust.follow(more), "a log that no rotation explains"
        for one in file["rotations"]:
            note = unb64(one["final"])
            origin, size, root, _ = self.trust.believe(note)
            entry = b"\x02" + sha(b"getuige/log-succession/v1\n" + note[: note.rindex(b"\n\n") + 1])
            assert self.trust.prove(unb64(one["entry"]), entry)[0] == 0, "the next log does not begin with the end"
            closed = self.trust.log(origin)[3]
            assert (size, root.hex()) == (closed["size"], closed["root"]), "another end"

    def logged(self, one: Json) -> None:
        name = "proof/export-event.tlog-proof" if one is self.export else f"proof/events/{one['index']:010}.tlog-proof"
        leaf = b"\x01" + hmac.digest(bytes.fromhex(self.salts[str(one["index"])]), one["raw"], "sha256")
        index, origin, size, root, times, note = self.trust.prove(self.files[name], leaf)
        (log, first, before, closed), exported = self.trust.at(one["index"]), self.trust.at(self.export["index"])
        assert (log[0], one["index"] - first + before) == (origin, index), "another place"
        if closed and (size, root.hex()) != (closed["size"], closed["root"]):
            assert size <= closed["size"], "a retired key"
            link = self.links.get(sha(note).hex())
            assert link is not None or (exported[0] == log and self.trust.quorum != "none"), "leads nowhere"
            assert link is None or proofs.consistent(size, root, closed["size"], bytes.fromhex(closed["root"]), link), (
                "another history"
            )
        assert self.roots.setdefault((origin, size), root) == root, "two histories"
        one["logged"], self.over = True, (origin, size, root.hex())
        self.notes_seen.setdefault(note, (times, first + max(0, size - before), []))[2].append(one)

    def timed(self, note: bytes, times: list[int], events: list[Json]) -> None:
        stamp = self.stamps.vouch(note)
        bound = min((time for time in (max(times, default=None), stamp) if time is not None), default=float("inf"))
        for one in events:
            received = datetime.fromisoformat(one["received_at"]).timestamp()
            assert self.since(one) - 60 <= received <= bound + 60, "the server's clock"

    def since(self, one: Json) -> float:
        """Return before when an event cannot be: a head that is here, and that its signer had seen."""
        seen = one["said"].get("seen")
        log = seen and next((log for log in self.trust.line if seen.get("log", log[0][0]) == log[0][0]), None)
        if not log or self.roots.get((log[0][0], seen["size"]), b"").hex() != seen["root"]:
            return 0
        below = log[1] + max(0, seen["size"] - log[2])
        return max((min(times) for times, size, _ in self.notes_seen.values() if times and size <= below), default=0)

    def authentic(self, one: Json) -> None:
        said, body = one["said"], one["said"]["body"]
        by, kind, hexed = said["by"], said["type"], bytes.fromhex
        key, role, case, force = self.keys.get(by, (None, None, None, False))
        wanted = {by: key} if force else {}
        if kind == "log.open":
            assert not self.root_seen and body["root"]["sign"] == self.trust.root.hex(), "another root"
            wanted, role, self.root_seen = {by: self.trust.root}, "root", True
        elif kind == "device.enrol":
            invite = self.invited.pop(body["invite"])
            assert invite[1] == said["case"] and invite[2] > one["received_at"], "the invitation"
            wanted, role = {by: hexed(body["sign"]), body["invite"]: invite[0]}, "newcomer"
        elif "agreed" in body:
            lead = self.keys[body["agreed"]]
            wanted |= {body["agreed"]: lead[0]} if lead[3] else {"": b""}
        assert wanted and all(kid(key) == name for name, key in wanted.items()), "no key in force"
        assert dsse(one["dsse"], "statement", wanted) == said and role in SIGNERS[kind] and self.root_seen, "a role"
        if kind in NEW:
            new = self.trust.root if kind == "log.open" else hexed(body["vault" if kind == "case.open" else "sign"])
            self.keys[kid(new)] = (new, NEW[kind] or body["role"], said.get("case"), True)
            self.devices[body.get("device", "")] = kid(new)
        elif kind == "device.invite":
            self.invited[kid(hexed(body["invite"]))] = (hexed(body["invite"]), said["case"], body["expires"])
        elif kind in {"key.retire", "device.revoke"}:
            name = body["kid"] if kind == "key.retire" else self.devices[body["device"]]
            self.keys[name] = (*self.keys[name][:3], False)
        elif kind == "grant" and case == said["case"]:
            self.grants[body["grant"]] = body
        elif kind == "readers.exclude":
            self.excluded = body["readers"]
        elif kind == "revoke":
            self.grants.pop(body["grant"], None)
        one["signed"] = True

    def scope(self) -> None:
        body, by, case = (self.export["said"][name] for name in ("body", "by", "case"))
        manifest = self.need("proof/sealed-manifest-sha256.txt" if self.opened else "manifest-sha256.txt")
        assert sha(manifest).hex() == body["manifest"] and self.export.get("signed") and self.export.get("logged"), (
            "another manifest"
        )
        listed = {
            line[66:]: line[:64] for line in manifest.decode().splitlines() if line[66:].startswith("data/events/")
        }
        assert listed == {f"data/events/{one['index']:010}.json": sha(one["raw"]).hex() for one in self.events}, (
            "other events"
        )
        assert all(one["said"].get("case", case) == case for one in self.events), "another case"
        here = {one["said"]["body"]["item"] for one in self.events if one["said"]["type"] in {"item.seal", "item.open"}}
        files = {name[11:-8] for name in self.files if name.startswith("data/items/")}
        given = {
            item["item"]
            for grant in self.grants.values()
            if grant["reader"] == by and grant["expires"] > self.export["received_at"]
            for item in grant["items"]
        }
        assert here | files == set(body["items"]) == here and here <= given, "other items, or not granted"
        assert by not in self.excluded, "no reader of this case"
        _, first, before, _ = self.trust.log(body["head"]["log"])
        below = first + max(0, body["head"]["size"] - before)
        assert all(one["index"] < below for one in self.events) and below <= self.export["index"], "the head"
        assert (
            self.roots.get((body["head"]["log"], body["head"]["size"]), bytes.fromhex(body["head"]["root"])).hex()
            == body["head"]["root"]
        ), "two heads"
        head, closed = body["head"], self.trust.log(body["head"]["log"])[3]
        _, size, root = self.over if self.over[0] == head["log"] else ("", closed["size"], closed["root"])
        path = [bytes.fromhex(line) for line in self.files["proof/export-head.txt"].decode().split("\n")[:-1]]
        led = proofs.consistent(head["size"], bytes.fromhex(head["root"]), size, bytes.fromhex(root), path)
        assert led and head["size"] <= size, "the head leads elsewhere"

    def head(self, data: bytes, one: Json) -> Json:
        """Return the signed head of a container (envelope.md)."""
        said, (key, _, _, force) = one["said"], self.keys[one["said"]["by"]]
        head = dsse(canonical(data), "item-head", {said["by"]: key} if force else {})
        assert one.get("signed") and one.get("logged"), "its event is not proven"
        assert (head["item"], head["case"], head["by"]) == (said["body"]["item"], said["case"], said["by"]), (
            "another head"
        )
        return head

    def item(self, one: Json) -> None:
        body, kind = one["said"]["body"], one["said"]["type"]
        data = self.files[f"data/items/{body['item']}.getuige"]
        end = 19 + int.from_bytes(data[15:19], "big")
        head, meta = self.head(data[19:end], one), data[end:]
        meta = meta[: head["meta"]["size"]]
        assert data[:15] == b"getuige-item-1\n" and body["head"] == {
            "sha256": sha(data[19:end]).hex(),
            "size": end - 19,
        }, "the head"
        assert len(meta) == head["meta"]["size"] and sha(meta).hex() == head["meta"]["sha256"], "the description"
        whole = end + len(meta) + (head.get("content") or {"size": 0})["size"]
        if kind == "item.open":
            self.notes.append(f"item {body['item']} is incomplete: {len(data)} of {whole} bytes")
            assert len(data) <= whole, "too long"
            return
        assert body["container"] == {"sha256": sha(data).hex(), "size": whole} and body["meta"] == head["meta"], (
            "another item"
        )
        content = body.get("content") and {name: body["content"][name] for name in ("size", "commitment")}
        assert content == head.get("content"), "another content"

    def original(self, one: Json) -> None:
        body, kind = one["said"]["body"], one["said"]["type"]
        assert one.get("signed") and one.get("logged"), "its event is not proven"
        opening: Json = next((two for two in self.openings["items"] if two["item"] == body["item"]), None)
        closed = any(two["item"] == body["item"] for two in self.openings.get("closed", ()))
        if closed and opening is None:
            self.notes.append(f"item {body['item']} was not opened")
            return
        if kind == "item.open":
            data = self.files[opening["incomplete"]["head"]]
            assert sha(data).hex() == body["head"]["sha256"], "another head"
            body = self.head(data, one)
        commitment, shown = proofs.fields(self.files[opening["fields"]])
        assert commitment == body["meta"]["commitment"], "another description"
        said = proofs.leaves(canonical(self.files[opening["description"]]), "")
        assert {name: proofs.written(value).decode() for name, value in said} == shown, (
            "another description than its fields"
        )
        if kind == "item.open" or closed:
            return
        assert ("original" in opening) is ("content" in body), "an original"
        if "content" in body:
            salt, original = bytes.fromhex(opening["content_salt"]), self.files[opening["original"]]
            content = sha(b"getuige/commitment/v1\0" + salt + sha(original))
            assert content.hex() == body["content"]["commitment"], "another original"

    def numbers(self) -> None:
        last = self.export["said"]["body"]["last"]
        here: dict[str, list[tuple[int, str, str]]] = {}
        for one in self.events:
            if "seq" in one["said"] and one.get("signed") and one.get("logged"):
                here.setdefault(one["said"]["by"], []).append((one["said"]["seq"], one["id"], one["said"]["prev"]))
        for by in here.keys() | {one["by"] for one in last}:
            self.claim(
                8, f"numbers of {by}", self.numbered, sorted(here.get(by, [])), [one for one in last if one["by"] == by]
            )

    def kept(self, members: Json) -> None:
        """A receipt from before the export names no number that the export does not know."""
        event, body = canonical(unb64(members["event"])), self.export["said"]["body"]
        said, log = dsse(event["dsse"], "statement", {}), self.trust.log(body["head"]["log"])
        if event["index"] >= log[1] + max(0, body["head"]["size"] - log[2]) or "seq" not in said:
            return
        (last,) = (one for one in body["last"] if one["by"] == said["by"])
        name = sha(unb64(event["dsse"]["payload"])).hex()
        assert said["seq"] < last["seq"] or (said["seq"], name) == (last["seq"], last["statement"]), (
            "contradicts itself"
        )

    def numbered(self, links: list[tuple[int, str, str]], last: list[Json]) -> None:
        (end,), known = last, {seq: name for seq, name, _ in links}
        assert len(known) == len(links) and all(seq <= end["seq"] for seq in known), "twice, or beyond the last"
        assert known.get(end["seq"], end["statement"]) == end["statement"], "another last statement"
        assert all(prev == ("0" * 64 if seq == 0 else known.get(seq - 1, prev)) for seq, _, prev in links), "a chain"
        if len(links) <= end["seq"]:
            self.notes.append(f"{end['seq'] + 1 - len(links)} numbers are not here")


def main(path: Path, trust: Path, kept: Path | None = None) -> dict[str, list[Any]]:
    """Verify what lies at `path`, with the receipts in a folder."""
    with tempfile.TemporaryDirectory() as work:
        return judge(path, trust, Path(work), sorted(kept.iterdir()) if kept else [])


def judge(path: Path, trust: Path, work: Path, kept: list[Path]) -> dict[str, list[Any]]:
    verifier = Verifier({}, trust, work)
    if path.suffix == ".json":
        verifier.claim(11, "receipt", proofs.receipt, canonical(path.read_bytes()), verifier.trust)
    elif not path.is_dir():
        raise UnreadableError(f"{path.name} cannot be checked here: unpack it")
    else:
        found = [one for one in path.rglob("*") if one.is_symlink() or not one.is_dir()]
        if any(one.is_symlink() for one in found):
            raise UnreadableError("a link")
        verifier = Verifier({one.relative_to(path).as_posix(): one.read_bytes() for one in found}, trust, work)
        verifier.verify()
        for members in map(canonical, (one.read_bytes() for one in kept)):
            verifier.claim(11, "receipt", proofs.receipt, members, verifier.trust)
            verifier.claim(8, "receipt", verifier.kept, members)
    return {"failed": verifier.failed, "notes": verifier.notes}


if __name__ == "__main__":
    try:
        told = main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (UnreadableError, AssertionError, ValueError, LookupError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    print(json.dumps(told))
    sys.exit(bool(told["failed"]))
