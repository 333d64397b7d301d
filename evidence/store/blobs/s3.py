"""Blobs in an S3 bucket with Object Lock: what is in it cannot be changed or removed before its time, by anyone.

The only module that knows boto3. An object is named by the SHA-256 of its bytes and addressed by its version:
whoever has the bucket's keys can lay another version or a delete marker over a locked one (Amazon S3 User Guide,
*Object Lock considerations*), and neither changes what the version holds. The checksum that S3 keeps for a multipart
object is a hash of hashes, not of the file, so that it is never compared with a blob's name: reading back is.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from evidence import ids
from evidence.store.errors import BlobAwayError, BlobError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

PIECE_BYTES: Final = 256 * 1024
"""Read from the network and handed on at once."""

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 30.0
"""Without a byte for so long, S3 counts as away: the outbox tries again later, a reader hears 503."""

READ_TRIES: Final = 3
"""A connection that breaks in the middle of a read is taken up at the byte where it broke; so often without one more
byte, and the read fails."""

HASH_MEMBER: Final = "sha256"
"""Name in the object's metadata: the hash of the whole file, which a multipart checksum is not."""

COMPLIANCE: Final = "COMPLIANCE"
"""The mode of Object Lock that nobody can lift, the owner of the account included."""

_AWAY: Final = frozenset({408, 429, 500, 502, 503, 504})


class S3RefusedError(BlobAwayError):
    """S3 answered, and said no: the text holds its code. Keys, bucket or policy need a human."""


class S3TakenError(BlobError):
    """Something is under this name already; nothing was written."""


class NoUploadError(BlobError):
    """This multipart upload is not known (any more): it was completed, called off or cleaned away."""


@dataclass(frozen=True)
class Place:
    """Where the bucket is. Without key and secret the AWS SDK looks for them itself (environment, role)."""

    bucket: str
    endpoint: str | None = None
    region: str = "us-east-1"
    prefix: str = "blobs/"
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    read_timeout_s: float = READ_TIMEOUT_S


@dataclass(frozen=True)
class Found:
    """One version of an object."""

    version_id: str
    size_bytes: int
    locked_until: ids.Time | None
    """End of its COMPLIANCE lock; None when it has none."""


@dataclass(frozen=True)
class Part:
    """A part of a multipart upload that S3 has: its size in bytes, its ETag, its SHA-256 (Base64) where S3 tells."""

    number: int
    size_bytes: int
    etag: str
    sha256: str | None

    def is_of(self, data: bytes) -> bool:
        """Say whether these bytes were sent as this part, as far as S3 tells; reading back decides in the end."""
        if self.size_bytes != len(data):
            return False
        if self.sha256 is not None:
            return self.sha256 == checksum(data)
        return self.etag.strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest()


def checksum(data: bytes) -> str:
    """Return the SHA-256 as S3 writes it: Base64."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class S3Blobs:
    """Blobs in one bucket. All methods block.

    They raise BlobAwayError when S3 does not answer or is unwell, S3RefusedError when it refuses.
    """

    def __init__(self, place: Place) -> None:
        import boto3  # noqa: PLC0415 - 40 MB of memory that only those pay who use S3
        from botocore.config import Config  # noqa: PLC0415 - as above

        self.place = place
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=place.endpoint,
            region_name=place.region,
            aws_access_key_id=place.key_id,
            aws_secret_access_key=place.secret,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=place.read_timeout_s,
                retries={"max_attempts": 0},  # the outbox has a patience of its own, which all processes share
                s3={"addressing_style": "path" if place.endpoint else "auto"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def _name(self, sha256: ids.Sha256) -> dict[str, str]:
        name = ids.hex_text(sha256, 32)
        return {"Bucket": self.place.bucket, "Key": f"{self.place.prefix}{name[:2]}/{name}"}

    # ------------------------------------------------------------------------------------------------- looking

    def look(self, sha256: ids.Sha256, version_id: str | None = None) -> Found | None:
        """Return a version, the current one when none is named; None when it is not there."""
        which = {} if version_id is None else {"VersionId": version_id}
        with _translated() as answers:
            answers.append(self._client.head_object(**self._name(sha256), **which))
        if not answers:
            return None
        head = answers[0]
        locked = head.get("ObjectLockMode") == COMPLIANCE
        until = ids.time_of(head["ObjectLockRetainUntilDate"]) if locked else None
        return Found(_version(head), head["ContentLength"], until)

    def check_bucket(self) -> str | None:
        """Return why the bucket cannot keep evidence; None when it keeps versions and can lock them."""
        with _translated() as answers:
            answers.append(self._client.get_bucket_versioning(Bucket=self.place.bucket))
            answers.append(self._client.get_object_lock_configuration(Bucket=self.place.bucket))
        if not answers or answers[0].get("Status") != "Enabled":
            return "the bucket keeps no versions"
        if len(answers) == 1 or answers[1]["ObjectLockConfiguration"].get("ObjectLockEnabled") != "Enabled":
            return "the bucket was made without Object Lock"
        return None

    # ------------------------------------------------------------------------------------------------- writing

    def put(self, sha256: ids.Sha256, data: bytes, lock_until: ids.Time, *, over: bool = False) -> str:
        """Store small bytes, locked; return the version.

        S3TakenError when something has the name already, unless a new version `over` it is wanted: the old one stays.
        """
        with _translated(S3TakenError("S3 has an object of this name")) as answers:
            answers.append(
                self._client.put_object(
                    **self._name(sha256),
                    Body=data,
                    ChecksumSHA256=checksum(data),
                    **_lock(lock_until),
                    **_described(sha256),
                    **_unless_taken(over=over),
                )
            )
        return _version(_the(answers))

    def begin(self, sha256: ids.Sha256, lock_until: ids.Time) -> str:
        """Begin a multipart upload; return its id."""
        with _translated() as answers:
            answers.append(
                self._client.create_multipart_upload(
                    **self._name(sha256), ChecksumAlgorithm="SHA256", **_lock(lock_until), **_described(sha256)
                )
            )
        return str(_the(answers)["UploadId"])

    def parts(self, sha256: ids.Sha256, upload_id: str) -> dict[int, Part]:
        """Return what S3 has of an upload, by number from 1. Raises NoUploadError."""
        found: dict[int, Part] = {}
        marker = 0
        while True:
            with _translated() as answers:
                page = self._client.list_parts(
                    **self._name(sha256), UploadId=upload_id, PartNumberMarker=marker, MaxParts=1000
                )
                answers.append(page)
            for one in _the(answers, NoUploadError("this upload is not known")).get("Parts", ()):
                number = one["PartNumber"]
                found[number] = Part(number, one["Size"], one["ETag"], one.get("ChecksumSHA256"))
            if not answers[0].get("IsTruncated"):
                return found
            marker = answers[0]["NextPartNumberMarker"]

    def send_part(self, sha256: ids.Sha256, upload_id: str, number: int, data: bytes) -> Part:
        """Send one part, which S3 checks. Raises NoUploadError."""
        digest = checksum(data)
        with _translated() as answers:
            sent = self._client.upload_part(
                **self._name(sha256), UploadId=upload_id, PartNumber=number, Body=data, ChecksumSHA256=digest
            )
            answers.append(sent)
        return Part(number, len(data), _the(answers, NoUploadError("this upload is not known"))["ETag"], digest)

    def complete(self, sha256: ids.Sha256, upload_id: str, parts: list[Part], *, over: bool = False) -> str:
        """Make one object of the parts; return its version. Raises NoUploadError, S3TakenError as `put`."""
        listed = [{"PartNumber": one.number, "ETag": one.etag, "ChecksumSHA256": one.sha256} for one in parts]
        with _translated(S3TakenError("S3 has an object of this name")) as answers:
            answers.append(
                self._client.complete_multipart_upload(
                    **self._name(sha256),
                    UploadId=upload_id,
                    MultipartUpload={"Parts": listed},
                    **_unless_taken(over=over),
                )
            )
        return _version(_the(answers, NoUploadError("this upload is not known")))

    def call_off(self, sha256: ids.Sha256, upload_id: str) -> None:
        """Throw the parts of an upload away; nothing when it is not known."""
        with _translated():
            self._client.abort_multipart_upload(**self._name(sha256), UploadId=upload_id)

    def lock(self, sha256: ids.Sha256, version_id: str, until: ids.Time) -> None:
        """Lock a version until a time. S3RefusedError when it is locked for longer: a lock is never shortened."""
        retention = {"Mode": COMPLIANCE, "RetainUntilDate": ids.moment_of(until)}
        with _translated() as answers:
            answers.append(
                self._client.put_object_retention(**self._name(sha256), VersionId=version_id, Retention=retention)
            )
        _the(answers)

    def delete(self, sha256: ids.Sha256, version_id: str) -> None:
        """Delete one version; S3RefusedError while it is locked."""
        with _translated():
            self._client.delete_object(**self._name(sha256), VersionId=version_id)

    # ------------------------------------------------------------------------------------------------- reading

    def read(self, sha256: ids.Sha256, version_id: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes `first` to `last` (both included), or raise: never fewer.

        The first bytes are asked for at once, so that errors come before the iterator. BlobError when it is not there.
        """
        return self._read_on(sha256, version_id, first, last, self._get(sha256, version_id, first, last))

    def _get(self, sha256: ids.Sha256, version_id: str, first: int, last: int) -> Any:  # noqa: ANN401 - botocore's stream
        with _translated() as answers:
            answers.append(
                self._client.get_object(**self._name(sha256), VersionId=version_id, Range=f"bytes={first}-{last}")
            )
        return _the(answers)["Body"]

    def _read_on(self, sha256: ids.Sha256, version_id: str, first: int, last: int, body: Any) -> Iterator[bytes]:  # noqa: ANN401 - as above
        at, tries = first, 1
        while True:
            try:
                with _translated():
                    while at <= last and (piece := body.read(min(PIECE_BYTES, last + 1 - at))):
                        at += len(piece)
                        tries = 1
                        yield piece
                if at > last:
                    return
                raise BlobAwayError("S3 ended its answer too early")
            except BlobAwayError:
                if tries == READ_TRIES:
                    raise
                tries += 1
            finally:
                body.close()
            body = self._get(sha256, version_id, at, last)


def _lock(until: ids.Time) -> dict[str, Any]:
    return {"ObjectLockMode": COMPLIANCE, "ObjectLockRetainUntilDate": ids.moment_of(until)}


def _described(sha256: ids.Sha256) -> dict[str, Any]:
    return {"Metadata": {HASH_MEMBER: sha256}, "ContentType": "application/octet-stream"}


def _unless_taken(*, over: bool) -> dict[str, str]:
    return {} if over else {"IfNoneMatch": "*"}


def _version(answer: Any) -> str:  # noqa: ANN401 - a dictionary of botocore
    version = answer.get("VersionId")
    if version in {None, "null"}:
        raise S3RefusedError("the bucket keeps no versions: make one with Object Lock")
    return str(version)


def _the(answers: list[Any], otherwise: BlobError | None = None) -> Any:  # noqa: ANN401 - as above
    """Return the answer; without one S3 said 404."""
    if not answers:
        raise otherwise or BlobError("this blob is not in S3")
    return answers[0]


@contextmanager
def _translated(taken: BlobError | None = None) -> Iterator[list[Any]]:
    """Turn botocore's errors into ours; the list that it yields stays empty when S3 said 404 (not found)."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in S3Blobs
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - as above

    try:
        yield []
    except ClientError as error:
        _judge(error, taken)
    except (BotoCoreError, HTTPError, OSError) as error:
        raise BlobAwayError(f"S3 does not answer ({type(error).__name__})") from error


def _judge(error: "ClientError", taken: BlobError | None) -> None:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "?")
    if status == 404 and code != "NoSuchBucket":  # noqa: PLR2004 - Not Found
        return
    if status in {409, 412} and taken is not None:  # ConditionalRequestConflict, PreconditionFailed
        raise taken from error
    if status in _AWAY:
        raise BlobAwayError(f"S3 is not well now ({status} {code})") from error
    raise S3RefusedError(f"S3 refuses: {status} {code}") from error
