"""The one error root of the `evidence` package."""


class EvidenceError(Exception):
    """Something about evidence is not as it must be; the text is meant for a human."""


class FormatError(EvidenceError):
    """Bytes or text do not follow the format that they claim (see `docs/formats/`)."""
