"""One offer merged into another: what the register of offers adds to what both registers do."""

from datetime import UTC, datetime

import pytest

from services.offers.documents import AssistanceOffer
from services.offers.merging import OFFERS
from shared.events.envelope import check
from shared.registers.merging import recover

MARKING = {"theme": "marking", "kind": "equipment", "capacity": 10, "unit": "machines"}
TRAINING = {"theme": "marking", "kind": "training", "capacity": 40, "unit": "persons"}
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def coordinator(caller, organisations):
    who = caller("coordinator")
    who.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    return who


def address(record):
    return f"/v1/offers/{record.json['id']}"


def merge(who, record, into, **body):
    body = {"into": into.json["id"], **body}
    return who.post(f"{address(record)}/merge", body, record.headers["ETag"])


def lines(shown):
    return [(line["line"], line["kind"], line["from"]) for line in shown["provisions"]]


def test_provisions_are_taken_over_and_leave_again(record, coordinator, donor):
    gone, stays = record("published", provisions=[TRAINING]), record("published")
    merged = merge(coordinator, gone, stays)
    assert (merged.status_code, merged.json["merged_into"]) == (200, stays.json["id"])
    shown = donor.get(address(stays)).json
    source = {"record": gone.json["id"], "line": 1}
    assert lines(shown) == [(1, "equipment", None), (2, "training", source)]
    assert shown["merged_from"] == [gone.json["id"]]
    for record_id in (gone.json["id"], stays.json["id"]):
        check(AssistanceOffer.objects(id=record_id).first().event())
    undone = coordinator.post(f"{address(gone)}/unmerge", None, merged.headers["ETag"])
    assert (undone.status_code, undone.json["status"]) == (200, "published")
    assert lines(donor.get(address(stays)).json) == [(1, "equipment", None)]


def test_offers_of_two_organisations_are_not_merged(record, coordinator):
    answer = merge(coordinator, record("published"), record("published", organisation="org-2"))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["code"] == "other-organisation"


@pytest.mark.parametrize(
    "terms",
    [
        {"eligibility": {"countries": [], "regions": [], "groups": []}},
        {"conditions": [{"kind": "other", "text": "A report each year"}]},
    ],
)
def test_provisions_are_not_offered_on_other_terms(record, coordinator, terms):
    gone = record("published", provisions=[TRAINING])
    stays = record("published", **terms)
    answer = merge(coordinator, gone, stays)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "other-terms")
    assert merge(coordinator, gone, stays, lines=[]).status_code == 200


@pytest.mark.parametrize("who", ["donor", "auditor", "operator"])
def test_only_coordinators_merge(record, caller, who):
    gone, stays = record("published"), record("published")
    claims = {"organisation": "org-1"} if who == "donor" else {}
    assert merge(caller(who, **claims), gone, stays).status_code == 403


def test_a_merging_that_a_crash_cut_short_is_finished(record, coordinator, monkeypatch):
    gone, stays = record("published", provisions=[TRAINING]), record("published")

    def die(*_):
        raise RuntimeError("the process died")

    with monkeypatch.context() as patched:
        patched.setattr("services.offers.api.offers.finish", die)
        assert merge(coordinator, gone, stays).status_code == 500
    assert len(lines(coordinator.get(address(stays)).json)) == 1
    assert recover(OFFERS, LATER) == 1
    assert len(lines(coordinator.get(address(stays)).json)) == 2
