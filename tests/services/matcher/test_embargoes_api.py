"""The register of arms embargoes over HTTP, and what it does to proposals and commitments."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher import embargo_warnings, embargo_watch
from services.matcher.actors import MATCHER
from services.matcher.commitments import begin, finish
from services.matcher.documents import Commitment, Match
from services.matcher.embargo_documents import Embargo
from services.matcher.embargoes import load
from services.matcher.ledger_documents import LedgerLine
from shared.events.envelope import check
from shared.web.identity import Identity
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import (
    commitment_line,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.matcher.world import Caller, World, received
from tests.services.written import reads

DONOR = "66f0000000000000000000d1"
OTHERS = ["training", "expertise", "infrastructure", "funding"]
COURSE = {"kind": "training", "unit": "persons", "quantity": 20}


def body(**fields: Any) -> dict[str, Any]:
    """An embargo on Senegal, here for the sake of the example, that bars equipment."""
    usual = {
        "country": "SEN",
        "resolution": "S/RES/0000 (2020)",
        "allowed": OTHERS,
        "from": "2020-01-01",
        "source": "made up for the tests",
        "stated_on": "2026-01-01",
        "reason": "The tests need one.",
    }
    return {**usual, **fields}


def exempting(clock: Clock, days: int = 10, **fields: Any) -> dict[str, Any]:
    """An exemption of equipment for so many days."""
    first = clock.now.date() - timedelta(days=30)
    usual = {
        "reference": "SC/EX/0001",
        "kinds": ["equipment"],
        "from": first.isoformat(),
        "to": (clock.now.date() + timedelta(days=days)).isoformat(),
    }
    return {**usual, **fields}


@pytest.fixture
def market(world: World, coordinator: Caller, remembered: Callable[..., World]) -> World:
    """A request for machines and a course, an offer of each, and a match of the machines."""
    lines = [need(1), need(2, **COURSE)]
    course = provision(1, kind="training", unit="persons", capacity=40)

    def make() -> World:
        world.hears(
            [
                request_event("r1", needs=lines),
                offer_event("machines"),
                offer_event("course", provisions=[course]),
            ]
        )
        coordinator.agreed("r1.machines")
        return world

    return remembered("market", make)


def enter(caller: Caller, **fields: Any) -> TestResponse:
    answer = caller.post("/v1/embargoes", body(**fields))
    assert answer.status_code == 201, answer.text
    return answer


def follow(world: World) -> None:
    """Let the worker's index hear of the register, as by its events, and rank."""
    for one in Embargo.objects:
        check(one.event())
        world.feed.apply(received(one.event()))
    world.ranks()


def amend(caller: Caller, answer: TestResponse, **fields: Any) -> TestResponse:
    return caller._client.put(
        f"/v1/embargoes/{answer.json['id']}",
        json=body(**fields),
        headers={**caller._headers, "If-Match": answer.headers["ETag"]},
    )


def commit_machines(at: Clock, id_: str = "c1") -> Commitment:
    """Commit a machine under the stored match, past whatever the API checks first."""
    lines = [commitment_line(side, record, 1000) for side, record in SIDES]
    begin(id_, Match.objects.get(id="r1.machines"), lines, None, MATCHER, at.now)
    return finish(id_, at.now)


SIDES = (("request", "r1"), ("offer", "machines"))


def test_who_when_and_why_are_kept(coordinator: Caller, call: Callable[..., Caller]) -> None:
    entered = enter(coordinator)
    path = entered.headers["Location"]
    assert entered.json["status"] == "confirmed"
    assert entered.json["in_force"]
    changed = amend(coordinator, entered, allowed=["training"], reason="Read again.")
    assert (changed.status_code, changed.json["allowed"]) == (200, ["training"])
    stale = amend(coordinator, entered, allowed=[])
    assert stale.status_code == 412
    ended = coordinator.post(
        f"{path}/end", {"on": "2025-12-31", "reason": "Lifted."}, changed.headers["ETag"]
    )
    assert (ended.status_code, ended.json["to"], ended.json["in_force"]) == (
        200,
        "2025-12-31",
        False,
    )
    told = [(one["action"], one["subject"], one["reason"]) for one in ended.json["changes"]]
    assert told == [
        ("record", "test", "The tests need one."),
        ("amend", "test", "Read again."),
        ("end", "test", "Lifted."),
    ]
    assert [one["action"] for one in ended.json["history"]] == ["record", "confirm", "amend", "end"]
    assert amend(coordinator, ended).status_code == 409
    assert call("donor", organisation=DONOR).get(path).json["changes"] == []


def test_a_subject_that_is_an_address_is_kept_nowhere(call: Callable[..., Caller]) -> None:
    entered = enter(call("coordinator", subject="qzvexor@state.example"))
    (change,) = entered.json["changes"]
    assert change["subject"].startswith("sha256:")
    assert "qzvexor" not in str(Embargo.objects.get(id=entered.json["id"]).to_mongo())


def test_a_repeat_with_its_key_enters_once_and_another_is_told_of_it(coordinator: Caller) -> None:
    first = coordinator.post("/v1/embargoes", body(), key="k")
    again = coordinator.post("/v1/embargoes", body(), key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    other = coordinator.post("/v1/embargoes", body(resolution="s/res/0000  (2020)"))
    assert (other.status_code, first.json["id"] in other.json["detail"]) == (409, True)
    assert other.json["existing"] == first.json["id"]
    assert Embargo.objects.count() == 1


def test_of_two_who_change_it_at_once_one_is_told(coordinator: Caller) -> None:
    entered = enter(coordinator)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: amend(coordinator, entered, reason=f"{n}"), range(4)))
    assert sorted(answer.status_code for answer in found) == [200, 412, 412, 412]
    assert len(Embargo.objects.get().changes) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"country": "XXX"}, "country"),
        ({"resolution": " "}, "resolution"),
        ({"allowed": ["weapons"]}, "allowed[0]"),
        ({"to": "2019-12-31"}, "to"),
        ({"reason": None}, "reason"),
        ({"more": 1}, "more"),
        (
            {
                "exemptions": [
                    {"reference": "x", "kinds": [], "from": "2020-01-01", "to": "2020-02-01"}
                ]
            },
            "exemptions[0].kinds",
        ),
        (
            {
                "exemptions": [
                    {
                        "number": "7",
                        "reference": "x",
                        "kinds": ["training"],
                        "from": "2020-01-01",
                        "to": "2020-02-01",
                    }
                ]
            },
            "exemptions[0].number",
        ),
    ],
)
def test_bad_input_is_named(coordinator: Caller, fields: dict[str, Any], field: str) -> None:
    answer = coordinator.post("/v1/embargoes", body(**fields))
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json["errors"]]
    assert Embargo.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "bound"),
    [
        ("requester", {"state": "SEN"}),
        ("donor", {"organisation": DONOR}),
        ("auditor", {}),
        ("operator", {}),
        ("coordinator", {"regions": frozenset({"Caribbean"})}),
    ],
)
def test_only_coordinators_of_the_state_write(
    call: Callable[..., Caller], coordinator: Caller, role: str, bound: dict[str, Any]
) -> None:
    entered = enter(coordinator)
    caller = call(role, **bound)
    assert caller.post("/v1/embargoes", body(resolution="another")).status_code == 403
    assert amend(caller, entered).status_code == 403
    for step in ("end", "confirmation"):
        path = f"{entered.headers['Location']}/{step}"
        assert caller.post(path, {"reason": "x"}, entered.headers["ETag"]).status_code == 403
    assert caller.get(entered.headers["Location"]).status_code == 200


def test_lists_are_filtered(coordinator: Caller) -> None:
    enter(coordinator)
    enter(coordinator, resolution="over", to="2021-01-01")
    enter(coordinator, country="KEN")
    assert len(coordinator.items("/v1/embargoes")) == 3
    assert len(coordinator.items("/v1/embargoes", state="SEN")) == 2
    assert len(coordinator.items("/v1/embargoes", state="SEN", on="2022-01-01")) == 1
    assert coordinator.items("/v1/embargoes", status="ended") == []


def test_a_barred_line_is_not_served_and_told(
    market: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    before = {one["id"] for one in coordinator.items("/v1/proposals", request="r1")}
    assert before == {"r1.machines", "r1.course"}
    enter(coordinator)
    follow(market)
    shown = {one["id"]: one for one in coordinator.items("/v1/proposals", request="r1")}
    (notice,) = shown["r1.course"]["embargoes"]
    assert (notice["code"], notice["needs"], notice["kinds"]) == ("bars-lines", [1], ["equipment"])
    assert "S/RES/0000 (2020)" in notice["sentence"]
    assert shown["r1.machines"]["rank"] is None  # acted on before, and listed no more
    state = call("requester", state="SEN")
    ruling = state.get("/v1/embargoes/rulings/r1", language="ar").json
    assert [(one["line"], one["permitted"]) for one in ruling["lines"]] == [(1, False), (2, True)]
    assert ruling["notices"][0]["sentence"].startswith("يحظر")
    assert call("requester", state="KEN").get("/v1/embargoes/rulings/r1").status_code == 404


def test_a_request_that_is_barred_as_a_whole_says_so_and_until_when(
    market: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    enter(coordinator, allowed=[], to="2099-12-31")
    follow(market)
    ruling = call("requester", state="SEN").get("/v1/embargoes/rulings/r1").json
    assert not ruling["permitted"]
    (notice,) = ruling["notices"]
    assert (notice["code"], notice["needs"], notice["to"]) == ("bars-lines", [1, 2], "2099-12-31")


def test_an_exemption_of_a_request_is_told_without_a_proposal_that_would_fall(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    enter(coordinator, exemptions=[exempting(clock)])
    follow(market)
    (of_request,) = coordinator.get("/v1/embargoes/rulings/r1").json["notices"]
    assert of_request["sentence"].endswith("after that day this help is barred again.")
    shown = {one["id"]: one for one in coordinator.items("/v1/proposals", request="r1")}
    (of_pair,) = shown["r1.machines"]["embargoes"]
    assert of_pair["sentence"].endswith("after that day this proposal falls.")
    assert of_pair["to"] is None


def test_an_entry_says_in_words_what_it_bars_today(coordinator: Caller, clock: Clock) -> None:
    one_of_it = exempting(clock, request="r1")
    enter(coordinator, allowed=[], to="2099-12-31", exemptions=[one_of_it])
    enter(coordinator, resolution="over", to="2021-01-01")
    found = coordinator.items("/v1/embargoes", state="SEN")
    told = {one["resolution"]: one["notices"] for one in found}
    assert told["over"] == []
    (notice,) = told["S/RES/0000 (2020)"]
    assert (notice["code"], len(notice["kinds"]), notice["to"]) == ("bars-kinds", 5, "2099-12-31")
    assert notice["sentence"] == "The arms embargo under S/RES/0000 (2020) bars every kind of help."
    (again,) = coordinator.items("/v1/embargoes", state="SEN", on="2099-01-01", language="ar")
    assert again["notices"][0]["sentence"].startswith("يحظر")


def test_an_entry_tells_what_is_exempted_only_to_those_who_may_know(
    coordinator: Caller, call: Callable[..., Caller], clock: Clock
) -> None:
    path = enter(coordinator, exemptions=[exempting(clock)]).headers["Location"]
    for reader in (coordinator, call("requester", state="SEN")):
        (notice,) = reader.get(path).json["notices"]
        assert (notice["code"], notice["reference"]) == ("exempts", "SC/EX/0001")
    for reader in (call("donor", organisation=DONOR), call("requester", state="KEN")):
        (notice,) = reader.get(path).json["notices"]
        assert (notice["code"], notice["kinds"]) == ("bars-kinds", ["equipment"])
        assert notice["reference"] is None


def test_an_allocation_says_why_a_barred_need_stays_open(
    market: World, coordinator: Caller
) -> None:
    enter(coordinator)
    follow(market)
    found = coordinator.get("/v1/allocation").json
    assert [one["proposal"] for one in found["first_commitments"]] == ["r1.course"]
    (left,) = [one for one in found["first_unmet"] if one["line"] == 1]
    assert left["reason"] == "embargo"
    assert "embargo" in left["sentence"]


def test_a_state_under_no_embargo_is_told_nothing(market: World, coordinator: Caller) -> None:
    enter(coordinator, country="KEN")
    follow(market)
    assert all(not one["embargoes"] for one in coordinator.items("/v1/proposals", request="r1"))
    assert coordinator.get("/v1/embargoes/rulings/r1").json["notices"] == []


def test_what_was_proposed_before_is_refused_with_the_reference(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    fresh = coordinator.get("/v1/proposals/r1.course").headers["ETag"]
    enter(coordinator)
    refused = commit_machines(clock)
    assert refused.status == "refused"
    assert "S/RES/0000 (2020)" in refused.refusal
    assert "equipment" in refused.refusal
    assert refused.because == {"code": "embargo"}
    assert {line.held for line in LedgerLine.objects} == {0}
    enter(coordinator, resolution="S/RES/0001 (2020)", allowed=[])
    decided = coordinator.post("/v1/proposals/r1.course/decision", {"decision": "endorse"}, fresh)
    assert (decided.status_code, decided.json["type"].split(":")[-1]) == (409, "embargo")
    assert "S/RES/0001 (2020)" in decided.json["detail"]
    rejected = coordinator.post(
        "/v1/proposals/r1.course/decision", {"decision": "reject", "reason": "barred"}, fresh
    )
    assert rejected.status_code == 200


def test_under_an_exemption_it_goes_until_the_exemption_expires(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    enter(coordinator, exemptions=[exempting(clock, request="r1")])
    market.feed.advance(clock.now.date())
    follow(market)
    shown = coordinator.get("/v1/proposals/r1.machines").json
    (notice,) = shown["embargoes"]
    assert (notice["code"], notice["reference"]) == ("exempts", "SC/EX/0001")
    assert "SC/EX/0001" in notice["sentence"]
    assert shown["rank"] in (1, 2)
    held = commit_machines(clock)
    assert held.status == "held"
    clock.now += timedelta(days=10)
    assert embargo_watch.sweep(clock.now) == 0
    clock.now += timedelta(days=1)
    assert embargo_watch.sweep(clock.now) == 1
    assert embargo_watch.sweep(clock.now) == 0
    fallen = Commitment.objects.get(id="c1")
    check(fallen.event())
    assert (fallen.status, "S/RES/0000 (2020)" in fallen.refusal) == ("released", True)
    assert [step.action for step in fallen.history][-2:] == ["bar", "finish"]
    assert {line.held for line in LedgerLine.objects} == {0}
    market.feed.advance(clock.now.date())
    market.ranks()
    clock.now -= timedelta(days=11)  # for the token, which is of today
    after = {one["id"]: one for one in coordinator.items("/v1/proposals", request="r1")}
    assert after["r1.course"]["rank"] == 1
    assert after.get("r1.machines", {"rank": None})["rank"] is None


def test_donor_and_state_are_warned_a_month_and_a_week_before_an_exemption_ends(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    def warned(id_: str = "r1.machines") -> list[str]:
        match = Match.objects.get(id=id_)
        check(match.event())
        return [step.reason for step in match.history if step.action == "warn"]

    coordinator.agreed("r1.course")
    last = clock.now.date() + timedelta(days=40)
    entered = enter(coordinator, exemptions=[exempting(clock, days=40, request="r1")])
    beginning = clock.now
    assert embargo_warnings.sweep(clock.now) == 0
    for day, expected in (
        (10, [f"ends-{last}-30"]),
        (20, [f"ends-{last}-30"]),
        (33, [f"ends-{last}-30", f"ends-{last}-7"]),
        (40, [f"ends-{last}-30", f"ends-{last}-7"]),
    ):
        clock.now = beginning + timedelta(days=day)
        before = len(warned())
        assert embargo_warnings.sweep(clock.now) == len(expected) - before
        assert embargo_warnings.sweep(clock.now) == 0
        assert warned() == expected
    assert warned("r1.course") == []  # the embargo allows it anyway
    # An exemption that is made longer ends on another day, and is warned of by that.
    clock.now = beginning
    kept = {**exempting(clock, days=60, request="r1"), "number": "1"}
    assert amend(coordinator, entered, exemptions=[kept]).status_code == 200
    clock.now = beginning + timedelta(days=58)
    assert embargo_warnings.sweep(clock.now) == 1
    assert warned()[-1] == f"ends-{last + timedelta(days=20)}-7"
    clock.now = beginning


def test_what_is_committed_under_an_exemption_is_warned_of_too(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    enter(coordinator, exemptions=[exempting(clock, days=5)])
    assert commit_machines(clock).status == "held"
    assert embargo_warnings.sweep(clock.now) == 1
    match = Match.objects.get(id="r1.machines")
    assert (match.status, match.history[-1].action) == ("committed", "warn")


def test_a_proposal_that_is_barred_falls_and_comes_back(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    entered = enter(coordinator)
    embargo_watch.sweep(clock.now)
    embargo_watch.sweep(clock.now)
    fallen = Match.objects.get(id="r1.machines")
    check(fallen.event())
    assert [(one.action, one.reason) for one in fallen.history][-1] == ("fall", "embargo")
    assert fallen.status == "fallen"
    path = entered.headers["Location"]
    yesterday = (clock.now.date() - timedelta(days=1)).isoformat()
    ended = {"on": yesterday, "reason": "Lifted."}
    assert coordinator.post(f"{path}/end", ended, entered.headers["ETag"]).status_code == 200
    embargo_watch.sweep(clock.now)
    assert Match.objects.get(id="r1.machines").status == "proposed"


def test_a_sweep_that_finds_nothing_reads_as_often_for_many_as_for_one(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    enter(coordinator, exemptions=[exempting(clock, days=10)])
    commit_machines(clock)

    def read() -> list[str]:
        with reads() as found:
            assert embargo_watch.sweep(clock.now) == 0
        return found

    of_one = read()
    for collection, id_ in ((Commitment, "c1"), (Match, "r1.machines")):
        stored = collection._get_collection()
        one = stored.find_one({"_id": id_})
        stored.insert_many([{**one, "_id": f"{id_}{number}"} for number in range(30)])
    assert read() == of_one
    assert len(of_one) < 8


def test_what_fell_for_another_reason_stays_fallen(
    market: World, coordinator: Caller, clock: Clock
) -> None:
    market.hears([offer_event("machines", 2, status="withdrawn")])
    before = Match.objects.get(id="r1.machines")
    assert before.status == "fallen"
    enter(coordinator, country="SEN")
    embargo_watch.sweep(clock.now)
    assert Match.objects.get(id="r1.machines").version == before.version


def test_an_exemption_keeps_its_number_when_others_come_and_go(
    coordinator: Caller, clock: Clock
) -> None:
    first = enter(coordinator, exemptions=[exempting(clock), exempting(clock, reference="two")])
    assert [one["number"] for one in first.json["exemptions"]] == ["1", "2"]
    kept = exempting(clock, number="2", reference="two")
    second = amend(coordinator, first, exemptions=[kept, exempting(clock, reference="three")])
    told = [(one["number"], one["reference"]) for one in second.json["exemptions"]]
    assert told == [("2", "two"), ("3", "three")]


def test_a_list_is_entered_once_and_waits_for_a_coordinator(
    coordinator: Caller, clock: Clock
) -> None:
    loader = Identity("a loader", "operator")
    listed = {
        **{name: value for name, value in body().items() if name not in ("from", "stated_on")},
        "from": clock.now.date(),
        "stated_on": clock.now.date(),
        "to": None,
        "review_by": None,
        "exemptions": [],
    }
    assert load([listed], loader, clock.now) == (1, 0)
    (entry,) = coordinator.items("/v1/embargoes", status="unconfirmed")
    path, tag = f"/v1/embargoes/{entry['id']}", f'"{entry["version"]}"'
    confirmed = coordinator.post(f"{path}/confirmation", {"reason": "Checked."}, tag)
    assert (confirmed.status_code, confirmed.json["status"]) == (200, "confirmed")
    again = coordinator.post(
        f"{path}/confirmation", {"reason": "Again."}, confirmed.headers["ETag"]
    )
    assert again.status_code == 409
    assert load([listed], loader, clock.now) == (0, 1)
    assert coordinator.get(path).json["status"] == "confirmed"


def test_events_hold_no_text(coordinator: Caller, clock: Clock) -> None:
    secret = "a secret that nobody may hear"
    enter(
        coordinator,
        resolution=secret,
        source=secret,
        reason=secret,
        exemptions=[exempting(clock, reference=secret)],
    )
    assert secret not in str(Embargo.objects.get().event())
