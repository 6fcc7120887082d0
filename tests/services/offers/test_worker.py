"""The worker process over the real broker: offers, calls and activities go out to their topics."""

import base64
import os
import signal
import subprocess
import sys
import time

from services.offers.app import create_app
from shared.events.envelope import ACTIVITY, CALL, OFFER
from shared.events.letters import DeadLetters
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics


def test_each_kind_goes_to_its_topic(make_settings, token, body):
    settings = make_settings("offers")
    ensure_topics(settings)
    topics = Topics(settings.topic_prefix)
    client = create_app(settings).test_client()
    headers = token("donor", organisation="org-1")
    client.put("/v1/organisations/org-1", json={"name": "A", "type": "ngo"}, headers=headers)
    made = client.post("/v1/offers", json=body(), headers=headers)
    tag = {**headers, "If-Match": made.headers["ETag"]}
    client.post(f"{made.headers['Location']}/submit", headers=tag)
    sent = {
        "title": "Course",
        "description": "A course.",
        "organisation": "org-1",
        "country": "SEN",
        "theme": "marking",
        "kind": "training",
    }
    activity = client.post("/v1/activities", json=sent, headers=headers)
    texts = {"title": "Call", "description": "Small projects.", "organisation": "org-1"}
    call = client.post("/v1/calls", json=texts, headers=headers)
    environ = {
        **os.environ,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_TOPIC_PREFIX": settings.topic_prefix,
        "ENTRAIDE_JWKS_FILE": str(settings.jwks_file),
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
    }
    worker = subprocess.Popen([sys.executable, "-m", "services.offers.worker"], env=environ)
    dead_letters = DeadLetters(settings)
    reader = TopicReader(settings, [topics.offers, topics.activities], dead_letters)
    try:
        published = {}
        deadline = time.monotonic() + 30
        while len(published) < 3:
            assert time.monotonic() < deadline
            assert worker.poll() is None
            for received in reader.poll(200):
                published[received.topic, received.type] = received.subject
        assert published == {
            (topics.offers, OFFER): made.json["id"],
            (topics.offers, CALL): call.json["id"],
            (topics.activities, ACTIVITY): activity.json["id"],
        }
    finally:
        reader.close()
        dead_letters.close()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
