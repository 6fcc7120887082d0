"""The worker process over the real broker: what is submitted goes out, commitments come in."""

import base64
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

from services.requests.app import create_app
from shared.events.clients import producer
from shared.events.envelope import Event, encode
from shared.events.letters import DeadLetters
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.events.versions import Version


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_events_go_out_and_commitments_come_in(make_settings, token, body, tmp_path):
    settings = make_settings("requests")
    ensure_topics(settings)
    topics = Topics(settings.topic_prefix)
    client = create_app(settings).test_client()
    headers = token("requester", state="SEN")
    made = client.post("/v1/requests", json=body(), headers=headers)
    address = made.headers["Location"]
    client.post(f"{address}/submit", headers={**headers, "If-Match": made.headers["ETag"]})
    ready = tmp_path / "ready"
    environ = {
        **os.environ,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_TOPIC_PREFIX": settings.topic_prefix,
        "ENTRAIDE_JWKS_FILE": str(settings.jwks_file),
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
        "ENTRAIDE_READY_FILE": str(ready),
    }
    command = [sys.executable, "-m", "services.requests.worker"]
    worker = subprocess.Popen(command, env=environ)
    try:
        until(lambda: ready.exists() or worker.poll() is not None)
        assert worker.poll() is None
        identifier = made.json["id"]
        line = {
            "side": "request",
            "record": identifier,
            "line": 1,
            "measure": "quantity",
            "amount": 3000,
            "unit": "machines",
        }
        data = {
            **dict.fromkeys(("id", "offer", "organisation"), "x1"),
            "match": f"{identifier}.x1",
            "request": identifier,
            "country": "SEN",
            "status": "held",
            "lines": [line],
            "expires_at": None,
            "history": [],
        }
        event = Event(
            "entraide.commitment.v1",
            "/entraide/matches",
            "x1",
            datetime.now(UTC),
            Version(1, 1),
            data,
        )
        sender = producer(settings)
        key, value, sent_headers = encode(event)
        sender.send(topics.matches, key=key, value=value, headers=sent_headers).get(10)
        sender.close()

        def committed():
            needs = client.get(address, headers=headers).json["needs"]
            return needs[0]["committed"]["quantity"] == 3

        until(committed)
        published = []
        dead_letters = DeadLetters(settings)
        reader = TopicReader(settings, [topics.requests], dead_letters)

        def heard():
            published.extend(reader.poll(200))
            return published

        until(heard)
        reader.close()
        dead_letters.close()
        assert published[0].event.data["status"] == "submitted"
        assert published[0].event.subject == identifier
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
