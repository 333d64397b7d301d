"""An alarm device by another maker, written from docs/formats/device.md alone: sockets, cbor2, cryptography.

Usage: device.py SEED_HEX DEVICE_HEX BRIDGE_KEY_HEX BOOT HOST:PORT[,HOST:PORT]; commands on standard input, one a line:
  press | duress | tamper | test | heartbeat | position [JSON of members that replace those of the message]
  check-in SECONDS [SALT_HEX DIGITS] [JSON of members]
  cancel [SALT_HEX DIGITS] · raw LANE HEX (any bytes, as they are)
It prints what it sends and hears as lines of JSON.
"""

import base64
import hashlib
import hmac
import json
import random
import socket
import struct
import sys
import threading
import time
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED, DEVICE, BRIDGE_KEY, BOOT = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SEED))
BRIDGE = Ed25519PublicKey.from_public_bytes(bytes.fromhex(BRIDGE_KEY))
PROTECTED, STARTED, LOCK = b"\xa1\x01\x27", time.monotonic(), threading.RLock()
WAITING: dict[bytes, Any] = {}
"""Bytes that nobody has stored yet: topic, press, when to repeat, and the pause between repeats."""
OPEN: set[tuple[int, int]] = set()
CLOCK: dict[str, Any] = {"offset": None, "newest": 0}


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def signed(payload: bytes, aad: str) -> bytes:
    what = cbor2.dumps(["Signature1", PROTECTED, aad.encode(), payload])
    return cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {}, payload, KEY.sign(what)]))


def text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


class Broker:
    """One MQTT 3.1.1 connection: clean session, keep-alive 20 s, pauses that double and hold a share of chance."""

    def __init__(self, address: str) -> None:
        self.address, self.sock, self.up, self.mid = address.rsplit(":", 1), socket.socket(), False, 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        pause = 1.0
        while True:
            try:
                self.connect()
                while True:
                    pause = self.read() or pause
            except OSError:
                self.up = False
                self.sock.close()
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, 32.0)

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address[0], int(self.address[1])), 2)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(10)
        token = signed(cbor2.dumps({"v": 1, "id": bytes.fromhex(DEVICE), "t": int(time.time())}), "connect")
        login = text(f"device-{DEVICE}".encode()) + text(DEVICE.encode()) + text(base64.urlsafe_b64encode(token))
        self.send(0x10, text(b"MQTT") + b"\x04\xc2" + struct.pack(">H", 20) + login)

    def send(self, kind: int, body: bytes) -> None:
        length, size = b"", len(body)
        while size or not length:
            size, digit = divmod(size, 128)
            length += bytes([digit | (128 if size else 0)])
        with LOCK:
            self.sock.sendall(bytes([kind]) + length + body)

    def publish(self, topic: str, data: bytes, qos: int) -> None:
        self.mid = self.mid % 65_535 + 1
        try:
            if self.up:
                self.send(0x30 | qos << 1, text(topic.encode()) + (struct.pack(">H", self.mid) if qos else b"") + data)
        except OSError:
            self.sock.close()

    def take(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (got := self.sock.recv(size - len(data))):
                raise OSError
            data += got
        return data

    def read(self) -> float | None:
        """Take one packet; return the pause to begin with again once the broker has let us in."""
        try:
            kind = self.take(1)[0]
        except TimeoutError:
            self.send(0xC0, b"")
            return None
        size = shift = 0
        while (digit := self.take(1)[0]) & 128:
            size, shift = size | (digit & 127) << shift, shift + 7
        body = self.take(size | digit << shift)
        if kind == 0x20 and body[1]:
            raise OSError
        if kind == 0x20:
            filters = b"".join(text(one.encode()) + b"\x01" for one in (f"dn/{DEVICE}", "svc/bridge/+"))
            self.send(0x82, b"\x00\x01" + filters)
        elif kind == 0x90:
            self.up = True
            say(event="up", granted=list(body[2:]))
            with LOCK:
                for data, (topic, *_) in WAITING.items():
                    self.publish(topic, data, 1)
            return 1.0
        elif kind >> 4 == 3:
            topic, rest = body[2 : 2 + (named := struct.unpack(">H", body[:2])[0])].decode(), body[2 + named :]
            if kind & 6:
                self.send(0x40, rest[:2])
            with LOCK:
                hear(topic, rest[2 if kind & 6 else 0 :])
        return None


def hear(topic: str, data: bytes) -> None:
    value = cbor2.loads(data)
    _, _, payload, signature = value.value if isinstance(value, cbor2.CBORTag) else value
    try:
        BRIDGE.verify(signature, cbor2.dumps(["Signature1", PROTECTED, topic.encode(), payload]))
    except InvalidSignature:
        return say(event="forged", topic=topic)
    said = cbor2.loads(payload)
    if topic != f"dn/{DEVICE}":
        return say(event="service", online=said["online"])
    if "why" in said:
        for refused in [one for one in WAITING if hashlib.sha256(one).digest()[:8] == said["of"]]:
            WAITING[refused][3] = 10.0
            say(event="refused", why=said["why"])
        return None
    press = tuple(said["press"])
    if press in OPEN and said["time"] > CLOCK["newest"]:
        CLOCK.update(newest=said["time"], offset=said["time"] - int(time.time() * 1000))
    for stored in [one for one, entry in WAITING.items() if entry[1] == press]:
        del WAITING[stored]
    if said["state"] == "closed":
        OPEN.discard(press)
    return say(event=said["state"], press=press, hb=said["hb"])


def message(kind: str, rest: str, counter: int) -> dict[str, Any]:
    wall = int(time.time() * 1000) + (CLOCK["offset"] or 0)
    made = {"v": 1, "id": bytes.fromhex(DEVICE), "boot": BOOT, "ctr": counter, "kind": kind, "bat": 64, "fw": "other 2"}
    made |= {"up": int((time.monotonic() - STARTED) * 1000), "wall": wall, "sync": 1 if CLOCK["offset"] is None else 2}
    made |= {"loc": [51.9244, 4.4777, 30, 5, "gps"]}
    if kind == "check-in":
        wait, _, rest = rest.partition(" ")
        made |= {"wait": int(wait)}
    if kind not in {"cancel", "check-in"} or not rest or rest[0] == "{":
        return made | (json.loads(rest) if rest else {})
    salt, digits, *members = rest.split(" ", 2)
    made |= json.loads(members[0]) if members else {}
    key = hmac.digest(bytes.fromhex(salt), b"getuige/pin/v1\0" + digits.encode(), "sha256")
    number = struct.pack(">QQ", BOOT, counter)
    return made | {"code": hmac.digest(key, b"getuige/code/v1\0" + bytes.fromhex(DEVICE) + number, "sha256")}


def push(line: str, counter: int) -> None:
    kind, _, rest = line.partition(" ")
    lane = "t" if kind in {"heartbeat", "position"} else "a"
    press: tuple[int, int] | None = None
    if kind == "raw":
        lane, _, data_hex = rest.partition(" ")
        data = bytes.fromhex(data_hex)
    else:
        press = BOOT, counter
        payload = cbor2.dumps(message(kind, rest, counter), canonical=True)
        data = signed(payload, f"up/{DEVICE[:2]}/{DEVICE}/{lane}")
    topic, qos = f"up/{DEVICE[:2]}/{DEVICE}/{lane}", int(lane == "a")
    with LOCK:
        if qos:
            WAITING[data] = [topic, press, time.monotonic() + 0.4, 1.0]
        if qos and press:
            OPEN.add(press)
        say(event="sent", press=press, sha256=hashlib.sha256(data).hexdigest())
    for broker in BROKERS:
        broker.publish(topic, data, qos)


def repeat() -> None:
    while True:
        time.sleep(0.1)
        with LOCK:
            due = [(data, entry) for data, entry in WAITING.items() if time.monotonic() >= entry[2]]
        for data, entry in due:
            entry[2] = time.monotonic() + entry[3]
            for broker in BROKERS:
                broker.publish(entry[0], data, 1)


BROKERS = [Broker(one) for one in sys.argv[5].split(",")]
threading.Thread(target=repeat, daemon=True).start()
for number, command in enumerate(sys.stdin, 1):
    push(command.strip(), number)
