"""Who waited too long for a thread is refused at once, so that others are answered again."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from shared.web.database import current_database


@pytest.fixture
def address(serve_sample: Callable[..., str]) -> str:
    """One thread, which writes for longer than a call may wait for it."""
    return serve_sample(workers=1, threads=1, SAMPLE_DELAY="1.5", ENTRAIDE_QUEUE_SECONDS="1")


def test_more_calls_than_threads_are_refused_and_not_done(
    address: str, app: Flask, requester: dict[str, str]
) -> None:
    barrier = threading.Barrier(8)

    def post(number: int) -> requests.Response:
        barrier.wait()
        body = {"title": f"note {number}"}
        return requests.post(f"{address}/v1/notes", json=body, headers=requester, timeout=60)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert 0 < len(refused) < 8
    for answer in refused:
        assert answer.status_code == 503
        assert answer.json()["type"].endswith(":overloaded")
        assert int(answer.headers["Retry-After"]) >= 2
    assert current_database()["sample_note"].count_documents({}) == 8 - len(refused)

    # Nobody waits any more: who comes again is served.
    again = requests.post(
        f"{address}/v1/notes", json={"title": "again"}, headers=requester, timeout=60
    )
    assert again.status_code == 201
    metrics = requests.get(f"{address}/metrics", timeout=60).text
    waits = next(
        family
        for family in text_string_to_metric_families(metrics)
        if family.name == "entraide_http_queue_seconds"
    )
    count = next(one.value for one in waits.samples if one.name.endswith("_count"))
    assert count == 9


def test_probes_are_answered_however_long_they_waited(
    address: str, requester: dict[str, str]
) -> None:
    barrier = threading.Barrier(4)

    def call(number: int) -> requests.Response:
        barrier.wait()
        if number:
            return requests.get(f"{address}/healthz", timeout=60)
        return requests.post(
            f"{address}/v1/notes", json={"title": "long"}, headers=requester, timeout=60
        )

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
