"""A phone's folder: made by an invitation, opened by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from evidence import files, ids, keys
from evidence.errors import EvidenceError
from server.clients import case_keys, memory
from server.clients.errors import FolderError
from server.clients.http import Api
from server.clients.invitation import Invitation
from server.clients.outbox import Outbox
from server.clients.phone import Phone
from server.clients.phone_chain import ENROLMENT, ROTATIONS, PhoneChain
from server.clients.phone_lists import PhoneLists
from server.clients.pins import TRUST, Pins
from server.clients.proofs import Proofs
from server.clients.receipts import Receipts
from server.clients.signing import KeySigner, Signer

VAULT: Final = "vault.pub"
"""The key with which her vault signs, fetched with the case's and checked against the invitation."""

XWING: Final = "case-xwing.pub"
"""The case's X-Wing public key, fetched once and checked against the invitation."""


@contextmanager
def open_phone(folder: Path) -> Iterator[Phone]:
    """Yield the phone in `folder`, alone in it, after finishing what a killed one had begun.

    Raises:
        FolderError: there is no enrolled phone, or another process uses it.
    """
    if not (folder / "phone.json").exists():
        raise FolderError(f"There is no phone in {folder}. Enrol one with an invitation first.")
    with memory.alone_in(folder):
        phone = _load(folder)
        try:
            if not phone.receipts.has(ENROLMENT) or not (folder / XWING).exists():
                raise FolderError("This phone's enrolment was cut off. Enrol it again with the same invitation.")
            phone.outbox.recover()
            yield phone
        finally:
            phone.signer.api.close()


def enrol(folder: Path, invitation: Invitation) -> None:
    """Make `folder` a phone of the case that the invitation names. A killed enrolment may simply be repeated.

    Raises:
        ClientError: the server refused, did not answer, or sent another trust policy than the pinned one.
    """
    with memory.alone_in(folder):
        if not (folder / "phone.json").exists():
            policy = _pinned_policy(invitation)
            if not (folder / "identity.json").exists():
                made = keys.SigningKey.generate()
                memory.write_json(folder / "identity.json", {"sign": made.sign_seed.hex()})
            settings = {
                "url": invitation.url,
                "case": invitation.case,
                "vault_sha256": invitation.vault_sha256,
                "list_number": invitation.list_number,
                "root": invitation.root.hex(),
                "policy": policy,
            }
            memory.write_json(folder / "phone.json", settings)
        phone = _load(folder)
        try:
            phone.join(invitation.key)
            if not (folder / XWING).exists():
                pinned = str(memory.read_json(folder / "phone.json")["vault_sha256"])
                found = case_keys.fetch_pinned(phone.signer.api, phone.case, pinned)
                files.replace(folder / VAULT, found.sign)
                files.replace(folder / XWING, found.xwing)  # last: with it the enrolment is whole
                replace(phone.lists, vault=found.sign).ask(phone.signer.api)
        finally:
            phone.signer.api.close()


def _pinned_policy(invitation: Invitation) -> str:
    """Fetch the trust policy and return it when it is the one that the invitation pinned."""
    api = Api(invitation.url)
    try:
        policy = str(api.get(TRUST).get("policy", ""))
    finally:
        api.close()
    return Pins(invitation.root, policy).pin_policy(invitation.policy_sha256).policy_text


def _load(folder: Path) -> Phone:
    """Read a phone's memory; FolderError when a part of it is damaged."""
    settings: dict[str, Any] = memory.read_json(folder / "phone.json")
    seeds = memory.read_json(folder / "identity.json")
    try:
        identity = keys.SigningKey(bytes.fromhex(seeds["sign"]))
        known = folder / ROTATIONS
        pins = Pins(bytes.fromhex(settings["root"]), settings["policy"])
        pins = pins.with_rotations(memory.read_json(known)["rotations"] if known.exists() else [])
        signer = Signer(Api(settings["url"], KeySigner(identity)), identity, pins)
        case_key = (folder / XWING).read_bytes() if (folder / XWING).exists() else b""
        vault = (folder / VAULT).read_bytes() if (folder / VAULT).exists() else b""
        case = ids.CaseId(ids.hex_text(settings["case"], 16))
        lists = PhoneLists(folder, case, vault, int(settings["list_number"]))
        outbox, proofs, kept = Outbox(folder / "outbox"), Proofs(signer), Receipts(folder / "receipts")
        chain = PhoneChain(folder, case, signer, outbox, proofs, kept)
        return Phone(folder, case, case_key, lists, signer, outbox, proofs, kept, chain)
    except (KeyError, ValueError, TypeError, EvidenceError) as error:
        raise FolderError(f"The phone in {folder} is damaged.") from error
