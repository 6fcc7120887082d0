"""Alliances over HTTP: who sees what, who may say what."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher import commitments
from services.matcher.acceptance import HELD
from services.matcher.actors import Actor
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.alliance_limits import joint_lines
from services.matcher.allocating import situation
from services.matcher.calls import drawn_lines
from services.matcher.documents import Commitment, Match, RecordView
from services.matcher.domain import LineLimit
from services.matcher.engine.geography import Geography
from services.matcher.ledger import Limits, review_cases, set_limits
from services.matcher.ledger_documents import LedgerLine
from shared.events.envelope import Event
from shared.events.versions import Version
from shared.vocabulary import LANGUAGES
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import (
    NOW,
    call_event,
    commitment_line,
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
        assert self.keeper.form()
        self.keeper.write({0, 1, 2}, NOW.date(), NOW)
        for alliance in Alliance.objects():
            self.keeper.hear(received(alliance.event()))
        assert self.keeper.form()
        self.keeper.write({0, 1, 2}, NOW.date(), NOW)


@pytest.fixture
def allied(world: World, remembered: Callable[..., Allied]) -> Allied:
    def make() -> Allied:
        found = Allied(world)
        found.hears(
            *requests(),
            offer_event("o1", provisions=[provision(1, capacity=100)]),
            offer_event("o2", provisions=[provision(1, capacity=6)]),
        )
        return found

    return remembered("allied", make)


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
        one["country"]: one["confidential_lines"] for one in state("SEN").get(path).json["members"]
    }
    assert hidden == {"SEN": 0, "BEN": 0, "GHA": 0}
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
    standings = {one["country"]: one["standing"] for one in no.json["members"]}
    assert standings == {"SEN": "agreed", "BEN": "agreed", "GHA": "declined"}


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


def endorse(coordinator: Caller, path: str) -> None:
    etag = tag(coordinator, path)
    done = coordinator.post(f"{path}/decision", {"decision": "endorse"}, etag=etag)
    assert done.status_code == 200, done.text


def commit(
    coordinator: Caller, path: str, request: str, quantity: int, line: int = 1, **more: Any
) -> TestResponse:
    """Commit machines of the first offer to a request for the alliance's sake."""
    body = {
        "proposal": f"{request}.o1",
        "alliance": path.rpartition("/")[2],
        "lines": [
            {"side": "request", "line": line, "quantity": quantity},
            {"side": "offer", "line": 1, "quantity": quantity},
        ],
    }
    return coordinator.post("/v1/commitments", body | more)


def ledger(caller: Caller, path: str) -> list[tuple[str, str, float, float]]:
    return [
        (one["theme"], one["unit"], one["limit"], one["held"])
        for one in caller.get(path).json["ledger"]
    ]


@pytest.fixture
def joint(
    path: str,
    coordinator: Caller,
    state: Callable[[str], Caller],
    remembered: Callable[..., str],
) -> str:
    """An endorsed alliance that two of three States have agreed to."""

    def make() -> str:
        endorse(coordinator, path)
        for alpha3, request in (("SEN", "r1"), ("BEN", "r2")):
            assert answer(state(alpha3), path, request, answer="agree").status_code == 200
        for request in ("r1", "r2", "r3"):
            coordinator.agreed(f"{request}.o1")
        return path

    return remembered("joint", make)


def test_its_lines_in_the_ledger_move_as_members_join_decline_and_withdraw(
    allied: Allied, path: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    assert ledger(coordinator, path) == []
    answer(state("SEN"), path, "r1", answer="agree")
    assert ledger(coordinator, path) == []
    endorse(coordinator, path)
    assert ledger(coordinator, path) == [("marking", "machines", 4, 0)]
    answer(state("BEN"), path, "r2", answer="agree")
    answer(state("GHA"), path, "r3", answer="agree")
    assert ledger(coordinator, path) == [("marking", "machines", 12, 0)]
    allied.hears(request_event("r1", 2, country="SEN", needs=[need(1, quantity=7), COURSE]))
    assert ledger(coordinator, path) == [("marking", "machines", 15, 0)]
    answer(state("GHA"), path, "r3", answer="decline", reason="we do it alone")
    assert ledger(coordinator, path) == [("marking", "machines", 11, 0)]
    allied.hears(request_event("r2", 2, country="BEN", status="withdrawn"))
    assert coordinator.get(path).json["status"] == "dissolved"
    assert ledger(coordinator, path) == [("marking", "machines", 0, 0)]


def test_a_joint_commitment_takes_from_the_alliance_too(joint: str, coordinator: Caller) -> None:
    made = commit(coordinator, joint, "r1", 3)
    assert made.status_code == 201, made.text
    assert {line["side"]: line["quantity"] for line in made.json["lines"]} == {
        "request": 3,
        "offer": 3,
        "alliance": 3,
    }
    assert made.json["alliance"] == joint.rpartition("/")[2]
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 3)]
    assert coordinator.get(joint).json["commitments"] == [made.json["id"]]
    released = coordinator.post(f"/v1/commitments/{made.json['id']}/release")
    assert released.json["status"] == "released"
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 0)]
    assert coordinator.get(joint).json["commitments"] == []


def test_accepting_an_allocation_commits_a_joint_project_for_the_alliances_sake(
    path: str, coordinator: Caller, state: Callable[[str], Caller], clock: Clock
) -> None:
    joint, alliance = path, path.rpartition("/")[2]
    endorse(coordinator, path)
    for alpha3, request in (("SEN", "r1"), ("BEN", "r2")):
        answer(state(alpha3), path, request, answer="agree")
    found = coordinator.get("/v1/allocation", without="r3").json
    shown = {one["proposal"]: one["alliance"] for one in found["first_commitments"]}
    assert shown == {"r1.o1": alliance, "r2.o1": alliance}
    accepted = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    assert (accepted.json["status"], accepted.json["held"]) == ("accepted", 2), accepted.text
    assert {one.match: one.alliance for one in Commitment.objects(status="held")} == shown
    assert {one["commitment"] for one in found["first_commitments"]} == set(
        coordinator.get(joint).json["commitments"]
    )
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 8)]
    assert commitments.expire(clock.now + HELD) == 2
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 0)]
    assert Alliance.objects.get(id=alliance).holds == []


def test_what_is_given_for_its_sake_keeps_within_one_ceiling(
    allied: Allied, joint: str, coordinator: Caller
) -> None:
    """A machine is worth 42,000 dollars: a project is given five of them, whoever gets them."""
    ceiling = {"ceiling_cents": 21_000_000, "ceiling_currency": "USD"}
    machines = provision(1, capacity=100, amount_cents=420_000_000, currency="USD")
    allied.hears(offer_event("o1", 2, provisions=[machines], **ceiling))
    alliance = Alliance.objects.get(id=joint.rpartition("/")[2])

    def one(number: int) -> str:
        record = f"r{1 + number % 2}"
        lines = [commitment_line("request", record, 1_000), commitment_line("offer", "o1", 1_000)]
        lines += joint_lines(alliance, lines)
        match, actor = Match.objects.get(id=f"{record}.o1"), Actor("coordinator")
        commitments.begin(f"c{number}", match, lines, None, actor, NOW, alliance=alliance.id)
        return str(commitments.finish(f"c{number}", NOW).status)

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(one, range(8)))
    assert outcomes == {"held": 5, "refused": 3}
    above = commit(coordinator, joint, "r2", 1)
    assert (above.status_code, above.json["type"].rpartition(":")[2]) == (409, "ceiling")
    (limit,) = situation(NOW.date()).pools
    assert (limit.requests, limit.limit) == (("r1", "r2"), 0)


WORTH = provision(1, capacity=100, amount_cents=420_000_000, currency="USD")
"""Machines that are worth 42,000 dollars each."""


def drawn_from_projects() -> dict[str, int]:
    """What calls give to projects, in machines of WORTH."""
    lines = LedgerLine.objects(side="project")
    return {line.record.removeprefix("call."): line.held // 4_200_000 for line in lines}


def test_a_call_gives_an_alliance_as_to_one_project(
    allied: Allied, joint: str, coordinator: Caller
) -> None:
    """Five machines a project: whoever of the alliance gets them, by whichever offer."""
    alliance = Alliance.objects.get(id=joint.rpartition("/")[2])
    allied.hears(
        call_event("call", fund_cents=10**9, ceiling_cents=21_000_000),
        *(offer_event(one, 2, provisions=[WORTH], call="call") for one in ("o1", "o2")),
    )
    coordinator.agreed("r1.o2", "r2.o2")

    def one(number: int) -> str:
        record, offer = f"r{1 + number % 2}", f"o{1 + number // 2 % 2}"
        lines = [commitment_line("request", record, 1_000), commitment_line("offer", offer, 1_000)]
        view = RecordView.objects.get(id=f"offer:{offer}")
        lines += drawn_lines(view, [record, alliance.id], lines, None, NOW.date())
        lines += joint_lines(alliance, lines)
        match, actor = Match.objects.get(id=f"{record}.{offer}"), Actor("coordinator")
        commitments.begin(f"c{number}", match, lines, None, actor, NOW, alliance=alliance.id)
        return str(commitments.finish(f"c{number}", NOW).status)

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(one, range(8)))
    assert outcomes == {"held": 5, "refused": 3}
    drawn = drawn_from_projects()
    assert (drawn[alliance.id], drawn["r1"] + drawn["r2"]) == (5, 5)
    open_still = min(("r1", "r2"), key=drawn.__getitem__)
    above = commit(coordinator, joint, open_still, 1)
    assert (above.status_code, above.json["type"].rpartition(":")[2]) == (409, "not-enough-left")
    assert "project" in above.json["detail"]
    limits = {one.id: (one.requests, one.limit) for one in situation(NOW.date()).pools}
    assert limits[f"call.{alliance.id}"] == (("r1", "r2"), 0)
    allied.hears(call_event("call", 2, fund_cents=10**9, ceiling_cents=25_200_000))
    made = commit(coordinator, joint, open_still, 1)
    assert (made.status_code, drawn_from_projects()[alliance.id]) == (201, 6), made.text
    coordinator.post(f"/v1/commitments/{made.json['id']}/release")
    assert drawn_from_projects()[alliance.id] == 5


@pytest.mark.parametrize(("ceiling", "met", "is_joint"), [(5, 5, False), (8, 8, True)])
def test_an_allocation_keeps_an_alliance_within_a_calls_ceiling(
    allied: Allied,
    path: str,
    coordinator: Caller,
    state: Callable[[str], Caller],
    *,
    ceiling: int,
    met: int,
    is_joint: bool,
) -> None:
    alliance = path.rpartition("/")[2]
    endorse(coordinator, path)
    for alpha3, request in (("SEN", "r1"), ("BEN", "r2")):
        answer(state(alpha3), path, request, answer="agree")
    allied.hears(
        call_event("call", fund_cents=10**9, ceiling_cents=ceiling * 4_200_000),
        *(offer_event(one, 2, provisions=[WORTH], call="call") for one in ("o1", "o2")),
    )
    found = coordinator.get("/v1/allocation", without="r3").json
    pairs = found["first_commitments"]
    given = sum(
        line["quantity"] for one in pairs for line in one["lines"] if line["side"] == "offer"
    )
    assert (given, {one["alliance"] for one in pairs}) == (met, {alliance if is_joint else None})
    accepted = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    assert accepted.json["status"] == "accepted", accepted.text
    assert drawn_from_projects().get(alliance) == (met if is_joint else None)


def test_who_has_not_agreed_is_committed_nothing_for_its_sake(
    joint: str, coordinator: Caller
) -> None:
    refused = commit(coordinator, joint, "r3", 1)
    assert (refused.status_code, refused.json["type"].rpartition(":")[2]) == (409, "not-agreed")
    for alliance in ("none", "66f0000000000000000000ff"):
        unknown = commit(coordinator, joint, "r1", 1, alliance=alliance)
        assert unknown.status_code == 422
        assert unknown.json["errors"][0]["field"] == "alliance"
    not_common = commit(coordinator, joint, "r1", 1, line=2)
    assert (not_common.status_code, not_common.json["errors"][0]["code"]) == (422, "not-common")
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 0)]
    assert not Commitment.objects


def test_no_joint_commitment_goes_above_it_under_concurrency(
    joint: str, coordinator: Caller
) -> None:
    alliance = Alliance.objects.get(id=joint.rpartition("/")[2])
    # What one request asks for is raised in the ledger alone: so it is the alliance that limits.
    for record in ("r1", "r2"):
        limits = [LineLimit(1, "quantity", "machines", 50_000)]
        set_limits([Limits("request", record, Version(9, 1), True, limits)], NOW)

    def one(number: int) -> str:
        record = f"r{1 + number % 2}"
        match = Match.objects.get(id=f"{record}.o1")
        lines = [commitment_line("request", record, 1_000), commitment_line("offer", "o1", 1_000)]
        lines += joint_lines(alliance, lines)
        id_ = f"c{number}"
        commitments.begin(id_, match, lines, None, Actor("coordinator"), NOW, alliance=alliance.id)
        return str(commitments.finish(id_, NOW).status)

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(one, range(24)))
    assert outcomes == {"held": 8, "refused": 16}
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 8)]
    assert len(coordinator.get(joint).json["commitments"]) == 8


def test_a_member_that_withdraws_after_it_was_endorsed_takes_its_commitments_along(
    allied: Allied, joint: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    answer(state("GHA"), joint, "r3", answer="agree")
    kept, gone = (commit(coordinator, joint, request, 2).json["id"] for request in ("r1", "r2"))
    allied.hears(request_event("r2", 2, country="BEN", status="withdrawn"))
    assert coordinator.get(joint).json["status"] == "agreed"
    assert Commitment.objects.get(id=kept).status == "held"
    assert Commitment.objects.get(id=gone).status == "released"
    assert ledger(coordinator, joint) == [("marking", "machines", 8, 2)]
    review_cases(NOW)
    assert coordinator.items("/v1/ledger/cases") == []


def test_a_member_that_leaves_at_the_same_moment_is_committed_nothing(
    joint: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    alliance = Alliance.objects.get(id=joint.rpartition("/")[2])
    match = Match.objects.get(id="r2.o1")
    lines = [commitment_line("request", "r2", 1_000), commitment_line("offer", "o1", 1_000)]
    lines += joint_lines(alliance, lines)
    actor = Actor("coordinator")
    commitments.begin("c1", match, lines, None, actor, NOW, alliance=alliance.id)

    def declines(name: str) -> None:
        if name == "join the alliance":
            answer(state("BEN"), joint, "r2", answer="decline", reason="we do it alone")

    refused = commitments.finish("c1", NOW, declines)
    assert (refused.status, "agreed" in refused.refusal) == ("refused", True)
    assert all(held == 0 for *_, held in ledger(coordinator, joint))
    assert LedgerLine.objects(held__gt=0).count() == 0


@pytest.mark.parametrize("place", ["join the alliance", "leave the alliance"])
def test_a_crash_beside_the_alliances_write_is_made_good(
    joint: str, coordinator: Caller, place: str
) -> None:
    class CrashError(Exception):
        pass

    def crash(name: str) -> None:
        if name == place:
            raise CrashError

    alliance = Alliance.objects.get(id=joint.rpartition("/")[2])
    lines = [commitment_line("request", "r1", 1_000), commitment_line("offer", "o1", 1_000)]
    lines += joint_lines(alliance, lines)
    match, actor = Match.objects.get(id="r1.o1"), Actor("coordinator")
    commitments.begin("c1", match, lines, None, actor, NOW, alliance=alliance.id)
    with suppress(CrashError):
        commitments.finish("c1", NOW, crash)
    if place == "leave the alliance":
        commitments.start_release("c1", None, actor, NOW)
        with suppress(CrashError):
            commitments.finish("c1", NOW, crash)
    commitments.recover(NOW + commitments.GRACE)
    noted = [hold.commitment for hold in Alliance.objects.get(id=alliance.id).holds]
    assert noted == (["c1"] if place == "join the alliance" else [])
    held = 1 if noted else 0
    assert ledger(coordinator, joint) == [("marking", "machines", 8, held)]


def test_what_is_committed_for_its_sake_is_given_back_when_it_dissolves(
    allied: Allied, joint: str, coordinator: Caller
) -> None:
    made = commit(coordinator, joint, "r1", 1).json["id"]
    allied.hears(
        request_event("r2", 2, country="BEN", status="withdrawn"),
        request_event("r3", 2, country="GHA", status="withdrawn"),
    )
    seen = coordinator.get(joint).json
    assert (seen["status"], seen["cause"]) == ("dissolved", "withdrawn")
    assert Commitment.objects.get(id=made).status == "released"
    late = commit(coordinator, joint, "r1", 1)
    assert late.status_code == 409


def test_until_all_have_agreed_states_are_told_of_others_by_theme_and_kind_alone(
    joint: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    seen = state("SEN").get(joint)
    assert seen.json["status"] == "endorsed"
    for other in ("r2", "r3"):
        assert f'"{other}"' not in seen.text
        assert state("SEN").items("/v1/alliances", request=other) == []
    assert len(state("SEN").items("/v1/alliances", request="r1")) == 1
    members = {one["country"]: one for one in seen.json["members"]}
    assert {country: one["request"] for country, one in members.items()} == {
        "SEN": "r1",
        "BEN": None,
        "GHA": None,
    }
    assert members["SEN"]["adds"] == [{"line": 2, "theme": "tracing", "kind": "training"}]
    (common,) = seen.json["common"]
    assert (common["theme"], common["states"]) == ("marking", ["BEN", "GHA", "SEN"])
    assert common["lines"] == [{"request": "r1", "line": 1}]
    assert (common["quantities"], common["amount"], common["unpriced_lines"]) == ([], None, None)
    assert "12" not in common["sentence"]
    assert (seen.json["saving"], seen.json["ledger"]) == (None, [])
    assert {(one["part"], one["whole"], one["worth"]) for one in seen.json["offers"]} == {
        (None, None, None)
    }
    from_ghana = {one["country"]: one for one in state("GHA").get(joint).json["members"]}
    assert from_ghana["SEN"]["adds"] == [{"line": None, "theme": "tracing", "kind": "training"}]
    (listed,) = state("SEN").items("/v1/alliances")
    assert {one["request"] for one in listed["members"]} == {"r1", None}
    assert coordinator.get(joint).json["common"][0]["amount"] == 504_000.0


def test_once_all_have_agreed_members_see_it_whole_and_who_declined_does_not(
    joint: str, coordinator: Caller, state: Callable[[str], Caller]
) -> None:
    answer(state("GHA"), joint, "r3", answer="decline", reason="we do it alone")
    seen = state("SEN").get(joint).json
    assert seen["status"] == "agreed"
    assert {one["request"] for one in seen["members"]} == {"r1", "r2", "r3"}
    assert seen["common"][0]["amount"] == coordinator.get(joint).json["common"][0]["amount"]
    assert ledger(state("SEN"), joint) == [("marking", "machines", 8, 0)]
    outside = state("GHA").get(joint).json
    assert {one["request"] for one in outside["members"]} == {None, "r3"}
    assert outside["saving"] is None
