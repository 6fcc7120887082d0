"""The portal's API, and its tokens over real HTTP in another service."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

from services.portal import accounts, api_tokens, invitations, signing_keys
from services.portal.documents import Account, Invitation, SigningKey
from services.portal.domain import lifetimes
from services.portal.domain.people import Office
from services.portal.house import House
from services.portal.trail import actor_of_account
from shared.web.identity import Identity
from shared.web.tokens import issue_token
from tests.services.portal.conftest import PASSWORD, Clock, forget_attempts


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()


def decoded(text: str, client: FlaskClient) -> dict[str, Any]:
    keys = client.get("/.well-known/jwks.json").get_json()["keys"]
    known = KeySet.import_key_set({"keys": keys})
    return dict(jwt.decode(text, known, algorithms=["Ed25519"]).claims)


def exchanged(client: FlaskClient, text: str) -> Any:
    return client.post("/v1/token", json={"token": text})


def test_an_api_token_buys_a_short_token_and_nothing_else_does(
    house: House, clock: Clock, client: FlaskClient, make_account: Callable[..., Account]
) -> None:
    account = make_account("donor", organisation="acme")
    scopes = ["offers:write", "requests:read"]
    token, text = api_tokens.make(house, account, "nightly", scopes, timedelta(days=30), clock())
    answer = exchanged(client, text)
    assert answer.status_code == 200
    bought = answer.get_json()
    assert bought["expires_in"] == 300
    claims = decoded(bought["access_token"], client)
    assert claims["sub"] == account.id
    assert (claims["role"], claims["organisation"]) == ("donor", "acme")
    assert claims["scope"] == "offers:write requests:read"
    for wrong in ("", "x", text[:-1], text + "x", f"entraide_{token.id}_", text.upper()):
        assert exchanged(client, wrong).status_code == 401, wrong
    assert exchanged(client, "x" * 201).status_code == 422
    clock.forward(days=30)
    assert exchanged(client, text).status_code == 401


def test_tokens_of_who_may_not_act_buy_nothing(
    house: House, clock: Clock, client: FlaskClient, make_account: Callable[..., Account]
) -> None:
    account = make_account("coordinator")  # without a second factor
    _, text = api_tokens.make(house, account, "n", ["matcher:read"], timedelta(days=1), clock())
    assert exchanged(client, text).status_code == 401
    locked = make_account()
    _, text = api_tokens.make(house, locked, "n", ["matcher:read"], timedelta(days=1), clock())
    assert exchanged(client, text).status_code == 200
    Account.objects(id=locked.id).update(set__locked_at=clock())
    assert exchanged(client, text).status_code == 401


def test_tokens_are_listed_without_their_secrets_and_revoked(
    house: House,
    clock: Clock,
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    account, other = make_account(), make_account()
    token, text = api_tokens.make(
        house, account, "nightly", ["portal:write"], timedelta(days=1), clock()
    )
    listed = client.get("/v1/tokens", headers=headers(account))
    assert [one["name"] for one in listed.get_json()["items"]] == ["nightly"]
    assert text.split("_", 2)[2] not in listed.text
    assert client.delete(f"/v1/tokens/{token.id}", headers=headers(other)).status_code == 404
    bought = exchanged(client, text).get_json()["access_token"]
    own = {"Authorization": f"Bearer {bought}"}
    assert client.delete(f"/v1/tokens/{token.id}", headers=own).status_code == 204
    assert client.delete(f"/v1/tokens/{token.id}", headers=own).status_code == 404
    assert exchanged(client, text).status_code == 401


def test_scopes_bind_at_the_portal_too(
    house: House, clock: Clock, client: FlaskClient, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    _, text = api_tokens.make(house, account, "n", ["portal:read"], timedelta(days=1), clock())
    own = {"Authorization": f"Bearer {exchanged(client, text).get_json()['access_token']}"}
    assert client.get("/v1/accounts/me", headers=own).get_json()["id"] == account.id
    assert client.delete("/v1/tokens/x", headers=own).status_code == 403


def test_keys_follow_each_other_with_overlap(
    house: House, clock: Clock, client: FlaskClient, make_account: Callable[..., Account]
) -> None:
    account = make_account()

    def published() -> list[str]:
        keys = client.get("/.well-known/jwks.json").get_json()["keys"]
        assert not any("d" in key for key in keys)
        return [key["kid"] for key in keys]

    SigningKey.objects.delete()
    current, coming = published()
    assert signing_keys.signing_key(house, clock()).public["kid"] == current
    before = api_tokens.access_for(house, account, clock()).token
    clock.forward(seconds=lifetimes.KEY_PERIOD.total_seconds())
    later = published()
    assert later[:2] == [current, coming]
    assert signing_keys.signing_key(house, clock()).public["kid"] == coming
    assert decoded(before, client)["sub"] == account.id  # its key is published still
    clock.forward(seconds=lifetimes.KEY_PERIOD.total_seconds())
    assert published()[0] == coming
    assert signing_keys.OwnKeys(house).find(current) is None
    signing_keys.replace_keys(house, clock())
    assert not set(published()) & {current, coming, *later}


def test_two_processes_make_one_key(house: House, clock: Clock) -> None:
    from tests.services.portal.test_signing_in import at_once

    clock.forward(seconds=10 * lifetimes.KEY_PERIOD.total_seconds())
    found = at_once(6, lambda: signing_keys.signing_key(house, clock()).public["kid"])
    assert len(set(found)) == 1


BODY = {"email": "Invited@portal.example", "role": "requester", "state": "SEN", "language": "fr"}


def test_a_coordinator_invites_and_takes_back(
    clock: Clock,
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    coordinator = headers(make_account("coordinator"))
    answer = client.post("/v1/invitations", json=BODY, headers=coordinator)
    assert answer.status_code == 201
    made = answer.get_json()
    assert (made["email"], made["status"]) == ("invited@portal.example", "open")
    assert "link" not in answer.text
    listed = client.get("/v1/invitations", headers=coordinator).get_json()["items"]
    assert made["id"] in [one["id"] for one in listed]
    address = f"/v1/invitations/{made['id']}"
    assert client.delete(address, headers=coordinator).status_code == 204
    Invitation.objects(id=made["id"]).update(set__accepted_at=clock())
    assert client.delete(address, headers=coordinator).status_code == 409
    assert client.delete("/v1/invitations/none", headers=coordinator).status_code == 404


def test_nobody_invites_another_address_of_their_own(
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    coordinator = headers(make_account("coordinator", email="jane.doe@secretariat.example"))
    for email in ("janedoe@secretariat.example", "Jane.Doe+sen@SECRETARIAT.example"):
        answer = client.post("/v1/invitations", json={**BODY, "email": email}, headers=coordinator)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.get_json()["errors"]] == ["email"]
    other = {**BODY, "email": "jane.roe@secretariat.example"}
    assert client.post("/v1/invitations", json=other, headers=coordinator).status_code == 201


def test_who_invited_an_account_is_shown_and_told_to_the_services(
    house: House,
    clock: Clock,
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
    with_factor: Callable[[Account], str],
) -> None:
    Account.objects(role="coordinator").delete()
    inviter = make_account("coordinator")
    with_factor(inviter)
    made, link = invitations.invite(
        house, "led@state.example", "en", Office("requester", state="SEN"),
        actor_of_account(inviter), clock(),
    )  # fmt: skip
    secret = link.rpartition("/")[2]
    account = invitations.accept(house, secret, "Led", PASSWORD, "en", clock())
    auditor = headers(make_account("auditor"))
    listed = client.get("/v1/invitations", headers=auditor).get_json()["items"]
    (told,) = (one for one in listed if one["id"] == made.id)
    assert (told["invited_by"], told["account"]) == (inviter.id, account.id)
    shown = client.get(f"/v1/accounts/{account.id}", headers=auditor).get_json()
    assert shown["invited_by"] == inviter.id

    def claimed() -> object:
        token = headers(account)["Authorization"].removeprefix("Bearer ")
        return decoded(token, client).get("inviter")

    assert claimed() is None  # there is nobody else
    east = make_account("coordinator", regions=("Eastern Africa",))
    with_factor(east)
    unready = make_account("coordinator")
    assert claimed() is None
    with_factor(unready)
    assert claimed() == inviter.id
    accounts.lock(unready, actor_of_account(inviter), clock())
    assert claimed() is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
        ({"role": "king"}, "role"),
        ({"state": None}, "state"),
        ({"state": "XXX"}, "state"),
        ({"organisation": "acme"}, "role"),
        ({"role": "donor", "state": None}, "organisation"),
        ({"role": "coordinator", "state": None, "regions": ["Atlantis"]}, "regions[0]"),
        ({"language": "de"}, "language"),
    ],
)
def test_invitations_that_make_no_sense_name_the_field(
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
    changes: dict[str, Any],
    field: str,
) -> None:
    coordinator = headers(make_account("coordinator"))
    answer = client.post("/v1/invitations", json={**BODY, **changes}, headers=coordinator)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_regions_bound_what_a_coordinator_sees_and_does(
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    west = headers(make_account("coordinator", regions=("Western Africa",)))
    near, far = make_account(state="SEN"), make_account(state="KEN")
    donor, colleague = (
        make_account("donor"),
        make_account("coordinator", regions=("Western Africa",)),
    )
    both = make_account("coordinator", regions=("Western Africa", "Eastern Africa"))
    seen = {
        one["id"] for one in client.get("/v1/accounts?limit=200", headers=west).get_json()["items"]
    }
    assert seen >= {near.id, colleague.id}
    assert not seen & {far.id, donor.id, both.id}
    for one, status in ((colleague, 200), (both, 404)):
        assert client.get(f"/v1/accounts/{one.id}", headers=west).status_code == status
    assert client.get("/v1/accounts?role=donor", headers=west).get_json()["items"] == []
    body = {**BODY, "email": "far@portal.example", "state": "KEN"}
    assert client.post("/v1/invitations", json=body, headers=west).status_code == 403
    assert client.post(f"/v1/accounts/{far.id}/lock", headers=west).status_code == 404
    locked = client.post(f"/v1/accounts/{near.id}/lock", headers=west)
    assert locked.get_json()["locked"] is True
    assert client.post(f"/v1/accounts/{near.id}/unlock", headers=west).get_json()["locked"] is False


def test_others_neither_invite_nor_lock_nor_list(
    client: FlaskClient,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    other = make_account("operator")
    for role in ("requester", "donor"):
        caller = headers(make_account(role))
        assert client.get("/v1/accounts", headers=caller).status_code == 403
        assert client.post("/v1/invitations", json=BODY, headers=caller).status_code == 403
        assert client.post(f"/v1/accounts/{other.id}/lock", headers=caller).status_code == 403
    auditor = headers(make_account("auditor"))
    assert client.get("/v1/accounts", headers=auditor).status_code == 200
    assert client.post("/v1/invitations", json=BODY, headers=auditor).status_code == 403
    coordinator = make_account("coordinator")
    own = headers(coordinator)
    assert client.post(f"/v1/accounts/{other.id}/lock", headers=own).status_code == 403
    assert client.post(f"/v1/accounts/{coordinator.id}/lock", headers=own).status_code == 403
    assert client.post("/v1/accounts/none/lock", headers=own).status_code == 404


def test_who_has_no_account_here_is_told_so(
    house: House, clock: Clock, client: FlaskClient
) -> None:
    key = signing_keys.signing_key(house, clock())
    stranger = Identity("nobody-here", "coordinator")
    token = issue_token(key, stranger, timedelta(minutes=5), clock())
    answer = client.get("/v1/accounts/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
