"""The whole worker: from events to proposals, decisions, commitments and back, all loops."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.decision_log import keep_waiting
from services.matcher.documents import AGGREGATES, Shortlist
from services.matcher.engine.ranking import prior_model
from services.matcher.learning_documents import Decision, RankingModel
from services.matcher.worker import worker_loops
from shared.events.letters import DeadLetters
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.registers.context import system_clock
from shared.settings import Settings
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.running import eventually, publish, running
from tests.services.matcher.world import Caller

BODY = {
    "proposal": "r1.o1",
    "lines": [
        {"side": "request", "line": 1, "quantity": 4},
        {"side": "offer", "line": 1, "quantity": 4},
    ],
}


@pytest.fixture
def settings(matcher_settings: Settings, database: object) -> Settings:
    """The matcher's settings, with its topics made and its database connected."""
    ensure_topics(matcher_settings)
    return matcher_settings


def last_states(settings: Settings, dead_letters: DeadLetters) -> dict[str, dict[str, Any]]:
    """The data of the last event of each key in matches.v1."""
    reader = TopicReader(settings, [Topics(settings.topic_prefix).matches], dead_letters, "test")
    found: dict[str, dict[str, Any]] = {}
    while not reader.caught_up():
        for one in reader.poll(200):
            assert one.event is not None
            found[one.subject] = dict(one.event.data)
    reader.close()
    return found


def test_from_published_records_to_a_commitment_and_back(
    settings: Settings, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    dead_letters = DeadLetters(settings)
    loops, ready = worker_loops(settings, dead_letters, system_clock)

    def proposed(request: str) -> list[str]:
        items = coordinator.items("/v1/proposals", request=request)
        return [item["offer"] for item in items if item["status"] == "proposed"]

    def listed(request: str) -> set[str]:
        return set(Shortlist.objects.get(request=request).offers)

    with running(loops):
        eventually(ready, "ready")
        far = {"window": {"from": "2026-01-01", "to": "2099-12-31"}}
        needs = [need(1, quantity=4)]
        publish(settings, [request_event(id_, needs=needs, **far) for id_ in ("r1", "r2")])
        publish(settings, [offer_event(id_, **far) for id_ in ("o1", "o2")])
        eventually(lambda: set(proposed("r1")) == set(proposed("r2")) == {"o1", "o2"}, "proposals")

        assert coordinator.decide("r2.o1", "reject", reason="Too late.").status_code == 200
        eventually(lambda: proposed("r2") == ["o2"], "a rejected pair leaves")

        coordinator.agreed("r1.o1")
        made = coordinator.post("/v1/commitments", BODY)
        assert made.status_code == 201, made.text
        eventually(lambda: proposed("r1") == [], "nothing is asked for any more")
        # The ledger answers at once, the list follows: only a list that was seen without it can be
        # waited for to have both again.
        eventually(lambda: listed("r1") == {"o2"}, "what is committed leaves the list")

        assert coordinator.post(f"/v1/commitments/{made.json['id']}/release").status_code == 200
        eventually(lambda: "o2" in proposed("r1"), "the need is open again")
        eventually(lambda: listed("r1") == {"o1", "o2"}, "the list has both again")
        unpublished = {"pending_since": {"$ne": None}}
        eventually(
            lambda: not any(a._get_collection().count_documents(unpublished) for a in AGGREGATES),
            "all published",
        )
    states = last_states(settings, dead_letters)
    assert states["r2.o1"]["status"] == "rejected"
    assert states["r1.o1"]["status"] == "released"
    assert states[made.json["id"]]["status"] == "released"
    assert [e["offer"] for e in states["shortlist-r2"]["entries"]] == ["o2"]
    assert {e["offer"] for e in states["shortlist-r1"]["entries"]} == {"o1", "o2"}
    assert RankingModel.objects.get().id == prior_model().version
    keep_waiting()  # what the sweep has not come to yet
    assert {entry.id for entry in Decision.objects} == {"r1.o1@1.1", "r2.o1@1.1"}
    dead_letters.close()
