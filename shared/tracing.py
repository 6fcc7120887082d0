"""Traces: where the time went from a call to what came of it, a proposal for instance.

Off unless ENTRAIDE_TRACES names a collector: then nothing is imported, made or sent, and asking
costs a comparison. A change keeps the W3C trace context of the call that made it beside its event;
relay, consumers and matcher go on with it. Spans carry codes and record ids, as events do: never a
text, a path, a person or an error's message.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, Protocol

from shared.settings import Settings, SettingsError

HEADER: Final = "traceparent"

Kind = Literal["server", "producer", "consumer", "internal"]
Attributes = Mapping[str, str | int | bool]

_NONE: Attributes = {}


class Span(Protocol):
    """A step of a trace, begun. `traceparent` is its context, for what follows from it."""

    @property
    def traceparent(self) -> str: ...

    def end(self, attributes: Attributes = ..., *, failed: bool = ...) -> None:
        """End it now, once."""


class Tracer(Protocol):
    """What makes spans."""

    def begin(self, name: str, kind: Kind, parent: str | None, attributes: Attributes) -> Span: ...

    def close(self) -> None:
        """Send what was not sent yet; blocks for seconds at most."""


class Traced(Protocol):
    """What may carry the context of the call that it came of: an event."""

    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def traceparent(self) -> str | None: ...


_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_tracer: Tracer | None = None


def start(settings: Settings) -> None:
    """Trace from now on, if the settings name a collector.

    Call it in the process that works, after any fork: sending has a thread of its own. Raises
    SettingsError where OpenTelemetry is not installed.
    """
    if not settings.traces:
        return
    try:
        from shared.telemetry import OpenTelemetry  # 0.2 s of a process's start
    except ImportError as error:
        raise SettingsError(
            f"ENTRAIDE_TRACES needs the dependency group `traces`: {error}"
        ) from None
    use(OpenTelemetry.sending(settings.service, settings.traces))


def use(tracer: Tracer | None) -> None:
    """Make spans by this from now on; None: trace nothing."""
    global _tracer
    _tracer = tracer


def stop() -> None:
    """Send what was not sent yet, and trace nothing more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.close()


def current() -> str | None:
    """The context of the step that this thread is in; None outside of a trace."""
    return _current.get()


def begin(name: str, parent: str | None, attributes: Attributes = _NONE) -> Span | None:
    """Begin the step of answering a call, and be in it until `leave`; None while off."""
    if _tracer is None:
        return None
    span = _tracer.begin(name, "server", parent, attributes)
    _current.set(span.traceparent)
    return span


def leave() -> None:
    """Be in no step any more."""
    _current.set(None)


def follow(
    name: str, kind: Kind, parent: str | None, attributes: Attributes = _NONE
) -> Span | None:
    """Begin a step of what `parent` began; None where that is not traced."""
    if _tracer is None or parent is None:
        return None
    return _tracer.begin(name, kind, parent, attributes)


def end(spans: Sequence[Span | None], *, failed: bool = False) -> None:
    """End those that are."""
    for span in spans:
        if span is not None:
            span.end(failed=failed)


@contextmanager
def taking_in(consumer: str, events: Sequence[Traced]) -> Iterator[None]:
    """A consumer applies these events in the block: a step in the trace of each.

    What the block changes belongs to the trace of an event that came alone, and of several to none.
    """
    if _tracer is None:
        yield
        return
    spans = [
        follow(
            f"apply {event.type}",
            "consumer",
            event.traceparent,
            {"messaging.consumer.group.name": consumer, "entraide.record": event.subject},
        )
        for event in events
    ]
    alone = spans[0] if len(spans) == 1 else None
    if alone is not None:
        _current.set(alone.traceparent)
    failed = True
    try:
        yield
        failed = False
    finally:
        _current.set(None)
        end(spans, failed=failed)
