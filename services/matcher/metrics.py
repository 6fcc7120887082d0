"""What the matcher tells Prometheus; times in seconds."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

INDEXED: Final = Counter("entraide_events_indexed", "Events that the index took in", ["type"])
NOT_INDEXED: Final = Counter(
    "entraide_events_not_indexed", "Events that the engine could not read", ["type"]
)
RANKED: Final = Counter("entraide_requests_ranked", "Shortlists made, changed or not")
WRITTEN: Final = Counter("entraide_shortlists_written", "Shortlists that differed and were stored")
NOT_STORED: Final = Counter(
    "entraide_shortlists_not_stored", "Shortlists whose event would break its schema"
)
NOT_RANKED: Final = Counter(
    "entraide_requests_not_ranked",
    "Requests whose ranking failed and whose shortlist stays as it is",
)
RANKING: Final = Histogram(
    "entraide_ranking_seconds",
    "Time to rank one request",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1),
)
COMPARED: Final = Counter(
    "entraide_records_compared",
    "Records compared with others of their side, alike or not",
    ["side"],
)
NOT_COMPARED: Final = Counter(
    "entraide_records_not_compared",
    "Records whose comparison failed: cases stay as they are",
    ["side"],
)
COMPARING: Final = Histogram(
    "entraide_comparing_seconds",
    "Time to find what one record seems to be the same as",
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1),
)
CASES_WRITTEN: Final = Counter("entraide_duplicate_cases_written", "Cases opened or changed")
COVERAGE_WRITTEN: Final = Counter(
    "entraide_coverage_cases_written", "Cases of coverage opened or changed by a worker"
)
NOT_DONE: Final = Counter(
    "entraide_not_done",
    "What failed of one record while others were done, by what the log says of it",
    ["what"],
)
UNFINISHED: Final = Gauge(
    "entraide_commitments_unfinished",
    "Commitments begun or given back in part, and not ended: halves in the ledger",
)
UNFINISHED_AGE: Final = Gauge(
    "entraide_commitments_unfinished_age_seconds",
    "Time since the longest standing of these last went on",
)
DECISIONS_KEPT: Final = Counter(
    "entraide_decisions_kept", "Decisions taken over into the log that models are learnt from"
)
MODEL_CHANGES: Final = Counter(
    "entraide_model_changes", "Times that this worker went over to another ranking model"
)
MODEL: Final = Gauge(
    "entraide_model_in_use", "1 for the ranking model that this worker goes by", ["model"]
)
PROPOSING: Final = Histogram(
    "entraide_proposal_delay_seconds",
    "Time from this worker's hearing of a change until the request's proposals were stored",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
)
INDEX_LAG: Final = Gauge("entraide_index_lag", "Records that the index has yet to read")
WAITING: Final = Gauge("entraide_requests_waiting", "Requests that have yet to be ranked again")
NOT_YET_COMPARED: Final = Gauge(
    "entraide_records_not_yet_compared", "Records that have yet to be compared with their side"
)
PARTITIONS: Final = Gauge("entraide_partitions_owned", "Partitions that this worker works")
