"""The witnesses of a log: the development one in this process, or those of a policy file.

The setting GETUIGE_WITNESS names a file in the form of c2sp.org/tlog-policy whose witness lines end in an address:

    witness Filomena <vkey> https://witness.filomena.example
    witness police <vkey> https://witness.politie.example
    witness ZVHRR <vkey> https://witness.zvhrr.example
    group independent 2 Filomena police ZVHRR
    quorum independent

The log's own line is added by the founding, which makes the log's key. Readers get the whole as `trust/policy`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from evidence.bundle.checking import trust
from evidence.custody.errors import PolicyError, QuorumError
from evidence.custody.log.note import NoteVerifier
from evidence.custody.witnessing.policy import MAX_POLICY_BYTES, NO_QUORUM, Policy
from evidence.custody.witnessing.witness import DevelopmentWitness
from evidence.custody.witnessing.witness_panel import CheckpointWitness
from server.layout import Layout
from server.log.witness_client import HttpWitness
from server.settings import DEVELOPMENT, LOOPBACK, Settings, SettingsError, StandInError

DEADLINE_S: Final = 2.0
"""How long a head waits for witnesses; proofs of receipts wait with it, receipts do not. A witness far away answers in
a tenth of it."""

_log = structlog.get_logger(__name__)


def development_name(log: NoteVerifier) -> str:
    """Return the key name of the development witness of a log."""
    return f"development-witness.{log.name}"


def development(layout: Layout, logs: Sequence[NoteVerifier]) -> DevelopmentWitness:
    """Return the witness in this process, made on first use and named after the oldest of the logs."""
    return DevelopmentWitness.in_folder(layout.witness, development_name(logs[0]), logs)


def policy_text(settings: Settings, layout: Layout, logs: Sequence[NoteVerifier]) -> str:
    """Return the trust policy of a line of logs, oldest first.

    That is the settings' file with a line for each log, or a policy with the development witness.

    Raises:
        SettingsError: the file cannot be used; the text says why.
    """
    lines = "".join(f"log {log.vkey}\n" for log in logs)
    if settings.witness == DEVELOPMENT:
        return (
            f"{lines}"
            f"# DEVELOPMENT: this witness runs inside the server and proves nothing against its operator.\n"
            f"witness development {development(layout, logs).verifier.vkey}\nquorum development\n"
        )
    text = _read(Path(settings.witness))
    if not _parse(text).logs:
        text = f"{lines}{text}"
    for log in logs:
        if log not in _parse(text).logs:
            raise SettingsError(f"GETUIGE_WITNESS: {settings.witness} names other logs, and not {log.vkey}")
    return text


class Witnesses:
    """The witnesses of the log that grows and what its readers demand of them."""

    def __init__(self, settings: Settings, layout: Layout, logs: Sequence[NoteVerifier]) -> None:
        """Prepare them; no connection is made yet. `logs` are those of the line, oldest first.

        Raises:
            SettingsError: the policy file cannot be used.
            StandInError: in production, when nobody independent would cosign.
        """
        self.all: Sequence[CheckpointWitness]
        self.deadline_s: float | None = None
        text = policy_text(settings, layout, logs)
        self._policy = _parse(text)
        anchors = layout.trust / trust.POLICY
        if anchors.exists() and anchors.read_text(encoding="utf-8", errors="replace") != text:
            _log.warning("trust/policy is not what GETUIGE_WITNESS says: readers judge by another policy")
        self._clients: list[HttpWitness] = []
        if settings.witness == DEVELOPMENT:
            _log.warning("DEVELOPMENT witness in this process: it proves nothing against the operator")
            self.all = [development(layout, logs)]
            return
        if settings.mode == "production":
            _refuse_stand_ins(self._policy)
        self._clients = [
            HttpWitness(name, verifier, self._policy.witness_urls[name], logs[-1])
            for name, verifier in self._policy.witnesses.items()
            if name in self._policy.witness_urls
        ]
        if not self._clients and self._policy.quorum != NO_QUORUM:
            raise SettingsError("GETUIGE_WITNESS: no witness line ends in an address, so nobody can be asked")
        self.all = self._clients
        self.deadline_s = DEADLINE_S

    def believed(self, note: bytes) -> bool:
        """Say whether readers with the trust policy believe a head with these cosignatures."""
        try:
            self._policy.verify(note)
        except QuorumError:
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            client.close()


def _refuse_stand_ins(policy: Policy) -> None:
    rows = [
        f"  - plain http to witness {name}: {url}; use https"
        for name, url in policy.witness_urls.items()
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in LOOPBACK
    ]
    if policy.quorum == NO_QUORUM:
        rows.append("  - quorum none: readers would believe the operator alone; demand witnesses")
    if rows:
        raise StandInError("GETUIGE_MODE=production refuses these witnesses:\n" + "\n".join(rows))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_POLICY_BYTES)
        return data.decode()
    except OSError as error:
        raise SettingsError(f"GETUIGE_WITNESS: {path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"GETUIGE_WITNESS: {path} is no text") from error


def _parse(text: str) -> Policy:
    try:
        policy = Policy.parse(text)
    except PolicyError as error:
        raise SettingsError(f"GETUIGE_WITNESS: {error}") from error
    for name, url in policy.witness_urls.items():
        if not _is_address(url):
            raise SettingsError(f"GETUIGE_WITNESS: the address of witness {name} is no http:// or https:// address")
    return policy


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
