"""Writes the bytes of one press to a file, as another maker's device would: no code of Getuige is used.

Usage: foreign_press.py SEED_HEX DEVICE_HEX COUNTER OUT. Follows docs/formats/device.md with cbor2 and PyNaCl alone.
"""

import sys
import time
from pathlib import Path

import cbor2
from nacl.signing import SigningKey

seed, device, counter, out = sys.argv[1:]
topic = f"up/{device[:2]}/{device}/a"
payload = cbor2.dumps(
    {
        "v": 1,
        "id": bytes.fromhex(device),
        "boot": 1,
        "ctr": int(counter),
        "up": 4000,
        "wall": int(time.time() * 1000),
        "sync": 1,
        "kind": "press",
        "bat": 64,
        "fw": "foreign 0.1",
        "loc": [51.9244, 4.4777, 30, 5, "gps"],
    }
)
protected = cbor2.dumps({1: -8})
signature = (
    SigningKey(bytes.fromhex(seed)).sign(cbor2.dumps(["Signature1", protected, topic.encode(), payload])).signature
)
Path(out).write_bytes(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature])))
