"""Bad input: each kind has a defined answer, names the field, and changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.web.identity import Identity
from shared.web.tokens import generate_key, issue_token

NEED = {"theme": "marking", "kind": "equipment"}


def need(**members):
    return {"needs": [{**NEED, **members}]}


BAD = [
    ({"title": None}, "title"),
    ({"title": "   "}, "title"),
    ({"title": 7}, "title"),
    ({"title": "x" * 301}, "title"),
    ({"title": "a\u0000b"}, "title"),
    ({"description": "x" * 20_001}, "description"),
    ({"description": ["a", "b"]}, "description"),
    ({"language": "de"}, "language"),
    ({"country": "XXX"}, "country"),
    ({"country": "sen"}, "country"),
    ({"surprise": 1}, "surprise"),
    ({"status": "circulated"}, "status"),
    ({"id": "000000000000000000000000"}, "id"),
    ({"needs": "marking"}, "needs"),
    ({"needs": [NEED] * 101}, "needs"),
    ({"needs": [{"kind": "equipment"}]}, "needs[0].theme"),
    (need(theme="markings"), "needs[0].theme"),
    (need(theme=["marking"]), "needs[0].theme"),
    (need(kind="money"), "needs[0].kind"),
    (need(quantity=-1), "needs[0].quantity"),
    (need(quantity=0), "needs[0].quantity"),
    (need(quantity="4"), "needs[0].quantity"),
    (need(quantity=True), "needs[0].quantity"),
    (need(quantity=1e300), "needs[0].quantity"),
    (need(quantity=10**30), "needs[0].quantity"),
    (need(quantity=1.0001), "needs[0].quantity"),
    (need(amount=-5, currency="USD"), "needs[0].amount"),
    (need(amount=1e14, currency="USD"), "needs[0].amount"),
    (need(amount=1.001, currency="USD"), "needs[0].amount"),
    (need(amount=5), "needs[0].currency"),
    (need(currency="USD"), "needs[0].amount"),
    (need(unit="machines"), "needs[0].quantity"),
    (need(amount=5, currency="XYZ"), "needs[0].currency"),
    (need(priority="urgent"), "needs[0].priority"),
    (need(window={"from": "2027-01-01", "to": "2026-01-01"}), "needs[0].window.to"),
    (need(objectives=[{"indicator": "x"}]), "needs[0].objectives[0].text"),
    (need(objectives=[{"text": "x", "date": "soon"}]), "needs[0].objectives[0].date"),
    (need(confidential="yes"), "needs[0].confidential"),
    (need(sustainability=["hope"]), "needs[0].sustainability[0]"),
    (need(line=1), "needs[0].line"),
    (need(line="one"), "needs[0].line"),
    (need(extra=1), "needs[0].extra"),
    ({"window": {"from": "2027-01-01", "to": "2026-12-31"}}, "window.to"),
    ({"window": {"from": "2027-02-30", "to": "2027-12-31"}}, "window.from"),
    ({"window": {"from": "1899-01-01", "to": "2027-12-31"}}, "window.from"),
    ({"window": {"from": "2027-01-01"}}, "window.to"),
    ({"window": "2027"}, "window"),
    ({"priority": "very"}, "priority"),
    ({"channel": "pigeon"}, "channel"),
    ({"source_report": {"title": "x", "url": "javascript:alert(1)"}}, "source_report.url"),
    ({"source_report": {"title": "x", "year": 12}}, "source_report.year"),
    ({"action_plan": {"url": "https://example.org"}}, "action_plan.title"),
    ({"initiatives": ["two words"]}, "initiatives[0]"),
    ({"partners": ["ACME"]}, "partners[0]"),
    ({"partners": ["ACME"] * 5000}, "partners"),
    (need(sustainability=["hope"] * 5000), "needs[0].sustainability"),
    ({"initiatives": ["ok\n"]}, "initiatives[0]"),
    ({"evidence": [{"url": "https://example.org"}]}, "evidence[0].text"),
    ({"gender_marker": 3}, "gender_marker"),
    ({"confidentiality": "secret"}, "confidentiality"),
    ({"external_id": {"source": "x"}}, "external_id.id"),
    ({"external_id": {"source": "x", "id": ""}}, "external_id.id"),
]


@pytest.mark.parametrize(("members", "field"), BAD)
def test_bad_values_name_their_field(senegal, body, members, field):
    answer = senegal.post("/v1/requests", body(**members))
    assert answer.status_code == 422, answer.json
    assert answer.content_type == "application/problem+json"
    assert field in [error["field"] for error in answer.json["errors"]]


@pytest.mark.parametrize("name", ["title", "description", "country"])
def test_required_fields(senegal, body, name):
    sent = body()
    del sent[name]
    answer = senegal.post("/v1/requests", sent)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, name)


def test_unknown_code_is_told_what_it_may_have_meant(senegal, body):
    answer = senegal.post("/v1/requests", body(**need(theme="markings")))
    (error,) = answer.json["errors"]
    assert error["code"] == "unknown-code"
    assert "marking" in error["message"]


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b'{"title": ', "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b'{"title": "a", "title": "b"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"<title/>", "application/xml", 415),
        (b'{"description": "' + b"x" * 1_000_000 + b'"}', "application/json", 413),
    ],
)
def test_bodies_that_cannot_be_read(client, senegal, method, data, content_type, status):
    address = "/v1/requests" if method == "post" else "/v1/requests/000000000000000000000000"
    headers = {**senegal.headers, "If-Match": '"1.1"'}
    answer = getattr(client, method)(address, data=data, content_type=content_type, headers=headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_tokens(client, token, keys, body):
    now = datetime.now(UTC)
    identity = Identity("test", "requester", "SEN")
    forged = issue_token(generate_key(), identity, timedelta(minutes=5), now)
    expired = token("requester", state="SEN", now=now - timedelta(hours=2))
    good = token("requester", state="SEN")["Authorization"]
    head, payload, signed = good.split(".")
    flipped = ("A" if payload[9] != "A" else "B").join((payload[:9], payload[10:]))
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {forged}"},
        {"Authorization": f"{head}.{flipped}.{signed}"},
        {"Authorization": "Basic dGVzdDp0ZXN0"},
        expired,
    ):
        answer = client.post("/v1/requests", json=body(), headers=headers)
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers
        assert client.get("/v1/requests", headers=headers).status_code == 401


def test_another_states_request(senegal, body):
    answer = senegal.post("/v1/requests", body(country="MLI"))
    assert answer.status_code == 403
    assert "SEN" in answer.json["detail"]


@pytest.mark.parametrize(
    ("etag", "status"),
    [(None, 428), ('"1.9"', 412), ("1.1", 400), ('W/"1.1"', 400), ("*", 400), ('"x"', 400)],
)
@pytest.mark.parametrize("action", ["put", "submit"])
def test_versions(record, senegal, body, action, etag, status):
    made = record("draft")
    address = f"/v1/requests/{made.json['id']}"
    if action == "put":
        answer = senegal.put(address, body(), etag)
    else:
        answer = senegal.post(f"{address}/submit", None, etag)
    assert answer.status_code == status
    if status == 412:
        assert answer.headers["ETag"] == '"1.1"'
    assert senegal.get(address).json == made.json


@pytest.mark.parametrize(
    ("action", "sent", "field"),
    [
        ("submit", {"consent": "silence"}, "consent"),
        ("authenticate", {"consent": "express"}, "consent"),
        ("close", {"reason": "done"}, "reason"),
        ("withdraw", [], "body"),
        ("withdraw", {"reason": "other", "text": "x" * 2001}, "text"),
        ("circulate", {}, "consent"),
        ("circulate", {"consent": "no-objection"}, "consent"),
        ("object", {}, "reason"),
        ("object", {"reason": "unconfirmed"}, "reason"),
        ("return", {"reason": "timing"}, "reason"),
    ],
)
def test_bad_bodies_of_steps(record, senegal, action, sent, field):
    made = record("draft")
    address = f"/v1/requests/{made.json['id']}/{action}"
    answer = senegal.post(address, sent, made.headers["ETag"])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"country": "MLI"}, "country"),
        ({"external_id": {"source": "x", "id": "2"}}, "external_id"),
        (need(line=2), "needs[0].line"),
        ({"needs": [{**NEED, "line": 1}, {**NEED, "line": 1}]}, "needs[1].line"),
    ],
)
def test_changes_that_cannot_be_made(record, operator, body, members, field):
    made = record("draft", external_id={"source": "fixed", "id": f"{field}{len(str(members))}"})
    answer = operator.put(f"/v1/requests/{made.json['id']}", body(**members), made.headers["ETag"])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_methods_and_addresses_that_are_not_there(senegal):
    assert senegal.get("/v1/nothing").status_code == 404
    assert senegal.post("/v1/requests/000000000000000000000000", {}).status_code == 405


@pytest.mark.parametrize("identifier", ["x", "a" * 3000, "%00", "..", "$ne", "{}"])
def test_odd_ids_are_not_found(senegal, identifier):
    assert senegal.get(f"/v1/requests/{identifier}").status_code == 404
