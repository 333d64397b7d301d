"""The one error root of the `device_bridge` package; every text helps a human."""

from device_bridge.route_codes import RouteCode
from evidence.errors import EvidenceError


class BridgeError(EvidenceError):
    """Something about alarms, devices or routes is not as it must be."""


class MessageError(BridgeError):
    """Bytes from or to a device do not follow `docs/formats/device.md`, or are not signed by its key."""


class TooLargeError(BridgeError):
    """What came over HTTP is larger than anything that belongs there."""


class ForeignSignatureError(MessageError):
    """The signature is not that of the device, or was made for another topic."""


class UnknownDeviceError(MessageError):
    """The registry has no such device, or it was revoked."""


class AlarmError(BridgeError):
    """An act does not fit the state that the alarm is in; nothing was changed."""


class StaleError(AlarmError):
    """The act was decided on an older state of the alarm than the present one; nothing was changed."""


class UnknownAlarmError(BridgeError):
    """The spool has no alarm of that id."""


class UnreadableAlarmError(UnknownAlarmError):
    """What the spool has under that id cannot be read: it was damaged, or written by a newer version."""


class ActError(BridgeError):
    """A dispatcher's act is not signed by a key that may act here, or speaks of another alarm."""


class SpoolError(BridgeError):
    """The spool cannot be opened or written; nothing that was being stored may be acknowledged."""


class RouteError(BridgeError):
    """A route did not take the alarm; `permanent` tells whether trying again can help.

    `code` says it for pages, `about` what the other side answered, in its own words.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        code: RouteCode = "receiver-refused",
        about: str | None = None,
    ) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.code: RouteCode = code
        self.about = about


class SettingsError(BridgeError):
    """A setting, a key file or an address is missing or unusable; the text says which and what to do."""


class BrokerError(BridgeError):
    """A message broker could not be started or reached."""


class PeerError(BridgeError):
    """Another bridge of this installation cannot be reached, or says what cannot be believed."""
