"""The health of the time stamp authorities, from what their tokens on the disk say; nobody is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from evidence.bundle.checking import trust
from evidence.custody.errors import CustodyError
from evidence.custody.time import quorum
from evidence.custody.time.tsa_policy import TsaPolicy
from server.layout import Layout
from server.settings import DEVELOPMENT, Settings
from server.timestamps import renewing, tsa
from server.timestamps.stamp_folder import StampFolder, name_of

SOON: Final = timedelta(days=30)
"""Renewal begins three months before a certificate expires; a month before, it has not worked for two."""

MEND: Final = "look at its address and its roots (docs/operations/time.md); the others go on meanwhile"


@dataclass(frozen=True)
class Health:
    """What was seen; `mend` is empty when all is well."""

    seen: str
    mend: str = ""


def look(settings: Settings) -> Health:
    """Compare the newest tokens of the authorities that the settings name.

    Raises:
        SettingsError: the policy file of GETUIGE_TSA cannot be used.
    """
    layout = Layout(settings.data)
    names = _names(settings)
    folder = next((one for one in reversed(renewing.stored(layout).folders) if one.sizes()), None)
    if folder is None:
        return Health(f"{len(names)} set; no head was stamped yet")
    newest = folder.newest()
    last = max(folder.sizes())
    complaints = [
        f"{name or 'the authority'} did not stamp the newest head"
        for name in names
        if name not in newest or not newest[name].name.startswith(f"{last}.")
    ]
    if aside := folder.aside():
        complaints.append(f"{len(aside)} tokens contradict all other clocks: {_named(aside)}")
    complaints += _expiring(layout, folder, last)
    if complaints:
        return Health("; ".join(complaints), MEND)
    return Health(f"{len(names)} vouch for the newest head ({last} entries)")


def _names(settings: Settings) -> list[str]:
    if settings.tsa == DEVELOPMENT or settings.tsa.startswith(("http://", "https://")):
        return [""]
    policy = TsaPolicy.parse(tsa.policy_files(settings)[trust.TSA_POLICY])
    return [one.name for one in policy.tsas if one.url is not None]


def _named(paths: list[Path]) -> str:
    return ", ".join(sorted({name_of(path) for path in paths}))


def _expiring(layout: Layout, folder: StampFolder, size: int) -> list[str]:
    """Say which of the newest tokens were made with a certificate that ends soon."""
    try:
        trusted = trust.read_tsas(layout.trust)
    except (OSError, CustodyError):
        return []
    digest = folder.digest(size)
    found = []
    for token in folder.tokens(size):
        try:
            by, info = quorum.identify(token, digest, trusted)
        except CustodyError:
            found.append("a token does not hold under the roots in the trust folder")
            continue
        end = quorum.expires(by, info)
        if end < datetime.now(UTC) + SOON:
            found.append(f"the certificate of {by.name or info.tsa_name} ends at {end:%Y-%m-%d}")
    return found
