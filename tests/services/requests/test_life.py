"""A request's life in the store: what time and commitments do, once, and what others see of it."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from mongoengine import OperationError
from pymongo.errors import WriteError

from services.requests import circulating
from services.requests.circulating import (
    AGAIN_SECONDS,
    circulate_due,
    keep_circulating,
    looks_back,
    settle,
    settle_changed,
)
from services.requests.documents import AssistanceRequest
from services.requests.reactions import on_matches
from shared.events import validation
from shared.events.envelope import Event
from shared.events.outbox import Contention
from shared.events.versions import Version
from tests.services.requests.test_reactions import commitment

MARKING = {"theme": "marking", "kind": "equipment", "quantity": 10, "unit": "machines"}
SECRET = {
    "theme": "ddr",
    "kind": "equipment",
    "quantity": 4,
    "unit": "zorgs",
    "confidential": True,
}
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def stored(made):
    return AssistanceRequest.objects(id=made.json["id"]).first()


def address(made):
    return f"/v1/requests/{made.json['id']}"


def actions(request):
    return [step.action for step in request.history]


def held(made, number, line, amount, unit="machines", status="held", identifier="c1"):
    taken = ("request", line, "quantity", amount, unit)
    return commitment(made.json["id"], number, status, taken, identifier=identifier)


def test_what_is_due_is_circulated_once_however_many_workers_sweep(record):
    made = record("authenticated")
    due = datetime.fromisoformat(made.json["circulates_at"])
    assert circulate_due(due - timedelta(seconds=1)) == 0
    assert stored(made).status == "authenticated"
    start = threading.Barrier(6)

    def sweep():
        start.wait()
        circulate_due(due)

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = stored(made)
    assert (after.status, after.consent) == ("circulated", "no-objection")
    assert actions(after) == ["submit", "authenticate", "circulate"]
    assert after.number == made_number(made) + 1
    assert after.history[-1].at == due
    assert circulate_due(due) == 0


def made_number(made):
    return int(made.json["version"].split(".")[1])


def test_an_objection_in_time_is_stronger_than_the_sweep(record, senegal, coordinator, act_as):
    made = record("authenticated", needs=[MARKING])
    sent = {"reason": "sensitive", "text": "The depot at Ziguinchor is named."}
    back = senegal.post(f"{address(made)}/object", sent, made.headers["ETag"])
    assert (back.status_code, back.json["status"]) == (200, "draft")
    assert back.json["remarks"][0]["text"] == sent["text"]
    circulate_due(LATER)
    assert stored(made).status == "draft"
    # It is a draft like any other now: nobody sees it, and nothing of it is told.
    assert coordinator.get(address(made)).status_code == 404
    assert made.json["id"] not in listed(coordinator)
    (event,) = stored(made).pending_events
    assert validation.problem("entraide.request.v1", event["data"]) is None
    assert (event["data"]["status"], event["data"]["needs"]) == ("draft", [])
    assert event["data"]["signature"] is None
    assert event["data"]["history"][-1]["reason"] == "sensitive"
    assert "Ziguinchor" not in str(event)
    # Submitted again it goes the whole way again.
    again = senegal.post(f"{address(made)}/submit", {"consent": "express"}, back.headers["ETag"])
    again = coordinator.post(f"{address(made)}/authenticate", None, again.headers["ETag"])
    assert again.json["status"] == "circulated"


@pytest.fixture
def act_as(caller):
    return lambda role, **claims: caller(role, **claims)


def listed(who, **query):
    items, cursor = [], None
    while True:
        page = who.get(
            "/v1/requests", query_string={**query, **({"cursor": cursor} if cursor else {})}
        )
        items += page.json["items"]
        cursor = page.json["next"]
        if cursor is None:
            return {item["id"] for item in items}


def test_what_a_coordinator_sends_back_is_told_only_to_the_state(record, senegal, coordinator):
    made = record("submitted")
    sent = {"reason": "unconfirmed", "text": "Nobody answers at the commission."}
    key = {"Idempotency_Key": made.json["id"]}
    back = coordinator.post(f"{address(made)}/return", sent, made.headers["ETag"], **key)
    assert (back.status_code, back.json["status"]) == (200, "draft")
    again = coordinator.post(f"{address(made)}/return", sent, made.headers["ETag"], **key)
    assert again.json == back.json
    seen = senegal.get(address(made)).json
    assert (seen["history"][-1]["reason"], seen["remarks"][0]["text"]) == (
        "unconfirmed",
        sent["text"],
    )


def test_coverage_follows_commitments_there_and_back(record, operator):
    made = record("circulated", needs=[MARKING, {**MARKING, "kind": "training"}])
    seen = []
    for event in (
        held(made, 1, 1, 4000),
        held(made, 1, 1, 6000, identifier="c2"),
        held(made, 1, 2, 10_000, identifier="c3"),
        held(made, 2, 1, 6000, status="released", identifier="c2"),
        held(made, 2, 2, 10_000, status="released", identifier="c3"),
        held(made, 2, 1, 4000, status="released"),
    ):
        on_matches([event])
        on_matches([event])
        seen.append(stored(made).status)
    assert seen == ["partly-covered"] * 2 + ["covered"] + ["partly-covered"] * 2 + ["circulated"]
    steps = stored(made).history[3:]
    assert [step.action for step in steps] == ["cover-partly", "cover", "cover-partly", "uncover"]
    assert {(step.role, step.reason) for step in steps} == {("register", "commitments")}
    shown = operator.get(address(made)).json["history"]
    assert [step["action"] for step in shown][3:] == [step.action for step in steps]


def test_commitments_that_a_restore_made_vanish_cover_nothing(record):
    made = record("circulated", needs=[MARKING])
    event = held(made, 1, 1, 10_000)
    on_matches([event])
    assert stored(made).status == "covered"
    gone = Event(
        event.type, event.source, event.subject, event.time, Version(2, 0), {}, tombstone=True
    )
    on_matches([gone])
    assert stored(made).status == "circulated"


def test_commitments_move_no_request_that_is_not_circulated(record):
    made = record("withdrawn", needs=[MARKING])
    on_matches([held(made, 1, 1, 10_000)])
    assert (stored(made).status, actions(stored(made))) == ("withdrawn", ["submit", "withdraw"])


def test_a_need_that_is_added_opens_a_covered_request_again(record, operator, body):
    made = record("circulated", needs=[MARKING])
    on_matches([held(made, 1, 1, 10_000)])
    read = operator.get(address(made))
    more = [{**MARKING, "line": 1}, {**MARKING, "kind": "training"}]
    operator.put(address(made), body(needs=more), read.headers["ETag"])
    now = datetime.now(UTC)
    assert settle_changed(now - timedelta(minutes=2), now) >= 1
    assert stored(made).status == "partly-covered"


def test_a_week_is_looked_at_again_where_a_clock_may_have_been_wrong():
    since = datetime.now(UTC)
    assert not looks_back(since, since + timedelta(hours=9), AGAIN_SECONDS)
    assert looks_back(since, since - timedelta(minutes=58), 0)
    assert looks_back(since, since, AGAIN_SECONDS + 1)


def test_many_settlings_at_once_take_each_step_once(record):
    made = record("circulated", needs=[MARKING])
    on_matches([held(made, 1, 1, 4000)])
    AssistanceRequest._get_collection().update_one(
        {"_id": made.json["id"]}, {"$set": {"status": "circulated"}}
    )
    start = threading.Barrier(6)

    def sweep():
        start.wait()
        settle([made.json["id"]], LATER)

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert actions(stored(made))[3:] == ["cover-partly"] * 2


def disk_full():
    try:
        try:
            raise WriteError("available disk space is less than required", 14031)
        except WriteError as error:
            raise OperationError(f"Could not save document ({error})")  # noqa: B904 (it does so)
    except OperationError as error:
        return error


@pytest.fixture
def troubled(monkeypatch):
    """Lets the changes of a request meet an error, so many times; how many are left, by id."""
    change, left = circulating.change, Counter()

    def trouble(made, error, times=1):
        left[made.json["id"]] = times

        def changing(kind, id_, *more):
            if left[id_] > 0:
                left[id_] -= 1
                raise error
            return change(kind, id_, *more)

        monkeypatch.setattr(circulating, "change", changing)
        return left

    return trouble


@pytest.mark.parametrize("error", [Contention("others changed it"), disk_full()])
def test_what_passes_is_raised_once_the_other_requests_are_settled(record, troubled, error):
    source = f"passing-{type(error).__name__}"
    mades = [
        record("circulated", needs=[MARKING], external_id={"source": source, "id": number})
        for number in ("1", "2", "3")
    ]
    troubled(mades[1], error)
    events = [held(made, 1, 1, 10_000) for made in mades]
    with pytest.raises(type(error)):
        on_matches(events)
    assert [stored(made).status for made in mades] == ["covered", "circulated", "covered"]
    on_matches(events)  # the batch comes again
    assert [stored(made).status for made in mades] == ["covered"] * 3


def test_what_does_not_pass_is_passed_over(record, troubled):
    made = record("circulated", needs=[MARKING])
    troubled(made, ValueError("an odd record"))
    on_matches([held(made, 1, 1, 10_000)])
    assert stored(made).status == "circulated"


def test_one_that_cannot_be_circulated_now_holds_up_no_other(record, troubled):
    mades = [
        record("authenticated", external_id={"source": "held-up", "id": number})
        for number in ("1", "2", "3")
    ]
    troubled(mades[1], Contention("others changed it"))
    circulate_due(LATER)
    assert [stored(made).status for made in mades] == ["circulated", "authenticated", "circulated"]
    circulate_due(LATER)
    assert stored(mades[1]).status == "circulated"


class Rounds(threading.Event):
    """Tells a loop to stop after so many rounds."""

    def __init__(self, rounds):
        super().__init__()
        self.left = rounds

    def wait(self, timeout=None):
        self.left -= 1
        return self.left < 0


def test_the_sweep_looks_again_at_what_could_not_be_settled(record, troubled):
    made = record("circulated", needs=[MARKING])
    on_matches([held(made, 1, 1, 10_000)])
    AssistanceRequest._get_collection().update_one(
        {"_id": made.json["id"]}, {"$set": {"status": "circulated"}}
    )
    left = troubled(made, Contention("others changed it"), times=2)
    # Each round is of a day: only because the first two failed is what changed then looked at.
    days = iter(datetime.now(UTC) + timedelta(days=day) for day in range(4))
    keep_circulating(Rounds(3), lambda: next(days))
    assert (stored(made).status, left[made.json["id"]]) == ("covered", 0)


def test_commitments_of_confidential_lines_show_in_no_status_of_others(record, act_as):
    external = {"source": "covered-secret", "id": "1"}
    made = record("circulated", needs=[MARKING, SECRET], external_id=external)
    on_matches([held(made, 1, 2, 4000, unit="unspecified")])
    donor, senegal = act_as("donor", organisation="org-1"), act_as("requester", state="SEN")
    assert senegal.get(address(made)).json["status"] == "partly-covered"
    assert donor.get(address(made)).json["status"] == "circulated"
    on_matches([held(made, 1, 1, 10_000, identifier="c2")])
    assert senegal.get(address(made)).json["status"] == "covered"
    assert donor.get(address(made)).json["status"] == "covered"
    on_matches([held(made, 2, 2, 4000, unit="unspecified", status="released")])
    assert senegal.get(address(made)).json["status"] == "partly-covered"
    assert donor.get(address(made)).json["status"] == "covered"
    source = {"external_source": "covered-secret"}
    for who, status, found in (
        (donor, "covered", 1),
        (donor, "partly-covered", 0),
        (senegal, "covered", 0),
        (senegal, "partly-covered", 1),
    ):
        assert len(listed(who, status=status, **source)) == found


def test_others_see_nothing_of_what_was_before_it_was_circulated(record, senegal, act_as):
    made = record("circulated")
    seen = act_as("donor", organisation="org-1").get(address(made)).json
    assert [step["action"] for step in seen["history"]] == ["circulate"]
    assert "subject" not in seen["history"][0]
    assert "remarks" not in seen
    own = senegal.get(address(made)).json
    assert [step["action"] for step in own["history"]] == ["submit", "authenticate", "circulate"]
    assert own["history"][0]["subject"] == "test"


def test_what_an_earlier_version_published_is_circulated(record, senegal):
    made = record("circulated")
    old = {"status": "published", "shown_as": None}
    AssistanceRequest._get_collection().update_one({"_id": made.json["id"]}, {"$set": old})
    circulate_due(datetime.now(UTC))
    after = stored(made)
    assert (after.status, after.shown_as, after.consent) == ("circulated", "circulated", "express")
    assert (after.history[-1].source, after.history[-1].role) == ("published", "register")
    assert after.pending_events[-1]["data"]["status"] == "circulated"
