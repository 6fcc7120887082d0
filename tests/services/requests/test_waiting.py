"""What coordinators ask the register for: how much waits, records by id, those of a region."""

from collections.abc import Callable

import pytest

from tests.services.requests.conftest import BODY, Caller


@pytest.fixture
def made(caller: Callable[..., Caller]) -> list[str]:
    """A draft and a submitted request of Senegal, and a submitted one of Kenya."""
    ids = []
    for state, submitted in (("SEN", False), ("SEN", True), ("KEN", True)):
        own = caller("requester", state=state)
        answer = own.post("/v1/requests", {**BODY, "country": state})
        ids.append(str(answer.json["id"]))
        if submitted:
            own.post(f"/v1/requests/{ids[-1]}/submit", etag=answer.headers["ETag"])
    return ids


def listed(who: Caller, query: str) -> set[str]:
    return {one["id"] for one in who.get(f"/v1/requests?{query}").json["items"]}


def waiting(who: Caller) -> int:
    (item,) = who.get("/v1/waiting").json["items"]
    assert (item["kind"], item["more"]) == ("requests", False)
    return int(item["count"])


def test_submitted_requests_wait_for_who_covers_their_state(
    caller: Callable[..., Caller], made: list[str]
) -> None:
    west = caller("coordinator", regions=frozenset({"Western Africa"}))
    everywhere = caller("coordinator")
    assert waiting(west) == len(listed(west, "status=submitted"))
    assert waiting(everywhere) == len(listed(everywhere, "status=submitted")) > waiting(west)


def test_requests_are_listed_by_id_as_far_as_one_may_see_them(
    caller: Callable[..., Caller], made: list[str]
) -> None:
    draft, submitted, elsewhere = made
    asked = "&".join(f"id={one}" for one in made)
    assert listed(caller("coordinator"), asked) == {submitted, elsewhere}
    assert listed(caller("requester", state="SEN"), asked) == {draft, submitted}
    assert listed(caller("donor", organisation="org-1"), asked) == set()
    assert listed(caller("coordinator"), f"id={submitted}") == {submitted}
    refused = caller("coordinator").get("/v1/requests?" + "id=x&" * 400)
    assert [error["field"] for error in refused.json["errors"]] == ["id"]


def test_requests_are_listed_by_region(caller: Callable[..., Caller], made: list[str]) -> None:
    _, submitted, elsewhere = made
    found = listed(caller("coordinator"), "region=Western+Africa&limit=200")
    assert submitted in found
    assert elsewhere not in found
    assert listed(caller("coordinator"), "region=Western+Africa&country=KEN") == set()
