"""What a stranger's verifier needs before it looks at a bundle: signatures, heads of logs, paths, time stamps.

Written from docs/formats alone (statement, keys, custody-log, envelope, receipt); it imports nothing of Getuige.
Ed25519 is `cryptography`'s, behind the rule of keys.md; time stamps are `openssl ts`'s.
"""

import base64
import hashlib
import hmac
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

Json = Any
"""Parsed JSON, as it came."""

Log = list[Any]
"""vkey (parsed), number of its first event, entries before that, and the head at which it ended."""


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


class UnreadableError(Exception):
    """It cannot be read at all."""


# ------------------------------------------------ canonical JSON, DSSE, Ed25519: statement.md, keys.md
def canonical(data: bytes) -> Json:
    def once(pairs: list[tuple[str, Json]]) -> Json:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    value = json.loads(
        data.decode("utf-8"), object_pairs_hook=once, parse_float=lambda _: 1 / 0, parse_constant=lambda _: 1 / 0
    )
    assert written(value) == data, "another spelling"
    return value


def written(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def large(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & (2**255 - 1)
    return y < P and y not in {0, 1, P - 1, Y8, P - Y8}


def add(p: Point, q: Point) -> Point:
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


KNOWN: dict[bytes, bool] = {}


def is_key(key: bytes) -> bool:
    if key not in KNOWN:
        y = int.from_bytes(key, "little") & (2**255 - 1)
        square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
        x = pow(square, (P + 3) // 8, P)
        x = x if x * x % P == square else x * ROOT % P
        point, total, rest = (x, y, 1, x * y % P), (0, 1, 1, 0), L
        while rest:
            total, point, rest = add(total, point) if rest & 1 else total, add(point, point), rest >> 1
        KNOWN[key] = large(key) and x * x % P == square and total[0] == 0 and total[1] == total[2]
    return KNOWN[key]


def signed(key: bytes, message: bytes, signature: bytes) -> None:
    assert len(key) == 32 and len(signature) == 64 and int.from_bytes(signature[32:], "little") < L, "a signature"
    assert large(signature[:32]) and is_key(key), "a signature"
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


def kid(key: bytes) -> str:
    return sha(b"\x01" + key)[:16].hex()


def dsse(envelope: Json, kind: str, keys: dict[str, bytes]) -> Json:
    """Return the payload, when exactly these keys signed it (none given: it is only read)."""
    payload = unb64(envelope["payload"])
    assert envelope["payloadType"] == f"application/vnd.getuige.{kind}.v1+json" and envelope["signatures"], (
        "a payload type"
    )
    message = b"DSSEv1 %d %s %d %s" % (
        len(envelope["payloadType"]),
        envelope["payloadType"].encode(),
        len(payload),
        payload,
    )
    for one in envelope["signatures"] if keys else ():
        signed(keys[one["keyid"]], message, unb64(one["sig"]))
    assert not keys or keys.keys() == {one["keyid"] for one in envelope["signatures"]}, "a signature is missing"
    return canonical(payload)


# ------------------------------------------------------- notes, policy, proofs, rotations: custody-log.md
def vkey(text: str) -> tuple[str, bytes, int, bytes]:
    name, key_id, blob = text.split("+", 2)
    assert sha(name.encode() + b"\n" + unb64(blob))[:4].hex() == key_id, "a key id"
    return name, bytes.fromhex(key_id), unb64(blob)[0], unb64(blob)[1:]


def climb(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn, "a path is too long"
        if fn & 1 or fn == sn:
            r = sha(b"\x01" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\x01" + r + p)
        fn, sn = fn >> 1, sn >> 1
    assert index < size and sn == 0, "a path is too short"
    return r


def consistent(m: int, first: bytes, n: int, second: bytes, path: list[bytes]) -> bool:
    if m == n:
        return not path and first == second
    fn, sn, path = m - 1, n - 1, [first, *path] if m & (m - 1) == 0 else list(path)
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\x01" + c + fr), sha(b"\x01" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\x01" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first and sr == second


class Trust:
    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, bytes.fromhex((folder / "root.pub").read_text().split()[0])
        self.logs: list[str] = []
        self.witnesses: dict[str, tuple[str, bytes, int, bytes]] = {}
        self.groups: list[tuple[str, int, list[str]]] = []
        self.quorum = ""
        for line in (folder / "policy").read_text().splitlines():
            word, *rest = line.split() or ["#"]
            if word == "log":
                self.logs.append(rest[0])
            elif word == "witness":
                self.witnesses[rest[0]] = vkey(rest[1])
            elif word == "group":
                self.groups.append((rest[0], {"any": 1, "all": len(rest) - 2}.get(rest[1]) or int(rest[1]), rest[2:]))
            elif word == "quorum":
                self.quorum = rest[0]
        file = folder / "rotations.json"
        self.rotations = (
            [self.rotation(one) for one in canonical(file.read_bytes().rstrip(b"\n"))] if file.exists() else []
        )
        self.follow([])

    def rotation(self, envelope: Json) -> Json:
        said = dsse(envelope, "statement", {kid(self.root): self.root})
        assert said["type"] == "log.rotate", "no rotation"
        return said["body"]

    def follow(self, more: list[Json]) -> bool:
        """The line: [vkey, first event, entries before it, the head at which it ended]."""
        ended: dict[str, Json] = {}
        for body in (*self.rotations, *more):
            assert ended.setdefault(body["closed"]["origin"], body) == body, "a log was ended in two ways"
        self.line: list[Log] = [[vkey(self.logs[0]), 0, 0, None]]
        at = self.logs[0]
        while (body := ended.pop(at.split("+")[0], None)) is not None:
            last = self.line[-1]
            last[3], at = body["closed"], body["log_vkey"]
            self.line.append([vkey(at), last[1] + last[3]["size"] - last[2], 1, None])
        return not ended and all(vkey(one) in [log[0] for log in self.line] for one in self.logs)

    def log(self, origin: str) -> Log:
        return next(log for log in self.line if log[0][0] == origin)

    def at(self, event: int) -> Log:
        return [log for log in self.line if log[1] <= event][-1]

    def believe(self, note: bytes) -> tuple[str, int, bytes, list[int]]:
        """Return origin, size, root and the witnesses' times of a signed head."""
        end = note.rindex(b"\n\n") + 1
        body, blobs = note[:end], []
        for line in note[end + 1 :].decode().split("\n")[:-1]:
            dash, name, written_blob = line.split(" ")
            assert dash == "—", "no signature line"
            blobs.append((name, unb64(written_blob)))
        origin, size, root = body.decode().split("\n")[:3]

        def of(key: tuple[str, bytes, int, bytes]) -> list[bytes]:
            return [blob[4:] for name, blob in blobs if (name, blob[:4]) == key[:2]]

        log, present, times = self.log(origin)[0], set(), []
        assert of(log), "the log did not sign"
        for signature in of(log):
            signed(log[3], body, signature)
        for name, key in self.witnesses.items():
            for blob in of(key):
                at = int.from_bytes(blob[:8], "big")
                if key[2] == 4:
                    signed(key[3], b"cosignature/v1\ntime %d\n" % at + body, blob[8:])
                else:
                    head = b"%c%s%s%c%s" % (len(key[0]), key[0].encode(), blob[:8], len(origin), origin.encode())
                    tree = bytes(8) + int(size).to_bytes(8, "big") + unb64(root)
                    MLDSA44PublicKey.from_public_bytes(key[3]).verify(blob[8:], b"subtree/v1\n\0" + head + tree)
                present.add(name)
                times.append(at)
        for name, needed, members in self.groups:
            present |= {name} if len(present & set(members)) >= needed else set()
        assert self.quorum == "none" or self.quorum in present, "no quorum"
        return origin, int(size), unb64(root), times

    def prove(self, proof: bytes, entry: bytes) -> tuple[int, str, int, bytes, list[int], bytes]:
        head, _, note = proof.partition(b"\n\n")
        lines = [line for line in head.decode().split("\n") if not line.startswith("extra ")]
        assert lines[0] == "c2sp.org/tlog-proof@v1" and re.fullmatch(r"index (0|[1-9]\d*)", lines[1]), "no proof"
        origin, size, root, times = self.believe(note)
        index = int(lines[1][6:])
        assert climb(index, size, sha(b"\x00" + entry), [unb64(one) for one in lines[2:]]) == root, "not in the log"
        return index, origin, size, root, times, note


# --- time stamps (custody-log.md, Timestamp)
class Stamps:
    def __init__(self, files: dict[str, bytes], trust: Path, work: Path) -> None:
        self.files, self.work, self.tsas, self.until = files, work, {}, {}
        roots = re.findall(
            r"-----BEGIN CERT.*?END CERTIFICATE-----\n", (trust / "tsa-roots.pem").read_text(), re.DOTALL
        )
        policy, self.quorum = trust / "tsa-policy", min(1, len(roots))
        der = {sha(unb64("".join(pem.split("\n")[1:-2]))).hex(): pem for pem in roots}
        self.tsas = {str(number): pem for number, pem in enumerate(roots)}
        if policy.exists():
            words = [line.split() for line in policy.read_text().splitlines() if line.strip()]
            self.quorum = next(int(one[1]) for one in words if one[0] == "quorum")
            self.tsas = {one[1]: "".join(der[root] for root in one[2].split(",")) for one in words if one[0] == "tsa"}
            self.until = {one[1]: datetime.fromisoformat(one[2]).timestamp() for one in words if one[0] == "until"}

    def openssl(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["openssl", "ts", *map(str, arguments)], capture_output=True, text=True, check=False)

    def read(self, token: bytes, data: bytes) -> tuple[str, float, float]:
        """Return authority, time and end of a token over the data, that held when it was made."""
        path, over = self.work / "token", self.work / "data"
        path.write_bytes(token), over.write_bytes(data)
        said = re.search(
            r"Time stamp: (\w+ +\d+ \d+:\d+:\d+)[.\d]* (\d+) GMT", self.openssl("-reply", "-in", path, "-text").stdout
        )
        assert said, "no token"
        when = datetime.strptime(f"{said[1]} {said[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
        for name, pem in self.tsas.items():
            (self.work / "roots").write_text(pem)
            if self.verifies(when):
                now = datetime.now(UTC).timestamp()
                return name, when, self.until.get(name, float("inf") if self.verifies(now) else now)
        raise AssertionError("a token of nobody who is trusted")

    def verifies(self, at: float) -> bool:
        """Whether the token holds over the data, by certificates that were in force at that time."""
        files = ("-in", self.work / "token", "-data", self.work / "data", "-CAfile", self.work / "roots")
        return self.openssl("-verify", "-attime", int(at), *files).returncode == 0

    def over(self, data: bytes) -> list[bytes]:
        return [
            token
            for name, token in self.files.items()
            if re.fullmatch(rf"proof/timestamps/{sha(data).hex()}(\.\d+)?\.tsr", name)
        ]

    def counts(self, token: bytes, when: float, end: float, rounds: int = 32) -> bool:
        if end > datetime.now(UTC).timestamp():
            return True
        proof = self.files.get(f"proof/renewals/{sha(token).hex()}.tlog-proof")
        if proof is None or not rounds:
            return False
        head, _, note = proof.partition(b"\n\n")
        lines, (title, size, root) = head.decode().split("\n"), note.decode().split("\n")[:3]
        path = [unb64(one) for one in lines[2:]]
        assert title == "getuige/token-renewal/v1" and climb(
            int(lines[1][6:]), int(size), sha(b"\x00" + sha(token)), path
        ) == unb64(root), "no renewal"
        new = [(one, *self.read(one, note)[1:]) for one in self.over(note)]
        return any(when <= at <= end and self.counts(one, at, its, rounds - 1) for one, at, its in new)

    def vouch(self, note: bytes) -> float | None:
        """Return the earliest time stamp over a head; AssertionError when too few vouch, or none agree."""
        read = [(token, *self.read(token, note)) for token in self.over(note)]
        good = {name: when for token, name, when, end in read if self.counts(token, when, end)}
        agreed = max(
            ([at for at in good.values() if 0 <= at - one <= 62] for one in good.values()), key=len, default=[]
        )
        assert len(agreed) == len(good) or 2 * len(agreed) > len(good), "authorities contradict each other"
        assert len(agreed) >= self.quorum, "fewer authorities vouch than must"
        return min(agreed, default=None)


# ------------------------------------------------------------------------------------ fields: envelope.md, Leaves
def leaves(value: Json, pointer: str) -> list[tuple[str, Json]]:
    if not isinstance(value, dict | list) or not value:
        return [(pointer, value)]
    named = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for name, member in named for leaf in leaves(member, f"{pointer}/{name}")]


def fields(data: bytes) -> tuple[str, dict[str, str]]:
    """Return the commitment that an opening computes to, and what it shows; nothing may be withheld."""
    committed, shown, last = b"", {}, ""
    for line in data.decode().split("\n")[:-1]:
        pointer, salt, value = line.split("\t")
        assert pointer > last, "lines out of order, or twice"
        digest = sha(b"getuige/field/v1\0" + bytes.fromhex(salt) + pointer.encode() + b"\0" + value.encode())
        committed += pointer.encode() + b"\0" + digest
        shown[pointer], last = value, pointer
    return sha(b"getuige/description/v1\0" + committed).hex(), shown


# -------------------------------------------------------------------------- a receipt alone: receipt.md
def receipt(members: Json, trust: Trust) -> None:
    if (
        not {"receipt", "event", "salt", "server_key"}
        <= members.keys()
        <= {"receipt", "event", "salt", "server_key", "proof"}
    ):
        raise UnreadableError(
            "a receipt file has receipt, event, salt, server_key and perhaps proof: there is one more, or less"
        )
    server = dsse(members["server_key"], "statement", {kid(trust.root): trust.root})
    assert server["type"] == "key.publish" and server["body"]["role"] == "server", "no server"
    key = bytes.fromhex(server["body"]["sign"])
    said, event = dsse(members["receipt"], "receipt", {kid(key): key}), unb64(members["event"])
    parsed = canonical(event)
    leaf = b"\x01" + hmac.digest(bytes.fromhex(members["salt"]), event, "sha256")
    expected = {
        "v": 1,
        "suite": 1,
        "log": trust.at(parsed["index"])[0][0],
        "index": parsed["index"],
        "leaf": leaf.hex(),
        "by": kid(key),
        "statement": sha(unb64(parsed["dsse"]["payload"])).hex(),
        "event": sha(event).hex(),
        "received_at": parsed["received_at"],
    }
    assert said == expected, "it speaks of something else"
    if "proof" in members:
        index, origin, *_ = trust.prove(unb64(members["proof"]), leaf)
        log = trust.at(parsed["index"])
        assert (origin, index) == (log[0][0], parsed["index"] - log[1] + log[2]), "a proof of another place"
