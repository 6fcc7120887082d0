"""A coordinator of some regions: full in them, elsewhere a reader like a donor."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.services.requests.conftest import NEED, Caller

WEST = frozenset({"Western Africa"})
EAST = frozenset({"Eastern Africa"})
SECRET = {**NEED, "theme": "border-control", "kind": "infrastructure", "confidential": True}
Record = Callable[..., TestResponse]


@pytest.fixture
def west(caller: Callable[..., Caller]) -> Caller:
    return caller("coordinator", regions=WEST)


@pytest.fixture
def east(caller: Callable[..., Caller]) -> Caller:
    return caller("coordinator", regions=EAST)


def address_of(answer: TestResponse) -> str:
    return f"/v1/requests/{answer.get_json()['id']}"


def listed(caller: Caller, **query: Any) -> set[str]:
    path = "/v1/requests?limit=200" + "".join(f"&{name}={value}" for name, value in query.items())
    return {item["id"] for item in caller.get(path).get_json()["items"]}


def test_steps_are_taken_within_ones_regions(record: Record, west: Caller, east: Caller) -> None:
    submitted = record("submitted")
    address, etag = address_of(submitted), submitted.headers["ETag"]
    assert east.post(f"{address}/authenticate", None, etag).status_code == 404
    assert west.post(f"{address}/authenticate", None, etag).status_code == 200
    circulated = record("circulated")
    address, etag = address_of(circulated), circulated.headers["ETag"]
    assert east.post(f"{address}/close", None, etag).status_code == 403
    assert west.post(f"{address}/close", None, etag).status_code == 200


def test_elsewhere_one_reads_as_a_donor_does(
    record: Record, caller: Callable[..., Caller], west: Caller, east: Caller
) -> None:
    donor = caller("donor", organisation="acme")
    submitted = address_of(record("submitted"))
    assert (west.get(submitted).status_code, east.get(submitted).status_code) == (200, 404)
    circulated = address_of(record("circulated", needs=[NEED, SECRET]))
    assert len(west.get(circulated).get_json()["needs"]) == 2
    assert east.get(circulated).get_json()["needs"] == donor.get(circulated).get_json()["needs"]
    assert len(east.get(circulated).get_json()["needs"]) == 1


def test_lists_show_what_may_be_read(record: Record, west: Caller, east: Caller) -> None:
    near = record("submitted").get_json()["id"]
    open_one = record("circulated", needs=[NEED, SECRET]).get_json()["id"]
    assert {near, open_one} <= listed(west)
    assert near not in listed(east)
    assert open_one in listed(east)
    assert open_one in listed(west, theme="border-control")
    assert open_one not in listed(east, theme="border-control")
