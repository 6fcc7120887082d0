"""The realm that Keycloak is given: its tokens say what the services read, and nobody else's do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.vocabulary.countries import AREAS
from shared.web.identity import BINDINGS, ROLES, Identity
from shared.web.key_sets import EitherKeys, KeysById, PublicKey, pick, read_key_set
from shared.web.problems import Problem
from shared.web.tokens import DEFAULT_AUDIENCE, generate_key, issue_token
from shared.web.verification import TokenChecker

CLAIMS = json.loads(Path(__file__).with_name("keycloak-claims.json").read_text())
"""What tokens of Keycloak 26.7.3 with this realm said, of a person of each role (2026-11-27)."""

BOUND: Mapping[str, Mapping[str, list[str]]] = {
    "requester": {"state": ["SEN"]},
    "donor": {"organisation": ["org-1"]},
    "coordinator": {"regions": ["Western Africa", "Caribbean"]},
}
IDENTITIES = {
    "requester": Identity("", "requester", state="SEN"),
    "donor": Identity("", "donor", organisation="org-1"),
    "coordinator": Identity("", "coordinator", regions=frozenset({"Western Africa", "Caribbean"})),
    "auditor": Identity("", "auditor"),
    "operator": Identity("", "operator"),
}
Realm = dict[str, Any]


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    """The realm's file."""
    return (root / "deploy" / "keycloak" / "entraide-realm.json").read_text()


@pytest.fixture(scope="module")
def realm(text: str) -> Realm:
    """The realm as Keycloak imports it."""
    read: Realm = json.loads(text)
    return read


@pytest.fixture(scope="module")
def profile(realm: Realm) -> dict[str, Any]:
    """The attributes of the realm's people, by name."""
    ((provider,),) = realm["components"].values()
    assert provider["providerId"] == "declarative-user-profile"
    (config,) = provider["config"]["kc.user.profile.config"]
    read = json.loads(config)
    assert read.keys() == {"attributes"}, "an attribute that is not named here is nobody's to set"
    return {attribute["name"]: attribute for attribute in read["attributes"]}


def mapped(realm: Realm, roles: list[str], attributes: Mapping[str, list[str]]) -> dict[str, Any]:
    """What the client's mappers put into an access token of who has these roles and attributes."""
    (client,) = realm["clients"]
    (scope,) = realm["scopeMappings"]
    assert scope["client"] == client["clientId"]
    assert client["fullScopeAllowed"] is False
    claims: dict[str, Any] = {}
    for mapper in client["protocolMappers"]:
        config = mapper["config"]
        assert config["access.token.claim"] == "true"
        match mapper["protocolMapper"]:
            case "oidc-audience-mapper":
                claims["aud"] = config["included.custom.audience"]
            case "oidc-usermodel-realm-role-mapper":
                assert config["multivalued"] == "true", "else it is one text: [requester]"
                claims[config["claim.name"]] = [role for role in roles if role in scope["roles"]]
            case "oidc-usermodel-attribute-mapper":
                found = attributes.get(config["user.attribute"])
                if found:
                    many = config["multivalued"] == "true"
                    claims[config["claim.name"]] = found if many else found[0]
            case other:
                raise AssertionError(other)
    return claims


class Keys:
    """A key set that is at hand."""

    def __init__(self, text: str) -> None:
        self._keys: KeysById = read_key_set(text)

    def find(self, key_id: str | None) -> PublicKey | None:
        return pick(self._keys, key_id)


def checked(claims: Mapping[str, Any], issuer: str | None = None) -> Identity:
    """Who a token with these claims is for, signed as Keycloak does: by RS256."""
    key = RSAKey.generate_key(2048, auto_kid=True)
    encrypting = {**key.as_dict(private=False), "kid": "enc", "use": "enc", "alg": "RSA-OAEP"}
    signing = {**key.as_dict(private=False), "use": "sig", "alg": "RS256"}
    now = datetime.now(UTC)
    times = {"iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=5)).timestamp())}
    header = {"alg": "RS256", "typ": "JWT", "kid": key.kid}
    token = jwt.encode(header, {**claims, **times}, key, algorithms=["RS256"])
    source = EitherKeys(
        Keys(generate_key().jwks_json()), Keys(json.dumps({"keys": [encrypting, signing]}))
    )
    checker = TokenChecker(
        source, issuer or claims["iss"], DEFAULT_AUDIENCE, lambda: now, b"the deployment's"
    )
    return checker.check(f"Bearer {token}")


@pytest.mark.parametrize("role", ROLES)
def test_the_realms_mappers_give_what_keycloak_was_seen_to_give(realm: Realm, role: str) -> None:
    others = ["default-roles-entraide", "offline_access"]
    made = mapped(realm, [role, *others], BOUND.get(role, {}))
    assert made == {name: CLAIMS[role][name] for name in made}
    ours = {"aud", "role", "state", "organisation", "regions"}
    assert CLAIMS[role].keys() & ours == made.keys()


@pytest.mark.parametrize("role", ROLES)
def test_such_a_token_is_of_whom_it_says(role: str) -> None:
    found = checked(CLAIMS[role])
    assert found == Identity(
        found.subject, **{k: v for k, v in vars(IDENTITIES[role]).items() if k != "subject"}
    )
    assert CLAIMS[role]["sub"] not in found.subject


def test_a_coordinator_without_regions_is_one_of_all(realm: Realm) -> None:
    claims = {**CLAIMS["auditor"], **mapped(realm, ["coordinator"], {})}
    assert checked(claims).regions is None


@pytest.mark.parametrize(
    ("roles", "attributes", "wrong"),
    [
        ([], {}, "role"),
        (["requester", "operator"], {"state": ["SEN"]}, "role"),
        (["requester"], {}, "state"),
        (["donor"], {"state": ["SEN"]}, "organisation"),
    ],
)
def test_who_has_not_one_role_with_what_binds_it_is_refused(
    realm: Realm, roles: list[str], attributes: Mapping[str, list[str]], wrong: str
) -> None:
    plain = {k: v for k, v in CLAIMS["auditor"].items() if k != "role"}
    with pytest.raises(Problem, match=f"claim {wrong} is missing or wrong"):
        checked({**plain, **mapped(realm, roles, attributes)})


def test_the_portals_tokens_go_on_counting_under_that_issuers_name() -> None:
    issuer, key, now = CLAIMS["operator"]["iss"], generate_key(), datetime.now(UTC)
    account = Identity("5f7c8ec7c33c6c004bbafe82", "donor", organisation="org-1")
    source = EitherKeys(Keys(json.dumps({"keys": []})), Keys(key.jwks_json()))
    checker = TokenChecker(source, issuer, DEFAULT_AUDIENCE, lambda: now, b"the deployment's")
    token = issue_token(key, account, timedelta(minutes=5), now, issuer=issuer)
    assert checker.check(f"Bearer {token}") == account


def test_another_realms_token_is_refused() -> None:
    with pytest.raises(Problem, match="claim iss"):
        checked(CLAIMS["operator"], issuer="http://127.0.0.1:18180/realms/master")


def test_the_realms_roles_are_the_services(realm: Realm) -> None:
    assert [role["name"] for role in realm["roles"]["realm"]] == list(ROLES)
    assert realm["scopeMappings"][0]["roles"] == list(ROLES)


def test_nobody_binds_himself(profile: dict[str, Any]) -> None:
    binding = {f"{name}" for name in BINDINGS.values() if name is not None}
    assert binding <= profile.keys()
    for name in (*binding, "username"):
        assert profile[name]["permissions"]["edit"] == ["admin"]
    assert "role" not in profile
    assert set(profile["regions"]["validations"]["options"]["options"]) == set(AREAS.codes())
    assert profile["regions"]["multivalued"] is True


def test_the_realm_brings_no_password_and_nobody(realm: Realm, text: str) -> None:
    assert realm.keys().isdisjoint({"users", "federatedUsers", "privateKey", "smtpServer"})
    assert realm["registrationAllowed"] is False
    assert realm["bruteForceProtected"] is True
    for word in ("secret", "credential", '"password"'):
        assert word not in text.lower()


def test_programs_never_see_a_password(realm: Realm) -> None:
    (client,) = realm["clients"]
    assert client["publicClient"] is True
    assert client["directAccessGrantsEnabled"] is False
    assert client["implicitFlowEnabled"] is False
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"
    assert client["redirectUris"] == ["http://127.0.0.1/*"]
    assert client["webOrigins"] == []
    # Who a token is for stands in this one; without it there would be no subject.
    assert client["defaultClientScopes"] == ["basic"]
