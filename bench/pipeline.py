"""`python -m bench.pipeline`: what matching costs on the way from an event to a shortlist.

Two measurements on one machine, in one run, with real processes:

- latency: a whole stack has indexed N offers and come to rest; one request after another is
  created, submitted and authenticated by HTTP; the clock runs from the first POST until
  GET /v1/proposals answers with some.
- throughput: with N offers indexed, requests' events come as fast as the broker takes them, and
  the matcher's ranking loop works them; beside the floor, the same reader with matching left out
  (consume, validate, upsert one document a request). Both clocks start once the reader has read
  the offers and waits. The ratio of the two is what matching costs.
"""

import argparse
import dataclasses
import multiprocessing
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event as Occasion

import numpy as np
import pymongo
from kafka import KafkaProducer
from kafka.errors import RetriableError
from rich.console import Console
from rich.progress import track

from bench import synthetic
from bench.stacks import scratch_stack
from deploy.cli.client import Client
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from deploy.local.stack import SERVICES
from services.matcher import metrics
from services.matcher.documents import Shortlist
from services.matcher.engine.compiling import compile_all
from services.matcher.models import ensure_prior
from services.matcher.ranking_worker import RankingWorker
from shared.events import clients
from shared.events.dead_letters import DeadLetters
from shared.events.envelope import Event, encode
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.garbage import look_seldom
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.prepared import prepare_database

LATENCY_REQUESTS = 60
THROUGHPUT_REQUESTS = 1_000
BATCH = 100
_Record = tuple[bytes, bytes | None, Sequence[tuple[str, bytes]]]
SENT_AT_ONCE = 500
QUIET_SECONDS = 3.0
PATIENCE = 1800.0
console = Console(highlight=False)


def main() -> None:
    """Measure at each size and print a table of the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, nargs="+", default=[1_000, 10_000])
    sizes = parser.parse_args().offers
    with _told("the loops are compiled"):
        compile_all()
    made_of = synthetic.source()
    requests = _made("requests", synthetic.requests(made_of, THROUGHPUT_REQUESTS))
    look_seldom()  # as a worker does
    for size in sizes:
        offers = _made(f"{size:,} offers", synthetic.offers(made_of, size), size)
        with scratch_stack(console.print) as stack:
            _hold(stack, offers)
            latencies = _latencies(stack, size)
            with _told("the floor is measured"):
                floor = _throughput(stack, offers, requests, _floor)
            with _told("matching is measured"):
                matching = _throughput(stack, offers, requests, _matching)
        p50, p99 = np.percentile(latencies, [50, 99]) * 1000
        console.print(f"{size:,} offers")
        console.print(f"  POST to visible proposals: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        console.print(f"  consume, match, explain, store: {matching:,.0f} requests/s")
        console.print(f"  consume, validate, upsert (the floor): {floor:,.0f} requests/s")
        console.print(f"  the floor is {floor / matching:.2f} times as fast")


def _made(what: str, events: Iterable[Event], count: int = THROUGHPUT_REQUESTS) -> list[Event]:
    return list(track(events, f"making {what}", total=count))


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Show that something is awaited, and how long it took."""
    begun = time.perf_counter()
    with console.status(f"waiting until {what}"):
        yield
    console.print(f"{what} ({time.perf_counter() - begun:.0f} s)")


def _hold(stack: Stack, offers: Sequence[Event]) -> None:
    """Give the stack these offers, and wait until everybody has read them and is at rest.

    The register's store gets their versions first: to its anti-entropy an offer that stands in the
    topic only is a fault, told in the log one by one.
    """
    settings = {service: service_settings(stack.plan, service) for service in SERVICES}
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(stack.plan.ports.mongodb)
    with closing(client):
        client[settings["offers"].database]["offers"].insert_many(
            {"_id": one.subject, "epoch": one.version.epoch, "number": one.version.number}
            for one in offers
        )
    _produce(settings["offers"], "offers.v1", offers)
    with _told("the offers are indexed"):
        # No group tells how far the index is. The matcher's ledger does, which reads the same
        # offers in the same process and writes each: the index, which only computes, is ahead.
        wait_until_settled(Watch(settings, []), QUIET_SECONDS, PATIENCE)


def _produce(settings: Settings, topic: str, events: Iterable[Event]) -> None:
    """Send all events; what a broker that is behind has not taken in time is sent again."""
    _send(settings, topic, [encode(event) for event in events])


def _send(settings: Settings, topic: str, records: Sequence[_Record]) -> None:
    name = f"{settings.topic_prefix}{topic}"
    with closing(clients.producer(settings)) as producer:
        for start in range(0, len(records), SENT_AT_ONCE):
            waiting = records[start : start + SENT_AT_ONCE]
            while waiting:
                waiting = _refused(producer, name, waiting)


def _refused(producer: KafkaProducer, topic: str, records: Sequence[_Record]) -> list[_Record]:
    """The records that the broker did not take of those that it was sent."""
    sent = []
    for record in records:
        key, value, headers = record
        sent.append((record, producer.send(topic, key=key, value=value, headers=list(headers))))
    refused = []
    for record, future in sent:
        try:
            future.get()
        except RetriableError:
            refused.append(record)
    return refused


def _latencies(stack: Stack, size: int) -> list[float]:
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "bench"), "operator")
    made_of = ["Portable marking machines", "Training of armourers", "Shears for destruction"]
    found = []
    for number in track(range(LATENCY_REQUESTS + 5), f"latency at {size:,} offers"):
        body = {
            "title": f"{made_of[number % 3]} {number}",
            "description": f"Illustrative need number {number}: {made_of[number % 3].lower()}.",
            "language": "en",
            "country": "SEN",
            "priority": "high",
            "window": {"from": "2026-12-01", "to": "2028-12-31"},
            "needs": [{"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}],
            "external_id": {"source": "bench", "id": uuid.uuid4().hex},
        }
        begun = time.perf_counter()
        answer = client.post("requests", "/v1/requests", body)
        here = f"/v1/requests/{answer.body['id']}"
        consent = {"consent": "express"}
        answer = client.post("requests", f"{here}/submit", consent, if_match=answer.etag)
        step = f"{here}/authenticate"
        client.post_as("coordinator", "requests", step, if_match=answer.etag)
        query = {"request": answer.body["id"], "limit": 5}
        while not client.get("matcher", "/v1/proposals", **query).body["items"]:
            time.sleep(0.005)
        found.append(time.perf_counter() - begun)
    return found[5:]  # the first few warm connections and the encoder


Measure = Callable[[Settings, Sequence[Event], Sequence[Event]], float]


def _throughput(
    stack: Stack, offers: Sequence[Event], requests: Sequence[Event], measure: Measure
) -> float:
    """Requests a second, on topics and in a database that nothing else uses."""
    settings = dataclasses.replace(
        service_settings(stack.plan, "matcher"),
        topic_prefix=f"bench{uuid.uuid4().hex[:8]}.",
        database=f"bench_{uuid.uuid4().hex[:8]}",
    )
    ensure_topics(settings)
    _produce(settings, "offers.v1", offers)
    connect_database(settings)
    prepare_database(settings)
    return len(requests) / measure(settings, offers, requests)


def _floor(settings: Settings, offers: Sequence[Event], requests: Sequence[Event]) -> float:
    topics = Topics(settings.topic_prefix)
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(settings.mongodb)
    with closing(DeadLetters(settings)) as letters, closing(client):
        collection = client[settings.database]["floor"]
        reader = TopicReader(settings, (topics.requests, topics.offers), letters, "bench-floor")
        with closing(reader):
            read = 0
            while read < len(offers):
                read += len(reader.poll(200))
            with _sent_meanwhile(settings, requests) as begun:
                seen, writes = 0, []
                while seen < len(requests):
                    for one in reader.poll(25):
                        seen += 1
                        if one.event is not None:
                            document = {"$set": {"data": dict(one.event.data)}}
                            update = pymongo.UpdateOne({"_id": one.subject}, document, upsert=True)
                            writes.append(update)
                    while len(writes) >= BATCH or (writes and seen == len(requests)):
                        collection.bulk_write(writes[:BATCH], ordered=False)
                        del writes[:BATCH]
            return time.perf_counter() - begun


def _matching(settings: Settings, _: Sequence[Event], requests: Sequence[Event]) -> float:
    stop, before = threading.Event(), _written()
    ensure_prior(datetime.now(UTC))
    with closing(DeadLetters(settings)) as letters:
        worker = RankingWorker(settings, letters, lambda: datetime.now(UTC))
        threads = [
            threading.Thread(target=loop, args=(stop,), name=name)
            for name, loop in worker.loops().items()
        ]
        for thread in threads:
            thread.start()
        try:
            wait_until(worker.ready, PATIENCE, "the worker having its partitions")
            wait_until(worker.at_rest, PATIENCE, "the offers being compared")
            with _sent_meanwhile(settings, requests) as begun:
                # By the worker's own count at first: to ask the store over and over is load too.
                wait_until(
                    lambda: _written() - before >= len(requests) <= Shortlist.objects.count(),
                    PATIENCE,
                    "every shortlist",
                )
            return time.perf_counter() - begun
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _written() -> float:
    """How many shortlists this process has written. Of that counter alone: to ask the registry for
    it collects every figure of the process, which took a tenth of what was measured."""
    (told,) = metrics.WRITTEN.collect()
    return next(one.value for one in told.samples if one.name.endswith("_total"))


@contextmanager
def _sent_meanwhile(settings: Settings, requests: Sequence[Event]) -> Iterator[float]:
    """Send the requests' events as fast as they are taken, while the block waits for them; from
    when on, by the performance counter.

    Another process sends, as in life. What is sent is made before: that is no part of reading."""
    records = [encode(request) for request in requests]
    apart = multiprocessing.get_context("spawn")
    ready, go = apart.Event(), apart.Event()
    told = (settings, records, ready, go)
    sender = apart.Process(target=_send_when_told, args=told, daemon=True)
    sender.start()
    wait_until(ready.is_set, PATIENCE, "the sender being there")
    begun = time.perf_counter()
    go.set()
    try:
        yield begun
    finally:
        sender.join()


def _send_when_told(
    settings: Settings, records: Sequence[_Record], ready: Occasion, go: Occasion
) -> None:
    ready.set()
    go.wait()
    _send(settings, "requests.v1", records)


if __name__ == "__main__":
    main()
