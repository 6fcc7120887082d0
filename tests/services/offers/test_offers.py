"""Offers: their good paths, rights, lists and what is left of them."""

import uuid
from datetime import UTC, datetime

import pytest

from services.offers.reactions import on_matches
from shared.events.envelope import Event, check
from shared.events.validation import example
from shared.events.versions import Version

FULL = {
    "provisions": [
        {
            "theme": "marking",
            "kind": "equipment",
            "capacity": 10.5,
            "unit": "machines",
            "amount": 420000.75,
            "currency": "USD",
        }
    ],
    "eligibility": {"countries": ["SEN"], "regions": ["Western Africa"], "groups": ["LDC"]},
    "conditions": [{"kind": "reporting", "text": "A report every half year"}],
    "ceiling": {"amount": 50000, "currency": "USD"},
    "partners": ["INTERPOL"],
    "gender_marker": "principal",
}
ROLES = {
    "owner": ("donor", {"organisation": "org-1"}),
    "other donor": ("donor", {"organisation": "org-2"}),
    "State": ("requester", {"state": "SEN"}),
    "coordinator": ("coordinator", {}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
STATES = ("draft", "submitted", "published", "closed", "withdrawn")
READS = {
    "owner": set(STATES),
    "other donor": {"published"},
    "State": {"published"},
    "coordinator": set(STATES) - {"draft"},
    "auditor": set(STATES),
    "operator": set(STATES),
}
WRITES = {
    "change": ("published", {"owner", "operator"}),
    "submit": ("draft", {"owner", "operator"}),
    "publish": ("submitted", {"owner", "coordinator", "operator"}),
    "close": ("published", {"owner", "coordinator", "operator"}),
    "withdraw": ("published", {"owner", "operator"}),
}


@pytest.fixture
def act(caller):
    def make(name):
        role, claims = ROLES[name]
        return caller(role, **claims)

    return make


@pytest.fixture
def source():
    return uuid.uuid4().hex


def ids(answer):
    assert answer.status_code == 200, answer.json
    return {item["id"] for item in answer.json["items"]}


def test_created_offer_is_read_as_it_was_written(donor, body):
    sent = body(**FULL, external_id={"source": "test", "id": uuid.uuid4().hex})
    made = donor.post("/v1/offers", sent)
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1.1"'
    read = donor.get(made.headers["Location"])
    assert read.json == made.json
    line = read.json.pop("provisions")[0]
    left = {"capacity": 10.5, "amount": None, "whole": False}
    assert line.pop("figures") == {
        "pledged": {**left, "capacity": 0},
        "committed": {**left, "capacity": 0},
        "disbursed": None,
        "received": None,
    }
    assert line == {**sent["provisions"][0], "line": 1, "left": left, "from": None}
    (condition,) = read.json["conditions"]
    assert condition == {**sent["conditions"][0], "hash": condition["hash"]}
    shown_otherwise = ("provisions", "conditions")
    expected = {name: value for name, value in sent.items() if name not in shown_otherwise}
    assert {name: read.json[name] for name in expected} == expected
    assert (read.json["donor_type"], read.json["donor_country"]) == ("state", "JPN")
    assert read.json["created_by"] == {"role": "donor", "party": "org-1"}


def test_eligibility_conditions_and_money_may_be_left_out(donor):
    sent = {"title": "Advice", "description": "On laws.", "organisation": "org-1"}
    made = donor.post("/v1/offers", sent)
    assert made.json["eligibility"] == {"countries": [], "regions": [], "groups": []}
    assert made.json["conditions"] == []
    assert made.json["ceiling"] is None


def test_a_conditions_hash_changes_with_its_text_and_kind_alone(donor, body):
    made = donor.post("/v1/offers", body(conditions=[{"kind": "policy", "text": "A law."}]))
    address, etag = made.headers["Location"], made.headers["ETag"]
    hashes = {made.json["conditions"][0]["hash"]}
    for change in ({"title": "Another"}, {"kind": "other"}, {"text": "A bill."}):
        condition = {"kind": "policy", "text": "A law."}
        condition |= {name: value for name, value in change.items() if name in condition}
        sent = body(conditions=[condition], title=change.get("title", "A title"))
        changed = donor.put(address, sent, etag)
        etag = changed.headers["ETag"]
        hashes.add(changed.json["conditions"][0]["hash"])
    assert len(hashes) == 3
    assert "A law" not in str(hashes)


def test_life_of_an_offer(donor, body):
    answer = donor.post("/v1/offers", body())
    address = answer.headers["Location"]
    for action, sent, status in (
        ("submit", None, "submitted"),
        ("publish", {"consent": "express"}, "published"),
        ("close", {}, "closed"),
    ):
        answer = donor.post(f"{address}/{action}", sent, answer.headers["ETag"])
        assert (answer.status_code, answer.json["status"]) == (200, status)
    assert [step["party"] for step in answer.json["history"]] == ["org-1"] * 3
    refused = donor.put(address, body(), answer.headers["ETag"])
    assert refused.status_code == 409
    refused = donor.post(f"{address}/withdraw", None, answer.headers["ETag"])
    assert refused.json["type"].endswith("illegal-transition")


def test_lines_keep_their_numbers(donor, body):
    line = {"theme": "tracing", "kind": "training"}
    made = donor.post("/v1/offers", body(provisions=[line, line]))
    sent = body(provisions=[{**line, "line": 2}, line])
    changed = donor.put(made.headers["Location"], sent, made.headers["ETag"])
    assert [provision["line"] for provision in changed.json["provisions"]] == [2, 3]


def test_external_id_and_idempotency_key(donor, operator, body, source):
    external = {"source": source, "id": "1"}
    made = donor.post("/v1/offers", body(external_id=external))
    again = donor.post("/v1/offers", body(external_id=external))
    assert again.status_code == 409
    assert again.json["errors"][0]["field"] == "external_id"
    assert again.json["existing"] == made.json["id"]
    assert again.headers["Location"] == made.headers["Location"]
    other = operator.post("/v1/offers", body(external_id=external, organisation="org-2"))
    assert other.status_code == 201
    first, second = (donor.post("/v1/offers", body(), Idempotency_Key=source) for _ in range(2))
    assert first.json == second.json


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("name", ROLES)
def test_reading(record, act, source, name, status):
    made = record(status, external_id={"source": source, "id": "1"})
    who = act(name)
    answer = who.get(f"/v1/offers/{made.json['id']}")
    listed = ids(who.get("/v1/offers", query_string={"external_source": source}))
    missing = who.get("/v1/offers/000000000000000000000000")
    if status in READS[name]:
        assert answer.status_code == 200
        assert listed == {made.json["id"]}
    else:
        assert answer.status_code == 404
        assert answer.json["detail"] == missing.json["detail"]
        assert listed == set()


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("name", ROLES)
def test_writing(record, act, body, name, action):
    start, allowed = WRITES[action]
    made = record(start)
    address = f"/v1/offers/{made.json['id']}"
    who = act(name)
    if action == "change":
        answer = who.put(address, body(title="Changed"), made.headers["ETag"])
    else:
        answer = who.post(f"{address}/{action}", None, made.headers["ETag"])
    if name in allowed:
        assert answer.status_code == 200
    else:
        assert answer.status_code == (403 if start in READS[name] else 404)


@pytest.mark.parametrize("name", ROLES)
def test_creating(organisations, act, body, name):
    answer = act(name).post("/v1/offers", body())
    assert answer.status_code == (201 if name in {"owner", "operator"} else 403)


LINE = {"theme": "marking", "kind": "equipment"}
BAD = [
    ({"title": ""}, "title"),
    ({"organisation": "nobody"}, "organisation"),
    ({"organisation": "no body"}, "organisation"),
    ({"organisation": None}, "organisation"),
    ({"provisions": [{**LINE, "capacity": -1}]}, "provisions[0].capacity"),
    ({"provisions": [{**LINE, "capacity": 10**18}]}, "provisions[0].capacity"),
    ({"provisions": [{**LINE, "currency": "USD"}]}, "provisions[0].amount"),
    ({"provisions": [{**LINE, "amount": 1}]}, "provisions[0].currency"),
    ({"provisions": [{**LINE, "unit": "machines"}]}, "provisions[0].capacity"),
    ({"provisions": [{**LINE, "theme": "nothing"}]}, "provisions[0].theme"),
    ({"provisions": [{**LINE, "line": 3}]}, "provisions[0].line"),
    ({"provisions": [{**LINE, "theme": "marking-and-record-keeping"}]}, "provisions[0].theme"),
    ({"eligibility": {"countries": ["XXX"]}}, "eligibility.countries[0]"),
    ({"eligibility": {"countries": ["XXX"] * 5000}}, "eligibility.countries"),
    ({"partners": ["ACME"] * 5000}, "partners"),
    ({"eligibility": {"regions": ["Atlantis"]}}, "eligibility.regions[0]"),
    ({"eligibility": {"groups": ["G7"]}}, "eligibility.groups[0]"),
    ({"conditions": [{"kind": "reporting"}]}, "conditions[0].text"),
    ({"conditions": [{"kind": "bribe", "text": "x"}]}, "conditions[0].kind"),
    ({"window": {"from": "2027-01-01", "to": "2026-01-01"}}, "window.to"),
    ({"ceiling": {"amount": 5}}, "ceiling.currency"),
    ({"ceiling": {"currency": "USD"}}, "ceiling.amount"),
    ({"call": "000000000000000000000000"}, "call"),
    ({"donor_type": "state"}, "donor_type"),
]


@pytest.mark.parametrize(("members", "field"), BAD)
def test_bad_values_name_their_field(donor, operator, body, members, field):
    answer = operator.post("/v1/offers", body(**members))
    assert answer.status_code == 422, answer.json
    assert field in [error["field"] for error in answer.json["errors"]]


def test_what_cannot_be_changed(record, operator, body, source):
    made = record("draft", external_id={"source": source, "id": "1"})
    address, etag = f"/v1/offers/{made.json['id']}", made.headers["ETag"]
    for members, field in (
        ({"organisation": "org-2"}, "organisation"),
        ({"external_id": {"source": source, "id": "2"}}, "external_id"),
    ):
        answer = operator.put(address, body(**members), etag)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert operator.put(address, body()).status_code == 428
    assert operator.put(address, body(), '"1.9"').status_code == 412


def test_filters(record, operator, source):
    def make(number, **members):
        external = {"source": source, "id": str(number)}
        return record("published", **members, external_id=external).json["id"]

    nobody = {"countries": [], "regions": [], "groups": []}
    found = make(
        1,
        organisation="org-2",
        provisions=[{"theme": "ddr", "kind": "funding"}, {"theme": "marking", "kind": "training"}],
        eligibility=nobody | {"countries": ["BRA"]},
        title="Boats for the river police",
        partners=["WCO"],
        language="fr",
        gender_marker="significant",
    )
    region = make(2, eligibility=nobody | {"regions": ["Western Africa"]})
    group = make(3, eligibility=nobody | {"groups": ["SIDS"]})
    anyone = make(4, eligibility=nobody)

    def listed(**filters):
        query = {"external_source": source, **filters}
        return ids(operator.get("/v1/offers", query_string=query))

    assert listed() == {found, region, group, anyone}
    assert listed(organisation="org-2") == {found}
    assert listed(theme="ddr", kind="funding") == {found}
    assert listed(theme="ddr", kind="training") == set()
    assert listed(status="draft") == set()
    assert listed(donor_type="ngo") == set()
    assert listed(donor_country="JPN") == {found, region, group, anyone}
    assert listed(eligible="BRA") == {found, anyone}
    assert listed(eligible="SEN") == {region, anyone}
    assert listed(eligible="FJI") == {group, anyone}
    assert listed(eligible="FRA") == {anyone}
    assert listed(external_id="2") == {region}
    assert listed(partner="WCO") == listed(language="fr") == {found}
    assert listed(gender_marker="significant") == {found}
    assert listed(q="boat rivers") == {found}
    assert listed(updated_since="2099-01-01T00:00:00Z") == set()


@pytest.mark.parametrize("noun", ["offers", "activities"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_moments_at_the_ends_of_the_calendar_name_their_field(operator, noun, moment):
    answer = operator.get(f"/v1/{noun}", query_string={"updated_since": moment})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "updated_since")


@pytest.mark.parametrize(
    ("language", "title", "query"),
    [
        ("en", "Armourers trained", "armourer training"),
        ("fr", "Formation des armuriers", "armurier formations"),
        ("es", "Capacitación de armeros", "armero capacitacion"),
        ("ru", "Подготовка оружейников", "оружейник подготовку"),
        ("ar", "تدريب صانعي الأسلحة", "تدريب الأسلحة"),
        ("zh", "培训军械员", "军械员"),
    ],
)
def test_search_in_six_languages(record, operator, source, language, title, query):
    external = {"source": source, "id": "1"}
    made = record("published", title=title, language=language, external_id=external).json["id"]
    record("published", title="Another", external_id={"source": source, "id": "2"})
    found = operator.get("/v1/offers", query_string={"q": query, "external_source": source})
    assert ids(found) == {made}


def test_search_finds_conditions(record, operator, source):
    conditions = [{"text": "Procurement through the frigate yard"}]
    made = record("published", conditions=conditions, external_id={"source": source, "id": "1"})
    found = operator.get("/v1/offers", query_string={"q": "frigates", "external_source": source})
    assert ids(found) == {made.json["id"]}


def commitment(offer, number, status, *lines, identifier="c1"):
    data = {
        "id": f"{identifier}-{offer}",
        "match": f"r.{offer}",
        "request": "r",
        "offer": offer,
        "country": "SEN",
        "organisation": "org-1",
        "status": status,
        "lines": [
            {
                "side": side,
                "record": offer if side == "offer" else "r",
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
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = Event(
        "entraide.commitment.v1", "/entraide/matches", data["id"], now, Version(1, number), data
    )
    check(event)
    return event


def test_what_is_left_of_each_line(record, operator, source):
    line = FULL["provisions"][0]
    external = {"source": source, "id": "1"}
    provisions = [line, {**line, "kind": "funding"}, LINE]
    made = record("published", provisions=provisions, external_id=external).json["id"]

    def left():
        lines = operator.get(f"/v1/offers/{made}").json["provisions"]
        return [(one["left"]["capacity"], one["left"]["amount"]) for one in lines[:2]]

    taken = ("offer", 1, "quantity", 4250, "machines")
    money = ("offer", 2, "money", 42000075, "USD")
    asked = ("request", 1, "quantity", 9000, "machines")
    held = commitment(made, 2, "held", taken, money, asked)
    on_matches([held, held])
    assert left() == [(6.25, None), (None, 0)]
    on_matches([commitment(made, 1, "reserving", taken)])
    assert left() == [(6.25, None), (None, 0)]
    on_matches([commitment(made, 1, "held", taken, identifier="c2")])
    assert left()[0] == (2, None)
    on_matches([commitment(made, 3, "released", taken, money)])
    assert left() == [(6.25, None), (None, 420000.75)]
    assert operator.get(f"/v1/offers/{made}").json["version"] == "1.3"
    whole = ("offer", 3, "quantity", 1000, "whole")
    on_matches([commitment(made, 1, "held", whole, identifier="c3")])
    last = operator.get(f"/v1/offers/{made}").json["provisions"][2]
    assert last["left"] == {"capacity": 0, "amount": None, "whole": True}


def test_lines_lowered_below_what_is_held_have_nothing_left(record, operator, body):
    made = record("published", provisions=[{**LINE, "capacity": 10, "unit": "machines"}])
    identifier = made.json["id"]
    on_matches([commitment(identifier, 1, "held", ("offer", 1, "quantity", 8000, "machines"))])
    lowered = body(provisions=[{**LINE, "line": 1, "capacity": 5, "unit": "machines"}])
    answer = operator.put(f"/v1/offers/{identifier}", lowered, made.headers["ETag"])
    assert answer.json["provisions"][0]["left"]["capacity"] == 0


def test_what_its_matches_come_to_is_for_the_donor_and_those_who_oversee(record, caller, source):
    line = {**LINE, "capacity": 10, "unit": "machines"}
    external = {"source": source, "id": "2"}
    made = record("published", provisions=[line], external_id=external).json["id"]

    def told(side, amount):
        line = {"line": 1, "measure": "quantity", "amount": amount, "unit": "machines"}
        return {"side": side, **line}

    data = {
        **example("entraide.match.v1"),
        "id": f"r.{made}",
        "request": "r",
        "offer": made,
        "status": "delivering",
        "pledged": [told("offer", 8000), told("request", 4000)],
        "reported": [told("donor", 3000)],
    }
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = Event("entraide.match.v1", "/entraide/matcher", data["id"], now, Version(1, 7), data)
    check(event)
    held = commitment(made, 2, "held", ("offer", 1, "quantity", 4000, "machines"))
    on_matches([event, held])
    for name, (role, claims) in ROLES.items():
        (shown,) = caller(role, **claims).get(f"/v1/offers/{made}").json["provisions"]
        assert shown["left"]["capacity"] == 6
        if name in ("State", "other donor"):
            assert "figures" not in shown
            continue
        figures = shown["figures"]
        amounts = [figures[part]["capacity"] for part in ("pledged", "committed", "disbursed")]
        assert (amounts, figures["received"]) == ([8, 4, 3], None)
