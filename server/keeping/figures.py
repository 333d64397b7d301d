"""Figures for Prometheus about copies in S3 and scrubs: counts, bytes and ages; no names."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from evidence import ids
from evidence.store.blobs.copy_rows import Backlog
from evidence.store.blobs.scrubbing import Finding


class StorageFigures:
    """The numbers of one process; those of the outbox are of the whole installation."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"getuige_storage_{name}", text, registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"getuige_storage_{name}", text, labels, registry=registry)

        self._waiting = gauge("waiting_items", "Sealed items without a verified copy in S3")
        self._waiting_bytes = gauge("waiting_bytes", "Bytes of those")
        self._failing = gauge("failing_items", "Of those, items whose last attempt failed")
        self._oldest = gauge("oldest_waiting_seconds", "Age of the item that waits longest")
        self._scrubbed_at = gauge("scrub_finished_timestamp_seconds", "When all sealed items had been read again")
        self._findings = gauge("scrub_findings", "Sealed items that the last finished scrub could not mend")
        self._shipped = counter("shipped_items", "Copies that were read back from S3 whole")
        self._shipped_bytes = counter("shipped_bytes", "Bytes of those")
        self._failures = counter("failures", "Shipments that failed, by kind of failure", "kind")
        self._dropped = counter("dropped_items", "Local copies that went after S3's was read back")
        self._mended = counter("mended_items", "Sealed items that a scrub put right, by what was wrong", "kind")
        self._scrubbed_bytes = counter("scrubbed_bytes", "Bytes that scrubs read again")

    def backlog(self, backlog: Backlog, now: ids.Time) -> None:
        """Show what waits."""
        self._waiting.set(backlog.waiting)
        self._waiting_bytes.set(backlog.waiting_bytes)
        self._failing.set(backlog.failing)
        age = 0.0
        if backlog.oldest is not None:
            age = max(0.0, (ids.moment_of(now) - ids.moment_of(backlog.oldest)).total_seconds())
        self._oldest.set(age)

    def shipped(self, size_bytes: int) -> None:
        """Count a verified copy."""
        self._shipped.inc()
        self._shipped_bytes.inc(size_bytes)

    def failed(self, kind: str) -> None:
        """Count a failure by the name of its error."""
        self._failures.labels(kind).inc()

    def dropped(self) -> None:
        """Count a local copy that went."""
        self._dropped.inc()

    def scrubbed(self, size_bytes: int) -> None:
        """Count bytes that were read again."""
        self._scrubbed_bytes.inc(size_bytes)

    def scrubbed_before(self, finished_at: ids.Time | None) -> None:
        """Show when an earlier process had read everything; nothing when none did."""
        if finished_at is not None:
            self._scrubbed_at.set(ids.moment_of(finished_at).timestamp())

    def found(self, findings: tuple[Finding, ...]) -> None:
        """Count what a scrub put right."""
        for finding in findings:
            if finding.mended:
                self._mended.labels(finding.kind.value).inc()

    def scrub_finished(self, unmended: int, finished_at: ids.Time | None) -> None:
        """Show what a whole scrub could not mend."""
        self._findings.set(unmended)
        self.scrubbed_before(finished_at)
