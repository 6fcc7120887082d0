"""What every answer of every service has to carry, and what no log may tell.

Operators of the database, and fields that a body does not have, are tried over what stands in the
store: `matrix/hostile.py`.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest
from flask import Flask

from services.portal.house import House
from services.portal.signing_keys import signing_key
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from tests.services.test_descriptions import APPS

pytestmark = pytest.mark.long

HEADERS = (
    *("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"),
    *("Cross-Origin-Resource-Policy", "Cache-Control", "X-Request-ID"),
)

SECRET = "zqplantedsecretzq"
Schema = Mapping[str, Any]


@dataclass
class Tried:
    """A service, its document, and headers of callers of each role."""

    app: Flask
    document: Schema
    callers: list[dict[str, str]]

    def operations(self) -> Iterator[tuple[str, str, Schema]]:
        """Method, path and description of each operation."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    yield method.upper(), path, operation


@pytest.fixture(params=APPS)
def tried(
    request: pytest.FixtureRequest, make_settings: Callable[[str], Settings], keys: KeyPair
) -> Iterator[Tried]:
    app: Flask = APPS[request.param](make_settings(request.param))
    if request.param == "portal":
        house: House = app.extensions["entraide-portal"]
        keys = signing_key(house, datetime.now(UTC))
    people = (
        Identity("a-coordinator", "coordinator"),
        Identity("a-donor", "donor", organisation="org-1"),
        Identity("a-requester", "requester", "SEN"),
        Identity("an-operator", "operator"),
    )
    now = datetime.now(UTC)
    tokens = [issue_token(keys, one, timedelta(hours=1), now) for one in people]
    document = app.test_client().get("/openapi.json").get_json()
    yield Tried(app, document, [{"Authorization": f"Bearer {token}"} for token in tokens])
    mongoengine.disconnect()


def test_every_answer_has_the_headers_that_browsers_heed(tried: Tried) -> None:
    client, lacking = tried.app.test_client(), []
    for rule in tried.app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            if rule.rule == "/readyz":
                continue  # it waits for a broker that is away
            answer = client.open(path, method=method)
            missing = [name for name in HEADERS if name not in answer.headers]
            if missing:
                lacking.append((method, path, answer.status_code, missing))
            answer.close()
    assert lacking == []
    nowhere = client.get("/nowhere/at/all")
    assert (nowhere.status_code, [name for name in HEADERS if name not in nowhere.headers]) == (
        404,
        [],
    )


def test_no_log_tells_what_was_sent(
    tried: Tried, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    client, good = tried.app.test_client(), tried.callers[0]
    for method, path, _ in tried.operations():
        address = re.sub(r"\{[^}]*\}", SECRET, path)
        for headers in ({"Authorization": f"Bearer {SECRET}"}, good):
            sent = {**headers, "Cookie": f"session={SECRET}", "Idempotency-Key": SECRET}
            client.open(
                address,
                method=method,
                headers={**sent, "If-Match": f'"{SECRET}"'},
                query_string={"q": SECRET, SECRET: "1"},
                json=None if method == "GET" else {"title": SECRET, "password": SECRET},
            )
    written = capsys.readouterr()
    assert "request" in caplog.text + written.out + written.err
    assert SECRET not in caplog.text
    assert SECRET not in written.out + written.err
