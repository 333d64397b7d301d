"""The certificates that an alarm bridge shows to others: whether they can be used, and for how long still.

The bridge has settings of its own; the doctor reads from the environment only which files they name.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

SHOWN: Final = {
    "GETUIGE_BRIDGE_RECEIVER_CERTIFICATE_FILE": "GETUIGE_BRIDGE_RECEIVER_KEY_FILE",
    "GETUIGE_BRIDGE_BROKER_CERTIFICATE_FILE": None,
}
"""Variable that names a certificate → the one that names its key, which otherwise stands beside it as `.key`."""

SOON: Final = timedelta(days=30)
"""A certificate is asked for at another organisation: a month is what that takes."""


@dataclass(frozen=True)
class Certificate:
    """One certificate: what it is for (the variable), its file, until when it is good, and what is wrong with it."""

    variable: str
    file: Path
    until: datetime | None
    fault: str = ""


def certificates(environment: Mapping[str, str] = os.environ, now: datetime | None = None) -> Iterator[Certificate]:
    """Yield every certificate that the environment names."""
    at = now or datetime.now(UTC)
    for variable, key_variable in SHOWN.items():
        name = environment.get(variable)
        if name:
            file = Path(name)
            key = environment.get(key_variable) if key_variable else None
            yield _examined(variable, file, Path(key) if key else file.with_suffix(".key"), at)


def _examined(variable: str, file: Path, key_file: Path, now: datetime) -> Certificate:
    try:
        shown = x509.load_pem_x509_certificates(file.read_bytes())[0]
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except OSError as error:
        return Certificate(variable, file, None, f"{error.filename} cannot be read: {error.strerror}")
    except (ValueError, TypeError):
        return Certificate(variable, file, None, "is no certificate, or its key is none or has a pass phrase")
    until = shown.not_valid_after_utc
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != shown.public_key().public_bytes(*form):
        return Certificate(variable, file, until, f"{key_file.name} is not its key")
    if until <= now:
        return Certificate(variable, file, until, "has ended: receivers that ask for it take no alarm")
    if shown.not_valid_before_utc > now:
        return Certificate(variable, file, until, "has not begun")
    return Certificate(variable, file, until)
