"""The audit trail of the matcher's records: who reads it, and that reads are in it."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from services.matcher.documents import AUDITED
from shared.events.auditing import Auditor
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.world import Caller, World

DONOR = "66f0000000000000000000d1"
PATH = "/v1/audit/r1.o1"


@pytest.fixture
def settled(
    world: World, coordinator: Caller, database: Database[dict[str, Any]]
) -> Callable[[], None]:
    """A proposal with a confidential line that somebody endorsed; lets the auditor take over."""
    lines = [need(1), need(2, confidential=True)]
    world.hears([request_event("r1", needs=lines), offer_event("o1")])
    assert coordinator.decide("r1.o1", "endorse").status_code == 200

    def settle() -> None:
        auditor = Auditor("matcher", AUDITED, lambda: database)
        auditor.prepare()
        while auditor.take_over():
            pass

    return settle


def test_steps_and_reads_of_a_record_are_told_to_those_who_may_know(
    settled: Callable[[], None], call: Callable[..., Caller]
) -> None:
    state = call("requester", state="SEN", subject="s1")
    state.get("/v1/proposals/r1.o1")
    settled()
    found = call("auditor").items(PATH)
    assert [one["action"] for one in found if one["what"] == "step"] == ["endorse"]
    reads = [(one["role"], one["party"], one["subject"]) for one in found if one["what"] == "read"]
    assert ("requester", "SEN", "s1") in reads
    own = state.items(PATH)
    assert [one["number"] for one in own] == [one["number"] for one in found]
    assert {one["subject"] for one in own} == {None}
    assert call("donor", organisation=DONOR).get(PATH).status_code == 200
    assert call("donor", organisation="another").get(PATH).status_code == 404
    assert call("requester", state="KEN").get(PATH).status_code == 404
    caribbean = call("coordinator", regions=frozenset({"Caribbean"}))
    assert caribbean.get(PATH).status_code == 404


def test_a_list_is_told_page_by_page(settled: Callable[[], None], coordinator: Caller) -> None:
    for _ in range(3):
        coordinator.get("/v1/proposals/r1.o1")
    settled()
    whole = coordinator.items(PATH)
    found, cursor = [], None
    while True:
        page = coordinator.get(PATH, limit=2, **({} if cursor is None else {"cursor": cursor})).json
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole
    assert len(whole) > 3
    assert coordinator.get("/v1/audit/nothing").json["items"] == []


def test_what_cannot_be_noted_is_not_answered(
    settled: Callable[[], None], coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("the store is full")

    monkeypatch.setattr("shared.web.reads.leave_notes", fails)
    assert coordinator.get("/v1/proposals/r1.o1").status_code == 500
