"""Activities, organisations, calls, experts and lessons."""

import uuid
from datetime import UTC, datetime

import pytest

from services.offers import following
from services.offers.documents import AssistanceOffer, Call, Organisation
from shared.events.envelope import CALL as CALL_TYPE
from shared.events.envelope import check
from shared.events.outbox import change

ACTIVITY = {
    "title": "Delivery of engraving machines",
    "description": "Four machines with consumables are on their way.",
    "language": "en",
    "country": "SEN",
    "organisation": "org-1",
    "theme": "marking",
    "kind": "equipment",
    "quantity": 4,
    "unit": "machines",
    "amount": 160000,
    "currency": "USD",
    "window": {"from": "2026-09-15", "to": "2027-06-30"},
    "status": "planned",
    "partners": ["UNODC"],
}
CALL = {
    "title": "Call for small projects",
    "description": "Projects on marking and tracing.",
    "language": "en",
    "organisation": "org-1",
    "themes": ["marking", "tracing"],
    "kinds": ["funding"],
    "window": {"from": "2026-01-01", "to": "2026-06-30"},
    "ceiling": {"amount": 100000, "currency": "USD"},
    "fund": {"amount": 1500000.5, "currency": "EUR"},
    "eligibility": {"countries": [], "regions": [], "groups": ["LDC"]},
    "links": [{"title": "Terms", "url": "https://example.org/terms", "year": 2026}],
}
KNOWLEDGE = {
    "title": "Team for depot surveys",
    "description": "Engineers who surveyed depots in several States.",
    "language": "en",
    "organisation": "org-1",
    "country": None,
    "themes": ["stockpile-management"],
    "kinds": ["expertise"],
    "used_in": ["SEN", "MLI"],
    "languages": ["fr", "en"],
    "links": [{"title": "Report", "url": None, "year": None}],
}
ENTRIES = [("calls", CALL), ("experts", KNOWLEDGE), ("lessons", KNOWLEDGE)]


def ids(answer):
    assert answer.status_code == 200, answer.json
    return {item["id"] for item in answer.json["items"]}


@pytest.fixture
def source():
    return uuid.uuid4().hex


def test_activity_is_read_as_it_was_written_and_lives_on(donor, caller, source):
    sent = {**ACTIVITY, "external_id": {"source": source, "id": "1"}}
    made = donor.post("/v1/activities", sent)
    assert made.status_code == 201
    address = made.headers["Location"]
    read = caller("requester", state="MLI").get(address)
    assert {name: read.json[name] for name in sent} == sent
    assert read.json["donor_country"] == "JPN"
    answer = donor.put(address, {**sent, "status": "ongoing"}, made.headers["ETag"])
    assert answer.json["status"] == "ongoing"
    assert [step["action"] for step in answer.json["history"]] == ["start"]
    back = donor.put(address, {**sent, "status": "planned"}, answer.headers["ETag"])
    assert back.status_code == 409
    answer = donor.put(address, {**sent, "status": "completed"}, answer.headers["ETag"])
    corrected = {**sent, "status": "completed", "quantity": 3}
    answer = donor.put(address, corrected, answer.headers["ETag"])
    assert (answer.status_code, answer.json["quantity"]) == (200, 3)
    again = donor.post("/v1/activities", sent)
    assert (again.status_code, again.json["existing"]) == (409, made.json["id"])


def test_activities_are_listed_by_their_ids(donor):
    made = [donor.post("/v1/activities", ACTIVITY).json["id"] for _ in range(3)]
    asked = {"id": [*made[:2], "none"]}
    assert ids(donor.get("/v1/activities", query_string=asked)) == {*made[:2]}
    assert ids(donor.get("/v1/activities", query_string=asked | {"kind": "funding"})) == set()


@pytest.mark.parametrize("status", ["planned", "ongoing", "completed", "cancelled"])
def test_activity_may_be_registered_in_any_state(donor, status):
    answer = donor.post("/v1/activities", {**ACTIVITY, "status": status})
    assert (answer.status_code, answer.json["status"]) == (201, status)


@pytest.mark.parametrize(
    ("role", "claims", "status"),
    [
        ("donor", {"organisation": "org-1"}, 201),
        ("operator", {}, 201),
        ("donor", {"organisation": "org-2"}, 403),
        ("requester", {"state": "SEN"}, 403),
        ("coordinator", {}, 403),
        ("auditor", {}, 403),
    ],
)
def test_who_writes_activities(organisations, caller, donor, role, claims, status):
    who = caller(role, **claims)
    assert who.post("/v1/activities", ACTIVITY).status_code == status
    made = donor.post("/v1/activities", ACTIVITY)
    changed = who.put(made.headers["Location"], ACTIVITY, made.headers["ETag"])
    assert changed.status_code == (200 if status == 201 else 403)


def test_activity_without_an_organisation_is_the_operators(operator, donor):
    sent = {**ACTIVITY, "organisation": None, "donor_country": "NOR"}
    made = operator.post("/v1/activities", sent)
    assert (made.json["organisation"], made.json["donor_country"]) == (None, "NOR")
    assert donor.post("/v1/activities", sent).status_code == 403


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"status": "forgotten"}, "status"),
        ({"country": "XXX"}, "country"),
        ({"organisation": "nobody"}, "organisation"),
        ({"theme": "marking-and-record-keeping"}, "theme"),
        ({"quantity": -4}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"amount": None}, "amount"),
        ({"window": {"from": "2027-01-01", "to": "2026-01-01"}}, "window.to"),
        ({"start": "2026-01-01"}, "start"),
    ],
)
def test_bad_activities_name_the_field(operator, members, field):
    answer = operator.post("/v1/activities", {**ACTIVITY, **members})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_lists_of_activities(operator, source):
    external = {"source": source, "id": "1"}
    sent = {**ACTIVITY, "country": "MLI", "title": "Boats", "external_id": external}
    made = operator.post("/v1/activities", sent).json["id"]
    operator.post("/v1/activities", {**ACTIVITY, "external_id": {"source": source, "id": "2"}})

    def listed(**filters):
        query = {"external_source": source, **filters}
        return ids(operator.get("/v1/activities", query_string=query))

    assert len(listed()) == len(listed(theme="marking", kind="equipment", status="planned")) == 2
    assert listed(country="MLI") == listed(q="boat") == listed(external_id="1") == {made}
    assert listed(status="ongoing") == listed(organisation="org-2") == set()
    assert len(listed(donor_country="JPN")) == len(listed(partner="UNODC", language="en")) == 2
    assert listed(partner="WCO") == listed(language="fr") == set()


def test_organisation_is_registered_changed_and_listed(caller):
    identifier = uuid.uuid4().hex
    own = caller("donor", organisation=identifier)
    address = f"/v1/organisations/{identifier}"
    sent = {
        "name": "Fondo de los ensayos",
        "type": "trust-fund",
        "country": None,
        "contacts": [{"office": "Secretariat", "email": None, "phone": None, "languages": ["es"]}],
    }
    assert own.get(address).status_code == 404
    made = own.put(address, sent)
    assert made.status_code == 201
    read = caller("requester", state="SEN").get(address)
    assert {name: read.json[name] for name in sent} == sent
    assert read.json["last_confirmed"] is not None
    assert own.put(address, sent).status_code == 428
    changed = own.put(address, {**sent, "country": "ESP"}, read.headers["ETag"])
    assert (changed.status_code, changed.json["country"]) == (200, "ESP")
    for query in ({"q": "fondos ensayo"}, {"type": "trust-fund"}, {"country": "ESP"}):
        assert identifier in ids(own.get("/v1/organisations", query_string=query))
    assert identifier not in ids(own.get("/v1/organisations", query_string={"type": "ngo"}))


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("donor", {"organisation": "org-2"}),
        ("requester", {"state": "SEN"}),
        ("coordinator", {}),
        ("auditor", {}),
    ],
)
def test_others_do_not_write_an_organisation(caller, role, claims):
    sent = {"name": "X", "type": "ngo"}
    assert caller(role, **claims).put("/v1/organisations/org-x", sent).status_code == 403


def test_bad_organisations(operator):
    assert operator.put("/v1/organisations/a b", {"name": "X", "type": "ngo"}).status_code == 404
    answer = operator.put("/v1/organisations/ok", {"name": "X", "type": "club"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "type")
    answer = operator.put(
        "/v1/organisations/ok", {"name": "X", "type": "ngo", "last_confirmed": "2099-01-01"}
    )
    assert answer.json["errors"][0]["field"] == "last_confirmed"


def test_offers_follow_their_organisation(operator, body):
    identifier = uuid.uuid4().hex
    address = f"/v1/organisations/{identifier}"
    made = operator.put(address, {"name": "A", "type": "ngo", "country": "FRA"})
    offer = operator.post("/v1/offers", body(organisation=identifier))
    submitted = operator.post(f"{offer.headers['Location']}/submit", None, offer.headers["ETag"])
    operator.put(address, {"name": "A", "type": "igo", "country": None}, made.headers["ETag"])
    stored = AssistanceOffer.objects(id=offer.json["id"]).first()
    assert (stored.donor_type, stored.donor_country) == ("igo", None)
    assert str(stored.version) == "1.3" > submitted.json["version"]
    assert stored.pending_events[-1]["data"]["donor_type"] == "igo"


@pytest.fixture
def followed(operator, body):
    """Makes an organisation of type ngo with an offer in a state; both ids."""

    def make(*steps):
        identifier = uuid.uuid4().hex
        sent = {"name": "A", "type": "ngo", "country": "FRA"}
        operator.put(f"/v1/organisations/{identifier}", sent)
        answer = operator.post("/v1/offers", body(organisation=identifier))
        address = answer.headers["Location"]
        for step in steps:
            answer = operator.post(f"{address}/{step}", None, answer.headers["ETag"])
        return identifier, answer.json["id"]

    return make


def become(identifier, kind):
    """Change an organisation as a process does that dies before its offers have followed."""

    def mutate(organisation):
        organisation.type = kind

    change(Organisation, identifier, None, mutate, datetime.now(UTC))


def donor_type(offer):
    return AssistanceOffer.objects(id=offer).first().donor_type


def test_offers_that_a_crash_left_behind_are_found(followed):
    identifier, offer = followed("submit")
    become(identifier, "igo")
    assert donor_type(offer) == "ngo"
    assert following.follow_all(datetime.now(UTC)) == 1
    assert donor_type(offer) == "igo"
    assert following.follow_all(datetime.now(UTC)) == 0


def test_an_organisation_that_changes_meanwhile_is_followed_to_the_end(followed, monkeypatch):
    identifier, offer = followed("submit")
    kinds = ["un-entity", "trust-fund"]

    def interrupted(document_class, subject, expected, mutate, now):
        changed = change(document_class, subject, expected, mutate, now)
        if kinds:
            become(identifier, kinds.pop())
        return changed

    become(identifier, "igo")
    monkeypatch.setattr(following, "change", interrupted)
    following.follow(identifier, datetime.now(UTC))
    assert donor_type(offer) == "un-entity"


def test_finished_offers_stay_as_they_were(followed, operator):
    identifier, offer = followed("submit", "withdraw")
    address = f"/v1/organisations/{identifier}"
    tag = operator.get(address).headers["ETag"]
    assert operator.put(address, {"name": "A", "type": "igo"}, tag).status_code == 200
    assert donor_type(offer) == "ngo"


def test_what_cannot_follow_holds_up_no_other(followed, monkeypatch):
    (broken, _), (identifier, offer) = followed(), followed()
    become(broken, "igo")
    become(identifier, "igo")
    follow = following.follow

    def failing(organisation, now):
        if organisation == broken:
            raise RuntimeError
        return follow(organisation, now)

    monkeypatch.setattr(following, "follow", failing)
    assert following.follow_all(datetime.now(UTC)) == 1
    assert donor_type(offer) == "igo"


def test_donors_may_call_their_activities_alike(caller, donor, source):
    sent = {**ACTIVITY, "external_id": {"source": source, "id": "1"}}
    first = donor.post("/v1/activities", sent)
    other = caller("donor", organisation="org-2")
    second = other.post("/v1/activities", {**sent, "organisation": "org-2"})
    assert (first.status_code, second.status_code) == (201, 201)
    nobodys = {**sent, "organisation": None, "donor_country": "NOR"}
    third = caller("operator").post("/v1/activities", nobodys)
    assert len({first.json["id"], second.json["id"], third.json["id"]}) == 3


def test_an_organisation_may_be_called_like_a_country(caller, source):
    operator = caller("operator")
    operator.put("/v1/organisations/COL", {"name": "College", "type": "other"})
    external = {"source": source, "id": "1"}
    sent = {**KNOWLEDGE, "external_id": external}
    college = operator.post("/v1/experts", {**sent, "organisation": "COL"})
    country = operator.post("/v1/experts", {**sent, "organisation": None, "country": "COL"})
    assert (college.status_code, country.status_code) == (201, 201)


@pytest.mark.parametrize(("noun", "sent"), ENTRIES)
def test_entries_are_registered_read_changed_and_removed(donor, caller, noun, sent, source):
    sent = {**sent, "external_id": {"source": source, "id": "1"}}
    made = donor.post(f"/v1/{noun}", sent)
    assert made.status_code == 201, made.json
    address = made.headers["Location"]
    read = caller("requester", state="MLI").get(address)
    assert {name: read.json[name] for name in sent} == sent
    again = donor.post(f"/v1/{noun}", sent)
    assert (again.status_code, again.headers["Location"]) == (409, address)
    changed = donor.put(address, {**sent, "title": "New title"}, made.headers["ETag"])
    assert (changed.status_code, changed.json["title"]) == (200, "New title")
    assert donor.put(address, sent, made.headers["ETag"]).status_code == 412
    assert donor.delete(address).status_code == 428
    assert donor.delete(address, made.headers["ETag"]).status_code == 412
    assert donor.get(address).status_code == 200
    assert donor.delete(address, changed.headers["ETag"]).status_code == 204
    assert donor.get(address).status_code == 404
    assert donor.delete(address, changed.headers["ETag"]).status_code == 404


@pytest.mark.parametrize(("noun", "sent"), ENTRIES)
def test_lists_of_entries(donor, operator, noun, sent):
    word = f"Zebra{uuid.uuid4().hex[:6]}".translate(str.maketrans("0123456789", "qwertyuiop"))
    made = donor.post(f"/v1/{noun}", {**sent, "title": word}).json["id"]

    def listed(**filters):
        return ids(operator.get(f"/v1/{noun}", query_string=filters))

    assert listed(q=word) == {made}
    assert made in listed(organisation="org-1", theme=sent["themes"][0], kind=sent["kinds"][0])
    assert listed(q=word, theme="gender") == listed(q=word, kind="infrastructure") == set()
    assert listed(q=word, organisation="org-2") == listed(q=word, language="fr") == set()
    if noun != "calls":
        assert listed(q=word, used_in="MLI", languages="fr") == {made}
        assert listed(q=word, used_in="BRA") == listed(q=word, languages="ar") == set()


@pytest.mark.parametrize(("noun", "sent"), ENTRIES)
@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("donor", {"organisation": "org-2"}),
        ("requester", {"state": "SEN"}),
        ("coordinator", {}),
        ("auditor", {}),
    ],
)
def test_others_do_not_write_entries(donor, caller, noun, sent, role, claims):
    who = caller(role, **claims)
    made = donor.post(f"/v1/{noun}", sent)
    address, etag = made.headers["Location"], made.headers["ETag"]
    assert who.post(f"/v1/{noun}", sent).status_code == 403
    assert who.put(address, sent, etag).status_code == 403
    assert who.delete(address, etag).status_code == 403


@pytest.mark.parametrize("noun", ["experts", "lessons"])
def test_states_offer_expertise_too(caller, operator, noun):
    own = caller("requester", state="COL")
    sent = {**KNOWLEDGE, "organisation": None, "country": "COL"}
    made = own.post(f"/v1/{noun}", sent)
    assert (made.status_code, made.json["country"]) == (201, "COL")
    listed = operator.get(f"/v1/{noun}", query_string={"country": "COL"})
    assert made.json["id"] in ids(listed)
    for owner in ({"organisation": None, "country": None}, {"country": "COL"}):
        answer = operator.post(f"/v1/{noun}", {**KNOWLEDGE, **owner})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "organisation")


@pytest.mark.parametrize(("noun", "sent"), ENTRIES)
@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"themes": ["none"]}, "themes[0]"),
        ({"themes": ["marking-and-record-keeping"]}, "themes[0]"),
        ({"links": [{"title": "x", "url": "ftp://example.org"}]}, "links[0].url"),
        ({"organisation": "nobody"}, "organisation"),
        ({"author": "x"}, "author"),
    ],
)
def test_bad_entries_name_the_field(operator, noun, sent, members, field):
    answer = operator.post(f"/v1/{noun}", {**sent, **members})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_call_that_an_offer_names_stays(donor, body):
    call = donor.post("/v1/calls", CALL)
    offer = donor.post("/v1/offers", body(call=call.json["id"]))
    assert offer.json["call"] == call.json["id"]
    refused = donor.delete(call.headers["Location"], call.headers["ETag"])
    assert (refused.status_code, refused.json["type"][-6:]) == (409, "in-use")
    donor.put(offer.headers["Location"], body(), offer.headers["ETag"])
    assert donor.delete(call.headers["Location"], call.headers["ETag"]).status_code == 204


def test_a_call_tells_its_money_and_that_it_was_removed(donor, body):
    made = donor.post("/v1/calls", {**CALL, "title": "Secret title"})
    call = Call.objects.get(id=made.json["id"])
    (pending,) = call.pending_events
    assert (pending["type"], pending["data"]["status"]) == (CALL_TYPE, "open")
    assert (pending["data"]["fund_cents"], pending["data"]["fund_currency"]) == (150000050, "EUR")
    assert "Secret title" not in str(pending)
    assert donor.delete(made.headers["Location"], made.headers["ETag"]).status_code == 204
    call.reload()
    check(call.event())
    assert (call.event().data["status"], call.version.number, call.title) == ("removed", 2, "-")
    named = donor.post("/v1/offers", body(call=call.id))
    assert (named.status_code, named.json["errors"][0]["code"]) == (422, "unknown-call")
    listed = donor.get("/v1/calls", query_string={"organisation": "org-1"})
    assert call.id not in ids(listed)
    assert donor.put(made.headers["Location"], CALL, '"1.2"').status_code == 404


@pytest.mark.parametrize(
    "fund", [{"amount": 5}, {"amount": -1, "currency": "USD"}, {"amount": 1, "currency": "XXQ"}, 7]
)
def test_bad_funds_name_the_field(donor, fund):
    answer = donor.post("/v1/calls", {**CALL, "fund": fund})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith("fund")


def test_only_its_own_organisation_offers_under_a_call(donor, caller, operator, body):
    call = donor.post("/v1/calls", CALL).json["id"]
    other = caller("donor", organisation="org-2")
    sent = body(organisation="org-2", call=call)
    assert other.post("/v1/offers", sent).status_code == 403
    made = other.post("/v1/offers", body(organisation="org-2"))
    refused = other.put(made.headers["Location"], sent, made.headers["ETag"])
    assert refused.status_code == 403
    arranged = operator.post("/v1/offers", sent)
    assert (arranged.status_code, arranged.json["call"]) == (201, call)
    kept = other.put(arranged.headers["Location"], sent, arranged.headers["ETag"])
    assert kept.status_code == 200
