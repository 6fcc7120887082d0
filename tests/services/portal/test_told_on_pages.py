"""What pages tell of a request's account, of an embargo that nobody confirmed, and of an offer that
was merged."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.offers.schemas import OfferView
from services.portal import sessions, signing_in
from services.portal.documents import Account
from services.portal.pages import asking
from services.portal.pages.administration import embargoes
from services.requests.schemas import RequestView
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import forget_attempts

SignIn = Callable[[Account], Browser]
REQUEST: dict[str, Any] = {
    **dict.fromkeys(RequestView().fields),
    "id": "r",
    "country": "SEN",
    "language": "en",
    "title": "Marking machines (illustrative)",
    "description": "Two of them.",
    "status": "submitted",
    "consent": None,
    "confidentiality": "restricted",
    "needs": [],
    "history": [],
    "remarks": [],
    "endorsements": [],
    "inferred": {"lines": []},
    "hidden_lines": 0,
    "updated_at": "2026-03-05T08:00:00+00:00",
    "created_at": "2026-03-05T08:00:00+00:00",
}
OFFER: dict[str, Any] = {
    **dict.fromkeys(OfferView().fields),
    "id": "o",
    "organisation": "acme",
    "title": "Marking machines (illustrative)",
    "description": "Two of them.",
    "language": "en",
    "status": "withdrawn",
    "provisions": [],
    "conditions": [],
    "partners": [],
    "eligibility": {"countries": [], "regions": [], "groups": []},
    "history": [],
    "merged_from": [],
    "created_by": {"role": "donor"},
    "created_at": "2026-03-05T08:00:00+00:00",
}
EMBARGO: dict[str, Any] = {
    "id": "e",
    "country": "SEN",
    "resolution": "S/RES/1 (illustrative)",
    "status": "unconfirmed",
    "in_force": True,
    "from": "2025-01-01",
    "to": None,
    "allowed": [],
    "source": "paragraph 1 (illustrative)",
    "stated_on": "2025-12-12",
    "review_by": None,
    "exemptions": [],
    "changes": [],
}


@pytest.fixture
def answering(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Lets the services answer with a record, and with nothing else."""
    assert app is not None
    forget_attempts()
    for module in (sessions, signing_in):  # coordinators and auditors go without a second factor
        monkeypatch.setattr(module, "needs_second_factor", lambda _: False)

    def answer(body: dict[str, Any]) -> None:
        def get(*_: Any, **__: Any) -> Answer:
            return Answer(body, '"1.1"')

        monkeypatch.setattr(asking, "get", get)

    return answer


def test_who_invited_the_account_is_told_where_it_is_authenticated(
    answering: Any, signed_in: SignIn, make_account: Callable[..., Account]
) -> None:
    inviter = make_account("coordinator")
    Account.objects(id=inviter.id).update(set__name="Ines Inviter (illustrative)")
    answering({**REQUEST, "introduced_by": inviter.id})
    for account, own in ((inviter, True), (make_account("coordinator"), False)):
        page = signed_in(account).open("/review/requests/r")
        assert "Ines Inviter" in page.text
        assert ("You invited this account" in page.text) == own
    answering({**REQUEST, "introduced_by": None})
    page = signed_in(inviter).open("/review/requests/r")
    assert "invited" not in page.text


def test_the_request_s_page_names_the_inviter_to_overseers_and_the_role_to_the_state(
    answering: Any, signed_in: SignIn, make_account: Callable[..., Account]
) -> None:
    inviter = make_account("coordinator")
    Account.objects(id=inviter.id).update(set__name="Ines Inviter (illustrative)")
    answering({**REQUEST, "introduced_by": inviter.id})
    page = signed_in(make_account("auditor")).open("/requests/r")
    assert "Ines Inviter" in page.text
    page = signed_in(make_account("requester", state="SEN")).open("/requests/r")
    assert "Its account was invited by" in page.text
    assert "Ines" not in page.text
    answering(REQUEST)
    assert "invited" not in signed_in(inviter).open("/requests/r").text


def test_an_unconfirmed_embargo_says_what_it_is_and_what_to_do(
    answering: Any, signed_in: SignIn, make_account: Callable[..., Account]
) -> None:
    assert embargoes.TONES["unconfirmed"] == "warn"
    said, ask = "nobody has confirmed it. It bars all the same", "Read the resolution"
    for role, status, shown, asked in (
        ("coordinator", "unconfirmed", True, True),
        ("auditor", "unconfirmed", True, False),
        ("coordinator", "confirmed", False, False),
    ):
        answering({**EMBARGO, "status": status})
        page = signed_in(make_account(role)).open("/embargoes/e")
        assert (said in page.text, ask in page.text) == (shown, asked), (role, status)
        assert "paragraph 1 (illustrative)" in page.text  # its source, and of which day that is
        assert "2025" in page.text.partition("As of which day")[2]


def test_an_offer_that_was_merged_leads_to_the_one_that_stays_and_back(
    answering: Any, signed_in: SignIn, make_account: Callable[..., Account]
) -> None:
    browser = signed_in(make_account("donor"))
    for merged, told, led_to in (
        ({"merged_into": "stays"}, "This offer was merged into another, which stays.", {"stays"}),
        ({"merged_from": ["a", "b"]}, "Offers merged into this one:", {"a", "b"}),
    ):
        answering({**OFFER, **merged})
        page = browser.open("/offers/o")
        links = {attrs.get("href") for tag, attrs in page.tags if tag == "a"}
        assert told in page.text
        assert {f"/offers/{one}" for one in led_to} <= links
