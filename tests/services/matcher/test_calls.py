"""What offers under a call draw from it: its fund in all, its ceiling for each project."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher.actors import MATCHER
from services.matcher.calls import open_projects
from services.matcher.commitments import begin, finish, start_release
from services.matcher.documents import Commitment, CommitmentLine, RecordView
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from services.matcher.reactions import keep_records
from shared.events.envelope import check
from tests.services.matcher.records import (
    NOW,
    agreed,
    call_event,
    commitment_line,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)
from tests.services.matcher.world import Caller, World

FUND = "66f0000000000000000000d1"
PRICED = provision(1, capacity=10, amount_cents=1_000_000, currency="USD")
"""Ten machines worth 10,000 dollars."""
keep = keep_records(lambda: NOW)


@pytest.fixture
def funded(world: World, coordinator: Caller, remembered: Callable[..., World]) -> World:
    """A call with 5,000 dollars, of which 3,000 a project; two offers under it, two requests."""

    def make() -> World:
        world.hears(
            [
                call_event("call", fund_cents=500_000, ceiling_cents=300_000),
                *(request_event(r, needs=[need(1, quantity=8)]) for r in ("r1", "r2")),
                *(offer_event(o, provisions=[PRICED], call="call") for o in ("o1", "o2")),
            ]
        )
        coordinator.agreed("r1.o1", "r1.o2", "r2.o1", "r2.o2")
        return world

    return remembered("funded", make)


def commit(caller: Caller, proposal: str, machines: int, *more: dict[str, Any]) -> TestResponse:
    """Ask for so many machines of the offer for the request."""
    lines = [{"side": side, "line": 1, "quantity": machines} for side in ("request", "offer")]
    return caller.post("/v1/commitments", {"proposal": proposal, "lines": [*lines, *more]})


def held() -> dict[str, int]:
    """What is held of the call and of its projects, in dollars."""
    lines = LedgerLine.objects(side__in=["call", "project"])
    return {line.record: line.held // 100 for line in lines}


def test_a_commitment_draws_from_the_call_what_its_machines_are_worth(
    funded: World, coordinator: Caller
) -> None:
    answer = commit(coordinator, "r1.o1", 2)
    assert answer.status_code == 201, answer.text
    told = {line["side"]: (line["record"], line["amount"]) for line in answer.json["lines"]}
    assert told["call"] == ("call", 2000)
    assert told["project"] == ("call.r1", 2000)
    check(Commitment.objects.get(id=answer.json["id"]).event())
    assert held() == {"call": 2000, "call.r1": 2000}
    (line,) = coordinator.items("/v1/ledger", record="call")
    assert (line["limit"], line["held"], line["free"], line["unit"]) == (5000, 2000, 3000, "USD")
    coordinator.post(f"/v1/commitments/{answer.json['id']}/release")
    assert held() == {"call": 0, "call.r1": 0}


def test_several_offers_of_a_call_do_not_go_above_its_ceiling_for_one_project(
    funded: World, coordinator: Caller
) -> None:
    assert commit(coordinator, "r1.o1", 2).status_code == 201
    above = commit(coordinator, "r1.o2", 2)
    assert above.status_code == 409
    told = "what call call may give to one project, here r1: not enough is left; 2,000.00 USD asked"
    assert told in above.json["detail"]
    assert above.json["shortage"]["side"] == "project"
    assert commit(coordinator, "r1.o2", 1).status_code == 201
    assert held() == {"call": 3000, "call.r1": 3000}


def test_several_projects_do_not_go_above_the_fund(funded: World, coordinator: Caller) -> None:
    assert commit(coordinator, "r1.o1", 3).status_code == 201
    above = commit(coordinator, "r2.o1", 3)
    assert above.status_code == 409
    told = "the fund of call call: not enough is left; 3,000.00 USD asked, 2,000.00 USD left"
    assert told in above.json["detail"]
    assert commit(coordinator, "r2.o2", 2).status_code == 201
    assert held() == {"call": 5000, "call.r1": 3000, "call.r2": 2000}
    machines = {line.record: line.held for line in LedgerLine.objects(side="offer")}
    assert machines == {"o1": 3000, "o2": 2000}


def test_what_is_drawn_may_be_said_in_another_currency(funded: World, coordinator: Caller) -> None:
    said = {"side": "call", "line": 1, "amount": 1000, "currency": "EUR"}
    answer = commit(coordinator, "r1.o1", 1, said)
    assert answer.status_code == 201, answer.text
    (drawn,) = [line for line in answer.json["lines"] if line["side"] == "call"]
    assert (drawn["given_amount"], drawn["given_currency"]) == (1000, "EUR")
    assert drawn["rate_date"] is not None
    assert drawn["amount"] != 1000
    assert held()["call"] == int(drawn["amount"])


SAID = {"side": "call", "line": 1, "amount": 10, "currency": "USD"}


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ([SAID, SAID], "lines[3].side", "repeated-line"),
        ([{"side": "call", "line": 1, "quantity": 3}], "lines[2].amount", "measure"),
        ([{**SAID, "line": 2}], "lines[2].line", "unknown-line"),
        ([{**SAID, "currency": "AFN"}], "lines", "no-rate"),
        ([{**SAID, "side": "project"}], "lines[2].side", None),
    ],
)
def test_what_cannot_be_drawn_names_the_field(
    funded: World, coordinator: Caller, more: list[dict[str, Any]], field: str, code: str | None
) -> None:
    answer = commit(coordinator, "r1.o1", 1, *more)
    assert answer.status_code == 422
    error = answer.json["errors"][0]
    assert error["field"] == field
    assert code is None or error["code"] == code
    assert Commitment.objects.count() == 0


def test_machines_without_a_price_need_the_money_to_be_said(
    funded: World, coordinator: Caller
) -> None:
    bare = provision(1, capacity=10, amount_cents=None, currency=None)
    funded.hears([offer_event("o1", 2, provisions=[bare], call="call")])
    answer = commit(coordinator, "r1.o1", 1)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "required")
    assert commit(coordinator, "r1.o1", 1, SAID).status_code == 201
    assert held()["call"] == 10


def test_a_call_that_is_not_heard_of_or_removed_gives_nothing(
    funded: World, coordinator: Caller
) -> None:
    funded.hears([offer_event("o1", 2, provisions=[PRICED], call="another")])
    unknown = commit(coordinator, "r1.o1", 1)
    assert (unknown.status_code, unknown.json["type"].rpartition(":")[2]) == (409, "call-unknown")
    funded.hears([call_event("call", 2, status="removed")])
    removed = commit(coordinator, "r1.o2", 1)
    assert (removed.status_code, removed.json["type"].rpartition(":")[2]) == (409, "not-open")
    assert LedgerLine.objects.get(record="call").limit == 0


def test_an_offer_under_no_call_draws_from_none(world: World, coordinator: Caller) -> None:
    world.hears([request_event("r1"), offer_event("o1", provisions=[PRICED])])
    coordinator.agreed("r1.o1")
    answer = commit(coordinator, "r1.o1", 1, SAID)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "lines")
    assert commit(coordinator, "r1.o1", 1).status_code == 201
    assert held() == {}


def test_a_call_without_limits_is_no_line(world: World, coordinator: Caller) -> None:
    none = dict.fromkeys(("fund_cents", "fund_currency", "ceiling_cents", "ceiling_currency"))
    world.hears([call_event("call", **none), request_event("r1")])
    world.hears([offer_event("o1", provisions=[PRICED], call="call")])
    coordinator.agreed("r1.o1")
    assert commit(coordinator, "r1.o1", 1).status_code == 201
    assert commit(coordinator, "r1.o1", 1, SAID).status_code == 422


@pytest.mark.usefixtures("database")
def test_limits_follow_the_call_whatever_the_order() -> None:
    keep([offer_event("o", call="call", conditions=[]), request_event("r")])
    keep([call_event("call", 3, fund_cents=700, ceiling_cents=500)])
    keep([call_event("call", 2, fund_cents=900, ceiling_cents=900)])
    assert LedgerLine.objects.get(record="call").limit == 700
    line = CommitmentLine(
        side="project", record="call.r", line=1, measure="money", unit="USD", amount=400
    )
    open_projects([line], NOW)
    assert LedgerLine.objects.get(record="call.r").limit == 500
    begin("c", agreed("r", "o"), [line, commitment_line("offer", "o", 1000)], None, MATCHER, NOW)
    assert finish("c", NOW).status == "held"
    keep([call_event("call", 4, fund_cents=700, ceiling_cents=300)])
    project = LedgerLine.objects.get(record="call.r")
    assert (project.limit, project.held, project.free) == (300, 400, -100)
    assert [case.id for case in LedgerCase.objects(status="open")] == [project.id]
    keep([call_event("call", 5, fund_cents=700, ceiling_cents=None, ceiling_currency=None)])
    assert LedgerLine.objects.get(record="call.r").limit == 300
    keep([call_event("call", 6, fund_cents=700, ceiling_cents=900)])
    assert LedgerLine.objects.get(record="call.r").free == 500
    assert LedgerCase.objects(status="open").count() == 0
    keep([tombstone(call_event("call", 6))])
    assert RecordView.objects.get(id="call:call").status == "gone"
    assert LedgerLine.objects.get(record="call").limit == 0


@pytest.mark.usefixtures("database")
def test_many_at_once_do_not_go_above_the_fund_together() -> None:
    """Offers under one call are committed to different requests in the same moment."""
    keep([call_event("call", fund_cents=500_000, ceiling_cents=300_000)])
    keep([request_event(f"r{n}", needs=[need(1, quantity=8)]) for n in range(8)])
    keep([offer_event(f"o{n}", provisions=[PRICED], call="call", conditions=[]) for n in range(8)])

    def attempt(n: int) -> str:
        lines = [
            commitment_line("request", f"r{n}", 2000),
            commitment_line("offer", f"o{n}", 2000),
            *(
                CommitmentLine(
                    side=side, record=of, line=1, measure="money", unit="USD", amount=200_000
                )
                for side, of in (("call", "call"), ("project", f"call.r{n}"))
            ),
        ]
        begin(f"c{n}", agreed(f"r{n}", f"o{n}"), lines, None, MATCHER, NOW)
        return str(finish(f"c{n}", NOW).status)

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(8)))
    assert sorted(done) == ["held"] * 2 + ["refused"] * 6
    assert LedgerLine.objects.get(record="call").held == 400_000
    for n, status in enumerate(done):
        if status == "held":
            start_release(f"c{n}", None, MATCHER, NOW)
            finish(f"c{n}", NOW)
    assert not [line.id for line in LedgerLine.objects if line.holds]
