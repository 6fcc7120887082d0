"""States' points of contact."""

from datetime import UTC, datetime, timedelta

import pytest

from services.requests.documents import WEEKDAYS, State

CONTACT = {
    "office": "National commission on small arms",
    "email": "office@example.org",
    "phone": "+221 33 000 00 00",
    "languages": ["fr", "en"],
}


@pytest.fixture(autouse=True)
def no_states(client):
    State.objects.delete()


def test_contacts_are_set_read_confirmed_and_listed(senegal, caller):
    assert senegal.get("/v1/states/SEN").status_code == 404
    made = senegal.put("/v1/states/SEN", {"contacts": [CONTACT]})
    assert made.status_code == 201
    today = datetime.now(UTC).date().isoformat()
    assert made.json["last_confirmed"] == today
    assert made.json["no_objection_days"] == 5
    assert made.json["weekend"] is None
    assert made.json["calendar"]["weekend"] == ["saturday", "sunday"]
    assert made.json["confirmation_due"] is False
    donor = caller("donor", organisation="org-1")
    read = donor.get("/v1/states/SEN")
    assert read.json["contacts"] == [CONTACT]
    sent = {
        "contacts": [CONTACT],
        "last_confirmed": "2024-01-01",
        "no_objection_days": 10,
        "weekend": ["saturday", "friday", "friday"],
    }
    changed = senegal.put("/v1/states/SEN", sent, read.headers["ETag"])
    assert changed.status_code == 200
    assert changed.json["confirmation_due"] is True
    assert changed.json["no_objection_days"] == 10
    assert changed.json["weekend"] == ["friday", "saturday"]
    assert changed.json["calendar"]["weekend"] == ["friday", "saturday"]
    listed = donor.get("/v1/states")
    assert [state["id"] for state in listed.json["items"]] == ["SEN"]


def test_writing_needs_the_version_that_is_there(senegal):
    assert senegal.put("/v1/states/SEN", {}, '"1.1"').status_code == 412
    assert senegal.put("/v1/states/SEN", {"contacts": [CONTACT]}).status_code == 201
    assert senegal.put("/v1/states/SEN", {}).status_code == 428
    assert senegal.put("/v1/states/SEN", {}, '"1.7"').status_code == 412
    assert senegal.get("/v1/states/SEN").json["contacts"] == [CONTACT]


@pytest.mark.parametrize(
    ("role", "claims", "status"),
    [
        ("requester", {"state": "SEN"}, 201),
        ("operator", {}, 201),
        ("requester", {"state": "MLI"}, 403),
        ("donor", {"organisation": "org-1"}, 403),
        ("coordinator", {}, 403),
        ("auditor", {}, 403),
    ],
)
def test_who_may_write(caller, role, claims, status):
    answer = caller(role, **claims).put("/v1/states/SEN", {"contacts": [CONTACT]})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"contacts": [{**CONTACT, "office": None}]}, "contacts[0].office"),
        ({"contacts": [{**CONTACT, "email": "nobody"}]}, "contacts[0].email"),
        ({"contacts": [{**CONTACT, "phone": "call me"}]}, "contacts[0].phone"),
        ({"contacts": [{**CONTACT, "languages": ["xx"]}]}, "contacts[0].languages[0]"),
        ({"contacts": [{**CONTACT, "name": "Somebody"}]}, "contacts[0].name"),
        ({"last_confirmed": "2099-01-01"}, "last_confirmed"),
        ({"no_objection_days": -1}, "no_objection_days"),
        ({"weekend": ["someday"]}, "weekend[0]"),
        ({"weekend": [*WEEKDAYS]}, "weekend"),
        ({"days_off": ["2026-02-30"]}, "days_off[0]"),
        ({"days_worked": ["1926-02-03"]}, "days_worked[0]"),
        ({"days_off": ["2026-04-03"] * 101}, "days_off"),
        ({"days_off": ["2026-04-03"], "days_worked": ["2026-04-03"]}, "days_worked"),
    ],
)
def test_bad_values_name_their_field(senegal, members, field):
    answer = senegal.put("/v1/states/SEN", members)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize("alpha3", ["XXX", "sen", "Senegal", "$where"])
def test_what_is_no_state(operator, alpha3):
    assert operator.put(f"/v1/states/{alpha3}", {"contacts": [CONTACT]}).status_code == 404


def test_the_states_own_period_of_objection_counts(record, senegal, coordinator):
    senegal.put("/v1/states/SEN", {"no_objection_days": 60})
    made = record("authenticated")
    until = datetime.fromisoformat(made.json["circulates_at"])
    assert until > datetime.now(UTC) + timedelta(days=80)
    assert (until.hour, until.minute) == (12, 0)


def test_days_that_a_state_adds_and_removes_are_kept_and_shown(senegal):
    made = senegal.put("/v1/states/SEN", {"contacts": [CONTACT]})
    holidays = made.json["calendar"]["days_off"]
    assert len(holidays) > 5
    today = datetime.now(UTC).date()
    ahead = ((today + timedelta(days=days)) for days in range(7, 30))
    monday = next(d.isoformat() for d in ahead if not d.weekday() and d.isoformat() not in holidays)
    own = {"days_off": [monday, monday], "days_worked": holidays[1:3]}
    changed = senegal.put("/v1/states/SEN", own, made.headers["ETag"])
    assert changed.json["days_off"] == [monday]
    assert changed.json["days_worked"] == holidays[1:3]
    expected = sorted({monday, *holidays} - {*holidays[1:3]})
    assert changed.json["calendar"]["days_off"] == expected
    assert senegal.get("/v1/states/SEN").json["calendar"] == changed.json["calendar"]
    worked = senegal.put("/v1/states/SEN", {"weekend": []}, changed.headers["ETag"])
    assert worked.json["weekend"] == worked.json["calendar"]["weekend"] == []
    assert senegal.get("/v1/states/SEN").json["weekend"] == []
    assert "calendar" not in senegal.get("/v1/states").json["items"][0]


def test_a_window_that_runs_keeps_its_end_when_the_calendar_changes(record, senegal):
    request = record("authenticated")
    soon = [(datetime.now(UTC) + timedelta(days=ahead)).date().isoformat() for ahead in range(30)]
    senegal.put("/v1/states/SEN", {"days_off": soon, "no_objection_days": 60})
    read = senegal.get(f"/v1/requests/{request.json['id']}")
    assert read.json["circulates_at"] == request.json["circulates_at"]
    later = record("authenticated")
    assert later.json["circulates_at"] > request.json["circulates_at"]


def test_a_state_that_lets_no_day_pass_is_circulated_at_once(record, senegal):
    senegal.put("/v1/states/SEN", {"no_objection_days": 0})
    made = record("authenticated")
    assert (made.json["status"], made.json["consent"]) == ("circulated", "no-objection")
    assert made.json["circulates_at"] is None
    assert made.json["history"][-1]["role"] == "register"
    assert made.json["history"][-1]["reason"] == "no-objection"
