"""Everything that can be wrong with a custody log, a proof or a timestamp.

The ones that also derive from `FormatError` say that bytes do not follow their format; the others say that
well-formed bytes do not prove what they should.
"""

from evidence.errors import EvidenceError, FormatError


class CustodyError(EvidenceError):
    """The root of every error of `evidence.custody`."""


class NoteError(CustodyError, FormatError):
    """A signed note does not follow c2sp.org/signed-note."""


class KeyFormatError(CustodyError, FormatError):
    """A verifier key or signer key does not follow c2sp.org/signed-note, or is of a type that we do not use."""


class CheckpointError(CustodyError, FormatError):
    """A checkpoint body does not follow c2sp.org/tlog-checkpoint."""


class EmptyTreeError(CheckpointError):
    """A checkpoint of size 0 bears another root than that of the empty tree (tlog-witness: 422)."""


class TileError(CustodyError, FormatError):
    """A tile, an entry bundle or its path does not follow c2sp.org/tlog-tiles."""


class PolicyError(CustodyError, FormatError):
    """A trust policy does not follow c2sp.org/tlog-policy."""


class ProofFormatError(CustodyError, FormatError):
    """A proof file does not follow c2sp.org/tlog-proof."""


class WitnessFormatError(CustodyError, FormatError):
    """A request to a witness, or its answer, does not follow c2sp.org/tlog-witness."""


class SignatureError(CustodyError):
    """A signature of a known key does not verify, or no known key signed at all."""


class ProofError(CustodyError):
    """An inclusion or consistency proof does not lead to the signed root."""


class UnknownLogError(CustodyError):
    """The checkpoint's origin is not one that this verifier or witness accepts."""


class QuorumError(CustodyError):
    """Fewer witnesses cosigned than the policy demands."""

    def __init__(self, signed: int, required: int, group: str) -> None:
        super().__init__(f"only {signed} of {required} witnesses cosigned (quorum {group!r})")
        self.signed = signed
        self.required = required
        self.group = group


class StaleSizeError(CustodyError):
    """The caller's idea of the last cosigned size is not the witness's; `known_size` is (tlog-witness: 409)."""

    def __init__(self, known_size: int) -> None:
        super().__init__(f"the witness last cosigned size {known_size}")
        self.known_size = known_size


class ForkError(CustodyError):
    """Two heads of one log that no single history can have."""


class RollbackError(CustodyError):
    """A log shows a smaller tree than one that it already signed."""


class RetiredKeyError(CustodyError):
    """The key of a log signed a head beyond the one at which the log ended and another took over."""


class SuccessionError(CustodyError):
    """A rotation of a log's key does not fit the logs before it, or nobody who may has signed it."""


class WitnessUnavailableError(CustodyError):
    """A witness did not answer; the head stands, without this witness's cosignature."""


class HeadMovedError(CustodyError):
    """Another integrator moved the head first; nothing of this batch was signed into the log."""


class CorruptLogError(CustodyError):
    """The tiles on disk do not lead to the root of the signed head."""


class ResourceNotFoundError(CustodyError):
    """The log has no such tile, entry bundle or checkpoint."""


class TsaPolicyError(CustodyError, FormatError):
    """A file that says which time stamp authorities are trusted cannot be used."""


class TimestampError(CustodyError):
    """An RFC 3161 token does not prove a time for this digest under these roots."""
