"""The page of accounts: whom it shows to whom, and accounts that are locked and unlocked there."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from services.portal.documents import Account, Session
from services.portal.domain import lifetimes
from services.portal.house import House
from services.portal.pages import managing
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import PASSWORD

MakeAccount = Callable[..., Account]


@pytest.fixture
def entering(
    app: Flask, house: House, make_account: MakeAccount, with_factor: Callable[[Account], str]
) -> Callable[..., Browser]:
    """Signs somebody of a role in, with a second factor."""

    def enter(role: str, **bound: object) -> Browser:
        account = make_account(role, **bound)
        with_factor(account)
        return Browser(app).enter(house, account)

    return enter


def test_the_page_says_what_locking_an_account_ends(entering: Callable[..., Browser]) -> None:
    text = entering("auditor").open("/accounts?language=en").text
    assert lifetimes.ACCESS_TOKEN.total_seconds() == 5 * 60
    assert "what scripts do with its API tokens within five minutes" in text
    # tests/services/portal/test_deciding.py has that it is so
    assert "would take effect while it is locked is not carried out" in text


def one_at(browser: Browser, account: Account, more: str = "") -> str:
    """The page with that account alone."""
    return browser.open(f"/accounts?language=en&email={account.email}{more}").text


def test_an_account_is_locked_and_unlocked_where_it_stands(
    app: Flask, make_account: MakeAccount, entering: Callable[..., Browser]
) -> None:
    account, browser = make_account("requester"), entering("coordinator")
    theirs = Browser(app)
    theirs.open("/sign-in?language=en")
    theirs.send(email=account.email, password=PASSWORD)
    text = one_at(browser, account, "&role=requester")
    assert account.email in text
    assert "Without a second factor" in text
    (lock,) = (form.action for form in browser.page.forms if "/lock" in form.action)
    assert "is locked" in browser.send(lock).text
    assert browser.answer is not None
    assert browser.answer.request.args["email"] == account.email
    assert Session.objects(account=account.id).count() == 0
    theirs.open("/sign-in")
    assert "This account is locked." in theirs.send(email=account.email, password=PASSWORD).text
    (unlock,) = (form.action for form in browser.page.forms if "/unlock" in form.action)
    browser.send(unlock)
    theirs.send(email=account.email, password=PASSWORD)
    assert theirs.path == "/requests"
    account.reload()
    assert [step.action for step in account.history] == ["lock", "unlock"]


def test_whoever_sees_accounts_is_shown_those_that_they_may_and_what_they_may_do(
    make_account: MakeAccount, entering: Callable[..., Browser]
) -> None:
    near, far = make_account("requester"), make_account("requester", state="JPN")
    operator, donor = make_account("operator"), make_account("donor")
    region = entering("coordinator", regions=("Western Africa",))
    assert near.email in one_at(region, near)
    assert f"/accounts/{near.id}/lock" in region.answer.text  # type: ignore[union-attr]
    for other in (far, operator, donor):
        assert "No account fits this choice." in one_at(region, other)
    assert "No account fits this choice." in region.open("/accounts?role=donor").text
    coordinator, auditor = entering("coordinator"), entering("auditor")
    for browser, other, locks in (
        (coordinator, donor, True),
        (coordinator, operator, False),
        (auditor, near, False),
    ):
        assert other.email in one_at(browser, other)
        assert (f"/accounts/{other.id}/lock" in browser.answer.text) is locks  # type: ignore[union-attr]


def listed_on(browser: Browser, address: str) -> list[str]:
    """The addresses of the accounts on all pages of a list, in its order."""
    found = list[str]()
    for _ in range(Account.objects.count()):
        browser.open(address)
        assert browser.answer is not None
        found += re.findall(r'<bdi dir="ltr">(\S+@\S+)</bdi>', browser.answer.text)
        further = [tag["href"] for _, tag in browser.page.tags if tag.get("rel") == "next"]
        if not further:
            break
        address = further[0]
    return found


def test_a_coordinator_of_some_regions_is_listed_the_coordinators_of_these(
    make_account: MakeAccount,
    entering: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    west, east, south = "Western Africa", "Eastern Africa", "Southern Africa"
    near = [make_account("coordinator", regions=one) for one in ((west,), (east,), (east, west))]
    far = [make_account("coordinator", regions=one) for one in ((), (south,), (west, south))]
    state = make_account("requester", state="KEN")
    reader = entering("coordinator", regions=(west, east))
    for one in (*near, state):
        assert one.email in one_at(reader, one)
        assert one.email in one_at(reader, one, f"&role={one.role}")
        assert f"/accounts/{one.id}/lock" in reader.answer.text  # type: ignore[union-attr]
    for one in far:
        assert "No account fits this choice." in one_at(reader, one)
    monkeypatch.setattr(managing, "_SHOWN", 1)
    for address in ("/accounts?language=en", "/accounts?role=coordinator&language=en"):
        shown = listed_on(reader, address)
        assert [shown.count(one.email) for one in (*near, *far)] == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("address", "step"), [("/accounts?role=auditor&", "Lock"), ("/invitations?", "Take back")]
)
def test_a_button_of_a_list_says_whose_it_is_to_who_hears_it_alone(
    make_account: MakeAccount,
    entering: Callable[..., Browser],
    invite: Callable[..., str],
    address: str,
    step: str,
) -> None:
    email = make_account("auditor").email
    if step == "Take back":
        email = f"guest-of-{email}"
        invite(email)
    browser = entering("operator")
    browser.open(f"{address}language=en")
    named = f'{step}<span class="visually-hidden"> <bdi>{email}</bdi></span></button>'
    assert named in browser.answer.text  # type: ignore[union-attr]


def test_accounts_have_pages_and_an_address_that_is_none_finds_nobody(
    make_account: MakeAccount,
    entering: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(managing, "_SHOWN", 2)
    made = [make_account("auditor") for _ in range(5)]
    browser = entering("operator")
    shown = listed_on(browser, "/accounts?role=auditor&language=en")
    assert all(shown.count(one.email) == 1 for one in made)
    for wrong in ("nobody", "nobody@portal.example", "%00", "<b>@x"):
        assert "No account fits this choice." in browser.open(f"/accounts?email={wrong}").text
    assert browser.open("/accounts?cursor=nonsense").text
    assert (browser.path, browser.status) == ("/accounts", 200)
