"""A real S3 server of the tests' own (SeaweedFS), on free ports, with a bucket under Object Lock; it can be killed.

Its filer serves no HTTP (it would delete locked versions without a password) and all ports listen on 127.0.0.1 only.
"""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from evidence.store.blobs.s3 import Place
from tests.support.ports import free_port
from tests.support.programs import need
from tests.support.waiting import patience

DEADLINE_S = 60.0
KEY, SECRET = "getuige", "only-in-tests"
MAY = ("Read", "Write", "List", "GetObjectRetention", "PutObjectRetention", "GetBucketObjectLockConfiguration")
"""What Getuige's key may do: what `infra/systemd/getuige-s3.service` shows, and no more."""

ADMIN, ADMIN_SECRET = "admin", "of-the-tests-only"
NAMES = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


NO_MORE_PORTS = ("-s3.port.iceberg=0", "-s3.port.lance=0")
START_TRIES = 5


def new_ports() -> dict[str, int]:
    """Return ports that were free a moment ago."""
    return {name: free_port() for name in NAMES}


@dataclass
class S3Server:
    """One server in one folder; buckets are made as tests need them."""

    folder: Path
    ports: dict[str, int] = field(default_factory=new_ports)
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    def start(self) -> None:
        """Start and wait until it answers. A port may have been taken meanwhile: then with others."""
        for _ in range(START_TRIES):
            if self._start():
                return
            self.ports = new_ports()
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def _start(self) -> bool:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        config = self.folder / "s3.json"
        people = [(KEY, SECRET, MAY), (ADMIN, ADMIN_SECRET, ("Admin",))]
        known = [
            {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "actions": may}
            for name, secret, may in people
        ]
        config.write_text(json.dumps({"identities": known}))
        ports = [
            f"-{name.replace('.grpc', '.port.grpc') if '.' in name else f'{name}.port'}={port}"
            for name, port in self.ports.items()
        ]
        options = [
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-volume.max=200", "-master.volumeSizeLimitMB=64"),
            *(
                "-master.telemetry=false",
                "-filer",
                "-filer.disableHttp",
                "-s3",
                f"-s3.config={config}",
                "-s3.iam=false",
            ),
            *NO_MORE_PORTS,
            *ports,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([need("weed"), "server", *options], stdout=log, stderr=log, cwd=self.folder)
        begun = time.monotonic()
        client = self.client()
        while self.process.poll() is None:
            try:
                client.list_buckets()
                return True
            except (BotoCoreError, ClientError):
                passed = time.monotonic() - begun
                said = (self.folder / "log").read_text()[-2000:]
                assert passed < DEADLINE_S or passed < patience(DEADLINE_S), f"the S3 server does not answer:\n{said}"
                time.sleep(0.05)
        return False

    def kill(self) -> None:
        """SIGKILL: SIGTERM lingers for seconds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(patience(DEADLINE_S))

    def client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return a client that is not ours: what tests look with."""
        if self.endpoint not in self.clients:
            self.clients[self.endpoint] = self._new_client()
        return self.clients[self.endpoint]

    def _new_client(self) -> Any:  # noqa: ANN401 - as above
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ADMIN,
            aws_secret_access_key=ADMIN_SECRET,
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, connect_timeout=patience(5)),
        )

    def bucket(self, *, locks: bool = True) -> Place:
        """Make a new bucket, with Object Lock unless told otherwise, and return where it is."""
        name = f"evidence-{next(self.numbers)}"
        self.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)
        return Place(name, self.endpoint, key_id=KEY, secret=SECRET)

    def settings(self, place: Place, folder: Path) -> dict[str, Any]:
        """Return the settings that name a place; the secret goes into a file in `folder`."""
        secret = folder / "s3.secret"
        secret.write_text(SECRET)
        return {
            "s3_bucket": place.bucket,
            "s3_endpoint": place.endpoint,
            "s3_prefix": place.prefix,
            "s3_key_id": KEY,
            "s3_secret_file": secret,
        }

    def versions(self, place: Place) -> list[tuple[str, str]]:
        """Return (name, version) of everything in a place, every version."""
        found = self.client().list_object_versions(Bucket=place.bucket, Prefix=place.prefix).get("Versions", [])
        return sorted((one["Key"].rpartition("/")[2], one["VersionId"]) for one in found)

    def unfinished(self, place: Place) -> list[str]:
        """Return the names of multipart uploads that are under way."""
        found = self.client().list_multipart_uploads(Bucket=place.bucket, Prefix=place.prefix).get("Uploads", [])
        return [one["Key"].rpartition("/")[2] for one in found]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start and at the end remove a server."""
    folder = Path(tempfile.mkdtemp(prefix="getuige-s3-"))
    server = S3Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
