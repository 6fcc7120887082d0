"""What the services' own descriptions say by themselves, whatever is asked of the services."""

from collections.abc import Callable, Iterator
from typing import Any

import mongoengine
import pytest
from flask import Flask
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

import services.matcher.app
import services.offers.app
import services.portal.app
import services.requests.app
from deploy.interfaces.operations import changes
from deploy.interfaces.released import released
from shared.settings import Settings
from shared.vocabulary.themes import THEMES
from tests.services.portal.conftest import ENVIRON as PORTAL

REFUSALS = {"401", "403", "409", "503"}
APPS = {
    "requests": services.requests.app.create_app,
    "offers": services.offers.app.create_app,
    "matcher": services.matcher.app.create_app,
    "portal": lambda settings: services.portal.app.create_app(settings, PORTAL),
}


@pytest.fixture(params=APPS)
def document(
    request: pytest.FixtureRequest, make_settings: Callable[[str], Settings]
) -> Iterator[dict[str, Any]]:
    app: Flask = APPS[request.param](make_settings(request.param))
    yield app.test_client().get("/openapi.json").get_json()
    mongoengine.disconnect()


def schemas(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, schemas among them."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from schemas(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schemas(inner)


def test_descriptions_are_valid_and_say_what_other_languages_understand(
    document: dict[str, Any],
) -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    for schema in schemas(document):
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            assert pattern.startswith("^"), schema
            assert pattern.endswith("$"), schema
        if isinstance(schema.get("enum"), list):
            assert ("null" in schema.get("type", [])) == (None in schema["enum"]), schema


def test_nothing_breaks_for_who_goes_by_the_last_release(document: dict[str, Any]) -> None:
    before = released(document["info"]["title"].removeprefix("Entraide: "))
    told = [str(change) for change in changes(before, document) if change.breaks]
    assert told == [], "mend it, or publish it with a new major version (CONTRIBUTING.md)"


def test_every_write_tells_how_it_may_be_refused(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("post", "put", "delete"):
                continue
            told = (method, path)
            refusals = {"401", "503"} if operation.get("security") == [] else REFUSALS
            assert refusals <= set(operation["responses"]), told
            assert ("{" not in path) or "404" in operation["responses"], told
            assert method == "delete" or "422" in operation["responses"], told
            assert method == "delete" or "requestBody" in operation, told


def test_queries_cannot_be_null(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for parameter in item.get("get", {}).get("parameters", []):
            assert "null" not in parameter["schema"].get("type", ()), parameter


@pytest.mark.parametrize("document", ["requests", "offers"], indirect=True)
def test_registers_tell_what_they_take_and_show(document: dict[str, Any]) -> None:
    retired = {term.code for term in THEMES} - set(THEMES.codes())
    for schema in schemas(document):
        codes = schema.get("enum")
        if isinstance(codes, list) and "marking" in codes:
            assert retired <= set(codes)
    (path,) = (
        p
        for p in document["paths"]
        if p in ("/v1/states/{alpha3}", "/v1/organisations/{organisation_id}")
    )
    parameters = document["paths"][path]["put"]["parameters"]
    (tag,) = (one for one in parameters if one.get("name") == "If-Match")
    assert tag["required"] is False
