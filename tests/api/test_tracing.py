"""Proves that traces tell a collector how the server does, and nothing of anybody; and that no framework tells more.

The collector is a listener that reads OTLP as published (opentelemetry-proto); what it got is searched for every id.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from evidence import ids
from tests.support.server_world import Person, World, running, settings_in
from tests.support.waiting import patience, until


class Collector:
    """What was received, as bytes and as spans."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.answers = threading.Event()
        """Until it is set, whoever sends is left waiting."""
        self.answers.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                collector.answers.wait()
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def spans(self) -> list[dict[str, str | int]]:
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        facts: dict[str, str | int] = {
                            one.key: one.value.string_value or one.value.int_value for one in span.attributes
                        }
                        seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
                        assert 0 <= seconds < 60
                        assert abs(span.end_time_unix_nano / 1e9 - time.time()) < 60
                        found.append({"name": span.name, **facts})
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.answers.set()
        collector.server.shutdown()
        collector.server.server_close()
        thread.join()


def test_a_collector_hears_of_requests_and_of_nobody(tmp_path: Path) -> None:
    with collecting() as collector:
        settings = settings_in(tmp_path / "data", otlp_endpoint=collector.url)
        with running(settings) as root:
            world = World(settings, Person(settings.public_url, identity=root))
            case = world.open_case()
            phone = case.phone()
            phone.http.get(f"/api/v1/cases/{case.case}/timeline?secret=Kralingen")
            unknown = ids.new_id()
            httpx.get(f"{settings.public_url}/api/v1/items/{unknown}", headers={"user-agent": "a phone of hers"})
        until(lambda: collector.bodies, "spans arrive at the latest when the server stops")
        spans = collector.spans()
    names = {str(span["name"]) for span in spans}
    assert "POST /api/v1/statements" in names
    assert any(span["http.response.status_code"] in {401, 404} and "error.type" in span for span in spans)
    told = b"".join(collector.bodies)
    for secret in (case.case, unknown, phone.kid, "Kralingen", "a phone of hers", "127.0.0.1", "localhost"):
        assert secret.encode() not in told
    assert b"getuige-server" in told, "the control: what should be told is found by the same search"


@pytest.mark.parametrize("how", ["nobody there", "never answers"])
def test_a_collector_that_is_away_costs_no_request_anything(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All are answered before the collector has answered once."""
    with collecting() as collector:
        url = collector.url if how == "never answers" else "http://127.0.0.1:9/v1/traces"
        collector.answers.clear()
        settings = settings_in(tmp_path / "data", otlp_endpoint=url)
        with caplog.at_level("CRITICAL"), running(settings):
            for _ in range(50):
                assert httpx.get(f"{settings.public_url}/health/live", timeout=None).status_code == 200  # noqa: S113
            collector.answers.set()


FRAMEWORK = """
import asyncio, sys
from pathlib import Path
import httpx
from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans, records, figures = InMemorySpanExporter(), InMemoryLogRecordExporter(), InMemoryMetricReader()
tracing, logging = TracerProvider(), LoggerProvider()
tracing.add_span_processor(SimpleSpanProcessor(spans))
logging.add_log_record_processor(SimpleLogRecordProcessor(records))
trace.set_tracer_provider(tracing)
_logs.set_logger_provider(logging)
metrics.set_meter_provider(MeterProvider([figures]))

from server.app import create_app
from server.settings import Settings

async def ask() -> None:
    app = create_app(Settings(data=Path(sys.argv[1])))
    away = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=away, base_url="http://127.0.0.1:8480") as client:
        for path in ("/health/live", "/api/v1/items/" + 32 * "a", "/review?name=Kralingen", "/nowhere"):
            for method in ("GET", "POST"):
                await client.request(method, path, headers={"user-agent": "a phone of hers"}, json={"her": "words"})

asyncio.run(ask())
assert trace.get_tracer_provider() is tracing
found = figures.get_metrics_data()
print([span.name for span in spans.get_finished_spans()], len(records.get_finished_logs()), found is None)
"""


def test_no_framework_of_ours_tells_a_global_provider_anything(tmp_path: Path) -> None:
    environment = {**os.environ, "FASTAPI_OTEL_AUTO_CONFIGURE": "true"}
    command = [sys.executable, "-c", FRAMEWORK, str(tmp_path / "data")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=patience(120), check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "[] 0 True"
