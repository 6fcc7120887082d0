"""Who invited a State's account does not vouch alone for the first request that it submits."""

from collections.abc import Callable
from typing import Any

from services.requests.documents import AssistanceRequest
from tests.services.requests.conftest import Caller


def test_the_first_request_is_for_another_coordinator(
    caller: Callable[..., Caller], body: Callable[..., dict[str, Any]]
) -> None:
    AssistanceRequest.objects.delete()
    inviter, other = (caller("coordinator", subject=one) for one in ("inviter", "other"))
    state = caller("requester", state="SEN", subject="led", inviter="inviter")

    def submitted() -> tuple[str, str]:
        made = state.post("/v1/requests", body())
        address = made.headers["Location"]
        answer = state.post(f"{address}/submit", None, made.headers["ETag"])
        assert answer.status_code == 200
        return address, answer.headers["ETag"]

    first, tag = submitted()
    assert inviter.get(first).json["introduced_by"] == "inviter"
    refused = inviter.post(f"{first}/authenticate", None, tag)
    assert refused.status_code == 409
    assert refused.json["type"].endswith("own-invitation")
    assert AssistanceRequest.objects.first().status == "submitted"
    assert other.post(f"{first}/authenticate", None, tag).status_code == 200
    second, tag = submitted()
    assert inviter.post(f"{second}/authenticate", None, tag).status_code == 200


def test_who_was_invited_by_nobody_else_and_other_states_are_as_before(
    caller: Callable[..., Caller], body: Callable[..., dict[str, Any]]
) -> None:
    AssistanceRequest.objects.delete()
    coordinator = caller("coordinator", subject="inviter")
    for state, inviter in (("SEN", None), ("MLI", "another")):
        own = caller("requester", state=state, inviter=inviter)
        made = own.post("/v1/requests", body(country=state))
        address = made.headers["Location"]
        sent = own.post(f"{address}/submit", None, made.headers["ETag"])
        answer = coordinator.post(f"{address}/authenticate", None, sent.headers["ETag"])
        assert answer.status_code == 200, answer.json
    donor = caller("donor", organisation="org")
    listed = donor.get("/v1/requests").json["items"]
    assert all("introduced_by" not in one for one in listed)
