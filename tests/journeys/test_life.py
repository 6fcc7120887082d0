"""The life of a match through the real processes, as State, donor, coordinator and auditor live it.

What time alone does is swept here, with a clock of the test's own, over the stack's database.
"""

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from subprocess import run
from typing import Any

import mongoengine
import pytest

from deploy.cli.client import Client
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from entraide.client import Answer, ProblemError
from services.matcher import clockwork, embargo_watch
from services.matcher.schedule import months_after
from services.requests.circulating import circulate_due
from shared.registers.match_figures import MATCH_FIGURES
from shared.web.database import connect_database
from tests.journeys.conftest import running_stack
from tests.journeys.speaking import both_agree, speaking_for

pytestmark = [pytest.mark.journey, pytest.mark.long]

Line = Mapping[str, Any]
SECONDS = 60
STATE, AGENCY = "TGO", "life-agency"
WINDOW = {"from": "2026-07-01", "to": "2035-12-31"}
MACHINES = {"theme": "marking", "kind": "equipment", "unit": "machines"}
FOUR: Line = {**MACHINES, "quantity": 4}
TEN: Line = {**MACHINES, "capacity": 10}
EUROS = {"theme": "marking", "kind": "funding", "currency": "EUR"}
CONDITION = {"kind": "reporting", "text": "A report on the marked rifles every half year."}
LINES = [{"side": side, "line": 1, "quantity": 4} for side in ("request", "offer")]


_BOUND = ("donor", "requester")
_SCORED = ("adequate", "effective", "sustainable")
_AIMS = {"objectives": 3, "objectives_reached": 2}


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
    """Take steps of a record's life, each by the record as it is: what became of its match may
    change it at the same moment, and then it is read again, as its problem says.
    """
    for step, body in taken:

        def was_taken(step: str = step, body: Any = body) -> bool:
            seen = client.get(service, path).etag
            try:
                client.post(service, f"{path}/{step}", body, if_match=seen)
            except ProblemError as problem:
                if problem.status != HTTPStatus.PRECONDITION_FAILED:
                    raise
                return False
            return True

        wait_until(was_taken, SECONDS, f"{step} being taken")


_NUMBERS = itertools.count(1)


def asked(users: Users, country: str = STATE, need: Line = FOUR) -> str:
    """A draft of a State's request for four machines, or another need; its id."""
    body = {
        "title": f"Machines to mark the rifles of garrison {next(_NUMBERS)} (illustrative)",
        "description": "Four portable machines that mark rifles, with spare parts.",
        "language": "en",
        "country": country,
        "window": WINDOW,
        "needs": [need],
    }
    return str(users.state.post("requests", "/v1/requests", body).body["id"])


def offered(
    conditions: list[dict[str, str]] | None = None, provision: Line = TEN
) -> dict[str, Any]:
    """An offer of ten machines, or of something else, to be sent."""
    return {
        "title": f"Marking machines, lot {next(_NUMBERS)} (illustrative)",
        "description": "We give portable marking machines for rifles, with spare parts.",
        "language": "en",
        "organisation": AGENCY,
        "window": WINDOW,
        "provisions": [provision],
        "conditions": conditions or [],
    }


def endorsed(
    users: Users,
    conditions: list[dict[str, str]] | None = None,
    country: str = STATE,
    lines: tuple[Line, Line] = (FOUR, TEN),
) -> str:
    """A pair of a request and an offer of their own that a coordinator has endorsed; its id."""
    request = asked(users, country, lines[0])
    steps(users.state, "requests", f"/v1/requests/{request}", ("submit", {"consent": "express"}))
    steps(users.coordinator, "requests", f"/v1/requests/{request}", ("authenticate", None))
    offer = users.donor.post("offers", "/v1/offers", offered(conditions, lines[1])).body["id"]
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


def committed(stack: Stack, users: Users, country: str = STATE) -> tuple[str, str]:
    """A pair of which four machines are committed, and the commitment's id."""
    pair = endorsed(users, country=country)
    both_agree(stack, pair, country, AGENCY)
    return pair, commit(users, pair)


def commit(users: Users, pair: str, quantity: int = 4) -> str:
    """Commit so many machines of a pair; the commitment's id."""
    lines = [{**line, "quantity": quantity} for line in LINES]
    body = {"proposal": pair, "lines": lines}
    return str(users.coordinator.post("matcher", "/v1/commitments", body).body["id"])


def held(users: Users, pair: str) -> list[float]:
    """How much the ledger holds of the lines of both records, and of the lines that are closed."""
    return [
        line["held"]
        for record in pair.split(".")
        for line in users.coordinator.items("matcher", "/v1/ledger", record=record)
    ]


def stands(users: Users, pair: str, status: str, *needs: float) -> None:
    """Wait until the request is in that state, with so much of its need pledged, committed..."""
    request, names = pair.partition(".")[0], ("pledged", "committed", "delivered")

    def is_so() -> bool:
        shown = users.state.get("requests", f"/v1/requests/{request}").body
        found = [float(shown["needs"][0][name]["quantity"] or 0) for name in names]
        return shown["status"] == status and (not needs or found == list(needs))

    wait_until(is_so, SECONDS, f"the request being {status} with {needs}")


def is_over(users: Users, pair: str, status: str) -> None:
    """Nothing is held, all that was done has who and when, and the request is open as before."""
    told = life(users.auditor, pair)
    assert told["status"] == status
    assert all(step["at"] and step["role"] for step in told["history"])
    assert all(step["party"] or step["role"] not in _BOUND for step in told["history"])
    assert set(held(users, pair)) <= {0}


def test_the_straight_way(users: Users, sweep: Callable[[datetime], int]) -> None:
    pair = endorsed(users, [CONDITION])
    _, _, offer = pair.partition(".")
    with pytest.raises(ProblemError, match="have to agree first"):
        users.coordinator.post("matcher", "/v1/commitments", {"proposal": pair, "lines": LINES})
    (condition,) = users.state.get("offers", f"/v1/offers/{offer}").body["conditions"]
    assert condition["text"] == CONDITION["text"]
    assert refused(users.state, pair, "answer", {"answer": "agree"}) == (422, "invalid")
    take(users.state, pair, "answer", {"answer": "agree", "accepts": [condition["hash"]]})
    pledge = [{"line": 1, "quantity": 4}]
    take(users.donor, pair, "answer", {"answer": "agree", "pledges": pledge})
    users.coordinator.post("matcher", "/v1/commitments", {"proposal": pair, "lines": LINES})

    stands(users, pair, "covered", 4, 4, 0)
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
    stands(users, pair, "covered", 4, 4, 4)
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
    assert refused(users.donor, pair, "answer", {"answer": "agree"})[0] == 409
    is_over(users, pair, "rejected" if who == "coordinator" else "declined")
    stands(users, pair, "circulated", 0, 0, 0)


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
    # The ledger hears of it before the view of the record does: it may fall a moment later.
    wait_until(lambda: life(users.donor, pair)["status"] == "fallen", SECONDS, "its falling")
    assert life(users.donor, pair)["history"][-1]["action"] == "fall"
    is_over(users, pair, "fallen")


@pytest.mark.parametrize("state", ["draft", "submitted", "authenticated"])
def test_a_request_is_withdrawn_before_any_donor_sees_it(users: Users, state: str) -> None:
    path = f"/v1/requests/{asked(users)}"
    if state != "draft":
        steps(users.state, "requests", path, ("submit", None))
    if state == "authenticated":
        steps(users.coordinator, "requests", path, ("authenticate", None))
    assert users.state.get("requests", path).body["status"] == state
    steps(users.state, "requests", path, ("withdraw", None))
    assert users.state.get("requests", path).body["status"] == "withdrawn"
    assert not is_shown(users.donor, path)
    with pytest.raises(ProblemError) as problem:
        steps(users.state, "requests", path, ("submit", None))
    assert problem.value.status == 409


def test_a_request_is_withdrawn_in_each_state_of_its_match(
    stack: Stack, users: Users, sweep: Callable[[datetime], int]
) -> None:
    """Before anything is committed the match falls; afterwards what was promised goes its way."""
    (moving, _), (given, _), (followed, _) = (committed(stack, users) for _ in range(3))
    for pair in (moving, given, followed):
        take(users.donor, pair, "delivery", {"step": "start"})
    take(users.state, followed, "delivery", {"step": "deliver"})
    sweep(months_after(datetime.now(UTC), 3) + timedelta(days=1))
    take(users.state, given, "delivery", {"step": "deliver"})
    waiting, agreed, partly = (endorsed(users) for _ in range(3))
    for pair in (agreed, partly):
        both_agree(stack, pair, STATE, AGENCY)
    commit(users, partly, 1)
    stands(users, partly, "partly-covered", 1, 1, 0)
    becomes = {
        waiting: ("endorsed", "fallen"),
        agreed: ("agreed", "fallen"),
        partly: ("committed", "committed"),
        moving: ("delivering", "delivering"),
        given: ("delivered", "delivered"),
        followed: ("follow-up", "follow-up"),
    }
    take(users.state, followed, "follow-ups/3/assessment", dict.fromkeys(_SCORED, 4))
    for pair, (before, _) in becomes.items():
        assert life(users.auditor, pair)["status"] == before
        _withdraw(users, pair, "request")
    for pair, (_, after) in becomes.items():
        stands(users, pair, "withdrawn")
        wait_until(
            lambda pair=pair, after=after: life(users.auditor, pair)["status"] == after,
            SECONDS,
            f"its being {after}",
        )
    for pair in (waiting, agreed):
        is_over(users, pair, "fallen")
    take(users.state, moving, "delivery", {"step": "deliver"})
    assert life(users.donor, moving)["status"] == "delivered"
    take(users.donor, followed, "follow-ups/3/reply", {"text": "Thank you."})
    with pytest.raises(ProblemError) as problem:
        _withdraw(users, moving, "request")
    assert problem.value.status == 409


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
    is_over(users, pair, "lapsed")
    assert [step["action"] for step in told["history"]] == [
        *("endorse", "donor-agree", "remind", "lapse")
    ]
    # The coordinator may ask again.
    take(users.coordinator, pair, "decision", {"decision": "endorse"})
    assert life(users.state, pair)["waiting_for"] == ["donor", "state"]


def test_a_condition_that_changes_after_the_states_yes(stack: Stack, users: Users) -> None:
    pair = endorsed(users, [CONDITION])
    both_agree(stack, pair, STATE, AGENCY)
    path = f"/v1/offers/{pair.partition('.')[2]}"
    seen = users.donor.get("offers", path)
    other = {**CONDITION, "text": "A report on the marked rifles every month."}
    users.donor.put(
        "offers",
        path,
        {**offered([other]), "provisions": [{**MACHINES, "line": 1, "capacity": 10}]},
        if_match=seen.etag,
    )
    wait_until(lambda: life(users.state, pair)["status"] == "donor-agreed", SECONDS, "its return")
    assert life(users.donor, pair)["history"][-1]["reason"] == "conditions-changed"
    assert refused(users.state, pair, "answer", {"answer": "agree"}) == (422, "invalid")
    both = [one["hash"] for one in life(users.state, pair)["conditions"] if one["current"]]
    take(users.state, pair, "answer", {"answer": "agree", "accepts": both})
    commit(users, pair)
    stands(users, pair, "covered", 4, 4, 0)


def test_a_need_is_covered_in_parts_and_open_again(stack: Stack, users: Users) -> None:
    pair = endorsed(users)
    both_agree(stack, pair, STATE, AGENCY)
    first, second = commit(users, pair, 1), None
    stands(users, pair, "partly-covered", 1, 1, 0)
    second = commit(users, pair, 3)
    stands(users, pair, "covered", 4, 4, 0)
    for id_, status, left in ((second, "partly-covered", 1), (first, "circulated", 0)):
        said = {"reason": "The machines are needed elsewhere."}
        users.donor.post("matcher", f"/v1/commitments/{id_}/release", said)
        stands(users, pair, status, left, left, 0)
    is_over(users, pair, "released")


def test_a_request_waits_for_its_state(stack: Stack, users: Users) -> None:
    """Objected to, consented to expressly, or circulated when the time to object is over."""
    paths = [f"/v1/requests/{asked(users)}" for _ in range(2)]
    for path in paths:
        steps(users.state, "requests", path, ("submit", None))
        steps(users.coordinator, "requests", path, ("authenticate", None))
        assert not is_shown(users.donor, path)
    steps(users.state, "requests", paths[0], ("object", {"reason": "sensitive"}))
    assert users.state.get("requests", paths[0]).body["status"] == "draft"
    steps(users.state, "requests", paths[0], ("submit", None))
    steps(users.coordinator, "requests", paths[0], ("authenticate", None))
    steps(users.state, "requests", paths[0], ("circulate", {"consent": "express"}))
    due = datetime.fromisoformat(users.state.get("requests", paths[1]).body["circulates_at"])
    connect_database(service_settings(stack.plan, "requests"))
    try:
        circulate_due(due - timedelta(seconds=1))
        assert not is_shown(users.donor, paths[1])
        circulate_due(due)
    finally:
        mongoengine.disconnect()
    for path, consent in zip(paths, ("express", "no-objection"), strict=True):
        shown = users.donor.get("requests", path).body
        assert (shown["status"], shown["consent"]) == ("circulated", consent)


def is_shown(client: Client, path: str) -> bool:
    """Whether a request is there for somebody."""
    try:
        client.get("requests", path)
    except ProblemError as problem:
        if problem.status != 404:
            raise
        return False
    return True


def test_an_embargo_in_the_midst_of_it_and_an_exemption_that_expires(
    stack: Stack, users: Users, sweep: Callable[[datetime], int]
) -> None:
    country = "NER"
    users = replace(users, state=speaking_for(stack, "requester", state=country))
    waiting = endorsed(users, country=country)
    (holding, _), (moving, _), (given, _) = (committed(stack, users, country) for _ in range(3))
    for pair in (moving, given):
        take(users.donor, pair, "delivery", {"step": "start"})
    take(users.state, given, "delivery", {"step": "deliver"})
    embargo = {
        "country": country,
        "resolution": "S/RES/0000 (2020), made up for this test",
        "from": "2020-01-01",
        "source": "made up for this test",
        "stated_on": "2026-01-01",
        "reason": "The test needs one.",
    }
    entered = users.coordinator.post("matcher", "/v1/embargoes", embargo)
    for pair in (waiting, holding, moving):
        wait_until(
            lambda pair=pair: life(users.auditor, pair)["status"] == "fallen",
            SECONDS,
            "its falling",
        )
        is_over(users, pair, "fallen")
        assert life(users.state, pair)["history"][-1]["reason"] == "embargo"
        stands(users, pair, "circulated", 0, 0, 0)
    assert life(users.auditor, given)["status"] == "delivered"
    stands(users, given, "covered", 4, 4, 4)

    last = datetime.now(UTC).date() + timedelta(days=20)
    exemption = {
        "reference": "Committee letter of this test",
        "kinds": ["equipment"],
        "request": None,
        "from": "2026-01-01",
        "to": last.isoformat(),
    }
    users.coordinator.put(
        "matcher",
        f"/v1/embargoes/{entered.body['id']}",
        {**embargo, "exemptions": [exemption]},
        if_match=entered.etag,
    )
    wait_until(
        lambda: life(users.auditor, waiting)["status"] == "proposed", SECONDS, "its coming back"
    )
    take(users.coordinator, waiting, "decision", {"decision": "endorse"})
    both_agree(stack, waiting, country, AGENCY)
    id_ = commit(users, waiting)
    stands(users, waiting, "covered", 4, 4, 0)
    assert embargo_watch.sweep(datetime.now(UTC) + timedelta(days=30)) >= 1
    gone = users.state.get("matcher", f"/v1/commitments/{id_}").body
    assert (gone["status"], embargo["resolution"] in gone["refusal"]) == ("released", True)
    actions = [(step["action"], step["reason"]) for step in life(users.state, waiting)["history"]]
    assert ("fall", "embargo") in actions[actions.index(("commit", None)) :]
    stands(users, waiting, "circulated", 0, 0, 0)
    assert set(held(users, waiting)) <= {0}


def entraide(stack: Stack, *command: object) -> str:
    """What a command says that is done."""
    program = str(Path(sys.executable).with_name("entraide"))
    data = ("--data-dir", stack.plan.directory.path)
    words = [program, *map(str, (*command, *data))]
    done = run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_audit_trails_of_all_that_are_whole(stack: Stack) -> None:
    entraide(stack, "audit", "verify")


def figures_of_matches(client: Client, service: str) -> dict[Any, Any]:
    """What a register's report counts of matches, by group and figure."""
    return {
        (group["by"], group["code"], one["name"]): one
        for group in client.get(service, "/v1/report").body["groups"]
        for one in group["figures"]
        if one["name"] in MATCH_FIGURES
    }


def test_an_empty_installation_reports_the_same_of_what_is_exported(
    stack: Stack,
    users: Users,
    sweep: Callable[[datetime], int],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Of all that the tests before this one lived, and of a grant that ends with an assessment."""
    lines = ({**EUROS, "amount": 40_000}, {**EUROS, "amount": 100_000})
    pair = endorsed(users, lines=lines)
    both_agree(stack, pair, STATE, AGENCY)
    given = {"line": 1, "amount": 40_000, "currency": "EUR"}
    held = {"proposal": pair, "lines": [{"side": s, **given} for s in ("request", "offer")]}
    users.coordinator.post("matcher", "/v1/commitments", held)
    take(users.donor, pair, "delivery", {"step": "start"})
    take(users.state, pair, "delivery", {"step": "deliver"})
    sweep(months_after(datetime.now(UTC), 3) + timedelta(days=1))
    take(users.state, pair, "follow-ups/3/assessment", {**dict.fromkeys(_SCORED, 4), **_AIMS})

    before = figures_of_matches(users.coordinator, "matcher")
    overall = {name: before[None, None, name] for name in MATCH_FIGURES}
    assert overall["matches"]["value"] > 0
    assert overall["matches-value"]["value"] > 40_000  # dollars
    assert overall["adequate-3"]["value"] is not None
    assert overall["reached-3"]["value"] == round(2 / 3, 4)
    path = tmp_path / "matches.xml"
    entraide(stack, "export", "iati", path)
    with running_stack(tmp_path_factory) as empty:
        operator = speaking_for(empty, "operator")
        assert figures_of_matches(operator, "offers")[None, None, "matches"]["value"] == 0
        for _ in range(2):  # and sent again it makes nothing twice
            entraide(empty, "import", "iati", path)
            assert figures_of_matches(operator, "offers") == before
