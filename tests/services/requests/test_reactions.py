"""Commitments heard of: any order and repetition of events leaves the same projection."""

import itertools
import uuid
from datetime import UTC, datetime

import pytest

from services.requests.documents import AssistanceRequest
from services.requests.reactions import on_matches
from shared.events.envelope import Event, check
from shared.events.validation import example
from shared.events.versions import Version
from shared.ids import derived_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def commitment(request, number, status, *lines, identifier="c1", epoch=1):
    data = {
        "id": f"{identifier}-{request}",
        "match": f"{request}.o",
        "request": request,
        "offer": "o",
        "country": "SEN",
        "organisation": "org",
        "status": status,
        "lines": [
            {
                "side": side,
                "record": request if side == "request" else "o",
                "line": line,
                "measure": measure,
                "amount": amount,
                "unit": unit,
            }
            for side, line, measure, amount, unit in lines
        ],
        "expires_at": None,
        "history": [],
    }
    event = Event(
        "entraide.commitment.v1",
        "/entraide/matches",
        data["id"],
        NOW,
        Version(epoch, number),
        data,
    )
    check(event)
    return event


@pytest.fixture
def request_id(record):
    need = {
        "theme": "marking",
        "kind": "equipment",
        "quantity": 10,
        "unit": "machines",
        "amount": 1000,
        "currency": "USD",
    }
    needs = [need, {**need, "kind": "funding"}]
    external = {"source": "reactions", "id": uuid.uuid4().hex}
    return record("circulated", needs=needs, external_id=external).json["id"]


@pytest.fixture
def committed(operator):
    def committed(request_id):
        needs = operator.get(f"/v1/requests/{request_id}").json["needs"]
        return [(n["committed"]["quantity"], n["committed"]["amount"]) for n in needs]

    return committed


FOUR = ("request", 1, "quantity", 4000, "machines")
MONEY = ("request", 2, "money", 25050, "USD")
OFFERED = ("offer", 1, "quantity", 9000, "machines")


def test_each_line_shows_what_is_committed_of_it(request_id, committed):
    on_matches([commitment(request_id, 1, "held", FOUR, MONEY, OFFERED)])
    assert committed(request_id) == [(4, None), (None, 250.5)]
    on_matches([commitment(request_id, 1, "held", FOUR, identifier="c2")])
    assert committed(request_id) == [(8, None), (None, 250.5)]


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("reserving", False),
        ("held", True),
        ("releasing", True),
        ("released", False),
        ("undoing", False),
        ("refused", False),
    ],
)
def test_what_counts_is_what_is_held(request_id, committed, status, counts):
    on_matches([commitment(request_id, 1, status, FOUR)])
    assert committed(request_id)[0] == (4 if counts else 0, None)


@pytest.mark.long
def test_any_order_and_repetition_ends_the_same(record, committed):
    need = {"theme": "marking", "kind": "equipment", "quantity": 10, "unit": "machines"}
    for number, order in enumerate(itertools.permutations(range(4))):
        external = {"source": "orders", "id": str(number)}
        made = record("circulated", needs=[need], external_id=external).json["id"]
        events = [
            commitment(made, 1, "reserving", FOUR),
            commitment(made, 2, "held", FOUR),
            commitment(made, 3, "released", FOUR),
            commitment(made, 1, "held", ("request", 1, "quantity", 1000, "machines"), epoch=2),
        ]
        for place in (*order, *order):
            on_matches([events[place]])
        assert committed(made) == [(1, None)]
        on_matches([events[place] for place in order])
        assert committed(made) == [(1, None)]


def test_a_vanished_commitment_holds_nothing(request_id, committed):
    event = commitment(request_id, 3, "held", FOUR)
    on_matches([event])
    gone = Event(event.type, event.source, event.subject, NOW, Version(2, 0), {}, tombstone=True)
    on_matches([gone])
    assert committed(request_id)[0] == (0, None)
    on_matches([event])
    assert committed(request_id)[0] == (0, None)


def test_one_that_vanished_before_it_was_heard_of_is_about_nothing(request_id, committed):
    event = commitment(request_id, 3, "held", FOUR, identifier="unheard")
    gone = Event(event.type, event.source, event.subject, NOW, Version(2, 0), {}, tombstone=True)
    for _ in range(2):  # the same batch again
        on_matches([gone])
    on_matches([event])
    assert committed(request_id)[0] == (0, None)


def test_other_events_pass_by(request_id, committed):
    data = {"request": request_id}
    on_matches(
        [
            Event(
                "entraide.shortlist.v1",
                "/entraide/matches",
                f"shortlist-{request_id}",
                NOW,
                Version(1, 1),
                data,
            )
        ]
    )
    assert committed(request_id) == [(0, None), (None, 0)]


def test_hearing_what_changes_no_state_makes_no_version_and_no_event(request_id, operator):
    on_matches([commitment(request_id, 1, "held", FOUR)])
    before = AssistanceRequest._get_collection().find_one(request_id)
    on_matches([commitment(request_id, 1, "held", FOUR, identifier="c2")])
    assert AssistanceRequest._get_collection().find_one(request_id) == before


def test_commitment_may_arrive_before_its_request_is_read(operator, record):
    early = derived_id("request", "SEN", "early", "1")
    on_matches([commitment(early, 1, "held", FOUR)])
    external = {"source": "early", "id": "1"}
    need = {"theme": "marking", "kind": "equipment", "quantity": 10, "unit": "machines"}
    made = record("circulated", needs=[need], external_id=external)
    assert made.json["id"] == early
    assert made.json["needs"][0]["committed"]["quantity"] == 4


def test_money_in_another_currency_than_the_line_has_now_is_not_added(request_id, committed):
    on_matches([commitment(request_id, 1, "held", ("request", 2, "money", 500, "EUR"))])
    assert committed(request_id)[1] == (None, 0)


def test_a_quantity_in_another_unit_than_the_line_has_now_is_not_added(operator, record, body):
    need = {"theme": "marking", "kind": "training", "quantity": 10, "unit": "machines"}
    made = record("circulated", needs=[need])
    address = f"/v1/requests/{made.json['id']}"
    on_matches([commitment(made.json["id"], 1, "held", FOUR)])
    changed = body(needs=[{**need, "line": 1, "unit": "persons"}])
    answer = operator.put(address, changed, operator.get(address).headers["ETag"])
    assert answer.json["needs"][0]["committed"] == {"quantity": 0, "amount": None, "whole": False}


def test_a_line_without_measures_is_committed_as_a_whole(operator, record):
    made = record("circulated", needs=[{"theme": "marking", "kind": "expertise"}]).json["id"]

    def shown():
        return operator.get(f"/v1/requests/{made}").json["needs"][0]["committed"]

    assert shown() == {"quantity": 0, "amount": None, "whole": True}
    on_matches([commitment(made, 1, "held", ("request", 1, "quantity", 1000, "whole"))])
    assert shown() == {"quantity": 1, "amount": None, "whole": True}


def test_a_unit_that_nobody_knows_counts_too(operator, record):
    need = {"theme": "marking", "kind": "equipment", "quantity": 10, "unit": "zorgs"}
    made = record("circulated", needs=[need]).json["id"]
    on_matches([commitment(made, 1, "held", ("request", 1, "quantity", 4000, "unspecified"))])
    shown = operator.get(f"/v1/requests/{made}").json["needs"][0]["committed"]
    assert shown["quantity"] == 4


def matched(request, number, status, *told):
    data = {
        **example("entraide.match.v1"),
        "id": f"{request}.o",
        "request": request,
        "offer": "o",
        "status": status,
        "pledged": [
            {"side": side, "line": 1, "measure": "quantity", "amount": amount, "unit": "machines"}
            for side, amount in told
            if side in ("request", "offer")
        ],
        "reported": [
            {"side": side, "line": 1, "measure": "quantity", "amount": amount, "unit": "machines"}
            for side, amount in told
            if side in ("donor", "state")
        ],
    }
    event = Event(
        "entraide.match.v1", "/entraide/matcher", data["id"], NOW, Version(1, number), data
    )
    check(event)
    return event


def test_each_line_shows_what_is_pledged_committed_and_delivered(request_id, operator):
    def shown():
        need = operator.get(f"/v1/requests/{request_id}").json["needs"][0]
        return [need[name]["quantity"] for name in ("pledged", "committed", "delivered")]

    assert shown() == [0, 0, 0]
    pledge = (("offer", 9000), ("request", 6000))
    on_matches([matched(request_id, 2, "donor-agreed", *pledge)])
    assert shown() == [6, 0, 0]
    held = commitment(request_id, 1, "held", FOUR, ("offer", 1, "quantity", 4000, "machines"))
    on_matches([held, matched(request_id, 4, "committed", *pledge)])
    assert shown() == [6, 4, 0]
    on_matches([matched(request_id, 5, "delivering", *pledge, ("donor", 3000))])
    assert shown() == [6, 4, 3]
    both = (("donor", 4000), ("state", 2000))
    on_matches([matched(request_id, 6, "delivering", *pledge, *both), held])
    assert shown() == [6, 4, 2]
    on_matches([matched(request_id, 5, "delivering", *pledge, ("donor", 3000))])
    assert shown() == [6, 4, 2]
    on_matches([matched(request_id, 9, "delivered")])
    assert shown() == [4, 4, 4]
    on_matches([matched(request_id, 10, "fallen", *pledge)])
    on_matches([commitment(request_id, 3, "released", FOUR)])
    assert shown() == [0, 0, 0]


def test_a_pledge_in_another_unit_is_told_of_its_line(request_id, operator):
    def shown():
        return operator.get(f"/v1/requests/{request_id}").json["needs"][0]["pledged_otherwise"]

    assert shown() is False
    event = matched(request_id, 2, "donor-agreed")
    told = Event(
        event.type,
        event.source,
        event.subject,
        NOW,
        event.version,
        {**event.data, "pledged_otherwise": [1]},
    )
    check(told)
    on_matches([told])
    assert shown() is True
    on_matches([matched(request_id, 3, "declined")])
    assert shown() is False


def test_events_from_before_there_were_figures_tell_of_none(request_id, operator):
    event = matched(request_id, 2, "agreed")
    data = {
        k: v for k, v in event.data.items() if k not in ("pledged", "reported", "pledged_otherwise")
    }
    old = Event(event.type, event.source, event.subject, NOW, event.version, data)
    check(old)
    on_matches([old])
    assert operator.get(f"/v1/requests/{request_id}").json["needs"][0]["pledged"]["quantity"] == 0
    # A replay says the same version again, and fills in what it did not tell.
    on_matches([matched(request_id, 2, "agreed", ("request", 1000))])
    assert operator.get(f"/v1/requests/{request_id}").json["needs"][0]["pledged"]["quantity"] == 1
