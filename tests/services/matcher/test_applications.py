"""Applications to calls: assembled, agreed to, submitted, and what a yes takes from the ledger."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher import applications, commitments
from services.matcher.application_documents import Application
from services.matcher.documents import Commitment
from services.matcher.ledger_documents import LedgerLine
from shared.events.envelope import DRAFT, check
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import call_event, need, request_event
from tests.services.matcher.world import Caller, World

FUND = "66f0000000000000000000d1"
ANYONE = {"countries": [], "regions": [], "groups": []}
PATH = "/v1/applications"


def opened(id_: str = "call", **fields: Any) -> Any:
    """A call with 5,000 dollars, of which 3,000 a project, for anyone and any theme."""
    usual = {
        "fund_cents": 500_000,
        "ceiling_cents": 300_000,
        "eligibility": ANYONE,
        "themes": [],
        "window": None,
    }
    return call_event(id_, **{**usual, **fields})


@pytest.fixture
def asked(world: World) -> World:
    """A call, two requests of Senegal and one of Benin, of eight machines each."""
    lines = [need(1, quantity=8), need(2, kind="training", quantity=None, unit=None)]
    world.hears(
        [
            opened(),
            *(request_event(r, needs=lines) for r in ("r1", "r2")),
            request_event("b1", country="BEN", needs=lines),
        ]
    )
    return world


@pytest.fixture
def senegal(call: Callable[..., Caller]) -> Caller:
    return call("requester", state="SEN")


@pytest.fixture
def fund(call: Callable[..., Caller]) -> Caller:
    return call("donor", organisation=FUND)


def line(request: str = "r1", dollars: float = 1000, **fields: Any) -> dict[str, Any]:
    """Two machines of a request, for so many dollars."""
    usual = {"line": 1, "quantity": 2, "amount": dollars, "currency": "USD"}
    return {"request": request, **usual, **fields}


def draft(caller: Caller, *lines: dict[str, Any], to: str = "call", key: str | None = None) -> Any:
    answer = caller.post(PATH, {"call": to, "lines": list(lines or (line(),))}, key=key)
    assert answer.status_code == 201, answer.text
    return answer


def step(caller: Caller, application: str, action: str, body: Any = None) -> TestResponse:
    """Take a step of an application as it is now."""
    etag = caller.get(f"{PATH}/{application}").headers.get("ETag", '"1.1"')
    return caller.post(f"{PATH}/{application}/{action}", body, etag=etag)


def submitted(caller: Caller, *lines: dict[str, Any]) -> str:
    id_ = str(draft(caller, *lines).json["id"])
    answer = step(caller, id_, "submit")
    assert answer.status_code == 200, answer.text
    return id_


def held() -> dict[str, int]:
    """What is held of calls and projects, in dollars."""
    lines = LedgerLine.objects(side__in=["call", "project"])
    return {one.record: one.held // 100 for one in lines if one.held}


def test_from_draft_to_commitments(asked: World, senegal: Caller, fund: Caller) -> None:
    id_ = draft(senegal, line("r1"), line("r2", 500)).json["id"]
    assert fund.get(f"{PATH}/{id_}").status_code == 404
    told = Application.objects.get(id=id_).event()
    check(told)
    assert (told.type, told.data["states"], told.data["agreed"]) == (DRAFT, ["SEN"], ["SEN"])
    assert not {"call", "lines", "organisation"} & set(told.data)
    assert step(senegal, id_, "submit").json["status"] == "submitted"
    seen = fund.get(f"{PATH}/{id_}").json
    assert [(one["request"], one["amount"]) for one in seen["lines"]] == [("r1", 1000), ("r2", 500)]
    assert (seen["money"]["ceiling"], seen["money"]["left"]) == (3000, 5000)
    approved = step(fund, id_, "approve")
    assert (approved.status_code, approved.json["status"]) == (200, "approved")
    assert approved.json["money"]["left"] == 3500
    assert held() == {"call": 1500, "call.r1": 1000, "call.r2": 500, f"call.{id_}": 1500}
    for commitment in approved.json["commitments"]:
        stored = Commitment.objects.get(id=commitment)
        assert (stored.status, stored.match, stored.application) == ("held", None, id_)
        check(stored.event())
    check(Application.objects.get(id=id_).event())
    machines = LedgerLine.objects(side="request", measure="quantity", held__gt=0)
    assert {one.record: one.held for one in machines} == {"r1": 2000, "r2": 2000}
    assert step(fund, id_, "approve").status_code == 409
    assert step(senegal, id_, "withdraw").status_code == 409


def test_what_one_project_asks_for_together_is_within_the_ceiling(
    asked: World, senegal: Caller, fund: Caller
) -> None:
    above = step(senegal, draft(senegal, line("r1", 2000), line("r2", 1500)).json["id"], "submit")
    assert (above.status_code, above.json["type"].split(":")[-1]) == (409, "ceiling")
    assert "3000.00 USD to one project" in above.json["detail"]
    first, second = submitted(senegal, line("r1", 2000)), submitted(senegal, line("r1", 2000))
    assert step(fund, first, "approve").status_code == 200
    refused = step(fund, second, "approve")
    assert (refused.status_code, refused.json["detail"]) == (
        409,
        "Nothing was committed: what call call may give to one project, here r1: "
        "not enough is left.",
    )
    assert fund.get(f"{PATH}/{second}").json["status"] == "submitted"
    assert held()["call.r1"] == 2000


def test_two_yeses_at_once_stay_within_the_fund(
    asked: World, senegal: Caller, fund: Caller
) -> None:
    ids = [submitted(senegal, line(r, 2500, quantity=1)) for r in ("r1", "r2", "r1", "r2")]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda id_: step(fund, id_, "approve").status_code, ids))
    # Of 2,500 each two of one request are above the ceiling, and three above the fund. One that
    # competes may keep another from what it then cannot take itself; that one can be repeated.
    assert set(found) == {200, 409}
    assert found.count(200) in (1, 2)
    again = [step(fund, id_, "approve").status_code for id_ in ids]
    assert found.count(200) + again.count(200) == 2
    assert held()["call"] == 5000
    states = sorted(one.status for one in Application.objects)
    assert states == ["approved", "approved", "submitted", "submitted"]


def test_an_operator_approves_where_the_fund_cannot(
    asked: World, senegal: Caller, call: Callable[..., Caller]
) -> None:
    done = step(call("operator"), submitted(senegal), "approve")
    assert (done.status_code, done.json["status"]) == (200, "approved")
    assert Commitment.objects.get().history[0].role == "operator"


def test_a_refused_part_takes_the_rest_along_and_it_can_be_approved_later(
    asked: World, senegal: Caller, fund: Caller
) -> None:
    first = submitted(senegal, line("r2", 2500))
    both = submitted(senegal, line("r1", 1000), line("r2", 1000))
    assert step(fund, first, "approve").status_code == 200
    assert step(fund, both, "approve").status_code == 409
    assert held() == {"call": 2500, "call.r2": 2500, f"call.{first}": 2500}
    (commitment,) = fund.get(f"{PATH}/{first}").json["commitments"]
    operator_gives_back = commitments.start_release(
        commitment, None, commitments.MATCHER, Clock().now
    )
    commitments.finish(operator_gives_back.id, Clock().now)
    assert step(fund, both, "approve").status_code == 200
    assert held()["call"] == 2000


@pytest.mark.parametrize("dies_at", [1, 2])
@pytest.mark.parametrize("gone", [None, "r2"])
def test_an_approval_whose_process_died_is_led_to_its_end(
    asked: World,
    senegal: Caller,
    fund: Caller,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    dies_at: int,
    gone: str | None,
) -> None:
    id_ = submitted(senegal, line("r1"), line("r2"))
    finish, calls = commitments.finish, iter(range(1, 100))

    def dying(*args: Any) -> Commitment:
        if next(calls) == dies_at:
            raise RuntimeError("killed")
        return finish(*args)

    monkeypatch.setattr(commitments, "finish", dying)
    assert step(fund, id_, "approve").status_code == 500
    monkeypatch.setattr(commitments, "finish", finish)
    assert Application.objects.get(id=id_).status == "approving"
    if gone is not None:
        asked.hears([request_event(gone, 2, status="withdrawn", needs=[need(1, quantity=8)])])
    assert applications.sweep(clock.now) == 0
    clock.now += timedelta(minutes=1)
    assert applications.sweep(clock.now) == 1
    stored = Application.objects.get(id=id_)
    if gone is None:
        assert (stored.status, held()["call"]) == ("approved", 2000)
    else:
        assert (stored.status, held()) == ("submitted", {})
        assert "r2" in stored.refusal


def test_states_agree_before_a_coordinator_sends_theirs(
    asked: World, coordinator: Caller, senegal: Caller, call: Callable[..., Caller]
) -> None:
    benin = call("requester", state="BEN")
    id_ = draft(coordinator, line("r1"), line("b1")).json["id"]
    waiting = step(coordinator, id_, "submit")
    assert (waiting.status_code, "BEN, SEN" in waiting.json["detail"]) == (409, True)
    for state in (senegal, benin):
        assert step(state, id_, "agreement").status_code == 200
    assert step(senegal, id_, "submit").status_code == 403
    changed = coordinator._client.put(
        f"{PATH}/{id_}",
        json={"call": "call", "lines": [line("r1"), line("b1", 900)]},
        headers={
            **coordinator._headers,
            "If-Match": coordinator.get(f"{PATH}/{id_}").headers["ETag"],
        },
    )
    assert (changed.status_code, changed.json["agreed"]) == (200, [])
    for state in (senegal, benin):
        assert step(state, id_, "agreement").status_code == 200
    assert step(coordinator, id_, "submit").status_code == 200
    assert step(benin, id_, "withdraw").json["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("of_call", "code", "field"),
    [
        ({"window": {"from": "2020-01-01", "to": "2021-01-01"}}, "call-window", None),
        ({"window": {"from": "2090-01-01", "to": "2091-01-01"}}, "call-window", None),
        ({"eligibility": {**ANYONE, "regions": ["Caribbean"]}}, "eligibility", "lines[0].request"),
        ({"eligibility": {**ANYONE, "groups": ["LDC"]}}, None, None),
        ({"themes": ["tracing"]}, "theme", "lines[0].line"),
        ({"themes": ["marking"]}, None, None),
        ({"kinds": ["training"]}, "kind", "lines[0].line"),
        ({"status": "removed"}, "not-open", None),
        ({"fund_cents": 10_000}, "ceiling", None),
    ],
)
def test_a_call_admits_by_window_state_theme_kind_and_money(
    world: World,
    senegal: Caller,
    of_call: dict[str, Any],
    code: str | None,
    field: str | None,
) -> None:
    world.hears([opened(**of_call), request_event("r1", needs=[need(1, quantity=8)])])
    answer = step(senegal, draft(senegal).json["id"], "submit")
    assert answer.status_code == (200 if code is None else 422 if field else 409), answer.text
    if field is not None:
        (error,) = answer.json["errors"]
        assert (error["field"], error["code"]) == (field, code)
    elif code is not None:
        assert answer.json["type"].endswith(code)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([line("nobody's")], "lines[0].line"),
        ([line("b1")], "lines[0].line"),
        ([line(), line()], "lines[1].line"),
        ([line(quantity=None)], "lines[0].quantity"),
        ([line(amount=0)], "lines[0].amount"),
        ([line(currency="XXX")], "lines[0].currency"),
        ([], "lines"),
    ],
)
def test_bad_lines_are_named(
    asked: World, senegal: Caller, lines: list[dict[str, Any]], field: str
) -> None:
    answer = senegal.post(PATH, {"call": "call", "lines": lines})
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json["errors"]]
    unknown = senegal.post(PATH, {"call": "none", "lines": [line()]})
    assert unknown.json["errors"][0]["field"] == "call"


def test_others_see_and_decide_nothing(
    asked: World, senegal: Caller, call: Callable[..., Caller]
) -> None:
    id_ = submitted(senegal)
    for other in (call("donor", organisation="another"), call("requester", state="BEN")):
        assert other.get(f"{PATH}/{id_}").status_code == 404
        assert other.items(PATH) == []
    etag = senegal.get(f"{PATH}/{id_}").headers["ETag"]
    assert senegal.post(f"{PATH}/{id_}/approve", etag=etag).status_code == 403
    other = call("donor", organisation="another")
    assert other.post(f"{PATH}/{id_}/approve", etag=etag).status_code == 404
    assert other.post(f"{PATH}/{id_}/decline", {"reason": "x"}, etag=etag).status_code == 404


def test_a_declined_one_tells_its_states_why_and_is_final(
    asked: World, senegal: Caller, fund: Caller
) -> None:
    id_ = submitted(senegal)
    assert step(fund, id_, "decline", {"reason": " "}).status_code == 422
    assert step(fund, id_, "decline", {"reason": "Another time."}).status_code == 200
    assert senegal.get(f"{PATH}/{id_}").json["reason"] == "Another time."
    assert "Another time." not in str(Application.objects.get(id=id_).event())
    assert step(fund, id_, "approve").status_code == 409


def test_a_repeat_with_its_key_assembles_once(asked: World, senegal: Caller) -> None:
    first, again = draft(senegal, key="k"), draft(senegal, key="k")
    assert first.json["id"] == again.json["id"]
    assert Application.objects.count() == 1


def test_a_stale_yes_is_told(asked: World, senegal: Caller, fund: Caller) -> None:
    id_ = submitted(senegal)
    assert fund.post(f"{PATH}/{id_}/approve", etag='"1.1"').status_code == 412
    assert fund.post(f"{PATH}/{id_}/approve").status_code == 428
