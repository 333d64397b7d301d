"""The twelve Ed25519 signatures about which libraries differ, in Node and in `verify.sh`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical, keys
from evidence.custody.log import note
from evidence.custody.log.checkpoint import Checkpoint
from evidence.statements import dsse
from tests.support.node_peer import ask, b64
from tests.support.verify_sh import function
from tests.support.waiting import patience
from tests.support.weak_signatures import CASES, SIGNERS, Signer

EACH = pytest.mark.parametrize("signer", SIGNERS, ids=lambda one: one.name)


def _fresh() -> list[dict[str, Any]]:
    """Return the twelve kinds over three more messages."""
    made = []
    for message in (b"x", b"another", bytes(300)):
        made += [
            {"name": f"{one.name}, {len(message)} bytes", "key": one.key.hex(), "msg": message.hex(),
             "sig": one.sign(message).hex(), "expect": one.expect}
            for one in SIGNERS
        ]  # fmt: skip
    return made


@pytest.mark.need("node")
def test_node_says_what_is_written_with_both_libraries(tmp_path: Path) -> None:
    cases = [*CASES, *_fresh()]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    runner = Path(__file__).parent / "ed25519.mjs"
    done = subprocess.run(
        ["node", str(runner), str(tmp_path / "cases.json")], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[case["expect"], case["expect"]] for case in cases]


@pytest.mark.need("openssl", "xxd", "base64", "dash", "bash")
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_shell_says_what_is_written(shell: str, tmp_path: Path) -> None:
    functions = "\n".join(map(function, ("bytes", "to_hex", "key_pem", "may_hold", "prime_order", "signed")))
    cases = [*CASES, *_fresh()]
    for number, case in enumerate(cases):
        (tmp_path / f"{number}.msg").write_bytes(bytes.fromhex(case["msg"]))
        vkey = f"name+00000000+{b64(b'1' + bytes.fromhex(case['key']))}"
        (tmp_path / f"{number}.sh").write_text(f"signed {number}.msg {case['sig']} {vkey}")
    each = f"for one in $(seq 0 {len(cases) - 1}); do if . ./$one.sh; then echo holds; else echo refused; fi; done"
    done = subprocess.run(
        [shell, "-c", f"LC_ALL=C; export LC_ALL; WORK=.; {functions}\n{each}"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patience(60),
    )  # fmt: skip
    assert done.stderr == ""
    expected = [case["expect"] for case in cases]
    assert [line == "holds" for line in done.stdout.split()] == expected


@EACH
@pytest.mark.need("node")
def test_a_statement_in_the_page(signer: Signer) -> None:
    kid = keys.signing_kid(signer.key)
    body = canonical.encode({"by": kid})
    signature = b64(signer.sign(dsse.pae(dsse.STATEMENT_TYPE, body)))
    signatures = [{"keyid": kid, "sig": signature}]
    envelope = {"payload": b64(body), "payloadType": dsse.STATEMENT_TYPE, "signatures": signatures}
    answer = ask("verify", envelope=envelope, signer={"kid": kid, "sign": signer.key.hex()})
    assert answer.get("signers") == ([kid] if signer.expect else None)


@EACH
@pytest.mark.need("node")
def test_a_head_in_the_page(signer: Signer) -> None:
    log = note.NoteVerifier("log.example", note.KeyType.ED25519, signer.key)
    body = Checkpoint(log.name, 1, bytes(32)).body
    line = note.NoteSignature(log.name, log.key_id, signer.sign(body))
    answer = ask("head", note=note.Note(body, (line,)).to_bytes().decode(), vkey=log.vkey)
    assert answer.get("size") == (1 if signer.expect else None)
