"""An embargo that falls in midway and an exemption that expires, through two whole workers."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from services.matcher.actors import MATCHER
from services.matcher.commitments import begin, finish
from services.matcher.documents import AUDITED, Commitment, Match, Shortlist
from services.matcher.worker import worker_loops
from shared.events.auditing import compare
from shared.events.letters import DeadLetters
from shared.events.topics import ensure_topics
from shared.events.trail import entries_of, verify
from shared.settings import Settings
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import commitment_line, need, offer_event, request_event
from tests.services.matcher.running import eventually, publish, running
from tests.services.matcher.world import Caller

REQUESTS = [f"r{number}" for number in range(6)]
FAR = {"window": {"from": "2026-01-01", "to": "2099-12-31"}}


@pytest.fixture
def settings(matcher_settings: Settings, database: object) -> Settings:
    """The matcher's settings, with its topics made and its database connected."""
    ensure_topics(matcher_settings)
    return matcher_settings


def lists() -> dict[str, list[str]]:
    """The offers of every stored shortlist."""
    return {one.request: list(one.offers) for one in Shortlist.objects}


def test_every_worker_keeps_to_the_register_and_time_lets_an_exemption_fall(
    settings: Settings,
    database: Database[dict[str, Any]],
    coordinator: Caller,
    clock: Clock,
) -> None:
    dead_letters = DeadLetters(settings)
    workers = [worker_loops(settings, dead_letters, clock) for _ in range(2)]
    loops = {
        f"{n} {name}": loop for n, (own, _) in enumerate(workers) for name, loop in own.items()
    }
    today = clock.now.date()
    with running(loops):
        eventually(lambda: all(ready() for _, ready in workers), "ready")
        needs = [need(1, quantity=4)]
        publish(settings, [request_event(id_, needs=needs, **FAR) for id_ in REQUESTS])
        publish(settings, [request_event("kenya", country="KEN", needs=needs, **FAR)])
        publish(settings, [offer_event("o1", **FAR)])
        served = {**{id_: ["o1"] for id_ in REQUESTS}, "kenya": ["o1"]}
        eventually(lambda: lists() == served, "all are served")
        # Both sides' records have to be known here before anybody can decide.
        eventually(lambda: coordinator.get("/v1/proposals/r0.o1").status_code == 200, "known")
        coordinator.agreed("r0.o1")

        entered = coordinator.post(
            "/v1/embargoes",
            {
                "country": "SEN",
                "resolution": "S/RES/0000 (2020)",
                "from": "2020-01-01",
                "source": "made up for the tests",
                "stated_on": "2026-01-01",
                "reason": "The tests need one.",
                "exemptions": [
                    {
                        "reference": "SC/EX/0001",
                        "kinds": ["equipment"],
                        "request": "r0",
                        "from": "2020-01-01",
                        "to": (today + timedelta(days=1)).isoformat(),
                    }
                ],
            },
        )
        assert entered.status_code == 201, entered.text
        barred = {**{id_: [] for id_ in REQUESTS}, "r0": ["o1"], "kenya": ["o1"]}
        eventually(lambda: lists() == barred, "what no exemption is for is served no more")

        lines = [commitment_line(side, record, 1000) for side, record in SIDES]
        begin("c1", Match.objects.get(id="r0.o1"), lines, None, MATCHER, clock.now)
        assert finish("c1", clock.now).status == "held"
        clock.now += timedelta(days=2)
        eventually(lambda: Commitment.objects.get(id="c1").status == "released", "it is given back")
        eventually(lambda: lists() == {**barred, "r0": []}, "its proposal is listed no more")
        eventually(lambda: Match.objects.get(id="r0.o1").status == "fallen", "its proposal falls")
        eventually(
            lambda: (
                [one["action"] for one in entries_of(database, "c1", 0, 99)]
                == ["reserve", "hold", "bar", "finish"]
            ),
            "the trail tells of it",
        )
    head, faults = verify(database, "matcher")
    assert head.number > 0
    assert (faults, list(compare(database, AUDITED))) == ([], [])
    dead_letters.close()


SIDES = (("request", "r0"), ("offer", "o1"))
