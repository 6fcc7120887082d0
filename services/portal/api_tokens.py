"""API tokens: for the scripts of a person, narrower than the person, exchanged for a short token.

A token's text is `entraide_` with its id and its secret. The services never see it: it buys a
JSON Web Token of a few minutes at the portal, so that it can be revoked at once and be leaked to
nobody but the portal.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.portal import made_once
from services.portal.accounts import identity_of, inviter_of, may_act, revoke_token
from services.portal.catalogues import SOURCE_LANGUAGE
from services.portal.documents import Account, ApiToken
from services.portal.domain import lifetimes
from services.portal.house import House
from services.portal.sealing import new_secret
from services.portal.services import Reader
from services.portal.signing_keys import signing_key
from services.portal.trail import actor_of_account, first_step
from shared.ids import derived_id, new_id
from shared.registers.actors import Actor
from shared.web.identity import Identity
from shared.web.tokens import issue_token

_PREFIX = "entraide"
_PURPOSE = "api token"
_NOTED_EVERY = timedelta(minutes=1)


class TokenRefusedError(Exception):
    """An API token is unknown, has expired or was revoked, or its account may not act."""


@dataclass(frozen=True, repr=False)
class Access:
    """A JSON Web Token, how many seconds it lives, what it may do (None: all)."""

    token: str
    seconds: int
    scopes: tuple[str, ...] | None


def make(
    house: House,
    account: Account,
    name: str,
    scopes: Sequence[str],
    lifetime: timedelta,
    now: datetime,
    key: str | None = None,
) -> tuple[ApiToken, str]:
    """A token with its text, which is stored nowhere; `scopes` and `lifetime` were checked.

    `key` is that of the form that asks, if one does. Raises MadeAlreadyError where the account
    has sent it before, and has not revoked what it made then.
    """
    asked = (name, str(lifetime), *sorted(set(scopes)))
    own_id = made_once.id_for("api token", account.id, key, *asked)
    while ApiToken.objects(id=own_id, revoked_at__ne=None).only("id").first() is not None:
        own_id = derived_id("after revoking", own_id)
    secret = new_secret()
    token = ApiToken(
        id=own_id,
        account=account.id,
        name=name,
        secret=house.vault.fingerprint(secret, _PURPOSE),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + lifetime,
        **first_step("make", actor_of_account(account), now),
    )
    made_once.store(token)
    return token, f"{_PREFIX}_{token.id}_{secret}"


def tokens_of(account_id: str) -> list[ApiToken]:
    """The account's tokens that were not revoked, the newest first."""
    found = ApiToken.objects(account=account_id, revoked_at=None).order_by("-created_at", "id")
    return list(found)


def revoke(token_id: str, account_id: str, actor: Actor, now: datetime) -> bool:
    """Revoke a token of the account; False if there is none such."""
    token = ApiToken.objects(id=token_id, account=account_id, revoked_at=None).first()
    return token is not None and revoke_token(token, actor, now)


def exchange(house: House, text: str, now: datetime) -> Access:
    """The JSON Web Token that an API token buys; raises TokenRefusedError."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    token = ApiToken.objects(id=token_id).first() if prefix == _PREFIX else None
    fingerprint = house.vault.fingerprint(secret, _PURPOSE)
    if token is None or not hmac.compare_digest(token.secret, fingerprint):
        raise TokenRefusedError
    if token.revoked_at is not None or token.expires_at <= now:
        raise TokenRefusedError
    account = Account.objects(id=token.account).first()
    if account is None or not may_act(account):
        raise TokenRefusedError
    if account.tokens_from is not None and token.created_at <= account.tokens_from:
        raise TokenRefusedError
    if token.used_at is None or now - token.used_at >= _NOTED_EVERY:
        ApiToken.objects(id=token.id).update(set__used_at=now)
    lifetime = min(lifetimes.ACCESS_TOKEN, token.expires_at - now)
    return access_for(house, account, now, tuple(token.scopes), lifetime)


def access_for(
    house: House,
    account: Account,
    now: datetime,
    scopes: tuple[str, ...] | None = None,
    lifetime: timedelta = lifetimes.ACCESS_TOKEN,
) -> Access:
    """A JSON Web Token for the account, with which the portal calls the services for its user."""
    identity = identity_of(account, None if scopes is None else frozenset(scopes))
    identity = replace(identity, inviter=inviter_of(account))
    text = token_of(house, identity, now, lifetime)
    return Access(text, int(lifetime.total_seconds()), scopes)


def token_of(
    house: House, identity: Identity, now: datetime, lifetime: timedelta = lifetimes.ACCESS_TOKEN
) -> str:
    """A JSON Web Token of the portal's for that identity."""
    return issue_token(
        signing_key(house, now),
        identity,
        lifetime,
        now,
        issuer=house.settings.issuer,
        audience=house.settings.audience,
    )


def own_reader(house: House, role: str, scope: str) -> Reader:
    """In the portal's own name, with a role, and for what one scope opens only; nobody waits."""
    identity = Identity("portal", role, scopes=frozenset({scope}))
    token = token_of(house, identity, house.clock())
    return Reader(token, SOURCE_LANGUAGE, new_id(), patient=True)
