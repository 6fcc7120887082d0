"""`python -m bench.pipeline`: what matching costs on the way from an event to a shortlist.

Two measurements on one machine, in one run, with real processes:

- latency: a whole stack holds N offers; one request after another is created, submitted and
  published by HTTP; the clock runs from the first POST until GET /v1/proposals answers with some.
- throughput: a topic holds the events of N offers and of requests; the matcher's ranking loop
  works it from the beginning, beside the floor: the same reader with matching left out (consume,
  validate, upsert one document a request). The ratio of the two is what matching costs.
"""

import argparse
import dataclasses
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pymongo
from kafka import KafkaProducer
from rich.console import Console
from rich.progress import track

from bench import synthetic
from deploy.cli.client import Client
from deploy.cli.target import stack_target
from deploy.local.programs import service_settings
from deploy.local.running import Stack, local_stack
from deploy.local.servers import wait_until
from deploy.local.stack import DataDirectory, Ports
from services.matcher.documents import Shortlist
from services.matcher.ranking_worker import RankingWorker
from shared.events import clients
from shared.events.dead_letters import DeadLetters
from shared.events.envelope import Event, encode
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from shared.web.database import connect_database

LATENCY_REQUESTS = 60
THROUGHPUT_REQUESTS = 1_000
BATCH = 100
console = Console(highlight=False)


def main() -> None:
    """Measure at each size and print a table of the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, nargs="+", default=[1_000, 10_000])
    sizes = parser.parse_args().offers
    made_of = synthetic.source()
    for size in sizes:
        offers = list(synthetic.offers(made_of, size))
        requests = list(synthetic.requests(made_of, THROUGHPUT_REQUESTS))
        with _running_stack() as stack:
            _produce(service_settings(stack.plan, "offers"), "offers.v1", offers)
            latencies = _latencies(stack, size)
            floor, matching = _throughputs(stack, offers, requests)
        p50, p99 = np.percentile(latencies, [50, 99]) * 1000
        console.print(f"{size:,} offers")
        console.print(f"  POST to visible proposals: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        console.print(f"  consume, match, explain, store: {matching:,.0f} events/s")
        console.print(f"  consume, validate, upsert (the floor): {floor:,.0f} events/s")
        console.print(f"  the floor is {floor / matching:.2f} times as fast")


@contextmanager
def _running_stack() -> Iterator[Stack]:
    over, ready = threading.Event(), threading.Event()
    started: list[Stack] = []

    def supervise() -> None:
        with (
            tempfile.TemporaryDirectory(prefix="entraide-bench-") as scratch,
            local_stack(DataDirectory(Path(scratch)), Ports.free(), console.print) as stack,
        ):
            if stack.wait_ready():
                started.append(stack)
                ready.set()
                stack.step_while(lambda: not over.is_set())

    thread = threading.Thread(target=supervise)
    thread.start()
    try:
        wait_until(lambda: ready.is_set() or not thread.is_alive(), 180, "the stack starting")
        yield started[0]
    finally:
        over.set()
        thread.join()


def _produce(settings: Settings, topic: str, events: Iterable[Event]) -> None:
    name = f"{settings.topic_prefix}{topic}"
    with closing(clients.producer(settings)) as producer:
        _send(producer, name, events)
        producer.flush()


def _send(producer: KafkaProducer, topic: str, events: Iterable[Event]) -> None:
    for event in events:
        key, value, headers = encode(event)
        producer.send(topic, key=key, value=value, headers=list(headers))


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
        answer = client.post("requests", f"{here}/submit", if_match=answer.etag)
        consent = {"consent": "express"}
        client.post("requests", f"{here}/publish", consent, if_match=answer.etag)
        query = {"request": answer.body["id"], "limit": 5}
        while not client.get("matcher", "/v1/proposals", **query).body["items"]:
            time.sleep(0.005)
        found.append(time.perf_counter() - begun)
    return found[5:]  # the first few warm connections and the encoder


def _throughputs(stack: Stack, offers: list[Event], requests: list[Event]) -> tuple[float, float]:
    """Events a second of the floor and of the matcher, over the same topics."""
    ours = f"bench{uuid.uuid4().hex[:8]}."
    database = f"bench_{uuid.uuid4().hex[:8]}"
    settings = dataclasses.replace(
        service_settings(stack.plan, "matcher"), topic_prefix=ours, database=database
    )
    ensure_topics(settings)
    _produce(settings, "offers.v1", offers)
    _produce(settings, "requests.v1", requests)
    connect_database(settings)
    count = len(offers) + len(requests)
    return count / _floor(settings, count), count / _matching(settings, len(requests))


def _floor(settings: Settings, count: int) -> float:
    topics = Topics(settings.topic_prefix)
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(settings.mongodb)
    begun = time.perf_counter()
    letters = DeadLetters(settings)
    reader = TopicReader(settings, (topics.requests, topics.offers), letters, "bench-floor")
    with closing(reader), closing(client):
        collection = client[settings.database]["floor"]
        seen, writes = 0, []
        while seen < count:
            for one in reader.poll(200):
                seen += 1
                if one.event is not None and one.topic == topics.requests:
                    document = {"$set": {"data": dict(one.event.data)}}
                    writes.append(pymongo.UpdateOne({"_id": one.subject}, document, upsert=True))
            while len(writes) >= BATCH or (writes and seen == count):
                collection.bulk_write(writes[:BATCH], ordered=False)
                del writes[:BATCH]
    return time.perf_counter() - begun


def _matching(settings: Settings, requests: int) -> float:
    stop = threading.Event()
    begun = time.perf_counter()
    worker = RankingWorker(settings, DeadLetters(settings), lambda: datetime.now(UTC))
    threads = [
        threading.Thread(target=loop, args=(stop,), name=name)
        for name, loop in worker.loops().items()
    ]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: Shortlist.objects.count() >= requests, 600, "ranking every request")
        return time.perf_counter() - begun
    finally:
        stop.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
