"""One request merged into another: what moves, what does not, what a crash leaves, and back."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from services.requests.documents import AssistanceRequest
from services.requests.merging import REQUESTS
from services.requests.reactions import on_matches
from shared.events.envelope import check
from shared.registers.merging import finish, recover
from shared.registers.schemas import MAX_LINES
from tests.services.requests.test_reactions import commitment

MARKING = {"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}
TRAINING = {"theme": "marking", "kind": "training", "quantity": 12, "unit": "persons"}
TRACING = {"theme": "tracing", "kind": "training"}
LATER = datetime(2100, 1, 1, tzinfo=UTC)


class Crash(Exception):  # noqa: N818 (named for what happened)
    """The process died."""


@pytest.fixture
def coordinator(caller):
    who = caller("coordinator")
    who.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    return who


def address(record):
    return f"/v1/requests/{record.json['id']}"


@pytest.fixture
def pair(record):
    """The request that goes and the one that stays."""

    def make(gone=(MARKING, TRAINING), stays=(MARKING,), status="circulated", **members):
        return record(status, needs=list(gone), **members), record(status, needs=list(stays))

    return make


def merge(who, record, into, **body):
    body = {"into": into.json["id"], **body}
    return who.post(f"{address(record)}/merge", body, record.headers["ETag"])


def lines(shown):
    return [
        (need["line"], need["theme"], need["kind"], need["from"] and need["from"]["line"])
        for need in shown["needs"]
    ]


def test_needs_that_the_other_lacks_are_taken_over_and_leave_again(pair, coordinator, senegal):
    gone, stays = pair(priority="critical")
    merged = merge(coordinator, gone, stays)
    assert (merged.status_code, merged.json["status"]) == (200, "merged")
    assert merged.json["merged_into"] == stays.json["id"]
    assert lines(merged.json) == lines(gone.json)
    other = senegal.get(address(stays))
    assert other.json["merged_from"] == [gone.json["id"]]
    assert lines(other.json) == [
        (1, "marking", "equipment", None),
        (2, "marking", "training", 2),
    ]
    taken = other.json["needs"][1]
    assert taken["from"] == {"record": gone.json["id"], "line": 2}
    assert (taken["quantity"], taken["priority"]) == (12, "critical")
    assert taken["window"] == gone.json["window"]

    undone = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert (undone.status_code, undone.json["status"]) == (200, "circulated")
    assert undone.json["merged_into"] is None
    assert [(s["action"], s["source"], s["target"]) for s in undone.json["history"]][3:] == [
        ("merge", "circulated", "merged"),
        ("unmerge", "merged", "circulated"),
    ]
    other = senegal.get(address(stays))
    assert lines(other.json) == [(1, "marking", "equipment", None)]
    assert other.json["merged_from"] == []


def test_merged_again_after_it_was_undone(pair, coordinator):
    gone, stays = pair()
    for number in (2, 3):
        answer = merge(coordinator, gone, stays)
        shown = coordinator.get(address(stays)).json
        assert [line[0] for line in lines(shown)] == [1, number]
        gone = coordinator.post(f"{address(gone)}/unmerge", None, answer.headers["ETag"])
        assert gone.status_code == 200
    assert lines(coordinator.get(address(stays)).json) == lines(stays.json)


@pytest.mark.parametrize(("chosen", "expected"), [([], [1]), ([1], [1, 2]), ([2, 1], [1, 2, 3])])
def test_the_coordinator_chooses_lines(pair, coordinator, chosen, expected):
    gone, stays = pair()
    assert merge(coordinator, gone, stays, lines=chosen).status_code == 200
    assert [line[0] for line in lines(coordinator.get(address(stays)).json)] == expected


def test_submitted_requests_are_merged_and_go_back_to_being_submitted(pair, coordinator):
    gone, stays = pair(status="submitted")
    merged = merge(coordinator, gone, stays)
    undone = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert undone.json["status"] == "submitted"


@pytest.mark.parametrize("chosen", [None, [2]])
def test_no_line_is_published_by_merging(record, coordinator, chosen):
    gone = record("submitted", needs=[MARKING, TRAINING])
    stays = record("circulated", needs=[MARKING])
    answer = merge(coordinator, gone, stays, lines=chosen)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "lines")
    assert merge(coordinator, gone, stays, lines=[]).json["status"] == "merged"


def test_a_published_request_does_not_vanish_in_one_that_is_not(record, coordinator):
    answer = merge(coordinator, record("circulated"), record("submitted"))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "into")


def test_needs_of_a_restricted_request_do_not_become_public(record, coordinator):
    gone = record("circulated", needs=[TRACING])
    stays = record("circulated", confidentiality="public")
    answer = merge(coordinator, gone, stays)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "not-public")
    assert merge(coordinator, gone, stays, lines=[]).status_code == 200


def test_confidential_lines_stay_confidential(record, coordinator, caller):
    gone = record("circulated", needs=[{**TRACING, "confidential": True}])
    stays = record("circulated")
    merge(coordinator, gone, stays)
    shown = caller("donor", organisation="org").get(address(stays)).json
    assert (len(shown["needs"]), shown["hidden_lines"]) == (1, 1)


@pytest.mark.parametrize("status", ["withdrawn", "closed"])
def test_not_into_a_finished_request(record, coordinator, status):
    answer = merge(coordinator, record("circulated"), record(status))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "into")


def test_not_into_a_merged_request_and_not_twice(pair, record, coordinator):
    gone, stays = pair()
    merged = merge(coordinator, gone, stays)
    into_merged = merge(coordinator, record("circulated"), gone)
    assert (into_merged.status_code, into_merged.json["errors"][0]["code"]) == (409, "not-open")
    twice = merge(coordinator, merged, record("circulated"))
    assert twice.status_code == 409
    assert twice.json["type"].endswith("illegal-transition")


@pytest.mark.parametrize(
    ("into", "code"), [("itself", "same"), ("another State's", "other-country"), ("x", "unknown")]
)
def test_not_into_what_is_no_other_request_of_the_state(record, coordinator, into, code):
    gone = record("circulated")
    identifier = {
        "itself": gone.json["id"],
        "another State's": record("circulated", country="MLI").json["id"],
        "x": "x",
    }[into]
    sent = {"into": identifier}
    answer = coordinator.post(f"{address(gone)}/merge", sent, gone.headers["ETag"])
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [("into", code)]


def test_a_draft_is_not_there_for_a_coordinator(record, coordinator):
    published, draft = record("circulated"), record("draft")
    assert merge(coordinator, draft, published).status_code == 404
    answer = merge(coordinator, published, draft)
    assert answer.json["errors"][0]["code"] == "unknown"


@pytest.mark.parametrize(
    ("chosen", "field"),
    [([9], "lines[0]"), ([1, 1], "lines[1]"), (["1"], "lines[0]"), (3, "lines")],
)
def test_lines_that_are_not_there(pair, coordinator, chosen, field):
    answer = merge(coordinator, *pair(), lines=chosen)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_a_stale_version_merges_and_unmerges_nothing(pair, coordinator, operator, body):
    gone, stays = pair()
    changed = operator.put(address(gone), body(title="Changed"), gone.headers["ETag"])
    assert merge(coordinator, gone, stays).status_code == 412
    assert merge(coordinator, changed, stays).status_code == 200
    answer = coordinator.post(f"{address(gone)}/unmerge", None, changed.headers["ETag"])
    assert answer.status_code == 412
    assert coordinator.post(f"{address(gone)}/unmerge").status_code == 428


@pytest.mark.parametrize("role", ["owner", "other", "donor", "auditor", "operator"])
def test_only_coordinators_merge(pair, caller, role):
    who = {
        "owner": caller("requester", state="SEN"),
        "other": caller("requester", state="MLI"),
        "donor": caller("donor", organisation="org"),
    }.get(role) or caller(role)
    gone, stays = pair()
    for step in ("merge", "unmerge"):
        sent = {"into": stays.json["id"]} if step == "merge" else None
        answer = who.post(f"{address(gone)}/{step}", sent, gone.headers["ETag"])
        assert answer.status_code == (404 if role == "other" else 403)


@pytest.mark.parametrize("role", ["owner", "coordinator", "auditor", "operator", "donor"])
def test_who_sees_a_merged_request(pair, coordinator, caller, role):
    gone, stays = pair()
    merge(coordinator, gone, stays)
    claims = {"owner": {"state": "SEN"}, "donor": {"organisation": "org"}}.get(role, {})
    answer = caller("requester" if role == "owner" else role, **claims).get(address(gone))
    assert answer.status_code == (404 if role == "donor" else 200)


def test_what_was_not_merged_cannot_be_taken_apart(record, coordinator):
    made = record("circulated")
    answer = coordinator.post(f"{address(made)}/unmerge", None, made.headers["ETag"])
    assert answer.status_code == 409


def test_a_merged_request_takes_no_other_step(pair, coordinator, operator, body):
    gone, stays = pair()
    etag = merge(coordinator, gone, stays).headers["ETag"]
    assert operator.put(address(gone), body(), etag).status_code == 409
    for step in ("submit", "withdraw", "close"):
        assert operator.post(f"{address(gone)}/{step}", None, etag).status_code == 409


def test_the_owner_may_change_what_was_taken_over_and_it_still_says_whence(
    pair, coordinator, operator, body
):
    gone, stays = pair()
    merge(coordinator, gone, stays)
    read = operator.get(address(stays))
    needs = [{**MARKING, "line": 1}, {**TRAINING, "line": 2, "quantity": 20}]
    changed = operator.put(address(stays), body(needs=needs), read.headers["ETag"])
    assert changed.json["needs"][1]["from"] == {"record": gone.json["id"], "line": 2}


def hold(request, line, number=1, status="held"):
    taken = ("request", line, "quantity", 1000, "machines")
    on_matches([commitment(request.json["id"], number, status, taken)])


def test_what_is_committed_stays_where_it_is(pair, coordinator):
    gone, stays = pair()
    hold(gone, 1)
    gone = coordinator.get(address(gone))
    answer = merge(coordinator, gone, stays)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:entraide:problem:committed")
    assert merge(coordinator, stays, gone).status_code == 200


def test_no_undoing_while_what_was_taken_over_is_committed(pair, coordinator):
    gone, stays = pair()
    merged = merge(coordinator, gone, stays)
    hold(stays, 2)
    answer = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert (answer.status_code, answer.json["type"]) == (409, "urn:entraide:problem:committed")
    hold(stays, 2, number=2, status="released")
    answer = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert answer.status_code == 200


def test_undoing_may_leave_own_lines_committed(pair, coordinator):
    gone, stays = pair()
    merged = merge(coordinator, gone, stays)
    hold(stays, 1)
    answer = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert answer.status_code == 200


def test_a_chain_is_undone_from_its_end(record, coordinator):
    first, second, third = (
        record("circulated", needs=[{**TRACING, "theme": theme}])
        for theme in ("tracing", "marking", "ddr")
    )
    first = merge(coordinator, first, second)
    second = merge(coordinator, coordinator.get(address(second)), third)
    shown = coordinator.get(address(third)).json
    assert [need["theme"] for need in shown["needs"]] == ["ddr", "marking", "tracing"]
    refused = coordinator.post(f"{address(first)}/unmerge", None, first.headers["ETag"])
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (409, "into")
    for one in (second, first):
        answer = coordinator.post(f"{address(one)}/unmerge", None, one.headers["ETag"])
        assert answer.status_code == 200
    assert [n["theme"] for n in coordinator.get(address(third)).json["needs"]] == ["ddr"]
    assert [n["theme"] for n in coordinator.get(address(second)).json["needs"]] == ["marking"]


def test_no_more_lines_than_a_record_can_have(record, coordinator):
    gone = record("circulated", needs=[TRACING, TRAINING])
    stays = record("circulated", needs=[MARKING] * (MAX_LINES - 1))
    answer = merge(coordinator, gone, stays)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "lines")
    assert merge(coordinator, gone, stays, lines=[2]).status_code == 200


def test_events_say_into_what_and_satisfy_their_schema(pair, coordinator):
    gone, stays = pair()
    merged = merge(coordinator, gone, stays)
    for identifier, into in ((gone.json["id"], stays.json["id"]), (stays.json["id"], None)):
        event = AssistanceRequest.objects(id=identifier).first().event()
        check(event)
        assert event.data["merged_into"] == into
    coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert AssistanceRequest.objects(id=gone.json["id"]).first().event().data["merged_into"] is None


# Crashes


def crash_at(name):
    def step(reached):
        if reached == name:
            raise Crash(name)

    return step


def state(*requests):
    """Status, what it is merged into, and the lines with where they are from."""
    found = [AssistanceRequest.objects(id=one.json["id"]).first() for one in requests]
    return [
        (
            one.status,
            one.merged_into,
            [
                (need.theme, need.kind, need.taken_from and need.taken_from.line)
                for need in one.needs
            ],
        )
        for one in found
    ]


@pytest.fixture
def dying(monkeypatch):
    """Lets the API's process die at a step."""

    def make(name):
        def finish_or_die(register, identifier, now):
            return finish(register, identifier, now, crash_at(name))

        monkeypatch.setattr("services.requests.api.requests.finish", finish_or_die)

    return make


@pytest.mark.parametrize("name", ["take over", "settle"])
@pytest.mark.parametrize("by", ["the sweep", "a repeat"])
def test_a_merging_that_a_crash_cut_short_is_finished(
    pair, coordinator, dying, monkeypatch, name, by
):
    gone, stays = pair()
    sent, etag = {"into": stays.json["id"]}, gone.headers["ETag"]
    key = f"merge-{gone.json['id']}"
    with monkeypatch.context():
        dying(name)
        answer = coordinator.post(f"{address(gone)}/merge", sent, etag, Idempotency_Key=key)
        assert answer.status_code == 500
        monkeypatch.undo()
    status, into, _ = state(gone)[0]
    assert (status, into) == ("merged", stays.json["id"])
    if by == "the sweep":
        assert recover(REQUESTS, LATER) == 1
    else:
        again = coordinator.post(f"{address(gone)}/merge", sent, etag, Idempotency_Key=key)
        assert (again.status_code, again.json["status"]) == (200, "merged")
    assert recover(REQUESTS, LATER) == 0
    assert state(stays)[0][2] == [("marking", "equipment", None), ("marking", "training", 2)]


@pytest.mark.parametrize("name", ["give back", "reopen"])
def test_an_undoing_that_a_crash_cut_short_is_finished(pair, coordinator, dying, monkeypatch, name):
    gone, stays = pair()
    before = state(gone, stays)
    merged = merge(coordinator, gone, stays)
    dying(name)
    answer = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert answer.status_code == 500
    monkeypatch.undo()
    assert state(gone)[0][0] == "merged"
    assert recover(REQUESTS, LATER) == 1
    assert state(gone, stays) == before


def test_a_fresh_merging_is_left_to_whoever_began_it(pair, coordinator, dying, monkeypatch):
    gone, stays = pair()
    dying("take over")
    assert merge(coordinator, gone, stays).status_code == 500
    monkeypatch.undo()
    assert recover(REQUESTS, datetime.now(UTC)) == 0
    assert recover(REQUESTS, datetime.now(UTC) + timedelta(minutes=1)) == 1


@pytest.mark.parametrize("by", ["the call", "the sweep"])
def test_where_the_other_was_withdrawn_meanwhile_all_is_as_before(
    pair, coordinator, operator, dying, monkeypatch, by
):
    gone, stays = pair()
    before = state(gone)

    def withdrawn_first(register, identifier, now):
        etag = stays.headers["ETag"]
        assert operator.post(f"{address(stays)}/withdraw", None, etag).status_code == 200
        if by == "the sweep":
            raise Crash
        return finish(register, identifier, now)

    monkeypatch.setattr("services.requests.api.requests.finish", withdrawn_first)
    answer = merge(coordinator, gone, stays)
    if by == "the call":
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "into")
    else:
        assert recover(REQUESTS, LATER) == 1
    assert state(gone) == before
    assert recover(REQUESTS, LATER) == 0


@pytest.mark.parametrize(
    "late", list(itertools.product(["take over", "settle"], ["merged", "undone"]))
)
def test_whoever_finishes_late_changes_nothing_more(pair, coordinator, monkeypatch, late):
    """A finisher that stalls before a write, while another finishes, or even undoes it all."""
    at, by_then = late
    gone, stays = pair()
    now = datetime.now(UTC)
    seen = []

    def stall(reached):
        if reached == at and not seen:
            finish(REQUESTS, gone.json["id"], now)
            if by_then == "undone":
                etag = coordinator.get(address(gone)).headers["ETag"]
                undone = coordinator.post(f"{address(gone)}/unmerge", None, etag)
                assert undone.status_code == 200
            seen.append(state(gone, stays))

    monkeypatch.setattr(
        "services.requests.api.requests.finish",
        lambda register, identifier, now: (
            finish(register, identifier, now) if seen else finish(register, identifier, now, stall)
        ),
    )
    merge(coordinator, gone, stays)
    assert seen == [state(gone, stays)]
