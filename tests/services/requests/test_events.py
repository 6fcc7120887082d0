"""What goes out: state and signature by the schema, and never a word of the texts."""

import hashlib
import json
import re
from datetime import UTC, date, datetime

import mongoengine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.requests.documents import AssistanceRequest
from services.requests.domain import authenticate, new_request, submit
from services.requests.events import request_event_data
from services.requests.schemas import RequestBody
from shared.events import validation
from shared.events.outbox import timestamp
from shared.web.identity import Identity

REQUEST = "entraide.request.v1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = b"k" * 32
OPERATOR = Identity("op", "operator")
COORDINATOR = Identity("co@example.org", "coordinator")

MEASURED = {
    "text": "two",
    "indicator": "three",
    "baseline": "4",
    "target": "5",
    "date": "2027-01-01",
}

words = st.text(st.characters(categories=["L"]), min_size=5, max_size=12)
texts = st.lists(words, min_size=4, max_size=12, unique=True).map(" ".join)
short = st.lists(words, min_size=4, max_size=4, unique=True).map(" ".join)
maybe = st.none() | texts
days = st.dates(date(2025, 1, 1), date(2030, 1, 1)).map(date.isoformat)
windows = st.tuples(days, days).map(
    lambda pair: dict(zip(("from", "to"), sorted(pair), strict=True))
)
objectives = st.fixed_dictionaries(
    {"text": texts, "indicator": maybe, "baseline": maybe, "target": maybe}
)
money = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "amount": st.decimals(0, 10**13, places=2).map(float),
            "currency": st.sampled_from(["USD", "EUR", "XOF"]),
        }
    ),
)
quantities = st.just({"quantity": None, "unit": None}) | st.fixed_dictionaries(
    {
        "quantity": st.decimals("0.001", 10**6, places=3).map(float),
        "unit": st.none() | short.filter(lambda text: len(text) <= 60),
    }
)
lines = st.builds(
    lambda line, quantity, money: line | quantity | money,
    st.fixed_dictionaries(
        {
            "theme": st.sampled_from(["marking", "tracing", "ddr"]),
            "kind": st.sampled_from(["equipment", "funding"]),
            "priority": st.sampled_from([None, "high"]),
            "window": st.none() | windows,
            "objectives": st.lists(objectives, max_size=2),
            "sites": st.lists(texts.filter(lambda text: len(text) <= 200), max_size=2),
            "confidential": st.booleans(),
            "sustainability": st.lists(st.sampled_from(["training", "maintenance"]), max_size=2),
        }
    ),
    quantities,
    money,
)
bodies = st.fixed_dictionaries(
    {
        "title": texts,
        "description": texts,
        "country": st.sampled_from(["SEN", "MLI"]),
        "needs": st.lists(lines, max_size=3),
        "window": st.none() | windows,
        "source_report": st.none() | st.fixed_dictionaries({"title": texts}),
        "action_plan": st.none() | st.fixed_dictionaries({"title": texts}),
        "initiatives": st.just(["ecowas-2026"]),
        "partners": st.lists(st.sampled_from(["WCO", "INTERPOL"]), max_size=2),
        "objectives": st.lists(objectives, max_size=2),
        "evidence": st.lists(st.fixed_dictionaries({"text": texts}), max_size=2),
        "gender_marker": st.sampled_from([None, "principal"]),
        "external_id": st.none() | st.just({"source": "test", "id": "R-1"}),
    }
)


def circulated(body):
    """A circulated request that never saw a database."""
    request = new_request(RequestBody().load(body), OPERATOR, NOW, KEY)
    submit(request, "express", OPERATOR, NOW)
    authenticate(request, None, COORDINATOR, NOW)
    return request


def strings(value):
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def runs(text, length=4):
    """The runs of so many words in a text, as letters and digits alone."""
    found = re.findall(r"[^\W_]+", text.casefold())
    return {" ".join(found[at : at + length]) for at in range(len(found) - length + 1)}


@settings(max_examples=40, deadline=None)
@given(bodies)
def test_event_satisfies_its_schema_and_holds_no_text(body):
    data = request_event_data(circulated(body))
    assert validation.problem(REQUEST, data) is None
    sent = json.dumps(data, ensure_ascii=False)
    told = " ".join(re.findall(r"[^\W_]+", sent.casefold()))
    free = {run for text in strings(body) for run in runs(text)}
    assert not [run for run in free if run in told]


def test_event_data_are_what_the_design_says():
    need = {
        "theme": "marking",
        "kind": "equipment",
        "quantity": 4,
        "unit": "machines",
        "amount": 168000.5,
        "currency": "USD",
        "confidential": True,
        "objectives": [{"text": "one"}, MEASURED],
        "sites": ["here", "there", "here"],
        "sustainability": ["training"],
    }
    body = {
        "title": "Marking machines",
        "description": "Four of them.",
        "country": "SEN",
        "language": "en",
        "priority": "high",
        "window": {"from": "2026-07-01", "to": "2027-12-31"},
        "channel": "trust-fund",
        "needs": [need, {"theme": "ddr", "kind": "funding", "unit": "zorgs", "quantity": 1.5}],
        "objectives": [MEASURED, {**MEASURED, "date": None}, {"text": "three"}],
        "evidence": [{"text": "a"}, {"text": "b"}],
        "action_plan": {"title": "Plan"},
        "partners": ["INTERPOL"],
        "external_id": {"source": "gold-dev", "id": "R001"},
    }
    request = circulated(body)
    data = request_event_data(request)
    assert data.pop("signature") == request.signature
    at = {"at": "2026-01-02T03:04:05.000Z", "party": None}
    # A subject that may be a name or an address is told by its digest.
    digest = "sha256:" + hashlib.sha256(b"co@example.org").hexdigest()[:32]
    steps = [
        ("draft", "submitted", "submit", {"role": "operator", "subject": "op"}),
        ("submitted", "authenticated", "authenticate", {"role": "coordinator", "subject": digest}),
        (
            "authenticated",
            "circulated",
            "circulate",
            {"role": "register", "reason": "express-consent"},
        ),
    ]
    nothing = dict.fromkeys(("amount_cents", "currency", "priority", "window"))
    assert data == {
        "id": request.id,
        "status": "circulated",
        "merged_into": None,
        "country": "SEN",
        "priority": "high",
        "window": {"from": "2026-07-01", "to": "2027-12-31"},
        "channel": "trust-fund",
        "visibility": "restricted",
        "endorsements": [],
        "needs": [
            {
                **nothing,
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "quantity": 4,
                "unit": "machines",
                "amount_cents": 16800050,
                "currency": "USD",
                "confidential": True,
                "visibility": "coordinators",
                "objectives": 2,
                "measurable": 1,
                "sites": 2,
                "sustainability": ["training"],
            },
            {
                **nothing,
                "line": 2,
                "theme": "ddr",
                "kind": "funding",
                "quantity": 1.5,
                "unit": None,
                "confidential": False,
                "visibility": "restricted",
                "objectives": 0,
                "measurable": 0,
                "sites": 0,
                "sustainability": [],
            },
        ],
        "gender_marker": None,
        "initiatives": [],
        "partners": ["INTERPOL"],
        "objectives": 3,
        "measurable": 1,
        "evidence": 2,
        "action_plan": True,
        "consent": "express",
        "history": [
            {"source": source, "target": target, "action": action, **at, **who}
            for source, target, action, who in steps
        ],
        "created_at": timestamp(NOW),
        "updated_at": timestamp(NOW),
    }


def test_event_is_the_same_through_the_store(client, senegal, body):
    made = senegal.post("/v1/requests", body(external_id={"source": "store", "id": "1"}))
    address = made.headers["Location"]
    submitted = senegal.post(f"{address}/submit", None, made.headers["ETag"])
    stored = AssistanceRequest.objects(id=made.json["id"]).first()
    (pending,) = stored.pending_events
    assert pending["type"] == REQUEST
    assert pending["version"] == {"epoch": 1, "number": 2}
    assert pending["data"] == request_event_data(stored)
    direct = new_request(
        RequestBody().load(body(external_id={"source": "store", "id": "1"})),
        Identity("test", "requester", state="SEN"),
        NOW,
        b"a key that only the tests use...",
    )
    submit(direct, None, Identity("test", "requester", state="SEN"), NOW)
    same = request_event_data(direct)
    for name in set(same) - {"created_at", "updated_at", "history"}:
        assert same[name] == pending["data"][name], name
    assert submitted.json["version"] == "1.2"


def test_drafts_tell_nobody(senegal, body):
    made = senegal.post("/v1/requests", body())
    draft = AssistanceRequest.objects(id=made.json["id"]).first()
    assert draft.event() is None
    assert draft.pending_events == []
    senegal.post(f"{made.headers['Location']}/withdraw", None, made.headers["ETag"])
    withdrawn = AssistanceRequest.objects(id=made.json["id"]).first()
    assert withdrawn.status == "withdrawn"
    assert withdrawn.pending_events == []


def test_withdrawal_is_a_state_that_is_told(record):
    made = record("withdrawn")
    stored = AssistanceRequest.objects(id=made.json["id"]).first()
    assert stored.pending_events[-1]["data"]["status"] == "withdrawn"


def test_reading_and_failing_leave_no_event(record, senegal, body):
    made = record("submitted")
    address = f"/v1/requests/{made.json['id']}"
    before = AssistanceRequest._get_collection().find_one(made.json["id"])
    senegal.get(address)
    senegal.put(address, body(country="MLI"), made.headers["ETag"])
    senegal.put(address, body(), '"1.1"')
    senegal.post(f"{address}/close", None, made.headers["ETag"])
    assert AssistanceRequest._get_collection().find_one(made.json["id"]) == before


def test_building_an_event_needs_no_database():
    mongoengine.disconnect()
    with pytest.raises(mongoengine.ConnectionFailure):
        mongoengine.get_connection()
    data = request_event_data(
        circulated({"title": "Help", "description": "Help is needed.", "country": "SEN"})
    )
    assert data["window"] is None
    assert data["needs"] == []
