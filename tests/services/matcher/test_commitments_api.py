"""Commitments and the ledger over HTTP."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.matcher import commitments
from services.matcher.commitments import expire
from services.matcher.documents import Commitment
from services.matcher.domain import convert
from services.matcher.ledger_documents import LedgerLine
from services.matcher.promises import commitment_lines
from services.matcher.proposals import find
from shared.web.identity import Identity
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

UNODA, NGO = "66f0000000000000000000d1", "66f0000000000000000000d2"
MONEY = {"capacity": None, "unit": None, "amount_cents": 5_000_000, "currency": "USD"}
BOTH = [{"side": "request", "line": 1, "quantity": 3}, {"side": "offer", "line": 1, "quantity": 3}]
PRICED = [
    {"side": "request", "line": 1, "quantity": 1},
    {"side": "offer", "line": 1, "amount": 20000, "currency": "USD"},
]


@pytest.fixture
def known(world: World, coordinator: Caller, remembered: Callable[..., World]) -> World:
    """A request with an open and a confidential line; machines offered, and money; agreed."""
    needs = [need(1, quantity=4), need(2, quantity=2, confidential=True)]
    funds = [provision(1, kind="funding", **MONEY)]

    def make() -> World:
        world.hears(
            [
                request_event("r1", needs=needs),
                offer_event("o1"),
                offer_event("o2", organisation=NGO, provisions=funds),
                offer_event("o3", organisation=NGO),
            ]
        )
        coordinator.agreed("r1.o1", "r1.o2")
        return world

    return remembered("known", make)


def ledger(caller: Caller, record: str) -> dict[tuple[int, str], tuple[float, float]]:
    """Held and free of each line, by number and unit."""
    items = caller.items("/v1/ledger", record=record)
    return {(item["line"], item["unit"]): (item["held"], item["free"]) for item in items}


def test_a_commitment_takes_from_both_sides(known: World, coordinator: Caller) -> None:
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH})
    assert answer.status_code == 201, answer.text
    body = answer.json
    assert (body["status"], body["proposal"]) == ("held", "r1.o1")
    assert [(l["side"], l["quantity"], l["amount"]) for l in body["lines"]] == [  # noqa: E741
        ("request", 3, None),
        ("offer", 3, None),
    ]
    assert ledger(coordinator, "r1")[1, "machines"] == (3, 1)
    assert ledger(coordinator, "o1")[1, "machines"] == (3, 7)
    assert coordinator.get(answer.headers["Location"]).json == body
    assert coordinator.get("/v1/proposals/r1.o1").json["status"] == "committed"
    (listed,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert listed["id"] == body["id"]
    (hold,) = coordinator.items("/v1/ledger", record="o1")[0]["holds"]
    assert hold == {"commitment": body["id"], "amount": 3}


@pytest.mark.parametrize("key", [None, "a key"])
@pytest.mark.usefixtures("repeated_inserts")
def test_a_commitment_whose_insert_the_driver_repeats_is_made(
    known: World, coordinator: Caller, key: str | None
) -> None:
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH}, key=key)
    assert answer.status_code == 201, answer.text
    assert answer.json["status"] == "held"
    assert Commitment.objects.count() == 1
    assert ledger(coordinator, "r1")[1, "machines"] == (3, 1)


def test_money_may_meet_machines_and_both_are_said(known: World, coordinator: Caller) -> None:
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o2", "lines": PRICED})
    assert answer.status_code == 201, answer.text
    assert ledger(coordinator, "o2")[1, "USD"] == (20_000, 30_000)
    assert ledger(coordinator, "r1")[1, "machines"] == (1, 3)


def test_other_currencies_are_converted_at_a_dated_rate(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    lines = [PRICED[0], {**PRICED[1], "currency": "EUR"}]
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o2", "lines": lines})
    taken = answer.json["lines"][1]
    assert (taken["unit"], taken["given_amount"], taken["given_currency"]) == ("USD", 20000, "EUR")
    assert taken["rate_date"] == clock.now.date().isoformat()
    assert taken["amount"] != 20000
    assert ledger(coordinator, "o2")[1, "USD"][0] == taken["amount"]


def test_a_rate_is_that_of_the_day_and_stays_with_the_commitment(known: World) -> None:
    proposal = find("r1.o2", Identity("test", "coordinator", None, None))
    assert proposal is not None
    sent = [
        {**PRICED[0], "quantity": Decimal(1), "amount": None, "currency": None},
        {**PRICED[1], "quantity": None, "amount": Decimal(1000), "currency": "EUR"},
    ]
    days = (date(2026, 3, 5), date(2024, 9, 2))
    taken = [commitment_lines(proposal, sent, day)[1] for day in days]
    for day, line in zip(days, taken, strict=True):
        assert (line.unit, line.amount) == ("USD", convert(100_000, "EUR", "USD", day))
        assert (line.given_cents, line.given_currency) == (100_000, "EUR")
        assert line.rate_date == day.isoformat()
    assert taken[0].amount != taken[1].amount


def test_money_without_a_rate_is_refused(known: World, coordinator: Caller) -> None:
    lines = [PRICED[0], {**PRICED[1], "currency": "AFN"}]
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o2", "lines": lines})
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("lines[1].currency", "no-rate")
    assert not any(line.held for line in LedgerLine.objects)


def test_machines_may_meet_a_need_of_money(world: World, coordinator: Caller) -> None:
    """The other way round: what is asked for in dollars is given in machines."""
    money = need(1, kind="funding", quantity=None, unit=None, amount_cents=5_000_000)
    world.hears([request_event("r", needs=[money]), offer_event("o")])
    coordinator.agreed("r.o")
    lines = [
        {"side": "request", "line": 1, "amount": 42_000, "currency": "USD"},
        {"side": "offer", "line": 1, "quantity": 1},
    ]
    for status in (201, 409):  # a second machine is more than is needed
        answer = coordinator.post("/v1/commitments", {"proposal": "r.o", "lines": lines})
        assert answer.status_code == status, answer.text
    assert ledger(coordinator, "r")[1, "USD"] == (42_000, 8_000)
    assert ledger(coordinator, "o")[1, "machines"] == (1, 9)


def test_nothing_can_be_committed_twice(known: World, coordinator: Caller) -> None:
    coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH})
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH})
    assert answer.status_code == 409
    assert answer.json["type"].endswith(":not-enough-left")
    assert "line 1 of request r1: not enough is left" in answer.json["detail"]
    assert "3 machines asked, 1 machine left" in answer.json["detail"]
    line = {"side": "request", "record": "r1", "line": 1, "measure": "quantity", "unit": "machines"}
    assert answer.json["shortage"] == {**line, "asked": 3, "left": 1}
    assert ledger(coordinator, "o1")[1, "machines"] == (3, 7)


def test_the_same_post_twice_commits_once(known: World, coordinator: Caller) -> None:
    body = {"proposal": "r1.o1", "lines": [{**line, "quantity": 1} for line in BOTH]}
    first = coordinator.post("/v1/commitments", body, key="k1")
    again = coordinator.post("/v1/commitments", body, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert Commitment.objects.count() == 1


def test_a_refused_post_may_be_tried_again_under_its_key(known: World, coordinator: Caller) -> None:
    holding = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH}).json["id"]
    body = {"proposal": "r1.o1", "lines": BOTH}
    for _ in range(2):
        assert coordinator.post("/v1/commitments", body, key="k1").status_code == 409
    coordinator.post(f"/v1/commitments/{holding}/release")
    assert coordinator.post("/v1/commitments", body, key="k1").status_code == 201
    assert ledger(coordinator, "r1")[1, "machines"] == (3, 1)


def test_a_post_whose_process_died_is_resumed_by_its_repeat(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = commitments.finish

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    body = {"proposal": "r1.o1", "lines": BOTH}
    with monkeypatch.context() as patch:
        patch.setattr(commitments, "finish", dies)
        assert coordinator.post("/v1/commitments", body, key="k1").status_code == 500
    assert commitments.finish is real
    answer = coordinator.post("/v1/commitments", body, key="k1")
    assert (answer.status_code, answer.json["status"]) == (201, "held")
    assert Commitment.objects.count() == 1


def test_what_a_sweep_finished_for_a_dead_process_is_told_to_its_repeat(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked anew, it would be above the ceiling that it itself uses up, in a closed request."""
    known.hears(
        [
            offer_event(
                "o2",
                2,
                organisation=NGO,
                provisions=[provision(1, kind="funding", **MONEY)],
                ceiling_cents=2_500_000,
                ceiling_currency="USD",
            )
        ]
    )

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    body = {"proposal": "r1.o2", "lines": PRICED}
    with monkeypatch.context() as patch:
        patch.setattr(commitments, "finish", dies)
        assert coordinator.post("/v1/commitments", body, key="k1").status_code == 500
    (begun,) = Commitment.objects
    commitments.recover(begun.updated_at, timedelta(0))
    known.hears([request_event("r1", 2, status="closed")])
    answer = coordinator.post("/v1/commitments", body, key="k1")
    assert (answer.status_code, answer.json["id"]) == (201, begun.id), answer.text
    assert answer.json["status"] == "held"
    assert Commitment.objects.count() == 1


def test_a_ceiling_without_a_rate_is_told(known: World, coordinator: Caller) -> None:
    known.hears(
        [
            offer_event(
                "o2",
                2,
                organisation=NGO,
                provisions=[provision(1, kind="funding", **MONEY)],
                ceiling_cents=2_500_000,
                ceiling_currency="AFN",
            )
        ]
    )
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o2", "lines": PRICED})
    assert (answer.status_code, answer.json["type"].split(":")[-1]) == (409, "ceiling")
    assert "no exchange rate of AFN" in answer.json["detail"]


def test_releasing_gives_back_and_may_be_repeated(known: World, coordinator: Caller) -> None:
    id_ = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH}).json["id"]
    for _ in range(2):
        answer = coordinator.post(f"/v1/commitments/{id_}/release")
        assert (answer.status_code, answer.json["status"]) == (200, "released")
    assert ledger(coordinator, "r1")[1, "machines"] == (0, 4)
    assert coordinator.get("/v1/proposals/r1.o1").json["status"] == "released"
    assert coordinator.post("/v1/commitments/nothing/release").status_code == 404
    assert coordinator.post(f"/v1/commitments/{id_}/release", {"x": 1}).status_code == 422


def test_a_confidential_lines_amounts_are_not_told_with_the_refusal(
    known: World, coordinator: Caller
) -> None:
    lines = [{**BOTH[0], "line": 2}, BOTH[1]]
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": lines})
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (409, "not-enough-left")
    assert answer.json["detail"].endswith("line 2 of request r1: not enough is left.")
    assert not {"asked", "left"} & answer.json["shortage"].keys()
    known.hears([])
    (refused,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert refused["refusal"] == "line 2 of request r1: not enough is left"


def test_a_refused_commitment_cannot_be_released(known: World, coordinator: Caller) -> None:
    many = [{**line, "quantity": 5} for line in BOTH]
    coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": many})
    (refused,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert refused["status"] == "refused"
    assert coordinator.post(f"/v1/commitments/{refused['id']}/release").status_code == 409


def test_what_is_committed_stays_listed_when_nothing_is_left(
    known: World, coordinator: Caller
) -> None:
    all_of_it = [{**line, "quantity": 10} for line in BOTH]
    known.hears([request_event("r1", 2, needs=[need(1, quantity=10)])])
    coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": all_of_it})
    known.feed.engine.set_committed("offer", "o1", 1, "quantity", 10_000)
    known.hears([])
    items = coordinator.items("/v1/proposals", request="r1")
    assert [(i["id"], i["rank"]) for i in items if i["offer"] == "o1"] == [("r1.o1", None)]
    assert items[-1]["status"] == "committed"
    assert coordinator.items("/v1/proposals", offer="o1") == items[-1:]
    page = coordinator.get("/v1/proposals", request="r1", limit=len(items) - 1).json
    rest = coordinator.get("/v1/proposals", request="r1", cursor=page["next"]).json
    assert rest == {"items": items[-1:], "next": None}


def test_an_expiry_gives_back_by_itself(known: World, coordinator: Caller, clock: Clock) -> None:
    soon = clock.now + timedelta(hours=1)
    body = {"proposal": "r1.o1", "lines": BOTH, "expires_at": soon.isoformat()}
    id_ = coordinator.post("/v1/commitments", body).json["id"]
    expire(soon)
    assert coordinator.get(f"/v1/commitments/{id_}").json["status"] == "released"
    assert ledger(coordinator, "r1")[1, "machines"] == (0, 4)


def test_a_ceiling_holds_for_all_commitments_of_a_project(
    known: World, coordinator: Caller
) -> None:
    known.hears(
        [
            offer_event(
                "o2",
                2,
                organisation=NGO,
                provisions=[provision(1, kind="funding", **MONEY)],
                ceiling_cents=3_000_000,
                ceiling_currency="USD",
            )
        ]
    )
    body = {"proposal": "r1.o2", "lines": PRICED}
    assert coordinator.post("/v1/commitments", body).status_code == 201
    answer = coordinator.post("/v1/commitments", body)
    assert (answer.status_code, answer.json["type"].split(":")[-1]) == (409, "ceiling")
    assert "30000.00 USD" in answer.json["detail"]


def test_more_than_the_donor_pledged_is_refused_with_what_it_pledged(
    known: World, coordinator: Caller
) -> None:
    assert coordinator.decide("r1.o3", "endorse").status_code == 200
    donor, state = coordinator.parties("r1.o3")
    assert donor.answer("r1.o3", pledges=[{"line": 1, "quantity": 3}]).status_code == 200
    accepts = [one["hash"] for one in state.life("r1.o3")["conditions"]]
    assert state.answer("r1.o3", accepts=accepts).status_code == 200
    body = {"proposal": "r1.o3", "lines": [{**line, "quantity": 2} for line in BOTH]}
    assert coordinator.post("/v1/commitments", body).status_code == 201
    answer = coordinator.post("/v1/commitments", body)
    assert (answer.status_code, answer.json["type"].split(":")[-1]) == (409, "refused")
    counted = {"line": 1, "measure": "quantity", "unit": "machines"}
    because = {"code": "above-pledge", **counted, "pledged": 3, "asked": 4}
    assert answer.json["because"] == because
    assert [one["because"] for one in coordinator.items("/v1/commitments", proposal="r1.o3")] == [
        None,
        because,
    ]


def test_only_reviewed_proposals_take_commitments(known: World, coordinator: Caller) -> None:
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o3", "lines": BOTH})
    assert (answer.status_code, answer.json["type"].split(":")[-1]) == (409, "not-endorsed")
    known.hears([request_event("r1", 2, status="closed")])
    answer = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH})
    assert (answer.status_code, answer.json["type"].split(":")[-1]) == (409, "not-open")
    assert Commitment.objects.count() == 0


REQUEST_LINE, OFFER_LINE = BOTH


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"proposal": None}, "proposal"),
        ({"lines": []}, "lines"),
        ({"lines": [REQUEST_LINE]}, "lines"),
        ({"lines": [REQUEST_LINE, REQUEST_LINE, OFFER_LINE]}, "lines[1].line"),
        ({"lines": [{**REQUEST_LINE, "line": 9}, OFFER_LINE]}, "lines[0].line"),
        ({"lines": [{**REQUEST_LINE, "line": "1"}, OFFER_LINE]}, "lines[0].line"),
        ({"lines": [{**REQUEST_LINE, "quantity": -1}, OFFER_LINE]}, "lines[0].quantity"),
        ({"lines": [{**REQUEST_LINE, "quantity": 0}, OFFER_LINE]}, "lines[0].quantity"),
        ({"lines": [{**REQUEST_LINE, "quantity": 1e30}, OFFER_LINE]}, "lines[0].quantity"),
        ({"lines": [{**REQUEST_LINE, "quantity": 0.0001}, OFFER_LINE]}, "lines[0].quantity"),
        ({"lines": [{**REQUEST_LINE, "quantity": None}, OFFER_LINE]}, "lines[0].quantity"),
        ({"lines": [REQUEST_LINE, {"side": "offer", "line": 1, "amount": 5, "currency": "USD"}]},
         "lines[1].quantity"),
        ({"lines": [{**REQUEST_LINE, "amount": 5}, OFFER_LINE]}, "lines[0].currency"),
        ({"lines": [{**REQUEST_LINE, "side": "loan"}, OFFER_LINE]}, "lines[0].side"),
        ({"lines": [*BOTH, {**REQUEST_LINE, "side": "call"}]}, "lines[2].amount"),
        ({"lines": [{**REQUEST_LINE, "colour": "red"}, OFFER_LINE]}, "lines[0].colour"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_committed_name_the_field(
    known: World, coordinator: Caller, change: dict[str, Any], field: str
) -> None:
    body = {"proposal": "r1.o1", "lines": BOTH, **change}
    answer = coordinator.post("/v1/commitments", body)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json["errors"]]
    assert not any(line.held for line in LedgerLine.objects)


def test_who_may_commit_and_release(known: World, call: Callable[..., Caller]) -> None:
    body = {"proposal": "r1.o1", "lines": [{**line, "quantity": 1} for line in BOTH]}
    for role, bound in (
        ("requester", {"state": "SEN"}),
        ("donor", {"organisation": UNODA}),
        ("auditor", {}),
    ):
        caller = call(role, **bound)
        assert caller.post("/v1/commitments", body).status_code == 403
        forbidden = 403 if role == "auditor" else 404  # the parties may release what is theirs
        assert caller.post("/v1/commitments/c/release").status_code == forbidden
    assert call("operator").post("/v1/commitments", body).status_code == 201


def test_who_sees_commitments_and_ledgers(
    known: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    lines = [*BOTH, {"side": "request", "line": 2, "quantity": 1}]
    made = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": lines}).json
    path = f"/v1/commitments/{made['id']}"
    seen = {
        ("auditor", None): 3,
        ("operator", None): 3,
        ("requester", "SEN"): 3,
        ("donor", UNODA): 2,  # the confidential line is left out
        ("requester", "MLI"): None,
        ("donor", NGO): None,
    }
    for (role, party), expected in seen.items():
        bound = {"requester": "state", "donor": "organisation"}
        caller = call(role, **({bound[role]: party} if party else {}))
        answer = caller.get(path)
        listed = caller.get("/v1/commitments", proposal="r1.o1")
        if expected is None:
            assert (answer.status_code, listed.status_code) == (404, 404)
        else:
            assert len(answer.json["lines"]) == expected
            assert len(listed.json["items"][0]["lines"]) == expected
    statuses = {
        ("requester", "SEN", "r1"): 200,
        ("requester", "SEN", "o1"): 404,
        ("requester", "MLI", "r1"): 404,
        ("donor", UNODA, "o1"): 200,
        ("donor", UNODA, "r1"): 404,
        ("donor", NGO, "o1"): 404,
    }
    for (role, party, record), status in statuses.items():
        name = "state" if role == "requester" else "organisation"
        answer = call(role, **{name: party}).get("/v1/ledger", record=record)
        assert answer.status_code == status
    assert coordinator.get("/v1/ledger", record="nothing").status_code == 404
    assert coordinator.get("/v1/ledger").status_code == 422


def test_each_owner_sees_its_own_side_of_an_id_that_both_sides_have(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    secret = [need(1, confidential=True)]
    world.hears([request_event("same", needs=secret), offer_event("same")])
    seen = {
        call("requester", state="SEN"): {"request"},
        call("donor", organisation=UNODA): {"offer"},
        coordinator: {"request", "offer"},
    }
    for caller, sides in seen.items():
        lines = caller.items("/v1/ledger", record="same")
        assert {line["side"] for line in lines} == sides
    assert call("donor", organisation=NGO).get("/v1/ledger", record="same").status_code == 404


def test_a_lowered_limit_is_a_case_for_the_coordinator(
    known: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": BOTH})
    known.hears([request_event("r1", 2, needs=[need(1, quantity=2)])])
    (case,) = coordinator.items("/v1/ledger/cases")
    assert (case["record"], case["limit"], case["held"]) == ("r1", 2, 3)
    assert ledger(coordinator, "r1")[1, "machines"] == (3, -1)
    assert call("donor", organisation=UNODA).get("/v1/ledger/cases").status_code == 403
