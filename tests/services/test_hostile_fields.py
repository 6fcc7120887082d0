"""Every field and filter of every service, enumerated from its OpenAPI document, tried by who
means harm: operators of the database, fields that a body does not have; and what every answer has
to carry."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from services.portal.house import House
from services.portal.signing_keys import signing_key
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from tests.services.matrix.html import items_of, properties
from tests.services.test_descriptions import APPS

pytestmark = pytest.mark.long

OPERATORS: tuple[Any, ...] = ({"$gt": ""}, {"$ne": None}, [{"$where": "sleep(9)"}])
NOT_OURS = frozenset(
    {
        *("_id", "_cls", "version", "epoch", "revision", "pending_events", "created_at"),
        *("created_by", "history", "is_admin", "$set", "state.name", "__proto__"),
    }
)
"""What no body may set; those that a body really has are left out."""
REFUSED = frozenset({400, 401, 403, 404, 409, 415, 422})
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

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """The answer to the first caller who may call it, or to the last one."""
        client = self.app.test_client()
        address = re.sub(r"\{[^}]*\}", "1", path)
        for headers in self.callers:
            answer = client.open(address, method=method, headers=headers, **options)
            if answer.status_code != 403:
                break
        return answer

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


def bodies(tried: Tried) -> Iterator[tuple[str, str, Schema]]:
    """Method, path and schema of each JSON body."""
    for method, path, operation in tried.operations():
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is not None:
            yield method, path, schema


def places(
    document: Schema, schema: Schema, path: str = ""
) -> Iterator[tuple[str, Callable[[Any], Any], Schema]]:
    """Each field of a body: its path in errors, what makes a body that has it, schema."""
    for name, inner in properties(document, schema).items():
        here = f"{path}{name}"
        yield here, lambda value, name=name: {name: value}, inner
        items = items_of(inner)
        deeper, mark = (inner, here) if items is None else (items, f"{here}[0]")
        for found, make, last in places(document, deeper, f"{mark}."):

            def outer(value: Any, name=name, make=make, many=items is not None) -> Any:  # type: ignore[no-untyped-def]
                made = make(value)
                return {name: [made] if many else made}

            yield found, outer, last


def named(answer: TestResponse) -> set[str]:
    """The fields that a problem names."""
    return {one["field"] for one in (answer.get_json() or {}).get("errors", ())}


def is_free(schema: Schema) -> bool:
    """Whether a field takes any value whatever."""
    return not ({"type", "$ref", "enum", "anyOf", "oneOf", "allOf"} & schema.keys())


def test_no_field_takes_an_operator_of_the_database(tried: Tried) -> None:
    fields, let_in = 0, []
    for method, path, schema in bodies(tried):
        for place, make, inner in places(tried.document, schema):
            operator = OPERATORS[fields % len(OPERATORS)]
            answer = tried.call(method, path, json=make(operator))
            fields += 1
            refused = answer.status_code in REFUSED
            told = any(one.startswith(place) for one in named(answer))
            if not refused or not (told or answer.status_code != 422 or is_free(inner)):
                let_in.append((method, path, place, operator, answer.status_code, named(answer)))
    assert let_in == []
    assert fields > 10


def test_no_filter_takes_an_operator_of_the_database(tried: Tried) -> None:
    filters, let_in = 0, []
    for method, path, operation in tried.operations():
        names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        for name in names:
            filters += 1
            as_array = tried.call(method, path, query_string={f"{name}[$ne]": "x"})
            as_text = tried.call(method, path, query_string={name: '{"$gt": ""}'})
            if as_array.status_code not in REFUSED or as_text.status_code >= 500:
                let_in.append((method, path, name, as_array.status_code, as_text.status_code))
            elif as_text.status_code == 200 and (as_text.get_json() or {}).get("items"):
                let_in.append((method, path, name, "as a text it finds something", 200))
    assert let_in == []
    assert filters > 1


def test_no_body_sets_what_it_does_not_have(tried: Tried) -> None:
    tried_bodies, let_in = 0, []
    for method, path, schema in bodies(tried):
        foreign = sorted(NOT_OURS - properties(tried.document, schema).keys())
        answer = tried.call(method, path, json=dict.fromkeys(foreign, 1))
        tried_bodies += 1
        if answer.status_code not in REFUSED or (
            answer.status_code == 422 and not set(foreign) <= named(answer)
        ):
            let_in.append((method, path, answer.status_code, set(foreign) - named(answer)))
        for place, make, inner in places(tried.document, schema):
            deeper = items_of(inner) or inner
            if not properties(tried.document, deeper):
                continue
            value = [{"_cls": 1}] if items_of(inner) else {"_cls": 1}
            answer = tried.call(method, path, json=make(value))
            lies = any(one.startswith(place) and one.endswith("_cls") for one in named(answer))
            if answer.status_code not in REFUSED or (answer.status_code == 422 and not lies):
                let_in.append((method, path, place, answer.status_code, named(answer)))
    assert let_in == []
    assert tried_bodies > 3


def test_every_answer_has_the_headers_that_browsers_heed(tried: Tried) -> None:
    client, lacking = tried.app.test_client(), []
    for rule in tried.app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            if rule.endpoint == "readyz" or "events" in path or "live" in path:
                continue  # one waits for a broker that is away, others for what happens
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
