"""Erasing an account: nothing tells who it was, everything tells what it did."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.portal import (
    accounts,
    api_tokens,
    decision_documents,
    documents,
    erasing,
    factors,
    invitations,
    note_documents,
    sessions,
    webhook_documents,
)
from services.portal.documents import AUDITED, Account, ApiToken, Invitation, OutgoingMail
from services.portal.house import House
from services.portal.signing_in import WrongError, check_password
from services.portal.trail import COMMAND_LINE, catch_up
from shared.events.auditing import compare
from shared.events.trail import verify
from shared.web.database import current_database
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import PASSWORD, Clock, forget_attempts

NAME, EMAIL = "Qzvexor Plantagenet", "qzvexor@plantagenet.example"
Headers = Callable[[Account], dict[str, str]]


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()


def stored() -> str:
    """Everything that the portal's database holds, as text."""
    database = current_database()
    found = [
        f"{name}: {bson.encode(document)!r}"
        for name in database.list_collection_names()
        for document in database[name].find()
    ]
    return "\n".join(found).lower()


@pytest.fixture
def planted(house: House, clock: Clock, invite: Callable[..., str]) -> Account:
    """An account that left its name and address wherever it could."""
    secret = invite(EMAIL, "donor", organisation="acme")
    invite(EMAIL, "requester")  # another, which ends with that one
    account = invitations.accept(house, secret, NAME, PASSWORD, "fr", clock())
    seed = factors.seed_to_set_up(house, account)
    assert factors.confirm_setup(house, account, factors.rules.code_at(seed, clock()), clock())
    scopes = ["portal:write"]
    api_tokens.make(house, account, f"{NAME}'s nightly", scopes, timedelta(days=9), clock())
    sessions.open_session(house, account, "full", f"Browser of {NAME}", clock(), None)
    with pytest.raises(WrongError):
        check_password(house, EMAIL, NAME, "192.0.2.9", clock())
    accounts.new_reset_link(house, account, clock())
    note = {"kind": "notification", "email": EMAIL, "language": "fr", "account": account.id}
    OutgoingMail(id="note", created_at=clock(), expires_at=clock() + timedelta(9), **note).save()
    account.reload()
    assert "qzvexor" in stored()
    assert "plantagenet" in stored()
    return account


def gone(house: House, account: Account) -> None:
    """Nothing tells who it was; the trail is whole and tells that it was erased."""
    catch_up(house)
    text = stored()
    assert "qzvexor" not in text
    assert "plantagenet" not in text
    assert account.password.lower() not in text
    assert OutgoingMail.objects(account=account.id).count() == 0
    kept = Account.objects(id=account.id).first()
    assert (kept.role, kept.organisation) == ("donor", "acme")
    assert kept.name == erasing.pseudonym(account.id)
    assert (kept.second_factor, kept.reset, kept.erasing) == (None, None, None)
    assert verify(current_database(), "portal")[1] == []
    assert list(compare(current_database(), AUDITED)) == []


def test_an_erased_account_is_nobodys_and_its_steps_are_whole(
    house: House, clock: Clock, planted: Account
) -> None:
    erasing.erase(house, planted, COMMAND_LINE, clock())
    gone(house, planted)
    actions = [step.action for step in Account.objects(id=planted.id).first().history]
    assert actions == ["create", "set-up-second-factor", "erase"]
    (token,) = ApiToken.objects(account=planted.id)
    assert [step.reason for step in token.history] == [None, "erased"]
    with pytest.raises(WrongError):
        check_password(house, EMAIL, PASSWORD, "192.0.2.9", clock())
    erasing.erase(house, planted, COMMAND_LINE, clock())
    assert len(Account.objects(id=planted.id).first().history) == 3


def test_what_was_broken_off_is_finished_and_what_came_since_is_spared(
    house: House, clock: Clock, planted: Account, invite: Callable[..., str]
) -> None:
    Account.objects(id=planted.id).update(
        set__erased_at=clock(), set__erasing=True, inc__generation=1, unset__password=True,
        unset__second_factor=True, unset__reset=True,
    )  # fmt: skip
    assert accounts.account_by_email(EMAIL) is None
    assert accounts.new_reset_link(house, planted, clock())
    clock.forward(seconds=1)
    erasing.finish(house, clock())
    gone(house, planted)
    again = invitations.accept(house, invite(EMAIL), NAME, PASSWORD, "en", clock())
    erasing.finish(house, clock())
    assert again.id != planted.id
    assert check_password(house, EMAIL, PASSWORD, "192.0.2.9", clock()).id == again.id
    erasing.erase(house, again, COMMAND_LINE, clock())


def test_who_may_erase_whom(
    house: House,
    clock: Clock,
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Headers,
) -> None:
    near, far, donor = make_account(state="SEN"), make_account(state="KEN"), make_account("donor")
    west = make_account("coordinator", regions=("Western Africa",))
    auditor, coordinator = make_account("auditor"), make_account("coordinator")

    def status(caller: Account, account: Account, method: str = "delete") -> int:
        call = getattr(client, method)
        return int(call(f"/v1/accounts/{account.id}", headers=headers(caller)).status_code)

    for caller, account, expected in (
        (near, donor, 404),
        (donor, near, 404),
        (west, far, 404),
        (auditor, near, 403),
        (coordinator, make_account("operator"), 403),
        (west, near, 204),
        (west, near, 204),
        (coordinator, far, 204),
        (donor, donor, 204),
    ):
        assert status(caller, account) == expected, (caller.role, account.role)
    for account in (near, far, donor):
        shown = client.get(f"/v1/accounts/{account.id}", headers=headers(auditor)).get_json()
        assert (shown["erased"], shown["email"]) == (True, None)
        assert shown["name"] == erasing.pseudonym(account.id)
    assert status(coordinator, Account(id="none")) == 404
    address = f"/v1/accounts/{near.id}/lock"
    assert client.post(address, headers=headers(coordinator)).status_code == 409
    listed: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = client.get(f"/v1/accounts?limit=200{cursor}", headers=headers(auditor)).get_json()
        listed += [one["id"] for one in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert auditor.id in listed
    assert not {near.id, far.id, donor.id} & set(listed)


def test_an_api_token_erases_no_account_of_its_own(
    house: House, clock: Clock, client: FlaskClient, make_account: Callable[..., Account]
) -> None:
    own = make_account()
    _, text = api_tokens.make(house, own, "n", ["portal:write"], timedelta(days=1), clock())
    bought = client.post("/v1/token", json={"token": text}).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {bought}"}
    assert client.delete(f"/v1/accounts/{own.id}", headers=headers).status_code == 403
    accounts.lock(own, COMMAND_LINE, clock())
    erasing.erase(house, own, COMMAND_LINE, clock())
    assert client.post("/v1/token", json={"token": text}).status_code == 401


def test_the_page_erases_by_password_alone(
    app: Flask, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    browser = Browser(app)
    browser.open("/sign-in")
    browser.send(email=account.email, password=PASSWORD)
    page = browser.open("/account/erase")
    assert erasing.pseudonym(account.id) in page.text
    browser.send(current="something else altogether")
    assert browser.status == 422
    assert Account.objects(id=account.id).first().erased_at is None
    page = browser.send(current=PASSWORD)
    assert browser.path == "/sign-in"
    assert "Your account was erased." in page.text
    assert Account.objects(id=account.id).first().erased_at is not None
    assert browser.open("/account/erase").text.startswith("Sign in")


def test_every_collection_that_may_name_somebody_is_thought_of() -> None:
    """Whoever keeps addresses or names in another collection has to erase them, too."""
    named = {
        name
        for module in (documents, note_documents, decision_documents, webhook_documents)
        for name, one in vars(module).items()
        if {"email", "name", "account", "agent"} & set(getattr(one, "_fields", ()))
    }
    kept = {
        *("Account", "Session", "Invitation", "ApiToken", "OutgoingMail", "Notification"),
        *("HeldFile", "PendingDecision", "UnfinishedPart", "Webhook"),
    }
    assert named == kept
    assert Invitation.objects(email=EMAIL).count() == OutgoingMail.objects(email=EMAIL).count() == 0
