"""The page of a proposal, out of what the services answer: what is told before the decision."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal import deciding
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from shared.vocabulary.currencies import to_usd_cents
from tests.services.portal.answering import (
    NEED,
    NONE_SERVED,
    OFFER,
    REQUEST,
    SERVING,
    Asked,
    answer,
)
from tests.services.portal.browsing import Browser

ALL_MET = "Nothing: all that is asked for is met."
LISTS = (
    *("inferred", "reasons", "evidence", "against", "ruled_out", "lacking", "conditions"),
    *("embargoes", "contradictions", "line_contradictions"),
)
NOTICES = ("track_record", "displaced", "same_donor", "came_back", "reason")
PROPOSAL = {
    **{name: [] for name in LISTS},
    **dict.fromkeys(NOTICES),
    "id": "r1.o1",
    "request": "r1",
    "request_version": "1.0",
    "offer": "o1",
    "offer_version": "1.0",
    "version": "0.1",
    "organisation": "acme",
    "country": "SEN",
    "score": 0.7,
    "status": "proposed",
    "rank": 1,
    "cooperation": "North to South.",
    "hidden_lines": 0,
    "serves": [SERVING],
}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the services answer by path; a path that is not in it has a service that is away."""
    found: Asked = {
        "/v1/proposals/r1.o1": PROPOSAL,
        "/v1/requests/r1": REQUEST,
        "/v1/offers/o1": OFFER,
    }
    return answer(monkeypatch, found, '"0.1"')


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, signed in with both factors."""
    return Browser(app).enter(house, make_account("coordinator"))


@pytest.mark.parametrize(
    ("serves", "needs", "none_served"),
    [
        ([SERVING], [NEED], False),
        ([], [NEED], True),
        ([SERVING], [{**NEED, "line": 2}], True),
        ([SERVING], [], True),
        ([{**SERVING, "quantity": 0.0}], [NEED], True),
        ([SERVING], None, False),
        ([], None, True),
    ],
    ids=["one", "none", "gone", "all gone", "nothing of it", "away", "none, away"],
)
def test_a_proposal_that_serves_no_need_line_says_so_before_the_decision(
    browser: Browser, answers: Asked, serves: list[Any], needs: list[Any] | None, none_served: bool
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": serves}
    if needs is None:
        del answers["/v1/requests/r1"]
    else:
        answers["/v1/requests/r1"] = {**REQUEST, "needs": needs}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert browser.status == 200
    assert (NONE_SERVED in text) is none_served
    assert (ALL_MET in text) is not none_served
    if none_served:
        assert text.index(NONE_SERVED) < text.index("What is asked for") < text.index("Endorse it")


def test_one_that_was_decided_on_is_warned_of_no_more(browser: Browser, answers: Asked) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [], "status": "endorsed"}
    browser.open("/proposals/r1.o1?language=en")
    warned = [one for tag, one in browser.page.tags if tag == "p" and one.get("class") == "warned"]
    assert (browser.status, warned) == (200, [])


@pytest.mark.parametrize(("status", "told"), [("proposed", True), ("committed", False)])
def test_what_was_committed_is_not_told_as_more_than_is_left(
    browser: Browser, answers: Asked, status: str, told: bool
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [SERVING], "status": status}
    need = {**NEED, "quantity": 2, "committed": {"quantity": 2, "amount": None}}
    answers["/v1/requests/r1"] = {**REQUEST, "needs": [need]}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert ("This is more than is left of it." in text) is told


@pytest.mark.parametrize(
    ("currency", "told"), [("EUR", "by this proposal €50,000 in all"), ("KPW", None)]
)
def test_what_is_served_in_dollars_is_told_in_the_lines_own_currency(
    browser: Browser, answers: Asked, house: House, currency: str, told: str | None
) -> None:
    usd = to_usd_cents(50_000_00, "EUR", house.clock().date()) / 100
    own = {"quantity": None, "unit": None, "amount": 50_000, "currency": currency}
    answers["/v1/requests/r1"] = {**REQUEST, "needs": [{**NEED, **own}]}
    serving = {**SERVING, "quantity": None, "amount": usd}
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [serving]}
    text = " ".join(browser.open("/proposals/r1.o1?language=en").text.split())
    assert "This is more than is left of it." not in text
    if told is None:
        assert "by this proposal" not in text
    else:
        assert told in text


def test_of_several_one_that_serves_no_need_line_is_not_ticked_by_itself(
    browser: Browser, answers: Asked
) -> None:
    none = {**PROPOSAL, "id": "r1.o2", "offer": "o2", "serves": []}
    weak = [{"code": "text_kind", "sentence": "The kinds meet only 34%.", "contribution": -1.0}]
    some = {**PROPOSAL, "serves": [{**SERVING, "of": 4.0, "amount_of": None}], "against": weak}
    answers["/v1/proposals"] = {"items": [some, none]}
    answers["/v1/requests"] = {"items": [REQUEST]}
    answers["/v1/offers"] = {"items": [OFFER, {**OFFER, "id": "o2"}]}
    text = browser.open("/review/endorse?chosen=r1.o1&chosen=r1.o2&language=en").text
    boxes = {
        one["value"]: ("checked" in one, "disabled" in one)
        for tag, one in browser.page.tags
        if tag == "input" and one.get("name") == "chosen"
    }
    assert boxes == {"r1.o1": (True, False), "r1.o2": (False, False)}
    assert text.count(NONE_SERVED) == 1
    assert text.count("The kinds meet only 34%.") == 1


AWAY = "The register of offers cannot be reached just now."
LISTED_AT_MOST = 50
BETTER = {**PROPOSAL, "id": "r1.o2", "offer": "o2"}


@pytest.mark.parametrize("away", [False, True])
def test_that_names_are_missing_is_said_where_their_register_is_away(
    browser: Browser, answers: Asked, away: bool
) -> None:
    answers["/v1/proposals"] = {"items": [PROPOSAL, BETTER]}
    if not away:
        answers["/v1/organisations"] = {"items": []}
        answers["/v1/offers/titles"] = {"items": [{"id": "o2", "title": "Two", "language": "en"}]}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert (AWAY in text) is away
    assert ("Two" in text) is not away


@pytest.mark.parametrize(
    ("serves", "others"),
    [([SERVING], {"r1.o2"}), ([{**SERVING, "need": 2}], set()), ([], {"r1.o2"})],
    ids=["the same need", "another need", "none"],
)
def test_the_others_for_its_needs_are_listed_and_all_beside_one_that_serves_none(
    browser: Browser, answers: Asked, serves: list[Any], others: set[str]
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": serves}
    answers["/v1/proposals"] = {"items": [PROPOSAL, BETTER]}
    browser.open("/proposals/r1.o1")
    links = [str(one.get("href", "")) for tag, one in browser.page.tags if tag == "a"]
    found = {one.partition("?")[0].rpartition("/")[2] for one in links if "/proposals/" in one}
    assert found - {"r1.o1"} == others


def test_all_of_the_list_is_looked_through_for_the_others(
    browser: Browser, answers: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = [
        {**PROPOSAL, "id": f"r1.p{n}", "serves": [{**SERVING, "need": 2}]}
        for n in range(LISTED_AT_MOST)
    ]
    every = [PROPOSAL, *elsewhere[2:], BETTER]

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path == "/v1/proposals":
            return Answer({"items": every[: one.query["limit"]], "next": "more"})
        if one.path not in answers:
            raise AwayError(one.service)
        return Answer(answers[one.path], '"0.1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    text = browser.open("/proposals/r1.o1?language=en").text
    assert "No other offer is proposed for these need lines." not in text
    assert any("/proposals/r1.o2" in str(one.get("href")) for _, one in browser.page.tags)


UNREAD = "One side cannot be read just now, so this cannot be endorsed. Try again in a moment."
TITLES = {
    "requests": ("/v1/requests/titles", {"items": [{"id": "r1", "title": "R", "language": "en"}]}),
    "offers": ("/v1/offers/titles", {"items": [{"id": "o1", "title": "O", "language": "en"}]}),
}
WHOLE = {**SERVING, "theme": "marking", "of": 4.0, "amount_of": None}
LISTED = {**PROPOSAL, "serves": [WHOLE]}
DECIDED = {"version": '"0.1"', "country": "SEN", "key": "0" * 24, "reason": "We know them well."}


@pytest.fixture
def kept() -> Callable[[], set[str]]:
    """Tells what is decided of r1.o1 and kept for its minute: nothing at first."""
    deciding.PendingDecision.objects(id="r1.o1").delete()

    def kept() -> set[str]:
        return {one.decision for one in deciding.waiting_for(["r1.o1"]).values()}

    return kept


def without(answers: Asked, away: str | None) -> None:
    """Let all that is of a proposal be there, but what this register has."""
    own = {"requests": "/v1/requests/r1", "offers": "/v1/offers/o1"}
    for register, (path, found) in TITLES.items():
        if register == away:
            del answers[own[register]]
        else:
            answers[path] = found


def buttons(browser: Browser) -> dict[str, bool]:
    """The decisions that the page has buttons for, and whether each can be pressed."""
    return {
        one["value"]: "disabled" not in one
        for tag, one in browser.page.tags
        if tag == "button" and one.get("name") == "decision"
    }


def send(browser: Browser, path: str, sent: Any) -> str:
    """The page that answers to a form, with the token of the visit."""
    browser.open("/account/password?language=en")
    token = browser.page.forms[0].values["csrf_token"]
    browser.answer = browser.client.post(path, data={**sent, "csrf_token": token})
    return browser.page.text


@pytest.mark.parametrize("away", ["requests", "offers", None])
def test_what_cannot_be_read_is_not_endorsed_though_rejected_if_need_be(
    browser: Browser, answers: Asked, kept: Callable[[], set[str]], away: str | None
) -> None:
    without(answers, away)
    text = browser.open("/proposals/r1.o1?language=en").text
    assert buttons(browser) == {"endorse": away is None, "reject": True}
    assert text.count(UNREAD) == (0 if away is None else 1)
    text = send(browser, "/proposals/r1.o1", {**DECIDED, "decision": "endorse"})
    if away is None:
        assert (browser.status, kept()) == (303, {"endorse"})
        return
    assert (browser.status, kept()) == (503, set())
    assert UNREAD in text
    (form,) = (one for one in browser.page.forms if one.action == "/proposals/r1.o1")
    assert form.values["reason"] == DECIDED["reason"]
    send(browser, "/proposals/r1.o1", {**DECIDED, "decision": "reject"})
    assert (browser.status, kept()) == (303, {"reject"})


@pytest.mark.parametrize("away", ["requests", None])
def test_while_the_matcher_is_away_too_what_was_typed_is_given_back(
    browser: Browser, answers: Asked, kept: Callable[[], set[str]], away: str | None
) -> None:
    without(answers, away)
    del answers["/v1/proposals/r1.o1"]
    text = send(browser, "/proposals/r1.o1", {**DECIDED, "decision": "endorse"})
    assert (browser.status, kept()) == ((303, {"endorse"}) if away is None else (503, set()))
    assert (DECIDED["reason"] in text) is (away is not None)


@pytest.mark.parametrize("matcher_away", [False, True])
def test_who_decides_after_a_colleague_is_given_back_what_was_typed(
    browser: Browser,
    answers: Asked,
    kept: Callable[[], set[str]],
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    matcher_away: bool,
) -> None:
    without(answers, None)
    first = Browser(app).enter(house, make_account("coordinator"))
    send(first, "/proposals/r1.o1", {**DECIDED, "decision": "endorse"})
    if matcher_away:
        del answers["/v1/proposals/r1.o1"]
    second = {**DECIDED, "key": "1" * 24, "decision": "reject", "reason": "They never answered."}
    text = send(browser, "/proposals/r1.o1", second)
    assert (browser.status, kept()) == (409, {"endorse"})
    assert "A decision on this proposal waits already. Nothing was done." in text
    if matcher_away:
        assert "They never answered." in text
        return
    (form,) = (one for one in browser.page.forms if one.action == "/proposals/r1.o1")
    assert form.values["reason"] == "They never answered."
    assert text.count("endorsed it a moment ago.") == 2
    deciding.PendingDecision.objects(id="r1.o1").delete()
    send(browser, "/proposals/r1.o1", {**form.values, "decision": "reject"})
    assert (browser.status, kept()) == (303, {"reject"})


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("take-back", "It cannot be taken back any more: it took effect, or is about to."),
        ("now", "There is no such decision any more. It took effect, or was taken back."),
    ],
)
def test_an_old_window_does_nothing_to_a_decision_that_it_does_not_show(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    answers: Asked,
    kept: Callable[[], set[str]],
    step: str,
    told: str,
) -> None:
    without(answers, None)
    account = make_account("coordinator")
    old, new = (Browser(app).enter(house, account) for _ in range(2))
    send(new, "/proposals/r1.o1", {**DECIDED, "decision": "endorse"})
    old.open("/proposals/r1.o1?language=en")
    deciding.PendingDecision.objects(id="r1.o1").delete()  # it took effect
    send(new, "/proposals/r1.o1", {**DECIDED, "key": "1" * 24, "decision": "reject"})
    assert told in old.send(f"/review/decisions/r1.o1/{step}").text
    assert (old.path, old.status) == ("/review", 200)
    assert kept() == {"reject"}
    new.open("/proposals/r1.o1")
    new.send("/review/decisions/r1.o1/take-back")
    assert kept() == set()


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("proposed", "The proposal changed while you read it."),
        ("endorsed", "This step is no longer possible as things stand."),
    ],
)
def test_a_reason_is_kept_in_view_where_there_is_nothing_to_decide_any_more(
    browser: Browser, answers: Asked, status: str, told: str
) -> None:
    without(answers, None)
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "status": status}
    sent = {**DECIDED, "version": '"0.0"', "decision": "reject", "reason": "They never answered."}
    text = send(browser, "/proposals/r1.o1", sent)
    assert browser.status == 412
    assert told in text
    forms = [one for one in browser.page.forms if one.action == "/proposals/r1.o1"]
    assert [one.values["reason"] for one in forms] == ["They never answered."] * len(forms)
    assert len(forms) == (status == "proposed")
    assert ("What you typed Reason They never answered." in text) is (not forms)
    assert ("What you typed" in browser.open("/proposals/r1.o1").text) is False


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("away", ["requests", "offers", None])
def test_nor_is_it_from_the_queue(browser: Browser, answers: Asked, away: str | None) -> None:
    without(answers, away)
    answers["/v1/proposals"] = {"items": [LISTED], "next": None}
    text = browser.open("/review?kind=proposals&language=en").text
    assert browser.status == 200
    assert buttons(browser) == {"endorse": away is None, "reject": True}
    assert text.count(UNREAD) == (0 if away is None else 1)
    ticks = ["disabled" in one for tag, one in browser.page.tags if one.get("name") == "chosen"]
    assert ticks == [away is not None]


@pytest.mark.parametrize("away", ["requests", "offers", None])
def test_nor_are_several(
    browser: Browser, answers: Asked, kept: Callable[[], set[str]], away: str | None
) -> None:
    without(answers, away)
    answers["/v1/proposals"] = {"items": [LISTED], "next": None}
    for register, record in (("requests", REQUEST), ("offers", OFFER)):
        if register != away:
            answers[f"/v1/{register}"] = {"items": [record]}
    text = browser.open("/review/endorse?chosen=r1.o1&language=en").text
    assert text.count(UNREAD) == (0 if away is None else 1)
    ticks = ["disabled" in one for tag, one in browser.page.tags if one.get("name") == "chosen"]
    assert ticks == [away is not None]
    sent = {"chosen": "r1.o1", "version:r1.o1": '"0.1"', "country:r1.o1": "SEN"}
    send(browser, "/review/endorse", sent)
    assert (browser.status, kept()) == (303, {"endorse"} if away is None else set())
    left_out = "Left out, for one side of them cannot be read just now: 1"
    assert (left_out in browser.open("/review?kind=proposals").text) is (away is not None)


ELSEWHERE = "A coordinator of this region decides on it."


@pytest.fixture
def of_other_regions(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """The browser of a coordinator whose regions do not hold the proposal's State."""
    return Browser(app).enter(house, make_account("coordinator", regions=["Eastern Africa"]))


@pytest.mark.parametrize("matcher_away", [False, True])
@pytest.mark.parametrize("decision", ["endorse", "reject"])
def test_who_coordinates_other_regions_keeps_no_decision(
    of_other_regions: Browser,
    browser: Browser,
    answers: Asked,
    kept: Callable[[], set[str]],
    decision: str,
    matcher_away: bool,
) -> None:
    without(answers, None)
    if matcher_away:
        del answers["/v1/proposals/r1.o1"]
    sent = {**DECIDED, "decision": decision, "reason": "They never answered."}
    text = send(of_other_regions, "/proposals/r1.o1", sent)
    assert (of_other_regions.status, kept()) == (403, set())
    assert ELSEWHERE in text
    assert "They never answered." in text
    send(browser, "/proposals/r1.o1", sent)
    assert (browser.status, kept()) == (303, {decision})


def test_nor_do_they_of_several(
    of_other_regions: Browser, browser: Browser, answers: Asked, kept: Callable[[], set[str]]
) -> None:
    without(answers, None)
    answers["/v1/proposals"] = {"items": [LISTED], "next": None}
    answers["/v1/requests"], answers["/v1/offers"] = {"items": [REQUEST]}, {"items": [OFFER]}
    sent = {"chosen": "r1.o1", "version:r1.o1": '"0.1"', "country:r1.o1": "SEN"}
    for reader, decides in ((of_other_regions, False), (browser, True)):
        text = reader.open("/review/endorse?chosen=r1.o1&language=en").text
        ticks = ["disabled" in one for _, one in reader.page.tags if one.get("name") == "chosen"]
        assert (ticks, ELSEWHERE in text) == ([not decides], not decides)
        send(reader, "/review/endorse", sent)
        assert (reader.status, kept()) == (303, {"endorse"} if decides else set())
        text = reader.open("/review?kind=proposals").text
        left_out = "Left out, for a coordinator of their region decides on them: 1"
        assert (left_out in text, "Endorsed: 1." in text) == (not decides, decides)


@pytest.mark.parametrize("away", [False, True])
def test_whose_a_proposal_is_the_matcher_says(
    of_other_regions: Browser, answers: Asked, kept: Callable[[], set[str]], away: bool
) -> None:
    without(answers, None)
    if not away:
        answers["/v1/proposals"] = {"items": [LISTED], "next": None}
    answers["/v1/requests"], answers["/v1/offers"] = {"items": [REQUEST]}, {"items": [OFFER]}
    forged = {"chosen": "r1.o1", "version:r1.o1": '"0.1"', "country:r1.o1": "KEN"}
    send(of_other_regions, "/review/endorse", forged)
    assert kept() == ({"endorse"} if away else set())  # once it is carried out it is refused


def promised(side: str, committed: float) -> dict[str, Any]:
    """What is told of a first line of which something is committed."""
    return {
        "side": side,
        "line": 1,
        "theme": "marking",
        "kind": "equipment",
        "measure": "quantity",
        "unit": "machines",
        "pledged": None,
        "committed": committed,
    }


TRAINING = {**NEED, "line": 2, "kind": "training", "quantity": 40, "unit": "persons"}
SERVES_TRAINING = {**SERVING, "need": 2, "provision": 2, "quantity": 40.0}
COMMITTED = {
    **PROPOSAL,
    "status": "committed",
    "serves": [SERVES_TRAINING],
    "promised": [promised("request", 4), promised("offer", 4)],
}


@pytest.mark.parametrize("status", ["committed", "delivered"])
def test_what_a_proposal_committed_is_told_apart_from_what_it_could_give_still(
    browser: Browser, answers: Asked, status: str
) -> None:
    needs = [{**NEED, "committed": {"quantity": 4, "amount": None}}, TRAINING]
    answers["/v1/requests/r1"] = {**REQUEST, "needs": needs}
    answers["/v1/proposals/r1.o1"] = {**COMMITTED, "status": status}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert "by this proposal 40 persons" not in text
    assert "taken already 4 machines committed by this proposal 4 machines in all" in text
    further = "could still be committed by it 40 persons" in text
    assert further is (status == "committed")


@pytest.mark.parametrize(
    ("need", "status", "lines"),
    [(1, "delivered", "1"), (2, "delivered", None), (1, "committed", "1"), (2, "committed", "2")],
)
def test_rivals_are_told_by_what_they_committed_and_may_serve_still(
    browser: Browser, answers: Asked, need: int, status: str, lines: str | None
) -> None:
    answers["/v1/requests/r1"] = {**REQUEST, "needs": [NEED, TRAINING]}
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [{**SERVING, "need": need}]}
    other = {**COMMITTED, "id": "r1.o2", "offer": "o2", "status": status}
    answers["/v1/proposals"] = {"items": [PROPOSAL, other]}
    answers["/v1/offers/titles"] = {"items": [{"id": "o2", "title": "Two", "language": "en"}]}
    text = browser.open("/proposals/r1.o1?language=en").text
    rivals = text[text.index("Others for the same need") :]
    assert ("Two" in rivals) is (lines is not None)
    if lines is not None:
        assert f"Two {lines} {status.capitalize()}" in " ".join(rivals.split())
