"""What an author is told before submitting: which of the own requests a draft looks like."""

from datetime import UTC, datetime

import pytest
import structlog

from services.requests.documents import AssistanceRequest
from services.requests.events import request_event_data
from shared.likeness.described import described
from shared.likeness.evidence import likeness
from shared.registers import similar
from shared.vocabulary import LANGUAGES

STORES = {
    "title": "Strong-rooms for seized rifles",
    "description": "The police of our capital keep seized rifles in an office without a lock. We "
    "ask for two strong-rooms with alarms, and for a course for eight storekeepers.",
    "needs": [
        {"theme": "stockpile-management", "kind": "infrastructure", "quantity": 2, "unit": "rooms"}
    ],
}
STORES_FR = {
    **STORES,
    "title": "Chambres fortes pour les fusils saisis",
    "description": "La police de notre capitale garde les fusils saisis dans un bureau sans "
    "serrure. Nous demandons deux chambres fortes avec alarmes, et un cours pour huit magasiniers.",
    "language": "fr",
}
LAW = {
    "title": "A new law on brokers",
    "description": "Our law knows no brokers. We ask for a lawyer who helps us to draft articles "
    "on licences for brokers of small arms, and for two meetings with parliament.",
    "needs": [{"theme": "brokering", "kind": "expertise", "quantity": 1, "unit": "experts"}],
}


@pytest.fixture
def state(caller):
    """A State of which no other test of the module has requests."""
    used = iter(("BEN", "GHA", "NER", "TGO", "MLI", "CIV", "GIN", "LBR"))

    def make(alpha3=None):
        alpha3 = alpha3 or next(used)
        AssistanceRequest.objects(country=alpha3).delete()
        return alpha3, caller("requester", state=alpha3)

    return make


def similar_to(who, record, **query):
    return who.get(f"/v1/requests/{record.json['id']}/similar", query_string=query)


def test_a_draft_that_looks_like_what_was_sent_in_another_language(record, state):
    country, owner = state()
    sent = record("circulated", **STORES, country=country, channel="national-report")
    record("circulated", **LAW, country=country)
    draft = record("draft", **STORES_FR, country=country)
    answer = similar_to(owner, draft, language="en")
    assert answer.status_code == 200
    (item,) = answer.json["items"]
    assert (item["id"], item["title"]) == (sent.json["id"], STORES["title"])
    assert (item["status"], item["channel"]) == ("circulated", "national-report")
    assert item["date"] == datetime.now(UTC).date().isoformat()
    assert item["sentence"].startswith("This looks like what you sent on ")
    assert "through your national report" in item["sentence"]
    reasons = {reason["kind"]: reason for reason in item["reasons"]}
    assert reasons["quantities"]["own"] == reasons["quantities"]["other"]
    assert all(reason["sentence"] for reason in item["reasons"])


def test_it_tells_what_the_matcher_would(record, state):
    country, owner = state()
    one = record("circulated", **STORES, country=country)
    other = record("draft", **{**STORES_FR, "priority": "low"}, country=country)
    (item,) = similar_to(owner, other).json["items"]
    found = [
        described(
            request_event_data(AssistanceRequest.objects.get(id=made.json["id"])),
            datetime.now(UTC).date(),
        )
        for made in (one, other)
    ]
    assert item["score"] == likeness(*found).score


def test_each_language_has_its_own_sentences(record, state):
    country, owner = state()
    record("circulated", **STORES, country=country)
    draft = record("draft", **STORES, country=country)
    told = {
        similar_to(owner, draft, language=language).json["items"][0]["sentence"]
        for language in LANGUAGES
    }
    assert len(told) == len(LANGUAGES)
    answer = similar_to(owner, draft, language="de")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "language")


def test_another_draft_is_called_one(record, state):
    country, owner = state()
    record("draft", **STORES, country=country)
    draft = record("draft", **STORES, country=country)
    (item,) = similar_to(owner, draft).json["items"]
    assert item["sentence"].startswith("This looks like your draft of ")
    assert item["status"] == "draft"


@pytest.mark.parametrize("status", ["withdrawn", "closed"])
def test_what_is_over_is_not_told(record, state, status):
    country, owner = state()
    record(status, **STORES, country=country)
    draft = record("draft", **STORES, country=country)
    assert similar_to(owner, draft).json == {"items": []}


def test_requests_of_other_states_are_not_told(record, state):
    country, owner = state()
    record("circulated", **STORES, country=state()[0])
    draft = record("draft", **STORES, country=country)
    assert similar_to(owner, draft).json == {"items": []}


def test_the_likeliest_come_first_and_not_too_many(record, state, monkeypatch):
    monkeypatch.setattr(similar, "TOLD", 2)
    country, owner = state()
    window = {"from": "2026-07-01", "to": "2027-06-30"}
    record("draft", **{**STORES, "window": window}, country=country)
    best = [record("draft", **STORES, country=country).json["id"] for _ in range(2)]
    draft = record("draft", **STORES, country=country)
    items = similar_to(owner, draft).json["items"]
    assert sorted(item["id"] for item in items) == sorted(best)


@pytest.mark.parametrize(
    ("role", "claims", "status"),
    [
        ("operator", {}, 200),
        ("coordinator", {}, 403),
        ("auditor", {}, 403),
        ("donor", {"organisation": "org"}, 403),
        ("requester", {"state": "MNG"}, 404),
    ],
)
def test_it_is_for_the_author(record, caller, role, claims, status):
    made = record("circulated", **STORES)
    assert similar_to(caller(role, **claims), made).status_code == status


def test_telling_of_confidential_lines_is_logged(record, state):
    country, owner = state()
    needs = [{**STORES["needs"][0], "confidential": True}]
    sent = record("circulated", **{**STORES, "needs": needs}, country=country)
    draft = record("draft", **STORES, country=country)
    with structlog.testing.capture_logs() as logs:
        similar_to(owner, draft)
    read = [entry["id"] for entry in logs if entry["event"] == "confidential record read"]
    assert read == [sent.json["id"]]
