"""The page of a match, out of what the services answer to each of its readers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import RefusedError, Services
from shared.vocabulary.currencies import to_usd_cents
from shared.web.problems import TYPE_PREFIX
from tests.services.portal import answering
from tests.services.portal.answering import NEED, NONE_SERVED, OFFER, SERVING, Asked, answer
from tests.services.portal.browsing import Browser

REQUEST = {**answering.REQUEST, "hidden_lines": 0}
PROPOSAL = {
    "id": "r1.o1",
    "request": "r1",
    "offer": "o1",
    "organisation": "acme",
    "country": "SEN",
    "cooperation": "North to South.",
    "hidden_lines": 0,
    "serves": [SERVING],
    "embargoes": [],
}
LIFE = {
    **{name: [] for name in ("possible", "conditions", "figures", "reports", "follow_ups")},
    "id": "r1.o1",
    "status": "endorsed",
    "partners": [],
    "waiting_for": ["donor", "state"],
    "answer_by": None,
    "history": [],
    "version": "1.1",
}

Enter = Callable[[str], Browser]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the services answer by path; a path that is not in it has a service that is away."""
    found: Asked = {
        "/v1/proposals/r1.o1": PROPOSAL,
        "/v1/proposals/r1.o1/life": LIFE,
        "/v1/requests/r1": REQUEST,
        "/v1/offers/o1": OFFER,
        "/v1/commitments": {"items": [], "next": None},
        "/v1/joinings": {"items": [], "next": None},
    }
    return answer(monkeypatch, found, '"1.1"')


@pytest.fixture
def enter(app: Flask, house: House, make_account: Callable[..., Account]) -> Enter:
    """The page in English, opened by one of a role."""

    def enter(role: str) -> Browser:
        browser = Browser(app).enter(house, make_account(role))
        browser.open("/matches/r1.o1?language=en")
        assert browser.status == 200
        return browser

    return enter


@pytest.mark.parametrize("role", ["donor", "requester", "coordinator"])
@pytest.mark.parametrize(
    ("serves", "needs", "told"),
    [
        ([SERVING], [NEED], False),
        ([], [NEED], True),
        ([SERVING], [{**NEED, "line": 2}], True),
        ([], None, True),
        ([SERVING], None, False),
    ],
    ids=["one", "none", "gone", "none, away", "away"],
)
def test_parties_read_that_no_need_line_is_served(
    answers: Asked, enter: Enter, role: str, serves: Any, needs: Any, told: bool
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": serves}
    if needs is None:
        del answers["/v1/requests/r1"]
    else:
        answers["/v1/requests/r1"] = {**REQUEST, "needs": needs}
    assert (NONE_SERVED in enter(role).page.text) is told


@pytest.mark.parametrize("path", ["/v1/proposals/r1.o1", "/v1/requests/r1"])
@pytest.mark.parametrize("needs", [[NEED], []])
def test_of_lines_that_are_hidden_nobody_learns_whether_they_are_served(
    answers: Asked, enter: Enter, path: str, needs: Any
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": []}
    answers["/v1/requests/r1"] = {**REQUEST, "needs": needs}
    answers[path] = {**answers[path], "hidden_lines": 1}
    assert NONE_SERVED not in enter("donor").page.text


@pytest.mark.parametrize("status", ["committed", "declined", "closed"])
def test_what_is_no_longer_to_be_answered_is_not_warned_of(
    answers: Asked, enter: Enter, status: str
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": []}
    answers["/v1/proposals/r1.o1/life"] = {**LIFE, "status": status, "waiting_for": []}
    assert NONE_SERVED not in enter("donor").page.text


def step(action: str, role: str, party: str | None, at: str) -> dict[str, Any]:
    """An entry of a history."""
    return {
        "action": action,
        "role": role,
        "party": party,
        "at": f"2026-03-0{at}T08:00:00+00:00",
        "reason": None,
        "said": None,
        "subject": None,
    }


FOLLOWED = "It followed from the last agreement."


@pytest.mark.parametrize("role", ["donor", "requester", "auditor"])
@pytest.mark.parametrize("last", ["donor", "requester"])
@pytest.mark.parametrize("held", [True, False])
def test_what_was_held_and_agreed_to_is_committed_by_who_agreed_last(
    answers: Asked, enter: Enter, role: str, last: str, held: bool
) -> None:
    answers["/v1/organisations"] = {"items": [{"id": "acme", "name": "Acme Fund"}]}
    sides = {"donor": ("donor", "acme"), "requester": ("requester", "SEN")}
    first = next(side for side in sides if side != last)
    answers["/v1/proposals/r1.o1/life"] = {
        **LIFE,
        "status": "committed",
        "history": [
            step("endorse", "coordinator", None, "1"),
            step("donor-agree" if first == "donor" else "state-agree", *sides[first], "2"),
            step("agree", *sides[last], "3"),
            step("commit", "matcher", None, "3" if held else "4"),
        ],
    }
    text = enter(role).page.text
    table = text[text.index("History") :]
    entry = table[table.index("Assistance was committed") :][:90]
    name = {"donor": "Acme Fund", "requester": "Senegal"}[last]
    assert (name in entry, "By itself" in entry) == (held, not held)
    assert text.count(FOLLOWED) == (2 if held else 0)  # in the line of steps too


NOT_POSSIBLE = "An attempt to commit that was not possible"


@pytest.mark.parametrize("status", ["refused", "undoing"])
@pytest.mark.parametrize(
    ("role", "shown"),
    [("donor", False), ("requester", False), ("coordinator", True), ("auditor", True)],
)
def test_what_could_not_be_committed_is_for_who_oversees_and_refuses_nothing(
    answers: Asked, enter: Enter, role: str, shown: bool, status: str
) -> None:
    tried = {
        "id": "c1",
        "status": status,
        "created_at": "2026-03-01T08:00:00+00:00",
        "provisional": False,
        "expires_at": None,
        "reason": None,
        "lines": [],
    }
    answers["/v1/proposals/r1.o1/life"] = {**LIFE, "status": "agreed", "waiting_for": []}
    answers["/v1/commitments"] = {"items": [tried], "next": None}
    text = enter(role).page.text
    assert (NOT_POSSIBLE in text, "Commitments" in text) == (shown, shown)
    assert "Refused" not in text
    # Nothing is committed: the form is no form for more.
    assert ("Commit assistance" in text) is (role == "coordinator")
    assert "Commit more than is committed already" not in text
    answers["/v1/commitments"] = {"items": [{**tried, "status": "held"}], "next": None}
    text = enter(role).page.text
    assert "Held" in text
    assert ("Commit more than is committed already" in text) is (role == "coordinator")


@pytest.mark.parametrize(
    ("language", "typed"), [("en", "1,250,000.75"), ("fr", "1\u202f250\u202f000,75")]
)
def test_what_is_likely_to_be_committed_stands_whole_as_the_reader_would_type_it(
    answers: Asked, enter: Enter, language: str, typed: str
) -> None:
    need = {**NEED, "quantity": None, "unit": None, "amount": 2_000_000, "currency": "USD"}
    answers["/v1/requests/r1"] = {**REQUEST, "needs": [need]}
    serving = {**SERVING, "quantity": None, "amount": 1_250_000.75}
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [serving]}
    answers["/v1/proposals/r1.o1/life"] = {**LIFE, "status": "agreed", "waiting_for": []}
    browser = enter("coordinator")
    browser.open(f"/matches/r1.o1?language={language}")
    (form,) = (one for one in browser.page.forms if one.action.endswith("/do/commit"))
    assert form.values["need-1"] == typed


@pytest.mark.parametrize(("currency", "typed"), [("JPY", "10,000,000"), ("KPW", "")])
def test_what_is_served_in_dollars_is_filled_in_in_the_lines_own_currency(
    answers: Asked, enter: Enter, house: House, currency: str, typed: str
) -> None:
    own = {"amount": 10_000_000, "currency": currency}
    need = {**NEED, "quantity": None, "unit": None, **own}
    given = {**NEED, "kind": "funding", "capacity": None, "unit": None, **own}
    answers["/v1/requests/r1"] = {**REQUEST, "needs": [need]}
    left = {"capacity": None, "amount": 10_000_000}
    answers["/v1/offers/o1"] = {**OFFER, "provisions": [{**given, "left": left}]}
    usd = to_usd_cents(10_000_000_00, "JPY", house.clock().date()) / 100
    serving = {**SERVING, "quantity": None, "amount": usd}
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [serving]}
    answers["/v1/proposals/r1.o1/life"] = {**LIFE, "status": "agreed", "waiting_for": []}
    browser = enter("coordinator")
    (form,) = (one for one in browser.page.forms if one.action.endswith("/do/commit"))
    assert (form.values["need-1"], form.values["give-1"]) == (typed, typed)


def test_who_pledges_reads_how_much_is_left_of_each_line(answers: Asked, enter: Enter) -> None:
    line = {**NEED, "capacity": 4, "left": {"capacity": 3, "amount": None}}
    answers["/v1/offers/o1"] = {**OFFER, "provisions": [line]}
    assert "Equipment, of 4 machines; left: 3 machines" in enter("donor").page.text
    answers["/v1/offers/o1"] = {**OFFER, "provisions": [{**line, "left": None}]}
    text = enter("donor").page.text
    assert "Equipment, of 4 machines" in text
    assert "left:" not in text


@pytest.mark.parametrize("role", ["donor", "requester"])
def test_who_reports_reads_how_much_is_committed_of_each_line(
    answers: Asked, enter: Enter, role: str
) -> None:
    lines = [{**NEED, "line": number, "capacity": 4, "left": None} for number in (1, 2)]
    answers["/v1/offers/o1"] = {**OFFER, "provisions": lines}
    figure = {
        **dict.fromkeys(("disbursed", "received", "difference", "pledged")),
        "line": 1,
        "measure": "quantity",
        "unit": "machines",
        "committed": 3,
    }
    figures = [figure, {**figure, "line": 2, "committed": 0, "pledged": 1}]
    life = {**LIFE, "status": "delivering", "figures": figures}
    answers["/v1/proposals/r1.o1/life"] = {**life, "waiting_for": []}
    browser = enter(role)
    text = browser.page.text
    form = text[text.index("In all, up to a day.") : text.index("Up to which day")]
    assert form.rstrip().endswith("Equipment · machines · Committed 3 machines")
    (sent,) = (one for one in browser.page.forms if one.action.endswith("/do/figures"))
    assert [name for name in sent.values if name.startswith("line-")] == ["line-1"]


def test_what_the_ledger_counts_is_named_as_its_line_names_it(answers: Asked, enter: Enter) -> None:
    line = {**NEED, "capacity": 4, "left": None, "unit": "radio stations"}
    answers["/v1/offers/o1"] = {**OFFER, "provisions": [line]}
    counted = {"line": 1, "measure": "quantity", "unit": "stations"}
    figure = {**counted, "committed": 3, "pledged": 3, "disbursed": 2, "received": 1}
    told = {"line": 1, "quantity": 2, "amount": None, "unit": "stations"}
    report = {"side": "donor", "up_to": "2026-03-01", "at": "2026-03-02T00:00:00Z", "text": None}
    life = {**LIFE, "status": "delivering", "figures": [{**figure, "difference": 1}]}
    answers["/v1/proposals/r1.o1/life"] = {
        **life,
        "waiting_for": [],
        "reports": [{**report, "lines": [told]}],
    }
    text = enter("donor").page.text
    assert "police" not in text
    assert text.count("3 radio stations") >= 2
    assert "Line 1: 2 radio stations" in text


@pytest.mark.parametrize(
    ("disbursed", "received", "warns"),
    [(3, 3, False), (None, None, False), (4, None, True), (2, 4, True)],
)
def test_both_sides_read_that_more_is_reported_than_was_committed(
    answers: Asked, enter: Enter, disbursed: int | None, received: int | None, *, warns: bool
) -> None:
    figure = {"line": 2, "measure": "quantity", "unit": "machines", "committed": 3, "pledged": 3}
    told = {"disbursed": disbursed, "received": received, "difference": None}
    life = {**LIFE, "status": "delivering", "figures": [{**figure, **told}]}
    answers["/v1/proposals/r1.o1/life"] = {**life, "waiting_for": []}
    for role in ("donor", "requester"):
        text = enter(role).page.text
        assert ("Line 2: more is reported than was committed." in text) == warns


def test_who_committed_and_who_gave_back_is_named(answers: Asked, enter: Enter) -> None:
    answers["/v1/organisations"] = {"items": [{"id": "acme", "name": "Acme Fund"}]}
    answers["/v1/proposals/r1.o1/life"] = {
        **LIFE,
        "status": "released",
        "history": [
            step("endorse", "coordinator", None, "1"),
            step("donor-agree", "donor", "acme", "2"),
            step("agree", "requester", "SEN", "3"),
            step("commit", "coordinator", None, "3"),  # at once, and still the coordinator's deed
            step("release", "donor", "acme", "4"),
        ],
    }
    text = enter("requester").page.text
    table = text[text.index("History") :]
    assert "Coordinator" in table[table.index("Assistance was committed") :][:60]
    assert "Acme Fund" in table[table.index("What was committed was given back") :][:60]
    assert FOLLOWED not in text
    assert "By itself" not in text


def promised(line: int, side: str, committed: float, pledged: float | None = None) -> Any:
    """What is told of a line of machines of which something is promised."""
    return {
        "side": side,
        "line": line,
        "theme": "marking",
        "kind": "equipment",
        "measure": "quantity",
        "unit": "machines",
        "pledged": pledged,
        "committed": committed,
    }


AIM = {"text": "Every weapon of the police is marked."}
OTHER_AIM = {"text": "Forty operators are trained."}
TRAINING = {**NEED, "line": 2, "kind": "training", "quantity": 40, "unit": "persons"}
BOTH_NEEDS = [{**NEED, "objectives": [AIM]}, {**TRAINING, "objectives": [OTHER_AIM]}]
BOTH_GIFTS = [
    {**NEED, "capacity": 4, "left": {"capacity": 0, "amount": None}},
    {**TRAINING, "capacity": 40, "left": {"capacity": 40, "amount": None}},
]
ONE_COMMITTED = {
    **PROPOSAL,
    "status": "committed",
    "serves": [{**SERVING, "need": 2, "provision": 2}],
    "promised": [promised(1, side, 4) for side in ("request", "offer")],
}


@pytest.fixture
def half_done(answers: Asked) -> Asked:
    """Of two lines the first is wholly committed, and so served no more."""
    answers["/v1/requests/r1"] = {**REQUEST, "needs": BOTH_NEEDS}
    answers["/v1/offers/o1"] = {**OFFER, "provisions": BOTH_GIFTS}
    answers["/v1/proposals/r1.o1"] = ONE_COMMITTED
    answers["/v1/proposals/r1.o1/life"] = {**LIFE, "status": "committed", "waiting_for": []}
    return answers


def sides(text: str) -> str:
    """What stands under "Both sides"."""
    return text[text.index("Both sides") : text.index("North to South.")]


@pytest.mark.parametrize("role", ["donor", "requester", "coordinator", "auditor"])
def test_what_is_committed_wholly_is_shown_with_what_is_open_still(
    half_done: Asked, enter: Enter, role: str
) -> None:
    shown = sides(enter(role).page.text)
    for line in ("Equipment Needed: 4 machines", "Training Needed: 40 persons"):
        assert line in shown
    assert "Equipment: 4 machines" in shown
    assert "Training: 40 persons" in shown


def test_once_all_is_delivered_the_page_is_about_what_was_committed(
    half_done: Asked, enter: Enter
) -> None:
    asked = {"months": 3, "due_at": "2026-03-05T08:00:00+00:00", "answered_at": None}
    life = {**LIFE, "status": "follow-up", "waiting_for": []}
    half_done["/v1/proposals/r1.o1"] = {**ONE_COMMITTED, "status": "follow-up"}
    half_done["/v1/proposals/r1.o1/life"] = {
        **life,
        "follow_ups": [{**asked, "asked_at": asked["due_at"], "replied_at": None}],
    }
    text = enter("requester").page.text
    assert "Training" not in sides(text)
    assert "Equipment Needed: 4 machines" in sides(text)
    assert AIM["text"] in text
    assert OTHER_AIM["text"] not in text


def test_the_state_is_asked_about_the_objectives_of_the_whole_request_too(
    half_done: Asked, enter: Enter, sent: list[Any]
) -> None:
    whole = {"text": "The police can trace what they seize."}
    request = half_done["/v1/requests/r1"]
    half_done["/v1/requests/r1"] = {**request, "objectives": [whole]}
    half_done["/v1/proposals/r1.o1"] = {**ONE_COMMITTED, "status": "follow-up"}
    half_done["/v1/proposals/r1.o1/life"] = LIVES["assess-3"]
    browser = enter("requester")
    text = browser.page.text
    assert text.index(whole["text"]) < text.index(AIM["text"])
    browser.send("/matches/r1.o1/do/assess-3", **SCORES, **{"reached-3": "1"})
    (body,) = sent
    assert (body["objectives"], body["objectives_reached"]) == (2, 1)


PLEDGED = {
    **PROPOSAL,
    "status": "agreed",
    "serves": [SERVING, {**SERVING, "need": 2, "provision": 2, "quantity": 40.0}],
    "promised": [promised(1, side, 0, 3) for side in ("request", "offer")],
}


def typed(browser: Browser) -> dict[str, str]:
    """What stands in the fields of what is committed."""
    return {
        attrs["name"]: attrs.get("value") or ""
        for tag, attrs in browser.page.tags
        if tag == "input" and (attrs.get("name") or "").startswith(("need-", "give-"))
    }


@pytest.mark.parametrize(
    ("committed", "left"),
    [(0, {"need-1": "3", "give-1": "3"}), (1, {"need-1": "2", "give-1": "2"}), (3, {})],
)
def test_what_the_donor_pledged_and_is_not_committed_yet_is_filled_in(
    half_done: Asked, enter: Enter, committed: int, left: dict[str, str]
) -> None:
    lines = [promised(1, side, committed, 3) for side in ("request", "offer")]
    half_done["/v1/proposals/r1.o1"] = {**PLEDGED, "promised": lines}
    status = "committed" if committed else "agreed"
    half_done["/v1/proposals/r1.o1/life"] = {**LIFE, "status": status, "waiting_for": []}
    held = {**COMMITMENT, "status": "held"}
    half_done["/v1/commitments"] = {"items": [held] if committed else [], "next": None}
    browser = enter("coordinator")
    names = [f"{side}-{number}" for side in ("need", "give") for number in (1, 2)]
    assert typed(browser) == {**dict.fromkeys(names, ""), **left}
    text = browser.page.text
    assert text.count("Pledged 3 machines") == 2
    assert "Training, of 40 persons; left: 40 persons · Pledged 0 persons" in text


COMMITMENT = {
    "id": "c1",
    "lines": [],
    "created_at": "2026-03-05T08:00:00+00:00",
    "expires_at": None,
    "provisional": False,
    "reason": None,
    "because": None,
}


@pytest.mark.parametrize("pledged", [[], [promised(1, "offer", 4)]])
def test_where_nothing_was_pledged_in_numbers_what_is_served_is_filled_in(
    half_done: Asked, enter: Enter, pledged: list[Any]
) -> None:
    half_done["/v1/proposals/r1.o1"] = {**PLEDGED, "promised": pledged}
    half_done["/v1/proposals/r1.o1/life"] = {**LIFE, "status": "agreed", "waiting_for": []}
    found = typed(enter("coordinator"))
    assert found == {"need-1": "2", "need-2": "40", "give-1": "2", "give-2": "40"}


ABOVE = {
    "code": "above-pledge",
    "line": 2,
    "measure": "quantity",
    "unit": "persons",
    "pledged": 5.0,
    "asked": 40.0,
}
TOLD = (
    "Nothing was committed. The donor pledged 5 persons of line 2 of the offer; "
    "with this it would be 40 persons."
)


@pytest.mark.parametrize(
    ("because", "told"),
    [
        (ABOVE, TOLD),
        ({**ABOVE, "pledged": 0.0}, "pledged other lines of the offer, and nothing of line 2."),
        ({"code": "conditions-changed"}, "The offer's conditions changed."),
        ({"code": "of-a-later-release"}, None),
        (None, None),
    ],
)
def test_coordinators_read_why_an_attempt_to_commit_was_not_possible(
    half_done: Asked, enter: Enter, because: Any, told: str | None
) -> None:
    refused = {**COMMITMENT, "status": "refused", "because": because}
    half_done["/v1/commitments"] = {"items": [refused], "next": None}
    text = enter("coordinator").page.text
    tried = text[text.index("An attempt to commit that was not possible") : text.index("History")]
    assert (told in tried) if told else ("pledged" not in tried)
    assert "attempt to commit" not in enter("donor").page.text


def test_why_it_was_not_possible_is_read_in_ones_own_language(
    half_done: Asked, enter: Enter
) -> None:
    refused = {**COMMITMENT, "status": "refused", "because": ABOVE}
    half_done["/v1/commitments"] = {"items": [refused], "next": None}
    text = enter("coordinator").open("/matches/r1.o1?language=fr").text
    assert "à la ligne 2 de l'offre, le donateur a annoncé : 5 personnes" in text


OFFERS_AWAY = "The register of offers cannot be reached just now."
REQUESTS_AWAY = "The register of requests cannot be reached just now."
REASON = "As we wrote to you in March."
FIGURE = {
    **dict.fromkeys(("disbursed", "received", "difference", "pledged")),
    "line": 1,
    "measure": "quantity",
    "unit": "machines",
    "committed": 4,
}
FOLLOW_UP = {
    "months": 3,
    "due_at": "2026-03-05T08:00:00+00:00",
    "asked_at": "2026-03-05T08:00:00+00:00",
    "answered_at": None,
    "replied_at": None,
}
LIVES: dict[str, dict[str, Any]] = {
    "agree": LIFE,
    "commit": {**LIFE, "status": "agreed", "waiting_for": []},
    "figures": {**LIFE, "status": "delivering", "waiting_for": [], "figures": [FIGURE]},
    "assess-3": {**LIFE, "status": "follow-up", "waiting_for": [], "follow_ups": [FOLLOW_UP]},
}
SCORES = {"adequate": "4", "effective": "4", "sustainable": "4"}
MADE_OF = [
    ("donor", "agree", {"line-1": "3", "reason": REASON}, "offers"),
    ("coordinator", "commit", {"need-1": "3", "give-1": "3"}, "offers"),
    ("coordinator", "commit", {"need-1": "3", "give-1": "3"}, "requests"),
    ("requester", "assess-3", {**SCORES, "reached-3": "0", "text": REASON}, "requests"),
]
"""What is typed into which form, and the register without which the form lacks fields."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is sent to the matcher."""
    bodies: list[Any] = []

    def send(*asked: Any, **_more: Any) -> Answer:
        bodies.append(asked[-1])
        return Answer({}, '"1.2"')

    monkeypatch.setattr(Services, "send", send)
    return bodies


@pytest.mark.parametrize(("role", "name", "values", "service"), MADE_OF)
def test_nothing_typed_is_left_out_while_a_form_lacks_its_fields(
    half_done: Asked,
    enter: Enter,
    sent: list[Any],
    role: str,
    name: str,
    values: dict[str, str],
    service: str,
) -> None:
    half_done["/v1/proposals/r1.o1/life"] = LIVES[name]
    browser = enter(role)
    side = {"offers": "/v1/offers/o1", "requests": "/v1/requests/r1"}[service]
    record = half_done.pop(side)
    browser.send(f"/matches/r1.o1/do/{name}", **values)
    assert (browser.status, sent) == (503, [])
    told = {"offers": OFFERS_AWAY, "requests": REQUESTS_AWAY}[service]
    assert told in browser.page.text
    half_done[side] = record
    browser.send()
    assert browser.status == 200
    (body,) = sent
    assert "3" in str(body) or body["objectives_reached"] == 1


@pytest.mark.parametrize(("role", "name", "values", "service"), MADE_OF)
def test_a_form_that_lacks_its_fields_is_not_shown(
    half_done: Asked, enter: Enter, role: str, name: str, values: dict[str, str], service: str
) -> None:
    half_done["/v1/proposals/r1.o1/life"] = LIVES[name]
    action = f"/matches/r1.o1/do/{name}"
    assert action in [form.action for form in enter(role).page.forms]
    del half_done[{"offers": "/v1/offers/o1", "requests": "/v1/requests/r1"}[service]]
    browser = enter(role)
    assert action not in [form.action for form in browser.page.forms]
    todo = browser.page.text.partition("What you can do now")[2]
    assert {"offers": OFFERS_AWAY, "requests": REQUESTS_AWAY}[service] in todo


CLOSED = RefusedError("offers", 404, {"title": "There is no such offer."})


@pytest.mark.parametrize("offer", [CLOSED, None], ids=["closed", "away"])
def test_a_state_reports_what_it_received_of_an_offer_that_it_does_not_see(
    half_done: Asked, enter: Enter, sent: list[Any], offer: RefusedError | None
) -> None:
    money = {"line": 2, "measure": "money", "unit": "EUR"}
    half_done["/v1/proposals/r1.o1"] = {
        **ONE_COMMITTED,
        "promised": [*ONE_COMMITTED["promised"], {**promised(2, "offer", 500), **money}],
    }
    figures = [FIGURE, {**FIGURE, **money, "committed": 500}]
    half_done["/v1/proposals/r1.o1/life"] = {**LIVES["figures"], "figures": figures}
    del half_done["/v1/offers/o1"]
    if offer is not None:
        half_done["/v1/offers/o1"] = offer
    browser = enter("requester")
    text = browser.page.text
    assert "Equipment · machines · Committed 4 machines" in text
    assert "Marking · Equipment: Committed 4 machines" in sides(text)
    assert "1 · Equipment – 4 machines" in text
    browser.send("/matches/r1.o1/do/figures", **{"line-1": "3", "line-2": "250.50"})
    (body,) = sent
    assert body["lines"] == [
        {"line": 1, "quantity": 3.0},
        {"line": 2, "amount": 250.5, "currency": "EUR"},
    ]


def test_a_line_that_its_closed_offer_lost_is_told_of_by_its_number(
    half_done: Asked, enter: Enter
) -> None:
    lost = {**promised(1, "offer", 4), "theme": None, "kind": None}
    half_done["/v1/proposals/r1.o1"] = {**ONE_COMMITTED, "promised": [lost]}
    half_done["/v1/proposals/r1.o1/life"] = LIVES["figures"]
    half_done["/v1/offers/o1"] = CLOSED
    text = enter("requester").page.text
    assert "Line 1: Committed 4 machines" in sides(text)
    assert "None" not in text


def test_what_was_refused_is_not_shown_in_a_form_that_lacks_its_fields(
    half_done: Asked, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_done["/v1/proposals/r1.o1/life"] = LIFE
    browser = enter("donor")

    def send(*_asked: Any, **_more: Any) -> Answer:
        del half_done["/v1/offers/o1"]
        raise RefusedError("matcher", 412, {"title": "No."})

    monkeypatch.setattr(Services, "send", send)
    browser.send("/matches/r1.o1/do/agree", **{"line-1": "3", "reason": REASON})
    assert (browser.status, OFFERS_AWAY in browser.page.text) == (503, True)
    (form,) = (form for form in browser.page.forms if form.action == "")
    assert (form.values["line-1"], form.values["reason"]) == ("3", REASON)


def test_who_is_not_made_to_pledge_agrees_while_the_offer_is_away(
    answers: Asked, enter: Enter, sent: list[Any]
) -> None:
    del answers["/v1/offers/o1"]
    enter("requester").send("/matches/r1.o1/do/agree", reason=REASON)
    assert sent == [{"answer": "agree", "reason": REASON}]


def test_an_answer_to_a_message_that_is_away_is_given_back(
    answers: Asked, enter: Enter, sent: list[Any]
) -> None:
    message = {
        "number": 1,
        "role": "donor",
        "party": "acme",
        "text": "When?",
        "language": "en",
        "at": "2026-03-01T08:00:00+00:00",
        "about": None,
        "signed": None,
        "may_strike": False,
    }
    thread = {"items": [message], "next": None, "open": True, "read_up_to": 1, "unread": 0}
    answers["/v1/proposals/r1.o1/messages"] = thread
    browser = enter("requester")
    del answers["/v1/proposals/r1.o1/messages"]
    browser.send("/matches/r1.o1/messages", text="In May.", about="1")
    assert (browser.status, sent) == (503, [])
    answers["/v1/proposals/r1.o1/messages"] = thread
    browser.send()
    assert [body["about"] for body in sent] == [1]


def test_what_may_be_committed_already_is_not_filled_in_again(
    half_done: Asked, enter: Enter
) -> None:
    half_done["/v1/proposals/r1.o1"] = {**PLEDGED, "promised": []}
    half_done["/v1/proposals/r1.o1/life"] = LIVES["commit"]
    assert any(typed(enter("coordinator")).values())
    del half_done["/v1/commitments"]
    found = typed(enter("coordinator"))
    assert found
    assert not any(found.values())


JOINING = {
    "id": "j1",
    "organisation": "other",
    "role": "expertise",
    "text": "Our trainers are near.",
    "status": "offered",
    "version": "1.0",
    "reason": None,
}
SAID = 'They trained nobody, "as yet".'


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (412, "stale", "This match changed while you had the page open"),
        (409, "answered", "This was answered already."),
        (422, "too_long", "This is too long."),
    ],
)
@pytest.mark.parametrize("meanwhile", ["offered", "donor-agreed", "withdrawn"])
@pytest.mark.parametrize("role", ["donor", "requester"])
def test_why_somebody_is_not_to_join_is_kept_where_that_is_refused(
    answers: Asked,
    enter: Enter,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    meanwhile: str,
    status: int,
    code: str,
    told: str,
) -> None:
    answers["/v1/joinings"] = {"items": [JOINING], "next": None}
    browser = enter(role)

    def send(*_asked: Any, **_more: Any) -> Answer:
        stands = {**JOINING, "status": meanwhile, "version": "1.1"}
        answers["/v1/joinings"] = {"items": [stands], "next": None}
        named = {"errors": [{"field": "reason", "code": code}]} if status == 422 else {}
        raise RefusedError("matcher", status, {"type": f"{TYPE_PREFIX}{code}", **named})

    monkeypatch.setattr(Services, "send", send)
    path = "/matches/r1.o1/joinings/j1/answer"
    browser.send(path, answer="decline", reason=SAID)
    assert (browser.status, told in browser.page.text) == (status, True)
    found = [form.values for form in browser.page.forms if form.action == path]
    if meanwhile == "withdrawn":
        assert (found, SAID in browser.page.text) == ([], True)
    else:
        assert [(one["reason"], one["version"]) for one in found] == [(SAID, "1.1")]
