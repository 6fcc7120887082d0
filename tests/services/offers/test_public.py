"""What donors made public: offers and activities, read without a token."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.offers.documents import AssistanceOffer
from tests.services.offers.conftest import BODY, ORGANISATION, Caller

ACTIVITY = {
    "title": "A course for markers",
    "description": "Two weeks.",
    "language": "en",
    "country": "SEN",
    "organisation": "org-1",
    "theme": "marking",
    "kind": "training",
}


@pytest.fixture
def publish(operator: Caller) -> Any:
    AssistanceOffer.objects.delete()

    def make(**members: Any) -> Any:
        made = operator.post("/v1/offers", {**BODY, **members})
        assert made.status_code == 201, made.json
        for step in ("submit", "publish"):
            made = operator.post(f"/v1/offers/{made.json['id']}/{step}", None, made.headers["ETag"])
        return made

    return make


def test_only_what_its_donor_made_public_is_shown(
    client: FlaskClient, operator: Caller, publish: Any
) -> None:
    publish()
    shown = publish(public=True, title="Open to all")
    found = client.get("/v1/public/offers").json["items"]
    assert [(one["title"], one["donor"]) for one in found] == [
        ("Open to all", ORGANISATION["name"])
    ]
    path = f"/v1/offers/{shown.json['id']}"
    # Whoever leaves it out, as an import does, leaves it as it is.
    kept = operator.put(path, BODY, shown.headers["ETag"])
    assert kept.json["public"] is True
    assert operator.put(path, {**BODY, "public": False}, kept.headers["ETag"]).status_code == 200
    assert client.get("/v1/public/offers").json["items"] == []


def test_filters_ask_whom_an_offer_may_serve(client: FlaskClient, publish: Any) -> None:
    for title, eligible in (
        ("for SEN", {"countries": ["SEN"]}),
        ("for East Asia", {"regions": ["Eastern Asia"]}),
        ("for all", {}),
    ):
        lists = {"countries": [], "regions": [], "groups": [], **eligible}
        publish(public=True, title=title, eligibility=lists)

    def found(**query: str) -> set[str]:
        items = client.get("/v1/public/offers", query_string=query).json["items"]
        return {one["title"] for one in items}

    assert found(country="SEN") == found(region="Western Africa") == {"for SEN", "for all"}
    assert found(country="JPN") == found(region="Eastern Asia") == {"for East Asia", "for all"}
    assert found(theme="tracing") == set()
    assert found(theme="marking", kind="equipment", q="machines", country="SEN") == {
        "for SEN",
        "for all",
    }


def test_activities_and_their_number(client: FlaskClient, operator: Caller, publish: Any) -> None:
    operator.post("/v1/activities", ACTIVITY)
    shown = operator.post("/v1/activities", {**ACTIVITY, "public": True, "title": "Seen"})
    items = client.get("/v1/public/activities", query_string={"region": "Western Africa"})
    assert [one["title"] for one in items.json["items"]] == ["Seen"]
    assert client.get(f"/v1/public/activities/{shown.json['id']}").json["donor"]
    assert client.get("/v1/public/figures").json["activities"] == 1


def test_what_is_not_public_is_merged_into_nothing_public(
    publish: Any, caller: Callable[..., Caller]
) -> None:
    into, twice = publish(public=True), publish()
    path = f"/v1/offers/{twice.json['id']}/merge"
    refused = caller("coordinator").post(
        path, {"into": into.json["id"], "lines": [1]}, twice.headers["ETag"]
    )
    assert refused.status_code == 422
    assert refused.json["errors"][0]["code"] == "not-public"
