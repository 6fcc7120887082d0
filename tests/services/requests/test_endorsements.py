"""Organisations endorse requests: who may, who sees it, and how far it goes."""

import pytest

from services.requests.documents import AUDITED, AssistanceRequest
from services.requests.domain.endorsements import PER_DAY
from services.requests.reactions import on_matches
from shared.events import validation
from shared.events.auditing import Auditor, compare
from shared.events.trail import entries_of
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION
from tests.services.requests.conftest import BODY
from tests.services.requests.test_matrix import endorsed

TEXT = "It carries our roadmap for Qzvexor."
MARKING = {"theme": "marking", "kind": "equipment", "quantity": 10, "unit": "machines"}


@pytest.fixture
def regional(caller):
    return caller("donor", organisation="regional-body", subject="clerk")


@pytest.fixture
def circulated(record):
    return record("circulated", needs=[MARKING])


def address(made):
    return f"/v1/requests/{made.json['id']}"


def endorse(who, made, text=TEXT, **headers):
    seen = who.get(address(made)).headers["ETag"]
    return who.post(f"{address(made)}/endorse", {"text": text}, seen, **headers)


def shown(who, made):
    return [
        (one["organisation"], one["shown"]) for one in who.get(address(made)).json["endorsements"]
    ]


def stored(made):
    return AssistanceRequest.objects(id=made.json["id"]).first()


def test_an_endorsement_is_shown_with_the_request_until_it_is_taken_back(
    circulated, regional, senegal, coordinator, caller
):
    answer = endorse(regional, circulated)
    assert answer.status_code == 200
    (told,) = answer.json["endorsements"]
    assert (told["organisation"], told["text"], told["shown"]) == ("regional-body", TEXT, True)
    other = caller("donor", organisation="another")
    for who in (senegal, coordinator, other, caller("auditor")):
        assert shown(who, circulated) == [("regional-body", True)]
    again = endorse(regional, circulated, "Another reason.")
    assert [one["text"] for one in again.json["endorsements"]] == ["Another reason."]
    gone = regional.post(f"{address(circulated)}/withdraw-endorsement", None, again.headers["ETag"])
    assert (gone.status_code, gone.json["endorsements"]) == (200, [])
    twice = regional.post(f"{address(circulated)}/withdraw-endorsement", None, gone.headers["ETag"])
    assert twice.status_code == 409
    assert "Another reason." not in str(stored(circulated).to_mongo())


def test_the_state_may_refuse_to_show_it(circulated, regional, senegal, coordinator, caller):
    etag = endorse(regional, circulated).headers["ETag"]
    hide = {"organisation": "regional-body", "shown": False}
    path = f"{address(circulated)}/show-endorsement"
    assert regional.post(path, hide, etag).status_code == 403
    assert coordinator.post(path, hide, etag).status_code == 403
    hidden = senegal.post(path, hide, etag)
    assert hidden.status_code == 200
    other = caller("donor", organisation="another")
    assert shown(other, circulated) == []
    for who in (senegal, coordinator, regional):
        assert shown(who, circulated) == [("regional-body", False)]
    assert "regional-body" not in str(other.get(address(circulated)).json)
    (event,) = stored(circulated).pending_events
    assert event["data"]["endorsements"] == []
    # Saying it anew does not show it again: that is the State's to say.
    assert endorse(regional, circulated, "Once more.").json["endorsements"][0]["shown"] is False
    etag = senegal.get(address(circulated)).headers["ETag"]
    back = senegal.post(path, {**hide, "shown": True}, etag)
    assert shown(other, circulated) == [("regional-body", True)]
    unknown = senegal.post(path, {**hide, "organisation": "nobody"}, back.headers["ETag"])
    assert unknown.status_code == 422
    assert unknown.json["errors"][0]["field"] == "organisation"


def test_a_states_no_is_not_undone_by_endorsing_anew(circulated, regional, senegal, caller):
    etag = endorse(regional, circulated).headers["ETag"]
    told = {"organisation": "regional-body", "shown": False}
    path = f"{address(circulated)}/show-endorsement"
    etag = senegal.post(path, told, etag).headers["ETag"]
    other = caller("donor", organisation="another")
    for _ in range(2):
        assert (
            regional.post(f"{address(circulated)}/withdraw-endorsement", None, etag).status_code
            == 200
        )
        etag = endorse(regional, circulated, "Once more.").headers["ETag"]
        assert shown(other, circulated) == []
        assert shown(senegal, circulated) == [("regional-body", False)]
    etag = senegal.post(path, {**told, "shown": True}, etag).headers["ETag"]
    regional.post(f"{address(circulated)}/withdraw-endorsement", None, etag)
    endorse(regional, circulated)
    assert shown(other, circulated) == [("regional-body", True)]


def test_nobody_fills_a_states_history_by_endorsing_again_and_again(circulated, regional, caller):
    for number in range(PER_DAY):
        assert endorse(regional, circulated, f"Reason {number}.").status_code == 200
    etag = regional.get(address(circulated)).headers["ETag"]
    refused = regional.post(f"{address(circulated)}/endorse", {"text": "One more."}, etag)
    assert refused.status_code == 429
    assert refused.json["type"].endswith("too-many-endorsements")
    assert 0 < int(refused.headers["Retry-After"]) <= 24 * 3600
    assert endorse(caller("donor", organisation="another"), circulated).status_code == 200
    etag = regional.get(address(circulated)).headers["ETag"]
    path = f"{address(circulated)}/withdraw-endorsement"
    assert regional.post(path, None, etag).status_code == 200


def test_who_sees_less_of_the_request_sees_no_endorsement_by_who_sees_more(
    record, regional, caller
):
    secret = {**MARKING, "kind": "training", "visibility": "parties"}
    made = record("circulated", needs=[MARKING, secret], confidentiality="public")
    on_matches([endorsed(made.json["id"])])  # of org-1
    party, neighbour = caller("donor", organisation="org-1"), caller("requester", state="MLI")
    assert endorse(party, made).status_code == 200
    assert endorse(regional, made, "For all to read.").status_code == 200
    assert shown(party, made) == [("org-1", True), ("regional-body", True)]
    for who in (regional, neighbour):
        assert shown(who, made) == [("regional-body", True)]
    (listed,) = [
        one
        for one in neighbour.get("/v1/requests", query_string={"limit": 200}).json["items"]
        if one["id"] == made.json["id"]
    ]
    assert [one["organisation"] for one in listed["endorsements"]] == ["regional-body"]


def test_what_the_state_hides_later_hides_what_was_said_of_it(record, regional, senegal, caller):
    needs = [MARKING, {**MARKING, "kind": "training"}]
    made = record("circulated", needs=needs, confidentiality="public")
    on_matches([endorsed(made.json["id"])])  # of org-1
    party, neighbour = caller("donor", organisation="org-1"), caller("requester", state="MLI")
    assert endorse(regional, made, "Both lines carry our roadmap.").status_code == 200
    assert shown(neighbour, made) == [("regional-body", True)]

    def replace(second, **more):
        now = senegal.get(address(made))
        lines = [{**MARKING, "line": 1}, {**needs[1], "line": 2, **second}]
        body = {**BODY, "confidentiality": "public", "needs": lines, **more}
        assert senegal.put(address(made), body, now.headers["ETag"]).status_code == 200

    replace({"visibility": "parties"})
    for who in (neighbour, caller("donor", organisation="another")):
        assert shown(who, made) == []
    for who in (party, senegal, regional):
        assert shown(who, made) == [("regional-body", True)]
    # Said again, it is of what the organisation sees now.
    assert endorse(regional, made, "The first line does.").status_code == 200
    assert shown(neighbour, made) == [("regional-body", True)]
    replace({}, confidentiality="restricted")
    assert neighbour.get(address(made)).status_code == 404
    assert shown(caller("donor", organisation="another"), made) == [("regional-body", True)]


def test_no_answer_that_is_kept_for_a_key_keeps_what_was_taken_back(
    circulated, regional, senegal, caller
):
    kept = current_database()[COLLECTION]
    kept.delete_many({})
    told = endorse(regional, circulated, "Qzvexor plugh.", Idempotency_Key="said")
    assert told.status_code == 200
    assert [one["text"] for one in told.json["endorsements"]] == [None]
    other = caller("donor", organisation="another")
    assert endorse(other, circulated, "As they say.", Idempotency_Key="too").status_code == 200
    read = regional.get(address(circulated)).json["endorsements"]
    assert {one["text"] for one in read} == {"Qzvexor plugh.", "As they say."}
    path = f"{address(circulated)}/withdraw-endorsement"
    etag = senegal.get(address(circulated)).headers["ETag"]
    assert regional.post(path, None, etag).status_code == 200
    assert kept.count_documents({}) == 2
    assert "plugh" not in str(list(kept.find()))


def test_events_say_who_and_never_why_and_history_moves_nothing(
    circulated, regional, senegal, caller
):
    endorse(regional, circulated)
    request = stored(circulated)
    (event,) = request.pending_events
    assert validation.problem("entraide.request.v1", event["data"]) is None
    assert event["data"]["endorsements"] == ["regional-body"]
    assert "Qzvexor" not in str(event)
    last = request.history[-1]
    assert (last.source, last.target, request.status) == ("circulated",) * 3
    seen = [
        step["action"]
        for step in caller("donor", organisation="x").get(address(circulated)).json["history"]
    ]
    assert "endorse" not in seen
    assert "endorse" in [
        step["action"] for step in senegal.get(address(circulated)).json["history"]
    ]
    auditor = Auditor("requests", AUDITED, current_database)
    auditor.catch_up()
    told = entries_of(current_database(), request.id, 0, 100)[-1]
    assert (told["action"], told["party"], told["subject"]) == ("endorse", "regional-body", "clerk")
    assert "Qzvexor" not in str(told)
    assert list(compare(current_database(), AUDITED)) == []


def test_old_eyes_repeats_and_bad_input(circulated, regional, senegal, operator):
    old = circulated.headers["ETag"]
    key = {"Idempotency_Key": f"k-{circulated.json['id']}"}
    path = f"{address(circulated)}/endorse"
    first = regional.post(path, {"text": TEXT}, old, **key)
    again = regional.post(path, {"text": TEXT}, old, **key)
    assert (first.status_code, again.json) == (200, first.json)
    assert regional.post(path, {"text": "Later."}, old).status_code == 412
    assert regional.post(path, {"text": "Later."}).status_code == 428
    for sent in ({}, {"text": ""}, {"text": "x" * 1001}, {"text": 3}, {"text": TEXT, "more": 1}):
        assert regional.post(path, sent, first.headers["ETag"]).status_code == 422
    assert senegal.post(path, {"text": TEXT}, first.headers["ETag"]).status_code == 403
    closed = operator.post(f"{address(circulated)}/close", None, first.headers["ETag"])
    assert regional.post(path, {"text": TEXT}, closed.headers["ETag"]).status_code == 404
    hide = {"organisation": "regional-body", "shown": False}
    path = f"{address(circulated)}/show-endorsement"
    assert senegal.post(path, hide, closed.headers["ETag"]).status_code == 409
