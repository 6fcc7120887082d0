"""Organisations that join proposals: both sides agree, each may decline, nobody else is told."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.documents import AUDITED, Match
from services.matcher.joining_documents import Joining
from services.matcher.joinings import PER_DAY
from shared.events.auditing import Auditor, compare
from shared.events.trail import entries_of
from shared.web.database import current_database
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.world import Caller, World

DONOR = "66f0000000000000000000d1"
PAIR = "r.o"
TEXT = "Our trainers are in Dakar; Qzvexor."
BODY = {"proposal": PAIR, "role": "expertise", "text": TEXT}


@pytest.fixture
def known(world: World) -> World:
    """A request, and an offer for it that nobody acted on."""
    world.hears([request_event("r", needs=[need(1, quantity=4)]), offer_event("o", conditions=[])])
    return world


@pytest.fixture
def regional(call: Callable[..., Caller]) -> Caller:
    """An organisation that is no party."""
    return call("donor", organisation="regional-body", subject="clerk")


@pytest.fixture
def donor(call: Callable[..., Caller]) -> Caller:
    return call("donor", organisation=DONOR)


@pytest.fixture
def state(call: Callable[..., Caller]) -> Caller:
    return call("requester", state="SEN")


def path(answer: Any) -> str:
    return f"/v1/joinings/{answer.json['id']}"


def says(who: Caller, made: Any, answer: str, **more: Any) -> Any:
    """One side's answer, to the present version."""
    etag = who.get(path(made)).headers["ETag"]
    return who.post(f"{path(made)}/answer", {"answer": answer, **more}, etag)


def statuses(who: Caller, **query: Any) -> list[str]:
    return [one["status"] for one in who.get("/v1/joinings", **query).json["items"]]


def partners(who: Caller) -> list[Any]:
    return list(who.get(f"/v1/proposals/{PAIR}/life").json["partners"])


def test_an_organisation_joins_once_both_sides_agree_and_may_leave(
    known: World, regional: Caller, donor: Caller, state: Caller, coordinator: Caller
) -> None:
    made = regional.post("/v1/joinings", BODY)
    assert (made.status_code, made.json["status"]) == (201, "offered")
    assert made.headers["Location"] == path(made)
    # Nobody has endorsed the proposal: there is nothing to join yet.
    assert says(donor, made, "agree").status_code == 409
    assert coordinator.decide(PAIR, "endorse").status_code == 200
    assert says(donor, made, "agree").json["status"] == "donor-agreed"
    assert partners(state) == []
    assert says(state, made, "agree").json["status"] == "agreed"
    assert partners(donor) == [{"organisation": "regional-body", "role": "expertise"}]
    etag = regional.get(path(made)).headers["ETag"]
    left = regional.post(f"{path(made)}/withdraw", None, etag)
    assert (left.json["status"], partners(state)) == ("withdrawn", [])
    again = regional.post("/v1/joinings", {**BODY, "role": "funder"})
    assert (again.status_code, again.json["status"], again.json["role"]) == (
        201,
        "offered",
        "funder",
    )
    assert again.json["id"] == made.json["id"]


def test_nobody_offers_and_withdraws_without_an_end(known: World, regional: Caller) -> None:
    for _ in range(PER_DAY):
        made = regional.post("/v1/joinings", BODY)
        assert made.status_code == 201
        etag = made.headers["ETag"]
        assert regional.post(f"{path(made)}/withdraw", None, etag).status_code == 200
    refused = regional.post("/v1/joinings", BODY)
    assert refused.status_code == 429
    assert refused.json["type"].endswith("too-many-offers")
    assert statuses(regional) == ["withdrawn"]


@pytest.mark.parametrize("side", ["donor", "state"])
def test_each_side_may_decline_for_good(
    side: str,
    known: World,
    regional: Caller,
    donor: Caller,
    state: Caller,
    coordinator: Caller,
) -> None:
    made = regional.post("/v1/joinings", BODY)
    coordinator.decide(PAIR, "endorse")
    for who in (donor, state):
        assert says(who, made, "agree").status_code == 200
    no = says({"donor": donor, "state": state}[side], made, "decline", reason="Not now.")
    assert (no.json["status"], no.json["reason"], partners(state)) == ("declined", "Not now.", [])
    assert says(donor, made, "agree").status_code == 409
    assert regional.post("/v1/joinings", BODY).status_code == 409


def test_nobody_else_knows_of_it_and_nothing_of_it_is_told(
    known: World,
    call: Callable[..., Caller],
    regional: Caller,
    donor: Caller,
    state: Caller,
    coordinator: Caller,
) -> None:
    made = regional.post("/v1/joinings", BODY)
    for who in (regional, donor, state, coordinator, call("auditor")):
        assert who.get(path(made)).status_code == 200
        assert statuses(who, proposal=PAIR) == ["offered"]
    strangers = (
        call("donor", organisation="another"),
        call("requester", state="MLI"),
        call("coordinator", regions=frozenset({"Eastern Asia"})),
    )
    for who in strangers:
        assert who.get(path(made)).status_code == 404
        assert statuses(who, proposal=PAIR) == []
        assert who.get(f"/v1/audit/{made.json['id']}").status_code == 404
    etag = made.headers["ETag"]
    assert regional.post(f"{path(made)}/answer", {"answer": "agree"}, etag).status_code == 403
    assert donor.post(f"{path(made)}/withdraw", None, etag).status_code == 403
    coordinator.decide(PAIR, "endorse")
    match = Match.objects(id=PAIR).first()
    assert "regional-body" not in str(match.to_mongo())
    assert "Qzvexor" not in str(match.event())
    auditor = Auditor("matcher", AUDITED, current_database)
    auditor.catch_up()
    (told,) = entries_of(current_database(), made.json["id"], 0, 10)
    assert (told["action"], told["party"], told["subject"]) == ("offer", "regional-body", "clerk")
    assert list(compare(current_database(), AUDITED)) == []


def test_what_cannot_be_joined_and_bad_input(
    world: World, regional: Caller, donor: Caller, state: Caller
) -> None:
    hidden = request_event("h", needs=[need(1)], visibility="coordinators")
    world.hears([request_event("r", needs=[need(1)]), hidden, offer_event("o", conditions=[])])
    for body, field in (
        ({**BODY, "proposal": "nothing"}, "proposal"),
        ({**BODY, "proposal": "r.nothing"}, "proposal"),
        ({**BODY, "proposal": "h.o"}, "proposal"),
        ({**BODY, "role": "king"}, "role"),
        ({**BODY, "text": ""}, "text"),
        ({"proposal": PAIR, "role": "partner"}, "text"),
    ):
        answer = regional.post("/v1/joinings", body)
        assert answer.status_code == 422, body
        assert [error["field"] for error in answer.json["errors"]] == [field]
    assert donor.post("/v1/joinings", BODY).status_code == 422  # its own offer
    assert state.post("/v1/joinings", BODY).status_code == 403
    first = regional.post("/v1/joinings", BODY, key="k1")
    again = regional.post("/v1/joinings", BODY, key="k1")
    assert (first.status_code, again.json) == (201, first.json)
    assert regional.post("/v1/joinings", BODY).status_code == 409
    assert Joining.objects.count() == 1
    no = {"answer": "decline"}
    assert state.post(f"{path(first)}/answer", no).status_code == 428
    assert state.post(f"{path(first)}/answer", no, '"1.7"').status_code == 412
    assert state.post(f"{path(first)}/answer", {"answer": "perhaps"}, '"1.1"').status_code == 422
