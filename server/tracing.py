"""Traces for OpenTelemetry: one span per request, and of a request only what the log may hold as well.

An extra (`pip install 'getuige[opentelemetry]'`), off unless GETUIGE_OTLP_ENDPOINT names a collector. The ready-made
instrumentation is not used: it records addresses with ids of cases and items in them, and who asks. A collector that
is away costs no request anything: spans wait in a bounded queue and are dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from fastapi.telemetry import TelemetryConfig

from server.settings import Settings, SettingsError

EXPORT_TIMEOUT_S: Final = 2
"""For one parcel of spans: the stop of the server waits for the last one."""

MAX_WAITING: Final = 2048
"""Spans kept while the collector is slow; what comes then is dropped, never a request delayed."""

FRAMEWORKS: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own telemetry, which would give addresses, bodies and errors to whatever provider this process has: off."""

NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True)
class Answered:
    """What may be told of a request: no address, no id of a case, nobody's name."""

    request: str
    """Random number of the request; the log line has the same."""
    method: str
    route: str
    """Template of the route, without ids."""
    status: int
    problem: str | None
    seconds: float
    ended_at: float
    """Seconds since 1970."""


class Traces:
    """Sends spans to a collector by OTLP over HTTP (opentelemetry.io/docs/specs/otlp)."""

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - extra
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SettingsError("GETUIGE_OTLP_ENDPOINT needs: pip install 'getuige[opentelemetry]'") from error
        # A plain Resource: `Resource.create` would add what the environment says of this machine.
        resource = Resource({"service.name": "getuige-server", "service.version": version("getuige")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=MAX_WAITING))
        self._tracer = self._provider.get_tracer("getuige.server")

    def tell(self, answered: Answered) -> None:
        """Queue the span of one answered request (names of the attributes: OpenTelemetry's HTTP conventions)."""
        attributes: Mapping[str, str | int] = {
            "http.request.method": answered.method,
            "http.route": answered.route,
            "http.response.status_code": answered.status,
            "getuige.request": answered.request,
            **({"error.type": answered.problem} if answered.problem else {}),
        }
        end = int(answered.ended_at * NANOSECONDS)
        begin = end - int(answered.seconds * NANOSECONDS)
        span = self._tracer.start_span(
            f"{answered.method} {answered.route}", start_time=begin, attributes=dict(attributes)
        )
        span.end(end_time=end)

    def close(self) -> None:
        """Send what waits, for at most a few seconds."""
        self._provider.shutdown()


def choose(settings: Settings) -> Traces | None:
    """Return where traces go, or None when the operator wants none.

    Raises:
        SettingsError: traces are wanted and the extra is not installed.
    """
    return Traces(settings.otlp_endpoint) if settings.otlp_endpoint else None
