"""The life of a match through the real processes, as State, donor, coordinator and auditor live it.

What time alone does is swept here, with a clock of the test's own, over the stack's database.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest

from deploy.cli.client import Answer, Client, ProblemError
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from services.matcher import clockwork
from services.matcher.schedule import months_after
from shared.web.database import connect_database
from tests.journeys.speaking import both_agree, speaking_for

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]

SECONDS = 60
STATE, AGENCY = "TGO", "life-agency"
WINDOW = {"from": "2026-07-01", "to": "2035-12-31"}
MACHINES = {"theme": "marking", "kind": "equipment", "unit": "machines"}
CONDITION = {"kind": "reporting", "text": "A report on the marked rifles every half year."}
LINES = [{"side": side, "line": 1, "quantity": 4} for side in ("request", "offer")]


@dataclass(frozen=True)
class Users:
    """The four users."""

    state: Client
    donor: Client
    coordinator: Client
    auditor: Client


@pytest.fixture(scope="module")
def users(stack: Stack) -> Users:
    """A State, a donor that has said who it is, a coordinator and an auditor."""
    donor = speaking_for(stack, "donor", organisation=AGENCY)
    named = {"name": "Agency of the journey", "type": "ngo", "country": None}
    donor.put("offers", f"/v1/organisations/{AGENCY}", named)
    return Users(
        speaking_for(stack, "requester", state=STATE),
        donor,
        speaking_for(stack, "coordinator"),
        speaking_for(stack, "auditor"),
    )


@pytest.fixture
def sweep(stack: Stack) -> Iterator[Callable[[datetime], int]]:
    """The sweep of a worker whose clock shows what the test says."""
    connect_database(service_settings(stack.plan, "matcher"))
    yield clockwork.sweep
    mongoengine.disconnect()


def steps(client: Client, service: str, path: str, *taken: tuple[str, Any]) -> None:
    """Take steps of a record's life."""
    for step, body in taken:
        seen = client.get(service, path).etag
        client.post(service, f"{path}/{step}", body, if_match=seen)


_NUMBERS = itertools.count(1)


def endorsed(users: Users, conditions: list[dict[str, str]] | None = None) -> str:
    """A pair of a request and an offer of their own that a coordinator has endorsed; its id."""
    number = next(_NUMBERS)
    request = users.state.post(
        "requests",
        "/v1/requests",
        {
            "title": f"Machines to mark the rifles of garrison {number} (illustrative)",
            "description": "Four portable machines that mark rifles, with spare parts.",
            "language": "en",
            "country": STATE,
            "window": WINDOW,
            "needs": [{**MACHINES, "quantity": 4}],
        },
    ).body["id"]
    steps(users.state, "requests", f"/v1/requests/{request}", ("submit", {"consent": "express"}))
    steps(users.coordinator, "requests", f"/v1/requests/{request}", ("authenticate", None))
    offer = users.donor.post(
        "offers",
        "/v1/offers",
        {
            "title": f"Marking machines, lot {number} (illustrative)",
            "description": "We give portable marking machines for rifles, with spare parts.",
            "language": "en",
            "organisation": AGENCY,
            "window": WINDOW,
            "provisions": [{**MACHINES, "capacity": 10}],
            "conditions": conditions or [],
        },
    ).body["id"]
    steps(users.donor, "offers", f"/v1/offers/{offer}", ("submit", None), ("publish", None))
    wait_until(lambda: offer in proposed(users, request), SECONDS, "the proposal")
    pair = f"{request}.{offer}"
    while True:
        try:
            take(users.coordinator, pair, "decision", {"decision": "endorse"})
        except ProblemError as problem:
            if problem.status != 412:  # ranked anew since it was read
                raise
        else:
            return pair


def proposed(users: Users, request: str) -> list[str]:
    """The offers that are proposed for a request."""
    items = users.coordinator.items("matcher", "/v1/proposals", request=request)
    return [one["offer"] for one in items]


def life(client: Client, pair: str) -> dict[str, Any]:
    """What became of a pair."""
    return client.get("matcher", f"/v1/proposals/{pair}/life").body


def take(client: Client, pair: str, path: str, body: dict[str, Any]) -> Answer:
    """Take a step of a pair's life as it is now."""
    seen = client.get("matcher", f"/v1/proposals/{pair}").etag
    return client.post("matcher", f"/v1/proposals/{pair}/{path}", body, if_match=seen)


def refused(client: Client, pair: str, path: str, body: dict[str, Any]) -> tuple[int, str]:
    """Status and problem of a step that is not taken."""
    with pytest.raises(ProblemError) as problem:
        take(client, pair, path, body)
    return problem.value.status, str(problem.value.problem["type"]).rpartition(":")[2]


def committed(stack: Stack, users: Users) -> tuple[str, str]:
    """A pair of which four machines are committed, and the commitment's id."""
    pair = endorsed(users)
    both_agree(stack, pair, STATE, AGENCY)
    body = {"proposal": pair, "lines": LINES}
    return pair, users.coordinator.post("matcher", "/v1/commitments", body).body["id"]


def test_the_straight_way(users: Users, sweep: Callable[[datetime], int]) -> None:
    pair = endorsed(users, [CONDITION])
    request, _, offer = pair.partition(".")
    with pytest.raises(ProblemError, match="have to agree first"):
        users.coordinator.post("matcher", "/v1/commitments", {"proposal": pair, "lines": LINES})
    (condition,) = users.state.get("offers", f"/v1/offers/{offer}").body["conditions"]
    assert condition["text"] == CONDITION["text"]
    assert refused(users.state, pair, "answer", {"answer": "agree"}) == (422, "invalid")
    take(users.state, pair, "answer", {"answer": "agree", "accepts": [condition["hash"]]})
    pledge = [{"line": 1, "quantity": 4}]
    take(users.donor, pair, "answer", {"answer": "agree", "pledges": pledge})
    users.coordinator.post("matcher", "/v1/commitments", {"proposal": pair, "lines": LINES})

    def covered() -> float:
        shown = users.state.get("requests", f"/v1/requests/{request}").body
        return float(shown["needs"][0]["committed"]["quantity"] or 0)

    wait_until(lambda: covered() == 4, SECONDS, "the State seeing it")
    take(users.donor, pair, "delivery", {"step": "start"})
    take(users.donor, pair, "figures", {"lines": pledge})
    take(users.state, pair, "figures", {"lines": [{"line": 1, "quantity": 3}]})
    (figures,) = life(users.auditor, pair)["figures"]
    names = ("pledged", "committed", "disbursed", "received", "difference")
    assert [figures[name] for name in names] == [4, 4, 4, 3, 1]
    take(users.state, pair, "figures", {"lines": pledge})
    take(users.state, pair, "delivery", {"step": "deliver"})

    delivered = datetime.now(UTC)
    scores = {"adequate": 4, "effective": 4, "sustainable": 2}
    for months in (3, 12):
        sweep(months_after(delivered, months) + timedelta(days=1))
        said = {**scores, "text": "No spare parts came."}
        take(users.state, pair, f"follow-ups/{months}/assessment", said)
        take(users.donor, pair, f"follow-ups/{months}/reply", {"text": "They are on their way."})
    sweep(months_after(delivered, 16))
    told = life(users.auditor, pair)
    assert told["status"] == "closed"
    assert [one["reply"] for one in told["follow_ups"]] == ["They are on their way."] * 2
    roles = {step["role"] for step in told["history"]}
    assert roles == {"coordinator", "donor", "requester", "matcher"}
    assert covered() == 4
    assert refused(users.donor, pair, "delivery", {"step": "start"})[0] == 409


@pytest.mark.parametrize("who", ["donor", "state", "condition", "coordinator"])
def test_each_no_ends_it(users: Users, who: str) -> None:
    pair = endorsed(users, [CONDITION])
    request, _, offer = pair.partition(".")
    no = {"answer": "decline", "reason": "Our plan has changed."}
    if who == "coordinator":
        reject = {"decision": "reject", "reason": "The State asked for something else."}
        take(users.coordinator, pair, "decision", reject)
    elif who == "condition":
        (one,) = life(users.state, pair)["conditions"]
        told = take(users.state, pair, "answer", {**no, "refuses": [one["hash"]]}).body
        assert told["history"][-1]["reason"] == "conditions-refused"
    else:
        take(getattr(users, who), pair, "answer", no)
    wait_until(lambda: offer not in proposed(users, request), SECONDS, "the pair leaving the list")
    assert life(users.auditor, pair)["status"] == (
        "rejected" if who == "coordinator" else "declined"
    )
    assert refused(users.donor, pair, "answer", {"answer": "agree"})[0] == 409


@pytest.mark.parametrize("side", ["request", "offer"])
def test_a_record_that_is_withdrawn_before_anything_is_committed(users: Users, side: str) -> None:
    pair = endorsed(users)
    take(users.donor, pair, "answer", {"answer": "agree"})
    _withdraw(users, pair, side)
    wait_until(lambda: life(users.auditor, pair)["status"] == "fallen", SECONDS, "its falling")
    assert life(users.donor, pair)["history"][-1]["reason"] == f"{side}-withdrawn"
    assert refused(users.state, pair, "answer", {"answer": "agree"})[0] == 409


@pytest.mark.parametrize("side", ["request", "offer"])
def test_a_record_that_is_withdrawn_afterwards(stack: Stack, users: Users, side: str) -> None:
    pair, id_ = committed(stack, users)
    _withdraw(users, pair, side)

    def open_() -> bool:
        record = dict(zip(("request", "offer"), pair.split("."), strict=True))[side]
        lines = users.coordinator.items("matcher", "/v1/ledger", record=record)
        return any(line["open"] for line in lines)

    wait_until(lambda: not open_(), SECONDS, "the ledger hearing of it")
    assert life(users.auditor, pair)["status"] == "committed"
    release = f"/v1/commitments/{id_}/release"
    with pytest.raises(ProblemError, match="Say why"):
        users.state.post("matcher", release)
    users.state.post("matcher", release, {"reason": "Nobody needs it any more."})
    told = life(users.donor, pair)
    assert (told["status"], told["history"][-1]["action"]) == ("fallen", "fall")


def _withdraw(users: Users, pair: str, side: str) -> None:
    request, _, offer = pair.partition(".")
    if side == "request":
        steps(users.state, "requests", f"/v1/requests/{request}", ("withdraw", None))
    else:
        steps(users.donor, "offers", f"/v1/offers/{offer}", ("withdraw", None))


def test_silence_ends_it_after_a_reminder(users: Users, sweep: Callable[[datetime], int]) -> None:
    pair, now = endorsed(users), datetime.now(UTC)
    take(users.donor, pair, "answer", {"answer": "agree"})
    for day in (24, 31):
        sweep(now + timedelta(days=day))
    told = life(users.state, pair)
    assert told["status"] == "lapsed"
    assert [step["action"] for step in told["history"]] == [
        *("endorse", "donor-agree", "remind", "lapse")
    ]
    # The coordinator may ask again.
    take(users.coordinator, pair, "decision", {"decision": "endorse"})
    assert life(users.state, pair)["waiting_for"] == ["donor", "state"]
