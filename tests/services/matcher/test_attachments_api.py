"""Files of a proposal: for those who read and write its thread."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from services.matcher.documents import Match
from services.matcher.filed import FILES
from shared.attachments import keeping, telling
from shared.attachments.telling import tell_waiting
from shared.events.envelope import check
from shared.web.database import current_database
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.world import Caller, World
from tests.shared.attachments import files

DONOR, OTHER = "66f0000000000000000000d1", "66f0000000000000000000d2"
PAIR = "r.o"
PATH = f"/v1/proposals/{PAIR}/attachments"


@pytest.fixture
def known(world: World) -> World:
    """A request, and an offer for it."""
    world.hears([request_event("r", needs=[need(1, quantity=4)]), offer_event("o", conditions=[])])
    return world


@pytest.fixture
def send(app: Flask, token: Callable[..., dict[str, str]]) -> Callable[..., TestResponse]:
    """Attach a PDF, or remove one, as somebody: send("donor", organisation=DONOR)."""

    def make(role: str, remove: Any = None, name: str = "plan.pdf", **bound: Any) -> TestResponse:
        client, headers = app.test_client(), token(role, **bound)
        if remove is not None:
            headers["If-Match"] = f'"{remove["version"]}"'
            return client.delete(f"{PATH}/{remove['id']}", headers=headers)
        headers["Content-Disposition"] = f"attachment; filename={name}"
        return client.post(PATH, data=files.PDF, headers=headers, content_type="application/pdf")

    return make


def code(answer: Any) -> tuple[int, str]:
    """Status and problem of an answer."""
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def test_both_sides_share_files_from_the_endorsement_on(
    known: World, coordinator: Caller, send: Callable[..., TestResponse], call: Any
) -> None:
    donor, state = {"organisation": DONOR}, {"state": "SEN"}
    assert code(send("donor", **donor)) == (409, "not-endorsed")
    coordinator.decide(PAIR, "endorse")
    added = send("donor", **donor).json
    theirs = send("requester", name="sites.pdf", **state).json
    for reader in (call("donor", **donor), call("requester", **state), call("auditor")):
        assert {one["name"] for one in reader.items(PATH)} == {"plan.pdf", "sites.pdf"}
        assert reader.get(f"{PATH}/{added['id']}/file").data == files.PDF
    mine = {one["name"] for one in call("donor", **donor).items(PATH) if one["may_remove"]}
    assert mine == {"plan.pdf"}
    for role, bound in (("donor", {"organisation": OTHER}), ("requester", {"state": "MLI"})):
        assert code(call(role, **bound).get(PATH)) == (404, "not-found")
        assert code(send(role, **bound)) == (404, "not-found")
        assert code(call(role, **bound).get(f"{PATH}/{added['id']}/file")) == (404, "not-found")
    for role, bound in (
        ("operator", {}),
        ("coordinator", {"regions": frozenset({"Eastern Africa"})}),
    ):
        assert code(call(role, **bound).get(PATH)) == (403, "forbidden")
    assert code(send("auditor")) == (403, "forbidden")
    assert code(send("requester", remove=added, **state)) == (403, "forbidden")
    assert send("coordinator", remove=theirs).status_code == 204
    # Once somebody said no nothing is added, and what is there can be removed.
    assert call("requester", **state).answer(PAIR, "decline", reason="No.").status_code == 200
    assert code(send("donor", name="late.pdf", **donor)) == (409, "illegal-transition")
    assert send("donor", remove=added, **donor).status_code == 204
    assert coordinator.items(PATH) == []


def told(action: str = "attach") -> list[tuple[str, str | None]]:
    """Who attached or removed what the proposal's history tells of: role and party."""
    match = Match.objects.get(id=PAIR)
    check(match.event())
    return [(one.role, one.party) for one in match.history if one.action == action]


def test_a_file_is_told_of_once_whatever_breaks_off(
    known: World,
    coordinator: Caller,
    send: Callable[..., TestResponse],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    donor = {"organisation": DONOR}
    coordinator.decide(PAIR, "endorse")
    added = send("donor", **donor).json
    assert told() == [("donor", DONOR)]
    assert send("donor", **donor).status_code == 200  # sent twice, attached and told once
    assert tell_waiting(FILES, "", clock.now) == 0
    assert told() == [("donor", DONOR)]
    shown = coordinator.get(f"/v1/proposals/{PAIR}").json
    assert "attach" not in {one["action"] for one in shown["history"]}  # the list of files tells
    # The process dies between the two writes: the worker tells, once.
    with monkeypatch.context() as broken:
        broken.setattr(telling, "change", crash)
        assert send("requester", name="sites.pdf", state="SEN").status_code == 500
    assert told() == [("donor", DONOR)]
    for settled in (1, 0):
        assert tell_waiting(FILES, "", clock.now) == settled
        assert told() == [("donor", DONOR), ("requester", "SEN")]
    # Who removes it is told of the same way: at once, or by the worker.
    with monkeypatch.context() as broken:
        broken.setattr(telling, "change", crash)
        assert send("coordinator", remove=added).status_code == 500
    assert told("detach") == []
    for settled in (1, 0):
        assert tell_waiting(FILES, "", clock.now) == settled
        assert told("detach") == [("coordinator", None)]
    shown = coordinator.get(f"/v1/proposals/{PAIR}").json
    assert "detach" not in {one["action"] for one in shown["history"]}
    # Attached anew, it is another file.
    assert send("donor", **donor).status_code == 201
    assert len(told()) == 3


def test_nobody_is_told_that_a_file_is_gone_of_which_nobody_was_told(
    known: World, coordinator: Caller, send: Callable[..., TestResponse], clock: Clock
) -> None:
    coordinator.decide(PAIR, "endorse")
    added = send("donor", organisation=DONOR).json
    untold = {"$set": {"untold_since": clock.now}}
    current_database()["attachments"].update_one({"_id": added["id"]}, untold)
    current_database()["matches"].update_one({"_id": PAIR}, {"$pop": {"history": 1}})
    assert send("donor", remove=added, organisation=DONOR).status_code == 204
    assert tell_waiting(FILES, "", clock.now) == 0
    assert (told(), told("detach")) == ([], [])


def crash(*_: Any) -> None:
    """The process dies here."""
    raise ZeroDivisionError


def test_nobody_is_told_of_a_file_that_the_scanner_refuses(
    known: World, coordinator: Caller, send: Callable[..., TestResponse], clock: Clock
) -> None:
    coordinator.decide(PAIR, "endorse")
    added = send("donor", organisation=DONOR).json
    waiting = {"$set": {"untold_since": clock.now, "unscanned_since": clock.now}}
    files_kept = current_database()["attachments"]
    files_kept.update_one({"_id": added["id"]}, waiting)
    current_database()["matches"].update_one({"_id": PAIR}, {"$pop": {"history": 1}})
    assert tell_waiting(FILES, "127.0.0.1:3310", clock.now) == 0
    assert told() == []
    refused = {"$set": {"status": "refused"}, "$unset": {"unscanned_since": ""}}
    files_kept.update_one({"_id": added["id"]}, refused)
    assert tell_waiting(FILES, "127.0.0.1:3310", clock.now) == 1
    assert (told(), tell_waiting(FILES, "127.0.0.1:3310", clock.now)) == ([], 0)


def test_one_side_does_not_use_up_what_the_other_may_attach(
    known: World,
    coordinator: Caller,
    send: Callable[..., TestResponse],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST_EVER", 2)
    donor, state = {"organisation": DONOR}, {"state": "SEN"}
    coordinator.decide(PAIR, "endorse")
    for name in ("1.pdf", "2.pdf"):
        added = send("donor", name=name, **donor).json
        assert send("donor", remove=added, **donor).status_code == 204
    assert code(send("donor", name="3.pdf", **donor)) == (409, "full")
    assert send("requester", name="sites.pdf", **state).status_code == 201


def test_reads_are_on_record_under_the_proposal(
    known: World, coordinator: Caller, send: Callable[..., TestResponse], call: Any
) -> None:
    coordinator.decide(PAIR, "endorse")
    id_ = send("requester", state="SEN").json["id"]
    current_database()["audit_reads"].delete_many({})
    call("donor", organisation=DONOR).get(f"{PATH}/{id_}/file")
    notes = [(one["record"], one["party"]) for one in current_database()["audit_reads"].find({})]
    assert notes == [(PAIR, DONOR)]
