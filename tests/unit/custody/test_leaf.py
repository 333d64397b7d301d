"""The leaf is a salted commitment: 0x01 and an HMAC-SHA256 that another program computes alike."""

import subprocess

import pytest

from evidence.custody.errors import CustodyError
from evidence.custody.log.leaf import leaf_entry, new_salt
from tests.support.waiting import patience


def test_a_known_salt_and_event_give_a_known_leaf() -> None:
    leaf = leaf_entry(bytes(range(32)), b"event")
    assert leaf.hex() == "01" + "e2ba5ff05fa8619c82d8d99f6242084a5b17b329381722ad100792a14dc8aedc"


@pytest.mark.need("openssl")
def test_openssl_computes_the_same_leaf() -> None:
    salt, event = new_salt(), b"\x00any\xff bytes"
    mac = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{salt.hex()}", "-binary"],
        input=event,
        check=True,
        capture_output=True,
        timeout=patience(30),
    ).stdout
    assert leaf_entry(salt, event) == b"\x01" + mac


def test_equal_events_do_not_look_equal() -> None:
    assert leaf_entry(new_salt(), b"event") != leaf_entry(new_salt(), b"event")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_has_32_bytes(length: int) -> None:
    with pytest.raises(CustodyError):
        leaf_entry(bytes(length), b"event")
