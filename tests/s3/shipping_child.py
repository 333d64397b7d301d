"""A process that ships what waits, to be killed: `shipping_child.py FOLDER BUCKET ENDPOINT PREFIX KEY SECRET`."""

import sys
import time
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from evidence import ids
from evidence.store.blobs.copies import SqlCopies
from evidence.store.blobs.copy_rows import Copy
from evidence.store.blobs.s3 import Place, S3Blobs
from server.keeping.figures import StorageFigures
from server.keeping.shipper import Shipper
from tests.support.blob_outbox import open_outbox


def in_a_day(_copy: Copy, now: ids.Time) -> ids.Time:
    return ids.time_of(ids.moment_of(now) + timedelta(days=1))


def main(folder: Path, place: Place) -> None:
    engine, local = open_outbox(folder)
    figures = StorageFigures(CollectorRegistry())
    shipper = Shipper(SqlCopies(engine), local, S3Blobs(place), in_a_day, figures, lease_s=1.0, idle_s=0.05)
    shipper.start()
    time.sleep(120)  # longer than any test waits; the kill ends it


if __name__ == "__main__":
    folder, bucket, endpoint, prefix, key_id, secret = sys.argv[1:]
    main(Path(folder), Place(bucket, endpoint, prefix=prefix, key_id=key_id, secret=secret))
