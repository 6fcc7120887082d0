"""Alliances over HTTP: who sees what, who may say what."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher import commitments
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.commitments import Actor
from services.matcher.documents import Commitment
from services.matcher.engine.geography import Geography
from shared.events.envelope import Event
from shared.vocabulary import LANGUAGES
from tests.services.matcher.records import (
    NOW,
    commitment_line,
    endorsed,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.matcher.world import Caller, World, received

MACHINES = need(1)
COURSE = need(2, theme="tracing", kind="training", quantity=20, unit="persons")
SECRET = need(3, theme="ammunition", kind="infrastructure", confidential=True)


def requests() -> list[Event]:
    return [
        request_event("r1", country="SEN", needs=[MACHINES, COURSE]),
        request_event("r2", country="BEN", needs=[MACHINES, SECRET]),
        request_event("r3", country="GHA", needs=[MACHINES]),
    ]


class Allied:
    """Three States that ask alike, and an offer for all of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keeper = AllianceKeeper(Geography.of_vocabulary(NOW.date()))

    def hears(self, *events: Event) -> None:
        self.world.hears(events)
        for event in events:
            self.keeper.hear(received(event))
        self.keeper.turn({0, 1, 2}, NOW.date(), NOW)
        for alliance in Alliance.objects():
            self.keeper.hear(received(alliance.event()))
        self.keeper.turn({0, 1, 2}, NOW.date(), NOW)


@pytest.fixture
def allied(world: World) -> Allied:
    found = Allied(world)
    found.hears(
        *requests(),
        offer_event("o1", provisions=[provision(1, capacity=100)]),
        offer_event("o2", provisions=[provision(1, capacity=6)]),
    )
    return found


@pytest.fixture
def path(allied: Allied, coordinator: Caller) -> str:
    (one,) = coordinator.items("/v1/alliances")
    return f"/v1/alliances/{one['id']}"


@pytest.fixture
def state(call: Callable[..., Caller]) -> Callable[[str], Caller]:
    return lambda alpha3: call("requester", state=alpha3)


def tag(caller: Caller, path: str) -> str:
    return str(caller.get(path).headers["ETag"])


def answer(caller: Caller, path: str, request: str, **body: Any) -> TestResponse:
    etag = tag(caller, path)
    return caller.post(f"{path}/members/{request}/answer", body, etag=etag)


def test_the_coordinator_sees_members_common_lines_and_what_each_adds(
    path: str, coordinator: Caller
) -> None:
    seen = coordinator.get(path).json
    assert seen["status"] == "proposed"
    assert seen["states"] == ["BEN", "GHA", "SEN"]
    adds = {one["request"]: [line["line"] for line in one["adds"]] for one in seen["members"]}
    assert adds == {"r1": [2], "r2": [], "r3": []}
    (common,) = seen["common"]
    assert (common["theme"], common["kind"]) == ("marking", "equipment")
    assert common["quantities"] == [{"quantity": 12.0, "unit": "machines"}]
    assert common["amount"] == 504_000.0
    assert {line["request"] for line in common["lines"]} == {"r1", "r2", "r3"}
    saving = seen["saving"]
    assert saving["apart"] == 504_000.0
    assert saving["apart"] - saving["together"] == saving["saved"] > 0


def test_offers_that_serve_it_whole_come_first(path: str, coordinator: Caller) -> None:
    offers = coordinator.get(path).json["offers"]
    assert [(one["offer"], one["whole"], one["part"]) for one in offers] == [
        ("o1", True, 1.0),
        ("o2", False, 0.5),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_come_in_the_readers_language(
    path: str, coordinator: Caller, language: str
) -> None:
    seen = coordinator.get(path, language=language).json
    told = [
        seen["sentence"],
        seen["saving"]["sentence"],
        *(one["sentence"] for one in (*seen["members"], *seen["common"], *seen["offers"])),
    ]
    assert all(told)
    if language != "en":
        english = coordinator.get(path, language="en").json
        assert seen["sentence"] != english["sentence"]


def test_confidential_lines_are_told_to_nobody_here(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    for caller in (coordinator, state("SEN"), state("BEN")):
        assert "infrastructure" not in caller.get(path).text
    hidden = {
        one["request"]: one["confidential_lines"] for one in state("SEN").get(path).json["members"]
    }
    assert hidden == {"r1": 0, "r2": 0, "r3": 0}
    own = state("BEN").get(path).json["members"]
    assert {one["request"]: one["confidential_lines"] for one in own}["r2"] == 1


def test_a_state_sees_those_that_it_is_in_and_donors_none(
    path: str, state: Callable[[str], Caller], call: Callable[..., Caller]
) -> None:
    assert len(state("GHA").items("/v1/alliances")) == 1
    assert state("KEN").items("/v1/alliances") == []
    assert state("KEN").get(path).status_code == 404
    donor = call("donor", organisation="66f0000000000000000000d1")
    assert donor.get("/v1/alliances").status_code == 403
    assert donor.get(path).status_code == 404


def test_filters(path: str, coordinator: Caller, state: Callable[[str], Caller]) -> None:
    def count(caller: Caller, **query: str) -> int:
        return len(caller.items("/v1/alliances", **query))

    assert count(coordinator, state="SEN") == 1
    assert count(coordinator, state="KEN") == 0
    assert count(state("SEN"), state="KEN") == 0
    assert count(coordinator, request="r2") == 1
    assert count(coordinator, request="r9") == 0
    assert count(coordinator, status="proposed") == 1
    assert count(coordinator, status="dissolved") == 0
    wrong = coordinator.get("/v1/alliances", status="unheard-of")
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == "status"


def test_endorsing_and_agreeing(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    etag = tag(coordinator, path)
    done = coordinator.post(f"{path}/decision", {"decision": "endorse"}, etag=etag)
    assert (done.status_code, done.json["status"]) == (200, "endorsed")
    for alpha3, request in (("SEN", "r1"), ("BEN", "r2")):
        agreed = answer(state(alpha3), path, request, answer="agree")
        assert agreed.status_code == 200, agreed.text
        assert agreed.json["status"] == "endorsed"
    no = answer(state("GHA"), path, "r3", answer="decline", reason="we do it alone")
    assert no.json["status"] == "agreed"
    standings = {one["request"]: one["standing"] for one in no.json["members"]}
    assert standings == {"r1": "agreed", "r2": "agreed", "r3": "declined"}


def test_who_declined_is_not_asked_again_and_its_reason_is_its_own(
    allied: Allied, path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    answer(state("GHA"), path, "r3", answer="decline", reason="we do it alone")
    allied.hears(request_event("r3", 2, country="GHA", needs=[MACHINES]))
    seen = coordinator.get(path).json
    assert seen["states"] == ["BEN", "SEN"]
    assert "we do it alone" in coordinator.get(path).text
    assert "we do it alone" in state("GHA").get(path).text
    assert "we do it alone" not in state("SEN").get(path).text
    assert state("GHA").items("/v1/alliances") == []
    again = answer(state("GHA"), path, "r3", answer="agree")
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answer": "decline"}, "reason"),
        ({"answer": "maybe"}, "answer"),
        ({}, "answer"),
        ({"answer": "agree", "more": 1}, "more"),
    ],
)
def test_bad_answers_are_told_by_field(
    path: str, state: Callable[[str], Caller], body: dict[str, Any], field: str
) -> None:
    wrong = answer(state("SEN"), path, "r1", **body)
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == field


def test_a_state_answers_for_its_own_requests_only(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    assert answer(state("SEN"), path, "r2", answer="agree").status_code == 403
    assert answer(state("SEN"), path, "r9", answer="agree").status_code == 404
    etag = tag(coordinator, path)
    foreign = state("KEN").post(f"{path}/members/r1/answer", {"answer": "agree"}, etag=etag)
    assert foreign.status_code == 404
    assert answer(coordinator, path, "r1", answer="agree").status_code == 403


def test_answers_and_decisions_are_made_on_what_was_seen(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    sen = state("SEN")
    before = tag(sen, path)
    assert sen.post(f"{path}/members/r1/answer", {"answer": "agree"}).status_code == 428
    assert answer(state("BEN"), path, "r2", answer="agree").status_code == 200
    late = sen.post(f"{path}/members/r1/answer", {"answer": "agree"}, etag=before)
    assert late.status_code == 412
    stale = coordinator.post(f"{path}/decision", {"decision": "endorse"}, etag=before)
    assert stale.status_code == 412
    gone = coordinator.post("/v1/alliances/none/decision", {"decision": "endorse"}, etag=before)
    assert gone.status_code == 404


def test_the_same_answer_and_decision_sent_twice_is_taken_once(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    sen = state("SEN")
    for caller, place, body in (
        (sen, f"{path}/members/r1/answer", {"answer": "agree"}),
        (coordinator, f"{path}/decision", {"decision": "endorse"}),
    ):
        etag = tag(caller, path)
        first, again = (caller.post(place, body, etag=etag, key="a key") for _ in range(2))
        assert first.status_code == again.status_code == 200
        assert first.json == again.json
    assert [step["action"] for step in coordinator.get(path).json["history"]] == [
        "propose",
        "join",
        "endorse",
    ]


def test_dismissing_needs_a_reason_that_only_overseers_see(
    path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    etag = tag(coordinator, path)
    bare = coordinator.post(f"{path}/decision", {"decision": "dismiss"}, etag=etag)
    assert bare.status_code == 422
    assert bare.json["errors"][0]["field"] == "reason"
    body = {"decision": "dismiss", "reason": "other plans"}
    done = coordinator.post(f"{path}/decision", body, etag=etag)
    assert (done.json["status"], done.json["reason"]) == ("dismissed", "other plans")
    assert done.json["offers"] == []
    assert state("SEN").get(path).json["reason"] is None
    assert coordinator.items("/v1/alliances") == []
    assert answer(state("SEN"), path, "r1", answer="agree").status_code == 409


def test_what_is_committed_for_its_sake_is_given_back_when_it_dissolves(
    allied: Allied, path: str, coordinator: Caller
) -> None:
    match = endorsed("r1", "o1")
    lines = [commitment_line("request", "r1", 1_000), commitment_line("offer", "o1", 1_000)]
    commitments.begin("c1", match, lines, None, Actor("coordinator"), NOW)
    assert commitments.finish("c1", NOW).status == "held"
    body = {"commitment": "c1"}
    early = coordinator.post(f"{path}/commitments", body, etag=tag(coordinator, path))
    assert early.status_code == 409
    etag = tag(coordinator, path)
    coordinator.post(f"{path}/decision", {"decision": "endorse"}, etag=etag)
    unknown = coordinator.post(
        f"{path}/commitments", {"commitment": "c9"}, etag=tag(coordinator, path)
    )
    assert unknown.status_code == 422
    assert unknown.json["errors"][0]["field"] == "commitment"
    tied = coordinator.post(f"{path}/commitments", body, etag=tag(coordinator, path))
    assert tied.json["commitments"] == ["c1"]
    allied.hears(
        request_event("r2", 2, country="BEN", status="withdrawn"),
        request_event("r3", 2, country="GHA", status="withdrawn"),
    )
    seen = coordinator.get(path).json
    assert (seen["status"], seen["cause"]) == ("dissolved", "withdrawn")
    assert Commitment.objects.get(id="c1").status == "released"
    late = coordinator.post(f"{path}/commitments", body, etag=tag(coordinator, path))
    assert late.status_code == 409
