"""What goes out of offers and activities: by the schema, and never a word of the texts."""

import json
import re
from datetime import UTC, datetime

import mongoengine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.offers import domain
from services.offers.documents import Activity, AssistanceOffer, Organisation
from services.offers.events import activity_event_data, offer_event_data
from services.offers.schemas import ActivityBody, OfferBody
from shared.events import validation
from shared.lifecycle import IllegalTransition
from shared.web.identity import Identity
from shared.web.problems import Problem

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = b"k" * 32
OPERATOR = Identity("op", "operator")

words = st.text(st.characters(categories=["L"]), min_size=5, max_size=12)
texts = st.lists(words, min_size=4, max_size=12, unique=True).map(" ".join)
short = st.lists(words, min_size=4, max_size=4, unique=True).map(" ".join)
units = st.none() | short.filter(lambda text: len(text) <= 60)
numbers = st.decimals("0.001", 10**6, places=3).map(float)


def counted(name):
    """A quantity with or without a unit, or none at all."""
    none = st.just({name: None, "unit": None})
    return none | st.fixed_dictionaries({name: numbers, "unit": units})


money = st.just({}) | st.just({"amount": 12.5, "currency": "EUR"})
common = {"title": texts, "description": texts, "organisation": st.just("org-1")}
offers = st.fixed_dictionaries(
    {
        **common,
        "provisions": st.lists(
            st.builds(
                lambda line, money: {"theme": "marking", "kind": "training"} | line | money,
                counted("capacity"),
                money,
            ),
            max_size=3,
        ),
        "conditions": st.lists(st.fixed_dictionaries({"text": texts}), max_size=3),
        "eligibility": st.fixed_dictionaries(
            {
                "countries": st.lists(st.sampled_from(["SEN", "MLI"]), max_size=4),
                "regions": st.lists(st.sampled_from(["Western Africa"]), max_size=2),
                "groups": st.lists(st.sampled_from(["LDC", "SIDS"]), max_size=3),
            }
        ),
        "ceiling": st.none() | st.just({"amount": 5.25, "currency": "USD"}),
        "window": st.none() | st.just({"from": "2026-01-01", "to": "2026-12-31"}),
    }
)
activities = st.builds(
    lambda activity, quantity, money: activity | quantity | money,
    st.fixed_dictionaries(
        {
            **common,
            "country": st.just("SEN"),
            "theme": st.just("marking"),
            "kind": st.just("training"),
            "status": st.sampled_from(["planned", "ongoing", "completed", "cancelled"]),
        }
    ),
    counted("quantity"),
    money,
)


def organisation():
    found = Organisation(id="org-1")
    domain.fill_organisation(
        found,
        {
            "name": "Agency",
            "type": "ngo",
            "country": "NOR",
            "contacts": [],
            "last_confirmed": None,
        },
        NOW.date(),
    )
    return found


def published(body):
    """A published offer that never saw a database."""
    payload = OfferBody().load(body)
    offer = domain.new_offer(payload, OPERATOR, NOW, KEY, organisation=organisation())
    domain.step_offer(offer, "submit", OPERATOR, NOW)
    domain.step_offer(offer, "publish", OPERATOR, NOW)
    return offer


def registered(body):
    payload = ActivityBody().load(body)
    return domain.new_activity(payload, OPERATOR, NOW, KEY, organisation=organisation())


def told(data):
    sent = json.dumps(data, ensure_ascii=False)
    return " ".join(re.findall(r"[^\W_]+", sent.casefold()))


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def runs(text, length=4):
    found = re.findall(r"[^\W_]+", text.casefold())
    return {" ".join(found[at : at + length]) for at in range(len(found) - length + 1)}


@settings(max_examples=25, deadline=None)
@given(offers)
def test_offer_events_satisfy_their_schema_and_hold_no_text(body):
    data = offer_event_data(published(body))
    assert validation.problem("entraide.offer.v1", data) is None
    free = {run for text in strings(body) for run in runs(text)}
    assert not [run for run in free if run in told(data)]


@settings(max_examples=25, deadline=None)
@given(activities)
def test_activity_events_satisfy_their_schema_and_hold_no_text(body):
    data = activity_event_data(registered(body))
    assert validation.problem("entraide.activity.v1", data) is None
    free = {run for text in strings(body) for run in runs(text)}
    assert not [run for run in free if run in told(data)]


OFFER = {
    "title": "Machines",
    "description": "Ten machines.",
    "organisation": "org-1",
    "provisions": [
        {
            "theme": "marking",
            "kind": "equipment",
            "capacity": 10,
            "unit": "machines",
            "amount": 99.99,
            "currency": "EUR",
        }
    ],
    "conditions": [{"kind": "reporting", "text": "Reports"}, {"text": "More"}],
    "eligibility": {"countries": ["SEN"], "regions": ["Western Africa"], "groups": ["LDC"]},
    "ceiling": {"amount": 50, "currency": "USD"},
    "window": {"from": "2026-07-01", "to": "2027-12-31"},
    "partners": ["WCO"],
    "external_id": {"source": "test", "id": "O-1"},
}


def test_offer_event_data_are_what_the_design_says():
    offer = published(OFFER)
    data = offer_event_data(offer)
    assert data.pop("signature") == offer.signature
    assert [step["action"] for step in data.pop("history")] == ["submit", "publish"]
    hashes = [condition.pop("hash") for condition in data["conditions"]]
    assert hashes == [condition.hash for condition in offer.conditions]
    assert data == {
        "id": offer.id,
        "status": "published",
        "merged_into": None,
        "organisation": "org-1",
        "donor_type": "ngo",
        "donor_country": "NOR",
        "window": {"from": "2026-07-01", "to": "2027-12-31"},
        "provisions": [
            {
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "capacity": 10,
                "unit": "machines",
                "amount_cents": 9999,
                "currency": "EUR",
            }
        ],
        "eligibility": {"countries": ["SEN"], "regions": ["Western Africa"], "groups": ["LDC"]},
        "conditions": [{"kind": "reporting"}, {"kind": "other"}],
        "ceiling_cents": 5000,
        "ceiling_currency": "USD",
        "call": None,
        "partners": ["WCO"],
        "created_at": "2026-01-02T03:04:05.000Z",
        "updated_at": "2026-01-02T03:04:05.000Z",
    }


def test_building_events_needs_no_database():
    mongoengine.disconnect()
    with pytest.raises(mongoengine.ConnectionFailure):
        mongoengine.get_connection()
    assert offer_event_data(published(OFFER))["status"] == "published"
    body = {
        "title": "Course",
        "description": "A course.",
        "organisation": None,
        "country": "SEN",
        "theme": "marking",
        "kind": "training",
    }
    payload = ActivityBody().load(body)
    activity = domain.new_activity(payload, OPERATOR, NOW, KEY, organisation=None)
    assert activity_event_data(activity)["window"] is None


def test_stored_records_leave_their_events(donor, body):
    made = donor.post("/v1/offers", body())
    assert AssistanceOffer.objects(id=made.json["id"]).first().pending_events == []
    donor.post(f"{made.headers['Location']}/submit", None, made.headers["ETag"])
    stored = AssistanceOffer.objects(id=made.json["id"]).first()
    assert stored.pending_events[0]["data"] == offer_event_data(stored)
    sent = {
        "title": "Course",
        "description": "A course.",
        "organisation": "org-1",
        "country": "SEN",
        "theme": "marking",
        "kind": "training",
    }
    made = donor.post("/v1/activities", sent)
    stored = Activity.objects(id=made.json["id"]).first()
    assert stored.pending_events[0]["data"] == activity_event_data(stored)
    assert stored.pending_events[0]["type"] == "entraide.activity.v1"


def test_steps_and_owners():
    offer = published(OFFER)
    with pytest.raises(IllegalTransition):
        domain.step_offer(offer, "submit", OPERATOR, NOW)
    stranger = Identity("x", "donor", organisation="org-2")
    with pytest.raises(Problem) as error:
        domain.step_offer(offer, "close", stranger, NOW)
    assert error.value.status == 403


def test_a_retired_theme_stays_where_it_was():
    retired = {"theme": "marking-and-record-keeping", "kind": "training"}
    then = datetime(2024, 6, 1, tzinfo=UTC)
    payload = OfferBody().load({**OFFER, "provisions": [retired]})
    offer = domain.new_offer(payload, OPERATOR, then, KEY, organisation=organisation())
    kept = OfferBody().load({**OFFER, "title": "New", "provisions": [{**retired, "line": 1}]})
    domain.change_offer(offer, kept, OPERATOR, NOW, KEY, organisation())
    assert offer.title == "New"
    with pytest.raises(Problem) as error:
        domain.change_offer(offer, payload, OPERATOR, NOW, KEY, organisation())
    assert error.value.errors[0].field == "provisions[0].theme"
    assert "'marking'" in error.value.errors[0].message
