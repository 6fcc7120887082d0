"""What the event machinery tells Prometheus; times in seconds."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

OUTBOX_DEPTH: Final = Gauge(
    "entraide_outbox_depth", "Documents with an event to publish, up to a thousand", ["collection"]
)
OUTBOX_AGE: Final = Gauge(
    "entraide_outbox_age_seconds", "Age of the oldest unpublished change", ["collection"]
)
PUBLISH_DELAY: Final = Histogram(
    "entraide_publish_delay_seconds",
    "Time from a change until the broker had its event",
    ["collection"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
APPLY_DELAY: Final = Histogram(
    "entraide_apply_delay_seconds",
    "Time from a batch's oldest record in the broker until the batch was applied",
    ["consumer"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
CONSUMER_LAG: Final = Gauge(
    "entraide_consumer_lag", "Records that this consumer has yet to apply", ["consumer"]
)
AUDIT_AGE: Final = Gauge(
    "entraide_audit_age_seconds",
    "Age of the oldest step or note that is not in the audit trail yet",
    ["collection"],
)
LOOP_AGE: Final = Gauge(
    "entraide_loop_age_seconds",
    "Time since a loop of the worker last came round; 0 while it rests",
    ["loop"],
)
PUBLISHED: Final = Counter("entraide_events_published", "Events that the broker has", ["type"])
PUBLISH_FAILURES: Final = Counter(
    "entraide_publish_failures", "Rounds of a relay that the broker or the store broke off"
)
CONSUMED: Final = Counter("entraide_events_consumed", "Events applied", ["consumer"])
HANDLING: Final = Histogram(
    "entraide_batch_handling_seconds", "Time that a handler took for a batch", ["consumer"]
)
RETRIES: Final = Counter("entraide_batch_retries", "Batches that had to wait", ["consumer"])
DEAD_LETTERS: Final = Counter("entraide_dead_letters", "Events given up", ["consumer", "reason"])
REPUBLISHED: Final = Counter(
    "entraide_anti_entropy_marks", "Keys whose last record was not their state", ["topic"]
)
AHEAD: Final = Counter(
    "entraide_anti_entropy_ahead",
    "Records newer than the store: a restore without raising the epoch",
    ["topic"],
)
UNSAYABLE: Final = Counter(
    "entraide_anti_entropy_broken",
    "Keys whose stored document makes no valid event",
    ["topic"],
)


def worker_starts() -> GaugeMetricFamily:
    """How often each worker was started lately: not counted by a process, but read (starts.py)."""
    return GaugeMetricFamily(
        "entraide_worker_starts",
        "Times that a worker of this service was started within half an hour",
        labels=["worker"],
    )
