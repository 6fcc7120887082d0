"""The page of an offer, out of what the services answer to each of its readers."""

from collections.abc import Callable

import pytest
from flask import Flask

from services.portal.documents import Account
from services.portal.house import House
from tests.services.portal import answering
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser

EMPTY = {"items": [], "next": None}
OFFER = {
    **answering.OFFER,
    **dict.fromkeys(("donor_country", "gender_marker", "call", "external_id", "ceiling")),
    "merged_into": None,
    "merged_from": [],
    "organisation": "acme",
    "history": [],
    "partners": [],
    "public": True,
    "eligibility": {"countries": [], "regions": [], "groups": []},
    "created_at": "2026-11-01T00:00:00+00:00",
    "created_by": {"role": "donor"},
}
COMPARED = "New requests are compared with it as they come."
FITS = "Requests that it fits"


@pytest.mark.parametrize(
    ("role", "organisation", "status", "said"),
    [
        ("donor", "acme", "published", f"Nothing so far. {COMPARED}"),
        ("donor", "acme", "closed", "No requests are compared with it any more: Closed."),
        ("donor", "other", "published", None),
        ("requester", None, "published", f"for a request of your State so far. {COMPARED}"),
        ("coordinator", None, "published", f"Nothing so far. {COMPARED}"),
        ("coordinator", None, "closed", "No requests are compared with it any more: Closed."),
    ],
)
def test_that_it_fits_none_is_said_by_what_its_reader_sees_and_what_comes_still(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    organisation: str | None,
    status: str,
    said: str | None,
) -> None:
    found = {
        "/v1/offers/o1": {**OFFER, "status": status},
        "/v1/offers/o1/attachments": EMPTY,
        "/v1/proposals": EMPTY,
        "/v1/organisations": {"items": [{"id": "acme", "name": "Acme Fund"}]},
    }
    answer(monkeypatch, found, '"1.0"')
    bound = {} if organisation is None else {"organisation": organisation}
    browser = Browser(app).enter(house, make_account(role, **bound))
    browser.open("/offers/o1?language=en")
    assert browser.status == 200
    text = browser.page.text
    assert (said or "") in text
    assert (f"{FITS} " in text) is (said is not None)
    assert (COMPARED in text) is bool(said and COMPARED in said)
