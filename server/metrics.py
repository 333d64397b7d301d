"""Counters for Prometheus, on a listener of their own (loopback): never on the public port."""

from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server


class Metrics:
    """The numbers of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "getuige_http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self._stamps = Counter(
            "getuige_tsa_questions",
            "Time stamp authorities asked, by outcome",
            ("tsa", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram("getuige_http_seconds", "Time to answer", ("method", "route"), registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def stamped(self, name: str, outcome: str) -> None:
        """Count what came of asking a time stamp authority (`server.timestamps.tsa`, *outcome*)."""
        self._stamps.labels(name or "only", outcome).inc()

    def listen(self, port: int) -> WSGIServer:
        """Serve the numbers on 127.0.0.1; the caller shuts the server down."""
        server, _thread = start_http_server(port, addr="127.0.0.1", registry=self.registry)
        return server
