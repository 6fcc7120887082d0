"""Spans by OpenTelemetry. Import it only where traces are switched on: see tracing.py."""

from collections.abc import Mapping
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.tracing import HEADER, Attributes, Kind

_KINDS: Final[Mapping[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
_PROPAGATOR = TraceContextTextMapPropagator()
_NONE: Attributes = {}


class OpenTelemetrySpan:
    """A span of OpenTelemetry's, begun."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = (
            f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )

    def end(self, attributes: Attributes = _NONE, *, failed: bool = False) -> None:
        """End it now, once. No exception goes with it: its message may quote a text."""
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class OpenTelemetry:
    """Makes spans and hands them to a processor; may be shared by threads."""

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        # Not `Resource.create`: that would add the process's command line and its environment's.
        resource = Resource({"service.name": service, "service.namespace": "entraide"})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("entraide")

    @classmethod
    def sending(cls, service: str, collector: str) -> "OpenTelemetry":
        """To a collector's OTLP over HTTP, such as http://collector:4318, from a thread.

        What cannot be sent is dropped and logged; nothing waits for it.
        """
        exporter = OTLPSpanExporter(endpoint=f"{collector.rstrip('/')}/v1/traces", timeout=5)
        return cls(service, BatchSpanProcessor(exporter))

    def begin(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes
    ) -> OpenTelemetrySpan:
        """A span from now on, a child of the context that `parent` names, if it names one."""
        # An empty context: OpenTelemetry's own, that of the thread, is not used here.
        context = _PROPAGATOR.extract({HEADER: parent} if parent else {}, Context())
        span = self._tracer.start_span(
            name, context, _KINDS[kind], attributes, record_exception=False
        )
        return OpenTelemetrySpan(span)

    def close(self) -> None:
        """Send what was not sent yet, five seconds long at most."""
        self._provider.shutdown()
