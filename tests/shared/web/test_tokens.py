"""Who gets in, and with what token."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey, RSAKey

from shared.web.identity import Identity, covers, current_identity, require_roles
from shared.web.tokens import KeyPair, generate_key, issue_token, read_private_key

Tokens = Callable[..., dict[str, str]]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    fine = {
        "iss": "entraide",
        "aud": "entraide",
        "sub": "somebody",
        "role": "requester",
        "state": "SEN",
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in (fine | changes).items() if value is not ...}


def signed(
    keys: KeyPair, payload: dict[str, Any], algorithm: str = "Ed25519", **header: Any
) -> str:
    key = OKPKey.import_key({name: keys.private[name] for name in ("kty", "crv", "x", "d")})
    full = {"alg": algorithm, "kid": keys.public["kid"], **header}
    full = {name: value for name, value in full.items() if value is not ...}
    return jwt.encode(full, payload, key, algorithms=[algorithm])


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def get(client: FlaskClient, token: str | None) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get("/v1/notes", headers=headers)


def refused(answer: Any) -> bool:
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="entraide"')
    return answer.status_code == 401


def test_a_fine_token_gets_in_under_either_name_of_the_algorithm(
    client: FlaskClient, keys: KeyPair
) -> None:
    assert get(client, signed(keys, claims())).status_code == 200
    assert get(client, signed(keys, claims(), "EdDSA")).status_code == 200
    assert get(client, signed(keys, claims(), kid=...)).status_code == 200
    assert get(client, signed(keys, claims(aud=["other", "entraide"]))).status_code == 200


def test_no_token_is_a_401_without_an_error_code(client: FlaskClient) -> None:
    answer = get(client, None)
    assert refused(answer)
    assert "error=" not in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer " + "x" * 9000,
        "Bearer é",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer " + encoded(b"[" * 5000) + ".e30.e30",
    ],
)
def test_a_header_that_holds_no_token_is_a_401(client: FlaskClient, header: str) -> None:
    assert refused(client.get("/v1/notes", headers={"Authorization": header}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"iss": ...},
        {"aud": "other"},
        {"aud": []},
        {"aud": ...},
        {"sub": ...},
        {"sub": " "},
        {"sub": 7},
        {"sub": "x" * 201},
        {"role": "president"},
        {"role": ["requester"]},
        {"role": {"a": 1}},
        {"role": ...},
        {"state": ...},
        {"state": "sen"},
        {"state": "XXX"},
        {"state": ["SEN", "MLI"]},
        {"state": "SEN MLI"},
        {"exp": ...},
        {"exp": "never"},
        {"exp": 0},
        {"iat": ...},
        {"iat": 10**12},
        {"nbf": 10**12},
        {"nbf": "soon"},
        {"role": "donor"},
        {"role": "donor", "organisation": ""},
        {"role": "donor", "organisation": ["a", "b"]},
        {"role": "coordinator", "regions": "Western Africa"},
        {"role": "coordinator", "regions": []},
        {"role": "coordinator", "regions": ["Western Africa", "Atlantis"]},
        {"role": "coordinator", "regions": [["Western Africa"]]},
        {"scope": ["requests:read"]},
        {"scope": " ".join(f"x{number}" for number in range(51))},
    ],
)
def test_claims_that_are_missing_or_wrong_are_a_401(
    client: FlaskClient, keys: KeyPair, changes: dict[str, Any]
) -> None:
    assert refused(get(client, signed(keys, claims(**changes))))


def test_times_have_a_small_leeway(client: FlaskClient, keys: KeyPair) -> None:
    now = int(datetime.now(UTC).timestamp())
    assert get(client, signed(keys, claims(exp=now - 10, iat=now - 60))).status_code == 200
    assert refused(get(client, signed(keys, claims(exp=now - 60, iat=now - 120))))
    assert get(client, signed(keys, claims(iat=now + 10, nbf=now + 10))).status_code == 200


def test_an_expired_token_is_told_so(client: FlaskClient, token: Tokens) -> None:
    old = token("auditor", now=datetime.now(UTC) - timedelta(hours=1))
    answer = client.get("/v1/notes", headers=old)
    assert refused(answer)
    assert "expired" in answer.get_json()["detail"]


def test_a_token_without_signature_is_a_401(client: FlaskClient, keys: KeyPair) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        header = encoded({"alg": algorithm, "kid": keys.public["kid"]})
        assert refused(get(client, f"{header}.{encoded(claims())}."))


def test_a_token_of_another_key_is_a_401(client: FlaskClient, keys: KeyPair) -> None:
    other = generate_key()
    assert refused(get(client, signed(other, claims())))
    assert refused(get(client, signed(other, claims(), kid=keys.public["kid"])))
    assert refused(get(client, signed(other, claims(), kid=...)))


def test_a_token_signed_with_the_public_key_as_a_secret_is_a_401(
    client: FlaskClient, keys: KeyPair
) -> None:
    public = OKPKey.import_key(dict(keys.public))
    secrets = [
        keys.public["x"].encode(),
        base64.urlsafe_b64decode(keys.public["x"] + "="),
        public.as_pem(private=False),
        json.dumps(dict(keys.public)).encode(),
    ]
    for secret in secrets:
        text = f"{encoded({'alg': 'HS256', 'kid': keys.public['kid']})}.{encoded(claims())}"
        digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        assert refused(get(client, f"{text}.{encoded(digest)}"))


def test_keys_that_the_token_brings_along_are_ignored(client: FlaskClient, keys: KeyPair) -> None:
    other = generate_key()
    jwk = {name: other.public[name] for name in ("kty", "crv", "x")}
    assert refused(get(client, signed(other, claims(), kid=..., jwk=jwk)))
    rsa = RSAKey.generate_key(2048)
    text = jwt.encode({"alg": "RS256", "kid": keys.public["kid"]}, claims(), rsa)
    assert refused(get(client, text))
    text = jwt.encode({"alg": "HS256"}, claims(), OctKey.generate_key(256))
    assert refused(get(client, text))


def test_a_token_that_was_changed_is_a_401(client: FlaskClient, keys: KeyPair) -> None:
    header, _, signature = signed(keys, claims()).split(".")
    assert refused(get(client, f"{header}.{encoded(claims(role='operator'))}.{signature}"))


def test_a_role_that_may_not_is_a_403_before_the_body_is_read(
    client: FlaskClient, token: Tokens
) -> None:
    answer = client.post("/v1/notes", data=b"not json", headers=token("auditor"))
    assert answer.status_code == 403
    assert "operator or requester" in answer.get_json()["detail"]
    without = client.post("/v1/notes", data=b"not json")
    assert without.status_code == 401


def test_every_role_has_what_it_is_bound_to_and_nothing_else(app: Any, token: Tokens) -> None:
    seen: list[Identity] = []
    app.add_url_rule("/who", view_func=lambda: seen.append(current_identity()) or "")
    bound = {"state": "SEN", "organisation": "acme", "regions": frozenset({"Caribbean"})}
    for role in ("requester", "donor", "coordinator", "auditor", "operator"):
        assert app.test_client().get("/who", headers=token(role, **bound)).status_code == 200
    assert [(who.role, who.state, who.organisation, who.regions) for who in seen] == [
        ("requester", "SEN", None, None),
        ("donor", None, "acme", None),
        ("coordinator", None, None, frozenset({"Caribbean"})),
        ("auditor", None, None, None),
        ("operator", None, None, None),
    ]


def test_regions_hold_their_states_and_no_others() -> None:
    regional = Identity("me", "coordinator", regions=frozenset({"Western Africa"}))
    assert covers(regional)
    assert covers(regional, "SEN", "MLI")
    assert not covers(regional, "SEN", "KEN")
    assert not covers(regional, None)
    assert covers(Identity("me", "coordinator"), "KEN", None)


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [
        (..., True, True),
        ("openid profile", True, True),
        ("sample:read", True, False),
        ("sample:write", True, True),
        ("openid sample:read offers:write", True, False),
        ("offers:read offers:write", False, False),
        ("samples:read", False, False),
        ("", False, False),
    ],
)
def test_scopes_narrow_what_a_token_may_do(
    client: FlaskClient, keys: KeyPair, scope: Any, reads: bool, writes: bool
) -> None:
    text = signed(keys, claims(scope=scope))
    assert get(client, text).status_code == (200 if reads else 403)
    answer = client.post("/v1/notes", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code == 403) is not writes
    if not writes:
        assert (
            'error="insufficient_scope", scope="sample:write"'
            in (answer.headers["WWW-Authenticate"])
        )


def test_a_public_handler_needs_no_token(client: FlaskClient) -> None:
    assert client.get("/v1/open").get_json() == {"hello": "you"}


def test_a_key_survives_being_written_and_read(keys: KeyPair) -> None:
    again = read_private_key(keys.private_json())
    assert again == keys
    assert "d" not in json.loads(keys.jwks_json())["keys"][0]
    assert keys.private["d"] not in repr(keys)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kty": "RSA"}'])
def test_what_is_no_private_key_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a private Ed25519"):
        read_private_key(text)
    with pytest.raises(ValueError, match="not a private Ed25519"):
        read_private_key(json.dumps(dict(generate_key().public)))


def test_tokens_name_issuer_and_audience(keys: KeyPair) -> None:
    text = issue_token(
        keys, Identity("me", "auditor"), timedelta(hours=1), datetime.now(UTC),
        issuer="https://id.example", audience="elsewhere",
    )  # fmt: skip
    found = jwt.decode(text, OKPKey.import_key(dict(keys.public)), algorithms=["Ed25519"]).claims
    assert (found["iss"], found["aud"]) == ("https://id.example", "elsewhere")
    assert found["exp"] - found["iat"] == 3600
    assert "state" not in found


def test_a_role_that_does_not_exist_cannot_be_required() -> None:
    with pytest.raises(ValueError, match="requester"):
        require_roles("president")
    with pytest.raises(ValueError, match="requester"):
        require_roles()
