"""Tokens that no service may take, at every route of every service; and pages that escape.

What else is hostile stands where it is kept off: steps out of order, by the wrong party and twice
at once in `matcher/test_whole_lives.py`, `requests/test_life.py` and the tables of `matrix/`;
sessions fixed or stolen in `portal/test_pages.py`; targets of webhooks in
`portal/test_webhooks.py`; headers and HTML in mail, and a server that is away, in
`portal/test_postman.py`; HTML in texts in the tables, whose markers are of HTML.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from flask import Flask

import services.portal
from services.portal.house import House
from services.portal.signing_keys import signing_key
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.marks import handler_of, marks_of
from shared.web.tokens import KeyPair, generate_key, issue_token
from tests.services.test_descriptions import APPS

ADMIN = Identity("somebody", "coordinator")
MINUTES = timedelta(minutes=5)


@dataclass
class Service:
    """A service, and the key whose signatures it trusts."""

    app: Flask
    keys: KeyPair


@pytest.fixture(params=APPS)
def service(
    request: pytest.FixtureRequest, make_settings: Callable[[str], Settings], keys: KeyPair
) -> Iterator[Service]:
    app: Flask = APPS[request.param](make_settings(request.param))
    if request.param == "portal":
        house: House = app.extensions["entraide-portal"]
        keys = signing_key(house, datetime.now(UTC))
    yield Service(app, keys)
    mongoengine.disconnect()


def unsigned(header: dict[str, Any], payload: str, signature: bytes = b"") -> str:
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    last = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    return f"{first}.{payload}.{last}"


def hostile(keys: KeyPair) -> dict[str, str]:
    """Tokens of a coordinator that are forged, out of date, or somebody else's."""
    now = datetime.now(UTC)
    good = issue_token(keys, ADMIN, MINUTES, now)
    head, payload, signature = good.split(".")
    public = keys.public["x"].encode()
    secret = hmac.new(public, f"{head}.{payload}".encode(), hashlib.sha256).digest()
    named = {"kid": keys.public["kid"]}
    return {
        "no algorithm": unsigned({"alg": "none", **named}, payload),
        "no algorithm, signed": unsigned({"alg": "None", **named}, payload, b"x"),
        "the public key as a secret": unsigned({"alg": "HS256", **named}, payload, secret),
        "another key": issue_token(generate_key(), ADMIN, MINUTES, now),
        "expired": issue_token(keys, ADMIN, MINUTES, now - timedelta(hours=1)),
        "another audience": issue_token(keys, ADMIN, MINUTES, now, audience="elsewhere"),
        "another issuer": issue_token(keys, ADMIN, MINUTES, now, issuer="https://evil.example"),
        "another claim": f"{head}.{payload[:-4]}AAAA.{signature}",
        "no signature": f"{head}.{payload}.",
    }


def test_no_route_of_any_service_takes_a_hostile_token(service: Service) -> None:
    client, tried = service.app.test_client(), 0
    tokens = hostile(service.keys)
    for rule in service.app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            view = service.app.view_functions[rule.endpoint]
            marks = marks_of(handler_of(view, method))
            if marks.public or marks.page:
                continue
            for name, token in tokens.items():
                headers = {"Authorization": f"Bearer {token}"}
                answer = client.open(path, method=method, headers=headers)
                assert answer.status_code == 401, (method, path, name)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer"), (path, name)
            tried += 1
    assert tried > 5


def test_a_good_token_of_that_key_is_taken(service: Service) -> None:
    """Or the test above would hold of a service that takes none."""
    good = issue_token(service.keys, ADMIN, MINUTES, datetime.now(UTC))
    headers = {"Authorization": f"Bearer {good}"}
    answer = service.app.test_client().get("/v1/audit/1", headers=headers)
    assert (answer.status_code, answer.json) == (200, {"items": [], "next": None})


def test_every_page_escapes_what_it_shows() -> None:
    """No template takes a text for HTML: what people wrote is shown as they wrote it."""
    pages = Path(services.portal.__file__).parent / "pages"
    templates = list(pages.rglob("*.html"))
    assert templates
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|\bMarkup\b", text), template
