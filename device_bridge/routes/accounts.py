"""The accounts of devices at alarm centres: which are missing, said before somebody presses.

A centre knows a device by the account that it gave out itself. A device without one is in nobody's file there: what it
sends could be taken for another woman's address, so nothing is made up and the route says so.
"""

from collections.abc import Iterable

from device_bridge.registry import Registry
from evidence.statements.bodies import CentreAccount


class Accounts:
    """What stands in health about accounts."""

    def __init__(self, registry: Registry, centres: Iterable[str], in_digits: Iterable[str] = ()) -> None:
        """Look at `centres`, and at those that know accounts `in_digits` only."""
        self._registry = registry
        self._in_digits = tuple(in_digits)
        self._centres = tuple(dict.fromkeys((*centres, *self._in_digits)))

    @property
    def trouble(self) -> str | None:
        """Name the centres at which devices in use have no account, and how many: in words that are of no language."""
        devices = self._registry.devices() if self._centres else []
        missing = {
            centre: sum(not self._is_known(device.accounts, centre) for device in devices) for centre in self._centres
        }
        return ", ".join(f"{centre}: {count}" for centre, count in missing.items() if count) or None

    def _is_known(self, accounts: Iterable[CentreAccount], centre: str) -> bool:
        return any(
            one.centre == centre and (one.account.isdecimal() or centre not in self._in_digits) for one in accounts
        )
