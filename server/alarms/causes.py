"""The causes, as alarm bridges say them, that would keep a press from a person: for `getuige doctor`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from server.layout import Layout
from server.settings import Settings

CENTRES: Final = ("GETUIGE_BRIDGE_ALARM_CENTRES", "GETUIGE_BRIDGE_SECOND_CENTRES")
CARE_CENTRES: Final = ("GETUIGE_BRIDGE_CARE_CENTRES", "GETUIGE_BRIDGE_SECOND_CARE_CENTRES")
ANSWER_S: Final = 3.0


@dataclass(frozen=True)
class Told:
    """Causes that bridges name, each in Dutch and English, and bridges that do not answer."""

    causes: tuple[str, ...]
    away: tuple[str, ...]
    keyless: tuple[str, ...]
    """Alarm centres that are told alarms without a key of their own."""
    uncertain: tuple[str, ...]
    """Care centres: their protocol is built from public descriptions."""


def look(settings: Settings) -> Told:
    """Ask every bridge; SettingsError when the feed's token cannot be read."""
    token = settings.bridge_feed_token()
    headers = {} if token is None else {"authorization": f"Bearer {token.get_secret_value()}"}
    causes, away = list[str](), list[str]()
    for url in settings.bridge_feeds():
        try:
            answer = httpx.get(f"{url}/health", headers=headers, timeout=ANSWER_S, trust_env=False)
            causes += [f"{one['nl']} ({one['en']})" for one in answer.raise_for_status().json()["causes"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            away.append(f"{url} does not answer ({type(error).__name__})")
    return Told(
        tuple(dict.fromkeys(causes)),
        tuple(away),
        tuple(_keyless(Layout(settings.data).secrets)),
        tuple(_named(CARE_CENTRES)),
    )


def _keyless(secrets: Path) -> Iterator[str]:
    """Return the alarm centres of the bridge's own variables for which no key lies among the secrets."""
    return (name for name in _named(CENTRES) if not (secrets / f"alarm-centre-{name}.key").exists())


def _named(variables: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of the receivers in these variables of the bridge."""
    for variable in variables:
        for text in os.environ.get(variable, "").split(","):
            if name := text.partition("=")[0].strip():
                yield name
