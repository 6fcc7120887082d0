"""Questions and answers on a proposal: who writes, reads, strikes out, and what is told of it."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from services.matcher import thread_filing, threads
from services.matcher.documents import AUDITED, Match
from services.matcher.thread_documents import Message
from services.portal.erasing_names import SCOPE
from shared.events.auditing import Auditor, compare
from shared.events.envelope import check
from shared.events.trail import entries_of, verify
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.world import Caller, World

DONOR, OTHER = "66f0000000000000000000d1", "66f0000000000000000000d2"
PAIR = "r.o"
PATH = f"/v1/proposals/{PAIR}"
THREAD = f"{PATH}/messages"
ARABIC = "كم عدد الأسلحة التي يجب وسمها في كل مستودع؟"


@pytest.fixture
def known(world: World) -> World:
    """A request of which one line is confidential, and an offer for it."""
    needs = [need(1, quantity=4), need(2, confidential=True)]
    world.hears([request_event("r", needs=needs), offer_event("o", conditions=[])])
    return world


@pytest.fixture
def endorsed(known: World, coordinator: Caller) -> World:
    """The offer is endorsed."""
    assert coordinator.decide(PAIR, "endorse").status_code == 200
    return known


@pytest.fixture
def donor(call: Callable[..., Caller]) -> Caller:
    """The donor of the offer."""
    return call("donor", organisation=DONOR, subject="donor-account")


@pytest.fixture
def state(call: Callable[..., Caller]) -> Caller:
    """The State of the request."""
    return call("requester", state="SEN", subject="state-account")


def code(answer: Any) -> tuple[int, str]:
    """Status and problem of an answer."""
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def fields(answer: Any) -> list[str]:
    """The fields that a problem names."""
    return [error["field"] for error in answer.json["errors"]]


def post(caller: Caller, text: str, **more: Any) -> int:
    """Write a message; its number."""
    key = more.pop("key", None)
    answer = caller.post(THREAD, {"text": text, **more}, key=key)
    assert answer.status_code == 201, answer.text
    return int(answer.json["number"])


def texts(caller: Caller, **query: Any) -> list[Any]:
    """The texts of the thread's first page."""
    return [one["text"] for one in caller.items(THREAD, **query)]


def everything() -> str:
    """All that the matcher keeps, as text."""
    database = current_database()
    return json.dumps(
        [one for name in database.list_collection_names() for one in database[name].find()],
        default=str,
        ensure_ascii=False,
    )


def test_both_sides_and_the_coordinator_write_in_one_thread(
    endorsed: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    assert post(donor, ARABIC) == 1
    assert post(state, "Forty in each of two depots.", language="en", about=1) == 2
    assert post(coordinator, "Спасибо, этого достаточно для решения.", signed="A. Name") == 3
    shown = state.get(THREAD).json
    assert shown["items"][0]["text"] == ARABIC
    assert [one["language"] for one in shown["items"]] == ["ar", "en", "ru"]
    assert [(one["role"], one["party"]) for one in shown["items"]] == [
        ("donor", DONOR),
        ("requester", "SEN"),
        ("coordinator", None),
    ]
    assert [one["about"] for one in shown["items"]] == [None, 1, None]
    assert [one["subject"] for one in shown["items"]] == [None] * 3
    assert [one["may_strike"] for one in shown["items"]] == [False, True, False]
    assert (shown["count"], shown["unread"], shown["open"]) == (3, 2, True)
    overseen = coordinator.items(THREAD)
    assert [one["subject"] for one in overseen][:2] == ["donor-account", "state-account"]
    assert coordinator.get(f"{THREAD}/1").json["text"] == ARABIC
    assert code(coordinator.get(f"{THREAD}/4")) == (404, "not-found")


def test_events_tell_who_wrote_and_never_what(
    endorsed: World, donor: Caller, state: Caller, coordinator: Caller
) -> None:
    post(donor, "qzvexor one", signed="qzvexor two")
    match = Match.objects.get(id=PAIR)
    event = match.event()
    check(event)
    step = event.data["history"][-1]
    told = {name: step[name] for name in ("action", "role", "party", "subject", "reason")}
    assert told == {
        "action": "message",
        "role": "donor",
        "party": DONOR,
        "subject": "donor-account",
        "reason": "message-1",
    }
    assert "qzvexor" not in json.dumps(event.data)
    assert "qzvexor" not in str(match.to_mongo())
    # The thread tells of itself; lists of steps are not filled with it.
    assert all(s["action"] != "message" for s in coordinator.life(PAIR)["history"])
    assert all(s["action"] != "message" for s in coordinator.get(PATH).json["history"])


def test_others_neither_read_nor_write(
    endorsed: World, donor: Caller, call: Callable[..., Caller]
) -> None:
    post(donor, "Which calibres?")
    strangers = [
        call("donor", organisation=OTHER),
        call("requester", state="MLI"),
    ]
    for stranger in strangers:
        for answer in (
            stranger.get(THREAD),
            stranger.get(f"{THREAD}/1"),
            stranger.post(THREAD, {"text": "Hello"}),
            stranger.post(f"{THREAD}/1/strike"),
        ):
            assert code(answer) == (404, "not-found")
    elsewhere = call("coordinator", regions=frozenset({"Eastern Africa"}))
    for other in (elsewhere, call("operator")):
        for answer in (other.get(THREAD), other.get(f"{THREAD}/1")):
            assert code(answer) == (403, "forbidden")
        assert code(other.post(THREAD, {"text": "Hello"})) == (403, "forbidden")
        assert code(other.post(f"{THREAD}/1/strike")) == (403, "forbidden")
    auditor = call("auditor")
    assert texts(auditor) == ["Which calibres?"]
    assert not auditor.get(THREAD).json["open"]
    assert code(auditor.post(THREAD, {"text": "Hello"})) == (403, "forbidden")


def test_it_opens_with_the_endorsement_and_closes_with_a_no(
    known: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    empty = {"items": [], "next": None, "count": 0, "read_up_to": 0, "unread": 0, "open": False}
    assert donor.get(THREAD).json == empty
    assert code(donor.post(THREAD, {"text": "Too early"})) == (409, "not-endorsed")
    coordinator.decide(PAIR, "endorse")
    post(donor, "In time.")
    assert state.answer(PAIR, "decline", reason="We have found another.").status_code == 200
    assert texts(donor) == ["In time."]
    assert not donor.get(THREAD).json["open"]
    assert code(donor.post(THREAD, {"text": "Too late"})) == (409, "illegal-transition")
    # What is in it can be taken out for good all the same, and that changes nothing else.
    declined = [one["at"] for one in state.life(PAIR)["history"]][-1]
    assert donor.post(f"{THREAD}/1/strike").status_code == 200
    assert coordinator.life(PAIR)["status"] == "declined"
    assert state.life(PAIR)["history"][-1]["at"] == declined


def test_a_request_that_is_hidden_again_hides_its_thread(
    endorsed: World, donor: Caller, state: Caller
) -> None:
    post(state, "Between us.")
    endorsed.hears([request_event("r", 2, visibility="coordinators")])
    assert code(donor.get(THREAD)) == (404, "not-found")
    assert code(donor.post(THREAD, {"text": "Hello?"})) == (404, "not-found")
    assert texts(state) == ["Between us."]


def test_what_is_struck_out_is_gone_and_its_line_stays(
    endorsed: World, coordinator: Caller, donor: Caller, state: Caller, call: Callable[..., Caller]
) -> None:
    post(donor, "qzvexor: not for here", key="once")
    post(state, "Thank you.")
    assert code(state.post(f"{THREAD}/1/strike")) == (403, "forbidden")
    colleague = call("donor", organisation=DONOR, subject="another-account")
    assert code(colleague.post(f"{THREAD}/1/strike")) == (403, "forbidden")
    assert "qzvexor" in everything()
    struck = donor.post(f"{THREAD}/1/strike", key="strike")
    assert struck.json["text"] is None
    assert donor.post(f"{THREAD}/1/strike", key="strike").json == struck.json
    assert code(donor.post(f"{THREAD}/1/strike")) == (409, "struck")
    # Nothing keeps it: neither what waited to be filed nor the answer kept for its key.
    assert "qzvexor" not in everything()
    line = state.items(THREAD)[0]
    assert (line["text"], line["struck_by"], line["role"]) == (None, "donor", "donor")
    assert line["struck_at"] is not None
    assert coordinator.post(f"{THREAD}/2/strike").status_code == 200
    assert [one["struck_by"] for one in state.items(THREAD)] == ["donor", "coordinator"]
    assert code(coordinator.post(f"{THREAD}/9/strike")) == (404, "not-found")


def test_filing_again_brings_nothing_back(endorsed: World, donor: Caller) -> None:
    post(donor, "qzvexor", signed="A. Name")
    entry = {"id": f"{PAIR}/1", "insert": Message.objects.get().to_mongo().to_dict()}
    entry["insert"].pop("_id")
    assert donor.post(f"{THREAD}/1/strike").status_code == 200
    donor.post("/v1/messages/erase-name", {"signed": "A. Name"})
    # Somebody who was slow files what was filed long ago.
    waiting = {"unfiled": [entry], "newest_unfiled": "00001"}
    Match._get_collection().update_one({"_id": PAIR}, {"$set": waiting})
    assert thread_filing.file_waiting() == 1
    (line,) = donor.items(THREAD)
    assert (line["text"], line["signed"]) == (None, None)
    assert "qzvexor" not in everything()


@contextmanager
def crashing() -> Iterator[None]:
    """The process dies between the proposal's write and the filing of what was written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread_filing, "_file", lambda entry: 1 / 0)
        yield


def test_a_crash_before_filing_loses_nothing(endorsed: World, donor: Caller, state: Caller) -> None:
    with crashing():
        assert donor.post(THREAD, {"text": "Once."}, key="k").status_code == 500
    assert Message.objects.count() == 0
    assert texts(state) == ["Once."]  # the reader files it
    again = donor.post(THREAD, {"text": "Once."}, key="k")
    assert (again.status_code, again.json["number"]) == (201, 1)
    assert texts(state) == ["Once."]


def test_a_crash_before_a_strike_is_filed_keeps_nothing(endorsed: World, donor: Caller) -> None:
    with crashing():
        assert donor.post(THREAD, {"text": "qzvexor"}).status_code == 500
    with crashing():
        assert donor.get(f"{THREAD}/1").status_code == 500
    assert donor.get(f"{THREAD}/1").json["text"] == "qzvexor"
    with crashing():
        assert donor.post(f"{THREAD}/1/strike", key="k").status_code == 500
    again = donor.post(f"{THREAD}/1/strike", key="k")
    assert (again.status_code, again.json["text"]) == (200, None)
    assert "qzvexor" not in everything()


def test_sent_twice_it_stands_once(endorsed: World, donor: Caller) -> None:
    first = donor.post(THREAD, {"text": "Once."}, key="k")
    second = donor.post(THREAD, {"text": "Once."}, key="k")
    assert second.json == first.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"] == f"{THREAD}/1"
    assert texts(donor) == ["Once."]


def test_a_key_that_is_used_again_after_a_day_writes_again(endorsed: World, donor: Caller) -> None:
    assert post(donor, "Monday's question.", key="nightly") == 1
    current_database()[COLLECTION].delete_many({})  # what the database does after a day
    assert post(donor, "Tuesday's question.", key="nightly") == 2
    assert texts(donor) == ["Monday's question.", "Tuesday's question."]
    assert donor.post(f"{THREAD}/1/strike", key="strike").json["text"] is None
    current_database()[COLLECTION].delete_many({})
    assert donor.post(f"{THREAD}/2/strike", key="strike").json["text"] is None
    assert texts(donor) == [None, None]


def test_written_at_the_same_moment_all_stand(
    endorsed: World, donor: Caller, state: Caller
) -> None:
    callers = [donor, state] * 4
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda c: post(callers[c], f"message {c}"), range(8)))
    assert sorted(numbers) == list(range(1, 9))
    assert sorted(texts(state)) == [f"message {c}" for c in range(8)]
    assert Match.objects.get(id=PAIR).unfiled in (None, [])


def test_pages_and_marks(
    endorsed: World, donor: Caller, state: Caller, call: Callable[..., Caller]
) -> None:
    for number in range(1, 6):
        post(donor, f"message {number}")
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = state.get(THREAD, **query).json
        found += [one["number"] for one in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (found, pages) == ([1, 2, 3, 4, 5], 3)
    mark = f"{THREAD}/read"
    assert state.put(mark, {"up_to": 4}).status_code == 204
    assert state.put(mark, {"up_to": 2}).status_code == 204  # a slow window takes nothing back
    shown = state.get(THREAD, unread=True).json
    assert (shown["read_up_to"], shown["unread"]) == (4, 1)
    assert [one["number"] for one in shown["items"]] == [5]
    # A mark is one account's own.
    colleague = call("requester", state="SEN", subject="another-account")
    assert colleague.get(THREAD).json["unread"] == 5
    assert donor.get(THREAD).json["unread"] == 0
    refused = state.put(mark, {"up_to": 6})
    assert (code(refused), fields(refused)) == ((422, "invalid"), ["up_to"])
    assert fields(state.get(THREAD, cursor="bm9uZQ")) == ["cursor"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": "  \n "}, "text"),
        ({"text": "x" * 4_001}, "text"),
        ({"text": "x", "signed": "n" * 101}, "signed"),
        ({"text": "x", "language": "de"}, "language"),
        ({"text": "x", "about": 1}, "about"),
        ({"text": "x", "about": 0}, "about"),
        ({"text": "x", "role": "coordinator"}, "role"),
    ],
)
def test_bad_messages(endorsed: World, donor: Caller, body: dict[str, Any], field: str) -> None:
    refused = donor.post(THREAD, body)
    assert (refused.status_code, fields(refused)) == (422, [field])


def test_html_stays_text(endorsed: World, donor: Caller, state: Caller) -> None:
    text = "<script>alert(1)</script>"
    post(donor, text)
    answer = state.get(THREAD)
    assert answer.json["items"][0]["text"] == text
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_side_writes_so_much_a_day(
    endorsed: World, donor: Caller, state: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PER_DAY", 2)
    post(donor, "one")
    clock.now += timedelta(minutes=3)
    post(donor, "two")
    refused = donor.post(THREAD, {"text": "three"})
    assert code(refused) == (429, "too-many-messages")
    wait = int(refused.headers["Retry-After"])
    assert wait == 86_400 - 180 + 1
    assert post(state, "The other side may.") == 3
    monkeypatch.setattr(threads, "MAX_MESSAGES", 3)
    assert code(state.post(THREAD, {"text": "four"})) == (409, "full")


def test_names_are_erased_and_the_trail_stays_whole(
    endorsed: World, donor: Caller, state: Caller, call: Callable[..., Caller]
) -> None:
    for text in ("one", "two"):
        post(donor, text, signed="Q. Zvexor")
    post(donor, "three", signed="Another Name")
    post(state, "four", signed="Q. Zvexor")
    auditor = Auditor("matcher", AUDITED, current_database)
    auditor.prepare()
    auditor.take_over()
    path = "/v1/messages/erase-name"
    told = {"signed": "Q. Zvexor", "organisation": OTHER}
    assert fields(donor.post(path, told)) == ["organisation"]
    assert call("donor", organisation=OTHER).post(path, {"signed": "Q. Zvexor"}).json == {
        "erased": 0
    }
    assert donor.post(path, {"signed": "Q. Zvexor"}).json == {"erased": 2}
    assert donor.post(path, {"signed": "Q. Zvexor"}).json == {"erased": 0}
    assert [one["signed"] for one in state.items(THREAD)] == [
        *(None, None, "Another Name", "Q. Zvexor")
    ]
    operator = call("operator")
    assert operator.post(path, {"signed": "Q. Zvexor", "state": "SEN"}).json == {"erased": 1}
    both = {"signed": "x", "state": "SEN", "organisation": DONOR}
    assert fields(operator.post(path, both)) == ["organisation"]
    assert code(call("auditor").post(path, {"signed": "x"})) == (403, "forbidden")
    assert "Zvexor" not in everything()
    assert texts(state) == ["one", "two", "three", "four"]
    while auditor.take_over():
        pass
    database = current_database()
    assert verify(database, "matcher")[1] == []
    assert list(compare(database, AUDITED)) == []
    steps = entries_of(database, PAIR, 0, 50, "step")
    assert [(one["action"], one["role"]) for one in steps][-3:] == [
        ("erase-name", "donor"),
        ("erase-name", "donor"),
        ("erase-name", "operator"),
    ]


def test_an_account_that_is_erased_leaves_no_name_whatever_it_signed(
    endorsed: World, donor: Caller, state: Caller, call: Callable[..., Caller]
) -> None:
    for caller, signed in ((donor, "Q. Zvexor"), (donor, "Quentin Zvexor"), (state, "A. Name")):
        post(caller, "text", signed=signed)
    colleague = call("donor", organisation=DONOR, subject="another-account")
    post(colleague, "text", signed="Q. Colleague")
    path = "/v1/messages/erase-name"
    own = {"account": "donor-account"}
    assert fields(colleague.post(path, own)) == ["account"]
    assert fields(donor.post(path, {**own, "organisation": DONOR})) == ["organisation"]
    for wrong in ({}, {**own, "signed": "Q. Zvexor"}):
        assert fields(donor.post(path, wrong)) == ["signed"]
    portal = call("operator", subject="portal", scopes=frozenset({SCOPE}))
    assert portal.post(path, own).json == {"erased": 2}
    assert portal.post(path, own).json == {"erased": 0}
    assert "Zvexor" not in everything()
    assert [one["signed"] for one in state.items(THREAD)] == [None, None, "A. Name", "Q. Colleague"]
    assert colleague.post(path, {"account": "another-account"}).json == {"erased": 1}


def test_the_portals_token_for_names_opens_nothing_else(
    app: Flask, token: Callable[..., dict[str, str]]
) -> None:
    headers = token("operator", subject="portal", scopes=frozenset({SCOPE}))
    client, opened = app.test_client(), set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<[^>]+>", "x", path)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = client.open(path, method=method, headers=headers, json={})
            open_to_all = path.startswith("/v1/public/")
            if path.startswith("/v1/") and not open_to_all and answer.status_code != 403:
                opened.add((method, path, answer.status_code))
    assert opened == {("POST", "/v1/messages/erase-name", 422)}


def test_an_erased_name_is_in_no_answer_that_is_kept_for_a_key(
    endorsed: World, donor: Caller
) -> None:
    post(donor, "A question.", signed="Qzvexor Plugh", key="asked")
    assert donor.post(f"{THREAD}/1/strike", key="struck").json["number"] == 1
    erased = donor.post("/v1/messages/erase-name", {"signed": "Qzvexor Plugh"})
    assert erased.json == {"erased": 1}
    kept = [bytes(one["answer"]["body"]) for one in current_database()[COLLECTION].find()]
    assert kept
    assert not any(b"Qzvexor Plugh" in one for one in kept)


def test_who_read_a_thread_is_on_record(
    endorsed: World, donor: Caller, state: Caller, call: Callable[..., Caller]
) -> None:
    database = current_database()
    database["audit_reads"].delete_many({})
    donor.get(THREAD)  # nothing was written yet, so nothing was read
    assert entries(database) == []
    post(state, "Between us.")
    donor.get(THREAD)
    donor.get(f"{THREAD}/1")
    call("auditor", subject="an-auditor").get(THREAD)
    assert entries(database) == ["an-auditor", "donor-account", "donor-account"]


def entries(database: Any) -> list[str]:
    """The accounts whose reads of the proposal wait for the audit trail."""
    return sorted(one["subject"] for one in database["audit_reads"].find({"record": PAIR}))


def test_answers_kept_for_keys_hold_no_text(endorsed: World, donor: Caller) -> None:
    post(donor, "qzvexor", key="k")
    kept = list(current_database()[COLLECTION].find())
    assert len(kept) == 1
    assert "qzvexor" not in str(kept)
