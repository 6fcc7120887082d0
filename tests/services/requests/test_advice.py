"""What an author is told is missing, of what is stored, written anew or changed; never blocking."""

import json
from importlib.resources import files
from string import Formatter

import pytest

from services.requests.documents import AssistanceRequest, State
from shared.vocabulary import LANGUAGES

OBJECTIVE = {
    "text": "Mark every rifle in service",
    "indicator": "rifles marked",
    "baseline": "0",
    "target": "5000",
    "date": "2027-12-31",
}
WHOLE_NEED = {
    "theme": "marking",
    "kind": "equipment",
    "quantity": 4,
    "unit": "machines",
    "sites": ["Central depot"],
    "objectives": [OBJECTIVE],
}
WHOLE = {
    "needs": [WHOLE_NEED],
    "window": {"from": "2026-07-01", "to": "2099-12-31"},
    "action_plan": {"title": "National action plan"},
    "evidence": [{"text": "Survey of depots"}],
}
CONTACT = {"office": "National commission", "email": "office@example.org"}


@pytest.fixture(autouse=True)
def contact(client, senegal):
    State.objects.delete()
    assert senegal.put("/v1/states/SEN", {"contacts": [CONTACT]}).status_code == 201


def told(answer):
    assert answer.status_code == 200, answer.json
    return [(one["code"], one["lines"], one["missing"]) for one in answer.json["items"]]


@pytest.fixture
def advised(senegal, body):
    """What is told of a body with these members changed."""

    def advised(**members):
        return told(senegal.post("/v1/requests/advice", body(**{**WHOLE, **members})))

    return advised


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_of_a_whole_request(senegal, body, language):
    query = f"/v1/requests/advice?language={language}"
    answer = senegal.post(query, body(**WHOLE))
    assert (told(answer), answer.json["language"]) == ([], language)
    other = senegal.post(query, body(**{**WHOLE, "evidence": []}))
    assert answer.json["summary"] != other.json["summary"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"priority": None}, ("priority", [], [])),
        ({"window": None}, ("window", [1], [])),
        ({"window": {"from": "2025-01-01", "to": "2025-12-31"}}, ("window-over", [], [])),
        ({"action_plan": None}, ("action-plan", [], [])),
        ({"evidence": []}, ("evidence", [], [])),
        ({"channel": "national-report"}, ("source-report", [], [])),
        ({"needs": [{**WHOLE_NEED, "sites": []}]}, ("sites", [1], [])),
        ({"needs": [{**WHOLE_NEED, "unit": None}]}, ("unit", [1], [])),
        (
            {"needs": [WHOLE_NEED, {**WHOLE_NEED, "quantity": None, "unit": None}]},
            ("quantity", [2], []),
        ),
        ({"needs": [{**WHOLE_NEED, "objectives": []}]}, ("objectives", [], [])),
        (
            {"needs": [{**WHOLE_NEED, "objectives": [OBJECTIVE, {"text": "Less diversion"}]}]},
            ("objective", [1], ["indicator", "baseline", "target", "date"]),
        ),
        (
            {"objectives": [{**OBJECTIVE, "baseline": None}]},
            ("objective", [], ["baseline"]),
        ),
    ],
)
def test_what_is_missing_is_told(advised, members, expected):
    assert advised(**members) == [expected]


def test_what_need_not_be_there_is_not_missed(advised):
    funding = {**WHOLE_NEED, "kind": "funding", "quantity": None, "unit": None, "sites": []}
    assert advised(needs=[{**funding, "amount": 1000, "currency": "USD"}]) == []
    own = {**WHOLE_NEED, "window": WHOLE["window"]}
    assert advised(needs=[own], window=None) == []
    assert advised(needs=[{**WHOLE_NEED, "objectives": []}], objectives=[OBJECTIVE]) == []


def test_a_text_alone_is_led_to_lines(advised):
    text = {
        "title": "Safe storage of police weapons",
        "description": "We need 40 steel racks for the armouries of the police, and training for "
        "20 storekeepers.",
    }
    assert advised(needs=[], objectives=[OBJECTIVE], **text) == [("lines-inferred", [], [])]
    vague = {"title": "Help", "description": "Help is needed."}
    assert advised(needs=[], objectives=[OBJECTIVE], **vague) == [("lines", [], [])]


def test_a_state_without_a_current_contact_is_told(advised, senegal):
    read = senegal.get("/v1/states/SEN")
    old = {"contacts": [CONTACT], "last_confirmed": "2020-01-01"}
    senegal.put("/v1/states/SEN", old, read.headers["ETag"])
    assert advised() == [("contact", [], [])]
    State.objects.delete()
    assert advised() == [("contact", [], [])]


def test_advice_on_a_draft_is_in_its_language_and_changes_nothing(senegal, body):
    made = senegal.post("/v1/requests", body(language="fr", needs=[{**WHOLE_NEED, "sites": []}]))
    address = made.headers["Location"]
    stored = AssistanceRequest._get_collection().find_one(made.json["id"])
    answer = senegal.get(f"{address}/advice")
    assert answer.json["language"] == "fr"
    assert answer.json["items"][0]["sentence"].endswith("(Lignes : 1)")
    english = senegal.get(f"{address}/advice?language=en")
    assert told(english) == told(answer)
    assert english.json["items"][0]["sentence"].endswith("(Need lines: 1)")
    changed = body(language="fr", **WHOLE)
    changed["needs"] = [{**WHOLE_NEED, "line": 1}]
    assert told(senegal.post(f"{address}/advice", changed)) == []
    assert AssistanceRequest._get_collection().find_one(made.json["id"]) == stored
    submitted = senegal.post(f"{address}/submit", None, made.headers["ETag"])
    assert submitted.json["status"] == "submitted"


def test_who_is_advised(record, caller, senegal, coordinator, body):
    draft, submitted = record("draft"), record("submitted")
    donor = caller("donor", organisation="org-1")
    for made, who, status in (
        (draft, senegal, 200),
        (draft, coordinator, 404),
        (draft, donor, 404),
        (submitted, coordinator, 200),
        (submitted, caller("auditor"), 403),
        (submitted, caller("requester", state="MLI"), 404),
        (record("circulated"), donor, 403),
    ):
        assert who.get(f"/v1/requests/{made.json['id']}/advice").status_code == status
    assert donor.post("/v1/requests/advice", body()).status_code == 403
    mali = caller("requester", state="MLI")
    assert mali.post("/v1/requests/advice", body()).status_code == 403
    path = f"/v1/requests/{submitted.json['id']}/advice"
    assert coordinator.post(path, body()).status_code == 403


def test_bad_values_are_named(senegal, body):
    answer = senegal.post("/v1/requests/advice", body(needs=[{**WHOLE_NEED, "sites": ["x" * 201]}]))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "needs[0].sites[0]")
    answer = senegal.post("/v1/requests/advice?language=tlh", body())
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "language")


def test_every_sentence_is_there_in_every_language_with_the_same_places():
    source = files("services.requests") / "data" / "advice.json"
    sentences = json.loads(source.read_text(encoding="utf-8"))
    assert sentences.pop("provenance")["licence"]
    for group in sentences.values():
        for template in group.values():
            assert set(template) == set(LANGUAGES)
            places = {
                frozenset(field for _, field, _, _ in Formatter().parse(text) if field)
                for text in template.values()
            }
            assert len(places) == 1
