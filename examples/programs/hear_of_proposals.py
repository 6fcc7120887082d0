"""Registers a request and prints the proposals that come of it, as they come.

Illustrative: an example for who writes a program of their own, with a request that nobody made.
It uses nothing of Entraide's code, only its published documents: OpenAPI for the call
(/openapi.json of the service), AsyncAPI for the topic (`entraide asyncapi`).

    pip install requests kafka-python
    export ENTRAIDE_TOKEN=...        # of a State: see docs/using.md
    python hear_of_proposals.py --requests http://127.0.0.1:8101 --kafka 127.0.0.1:9092 --state SEN

Proposals come once a coordinator has authenticated the request. It ends with the first list that
proposes something; with --follow it goes on until Ctrl-C.
"""

import argparse
import json
import os
import sys
import time
import uuid

import requests
from kafka import KafkaConsumer, TopicPartition

NEEDS = [{"theme": "marking", "kind": "equipment", "quantity": 3, "unit": "machines"}]


def main() -> int:
    """Register, submit, listen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", required=True, help="address of the service of requests")
    parser.add_argument("--kafka", required=True, help="bootstrap servers, with commas between")
    parser.add_argument("--topic", default="matches.v1", help="with the installation's prefix")
    parser.add_argument("--state", required=True, help="whose request it is: ISO 3166-1 alpha-3")
    parser.add_argument("--seconds", type=float, default=3600, help="how long to wait in all")
    parser.add_argument("--follow", action="store_true", help="go on after the first proposals")
    options = parser.parse_args()

    request = register(options.requests, os.environ["ENTRAIDE_TOKEN"], options.state)
    print("registered", request, flush=True)
    for kind, data in events_of(request, options.kafka, options.topic, options.seconds):
        print(kind, json.dumps(data, sort_keys=True), flush=True)
        if kind == "entraide.shortlist.v1" and data["entries"] and not options.follow:
            return 0
    print(f"nothing more came within {options.seconds:.0f} s", file=sys.stderr)
    return 0 if options.follow else 1


def register(service: str, token: str, state: str) -> str:
    """Register a request and submit it; its id."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        body = {
            "country": state,
            "language": "en",
            "title": "Machines to mark service weapons (illustrative)",
            "description": "Three portable dot-peen machines to mark service weapons with.",
            "needs": NEEDS,
        }
        # Who sends it again with this key, because no answer came, makes no second request.
        key = {"Idempotency-Key": str(uuid.uuid4())}
        made = answered(session.post(f"{service}/v1/requests", json=body, headers=key, timeout=30))
        record = f"{service}/v1/requests/{made.json()['id']}"
        # A step is taken on the version that was read: who was quicker makes it a 412.
        version = {"If-Match": made.headers["ETag"]}
        # The State consents that donors see it as soon as it is authenticated; without, its working
        # days to object pass first.
        body = {"consent": "express"}
        answered(session.post(f"{record}/submit", json=body, headers=version, timeout=30))
        return made.json()["id"]


def answered(answer: requests.Response) -> requests.Response:
    """The answer; a problem document (RFC 9457) ends the program with what is wrong."""
    if not answer.ok:
        problem = answer.json()
        fields = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
        raise SystemExit("\n".join([problem["title"], problem["detail"], *fields]))
    return answer


def events_of(request: str, kafka: str, topic: str, seconds: float):
    """What the topic says of a request, newest versions only: pairs of type and data.

    The topic is compacted: from its beginning it holds the newest state of everything, so that a
    program needs no group and no memory. An event may come twice, and an older one after a newer:
    (ce_epoch, ce_number) says which is which.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.split(","),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        allow_auto_create_topics=False,
    )
    try:
        parts = [TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic) or ()]
        if not parts:
            raise SystemExit(f"there is no topic {topic}")
        consumer.assign(parts)
        consumer.seek_to_beginning(*parts)
        known: dict[str, tuple[int, int]] = {}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    version = int(headers["ce_epoch"]), int(headers["ce_number"])
                    data = json.loads(record.value) if record.value else None  # None: it is gone
                    if not data or data.get("request") != request:
                        continue
                    if version > known.get(headers["ce_subject"], (0, 0)):
                        known[headers["ce_subject"]] = version
                        yield headers["ce_type"], data
    finally:
        consumer.close()


if __name__ == "__main__":
    sys.exit(main())
