"""One trace from a call to the proposals that came of it, and on to who hears of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import mongoengine
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.matcher.documents import Shortlist
from services.matcher.models import ensure_prior
from services.matcher.ranking_worker import RankingWorker
from services.requests.app import create_app
from services.requests.documents import AssistanceRequest
from services.requests.reactions import on_matches
from shared import tracing
from shared.events.consumer import Consumer
from shared.events.envelope import SHORTLIST, decode
from shared.events.letters import DeadLetters
from shared.events.reader import read_to_end
from shared.events.relay import Relay
from shared.events.topics import Topics, ensure_topics
from shared.registers.context import system_clock
from shared.settings import Settings
from shared.telemetry import OpenTelemetry
from shared.web.database import connect_database
from tests.conftest import TokenMaker
from tests.services.matcher.records import NOW, offer_event
from tests.services.matcher.running import eventually, publish, running
from tests.services.requests.conftest import BODY

SECRET = "The depot at Ziguinchor is named in this title"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Traces are on, and kept here."""
    kept = InMemorySpanExporter()
    tracing.use(OpenTelemetry("test", SimpleSpanProcessor(kept)))
    yield kept
    tracing.stop()
    mongoengine.disconnect()


def relay(settings: Settings, aggregate: type) -> None:
    """Publish what waits, as the service's worker does."""
    one = Relay(settings, [aggregate], "test", system_clock)
    eventually(one.publish_pending, "something is published")
    one._close_producer()


def circulated(settings: Settings, token: TokenMaker) -> str:
    """The id of a request that was registered, submitted and authenticated by calls."""
    client = create_app(settings).test_client()
    state = token("requester", state="SEN")
    made = client.post("/v1/requests", json={**BODY, "title": SECRET}, headers=state)
    address = made.headers["Location"]
    with_etag = {**state, "If-Match": made.headers["ETag"]}
    sent = client.post(f"{address}/submit", json={"consent": "express"}, headers=with_etag)
    checked = {
        **token("coordinator"),
        "If-Match": sent.headers["ETag"],
        tracing.HEADER: CALLER,
    }
    answer = client.post(f"{address}/authenticate", headers=checked)
    assert answer.json["status"] == "circulated", answer.json
    return str(made.json["id"])


def test_a_trace_goes_from_the_call_to_the_published_proposals_and_their_readers(
    make_settings: Callable[[str], Settings], token: TokenMaker, exporter: InMemorySpanExporter
) -> None:
    requests, matcher = make_settings("requests"), make_settings("matcher")
    ensure_topics(requests)
    topics = Topics(requests.topic_prefix)
    publish(matcher, [offer_event("offer-1")])
    request = circulated(requests, token)
    relay(requests, AssistanceRequest)

    connect_database(matcher)
    ensure_prior(NOW)
    letters = DeadLetters(matcher)
    worker = RankingWorker(replace(matcher, as_of=NOW.date()), letters, system_clock)
    with running(worker.loops()):
        eventually(lambda: Shortlist.objects(request=request).first(), "proposals are stored")
    letters.close()
    relay(matcher, Shortlist)
    (published,) = [
        event
        for event in map(decode, read_to_end(matcher, [topics.matches]))
        if event.type == SHORTLIST
    ]

    connect_database(requests)
    letters = DeadLetters(requests)
    consumer = Consumer(requests, [topics.matches], "requests", on_matches, letters)
    applied = f"apply {SHORTLIST}"
    with running({"matches": consumer.run}):
        eventually(lambda: spans(exporter).get(applied), "requests heard of the proposals")
    letters.close()

    found = spans(exporter)
    route = next(name for name in found if name.startswith("POST ") and "authenticate" in name)
    steps = (route, "publish entraide.request.v1", "rank", f"publish {SHORTLIST}", applied)
    trace = CALLER.split("-")[1]
    assert {f"{found[name].context.trace_id:032x}" for name in steps} == {trace}
    call, _, rank, *_ = (found[name] for name in steps)
    assert [found[name].parent.span_id for name in steps] == [
        int(CALLER.split("-")[2], 16),
        *(call.context.span_id, call.context.span_id),
        *(rank.context.span_id, rank.context.span_id),
    ]
    assert published.traceparent is not None
    assert published.traceparent.split("-")[1:3] == [trace, f"{rank.context.span_id:016x}"]
    assert call.attributes["http.response.status_code"] == 200
    assert rank.attributes["entraide.record"] == request
    told = " ".join(span.to_json() for span in exporter.get_finished_spans())
    assert not [word for word in SECRET.split() if len(word) > 4 and word in told]


def spans(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """What was traced so far, by name; of the same name the last."""
    return {span.name: span for span in exporter.get_finished_spans()}
