"""The portal's audit trail: who did what to accounts, told once, without names or secrets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.portal import accounts, api_tokens, factors, invitations
from services.portal.documents import AUDITED, Account, ApiToken, Invitation
from services.portal.domain.backoff import ACCOUNT, ADDRESS, CODE
from services.portal.house import House
from services.portal.signing_in import WrongError, check_password
from services.portal.throttling import TooManyError
from services.portal.trail import COMMAND_LINE, catch_up
from shared.events.auditing import compare
from shared.events.trail import COLLECTION, verify
from shared.web.database import current_database
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import PASSWORD, Clock, forget_attempts

OTHER = "eleven quiet boats in a harbour"
Headers = Callable[[Account], dict[str, str]]


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()


@pytest.fixture
def told(client: FlaskClient, make_account: Callable[..., Account], headers: Headers) -> Any:
    """What an auditor reads of a record: pairs of action and reason."""
    auditor = make_account("auditor")

    def read(record: str) -> list[tuple[str, str | None]]:
        answer = client.get(f"/v1/audit/{record}?limit=200", headers=headers(auditor))
        assert answer.status_code == 200
        return [(one["action"], one["reason"]) for one in answer.get_json()["items"]]

    return read


def whole() -> None:
    """The trail is whole, and tells what the documents' histories do."""
    assert verify(current_database(), "portal")[1] == []
    assert list(compare(current_database(), AUDITED)) == []


def test_an_accounts_life_is_told_step_by_step(
    house: House, clock: Clock, invite: Callable[..., str], told: Any
) -> None:
    secret = invite("life@portal.example", "donor", organisation="acme")
    (invitation,) = Invitation.objects(email="life@portal.example")
    account = invitations.accept(house, secret, "Somebody Else", PASSWORD, "en", clock())
    seed = factors.seed_to_set_up(house, account)
    assert factors.confirm_setup(house, account, factors.rules.code_at(seed, clock()), clock())
    factors.new_recovery_codes(house, account, clock())
    token, _ = api_tokens.make(house, account, "n", ["portal:read"], timedelta(days=1), clock())
    accounts.lock(account, COMMAND_LINE, clock())
    account.reload()
    accounts.unlock(account, COMMAND_LINE, clock())
    account.reload()
    assert accounts.change_password(house, account, OTHER, clock())
    link = accounts.new_reset_link(house, account, clock()).rpartition("/")[2]
    accounts.reset_password(house, link, PASSWORD, clock())
    account.reload()
    factors.remove(house, account, COMMAND_LINE, clock())
    assert told(invitation.id) == [("invite", "donor:acme"), ("accept", None)]
    assert told(token.id) == [("make", None), ("revoke", "reset-password")]
    assert told(account.id) == [
        ("create", "donor:acme"),
        ("set-up-second-factor", None),
        ("renew-recovery-codes", None),
        ("lock", None),
        ("unlock", None),
        ("change-password", None),
        ("reset-password", None),
        ("remove-second-factor", None),
    ]
    steps = [(one.source, one.target) for one in Account.objects(id=account.id).first().history]
    assert steps[3:5] == [("open", "locked"), ("locked", "open")]
    whole()


def test_failures_and_lockouts_are_told_and_what_is_no_account_is_not(
    house: House, clock: Clock, make_account: Callable[..., Account], told: Any
) -> None:
    account = make_account()
    for number in range(ACCOUNT.free):
        with pytest.raises(WrongError):
            check_password(house, account.email, OTHER, f"192.0.2.{number}", clock())
    with pytest.raises(TooManyError):
        check_password(house, account.email, OTHER, "192.0.2.200", clock())
    failed, locked = ("sign-in-failed", "password"), ("locked-out", "password")
    assert told(account.id) == [*[failed] * ACCOUNT.free, locked]
    clock.forward(minutes=20)
    with pytest.raises(WrongError):
        check_password(house, account.email, OTHER, "192.0.2.201", clock())
    assert told(account.id)[-2:] == [locked, failed]  # longer waits are no new lockouts
    before = verify(current_database(), "portal")[0].number
    for number in range(ADDRESS.free):
        with pytest.raises(WrongError):
            check_password(house, f"no{number}@portal.example", OTHER, "198.51.100.7", clock())
    assert told("network") == [locked]
    assert verify(current_database(), "portal")[0].number == before + 1
    whole()


def test_wrong_codes_and_signing_in_are_told(
    app: Flask,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
    told: Any,
) -> None:
    account = make_account("coordinator")
    seed = with_factor(account)
    clock.forward(minutes=1)
    browser = Browser(app)
    browser.open("/sign-in?next=/account")
    browser.send(email=account.email, password=PASSWORD)
    for _ in range(CODE.free):
        browser.send(code="000000")
    clock.forward(minutes=2)
    browser.send(code=factors.rules.code_at(seed, clock()))
    assert browser.path == "/account"
    expected = [*[("sign-in-failed", "code")] * CODE.free, ("locked-out", "code")]
    assert told(account.id)[1:] == [*expected, ("signed-in", None)]


def test_nothing_secret_and_no_name_is_in_the_trail(
    house: House, clock: Clock, invite: Callable[..., str], make_account: Callable[..., Account]
) -> None:
    secret = invite("planted@portal.example")
    account = invitations.accept(house, secret, "Planted Name", PASSWORD, "en", clock())
    _, text = api_tokens.make(
        house, account, "Planted", ["portal:read"], timedelta(days=1), clock()
    )
    with pytest.raises(WrongError):
        check_password(house, account.email, "Planted password", "192.0.2.99", clock())
    catch_up(house)
    trail = str(list(current_database()[COLLECTION].find())).lower()
    assert account.id in trail
    for planted in ("planted", secret.lower(), text.split("_", 2)[2].lower(), "192.0.2.99"):
        assert planted not in trail
    assert ApiToken.objects(account=account.id).first().secret not in trail
    assert account.password.lower() not in trail


def test_who_reads_what_of_the_trail(
    client: FlaskClient, clock: Clock, make_account: Callable[..., Account], headers: Headers
) -> None:
    here, there = make_account(state="SEN"), make_account(state="KEN")
    for account in (here, there):
        accounts.lock(account, COMMAND_LINE, clock())
        accounts.unlock(account, COMMAND_LINE, clock())

    def status(reader: Account, record: str = "") -> int:
        return client.get(f"/v1/audit{record}", headers=headers(reader)).status_code

    auditor, coordinator = make_account("auditor"), make_account("coordinator")
    west = make_account("coordinator", regions=("Western Africa",))
    assert [status(one) for one in (auditor, coordinator, west, here)] == [200, 200, 403, 403]
    own, other = f"/{here.id}", f"/{there.id}"
    assert [status(one, own) for one in (auditor, coordinator, west, here)] == [200] * 4
    assert [status(one, other) for one in (auditor, coordinator, west, here)] == [
        *(200, 200, 404, 404)
    ]
    assert status(make_account("donor"), "/network") == 404
    shown = client.get(f"/v1/audit/{here.id}", headers=headers(here)).get_json()["items"]
    assert [(one["action"], one["subject"]) for one in shown] == [("lock", None), ("unlock", None)]
    shown = client.get(f"/v1/audit/{here.id}", headers=headers(auditor)).get_json()["items"]
    assert [one["subject"] for one in shown] == ["command-line"] * 2


def test_the_whole_trail_is_paged_and_one_action_picked(
    client: FlaskClient, clock: Clock, make_account: Callable[..., Account], headers: Headers
) -> None:
    locked = [make_account() for _ in range(3)]
    for account in locked:
        accounts.lock(account, COMMAND_LINE, clock())
    auditor = headers(make_account("auditor"))
    address, seen = "/v1/audit?action=lock&limit=2", []
    while address:
        page = client.get(address, headers=auditor).get_json()
        seen += [one["record"] for one in page["items"]]
        address = page["next"] and f"/v1/audit?action=lock&limit=2&cursor={page['next']}"
    assert seen[-3:] == [account.id for account in locked]
    assert client.get("/v1/audit?action=party", headers=auditor).status_code == 422


def test_an_altered_entry_and_a_history_that_says_otherwise_are_found(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    accounts.lock(account, COMMAND_LINE, clock())
    catch_up(house)
    accounts_ = Account._get_collection()
    accounts_.update_one({"_id": account.id}, {"$set": {"history.0.subject": "nobody"}})
    assert len(list(compare(current_database(), AUDITED))) == 1
    accounts_.update_one({"_id": account.id}, {"$set": {"history.0.subject": "command-line"}})
    whole()
