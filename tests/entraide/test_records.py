"""The types of records agree with the documents of the last release."""

from importlib import import_module
from typing import Any, get_type_hints

import pytest

from deploy.interfaces.released import released
from deploy.interfaces.typed import FOLDER, RECORDS, module_of
from entraide.client import Answer
from entraide.client.records.requests import RequestView

SERVICES = sorted(RECORDS)


@pytest.mark.parametrize("service", SERVICES)
def test_the_modules_are_what_the_documents_make(service: str) -> None:
    """`python -m deploy.interfaces.typed` writes them anew after a release."""
    assert (FOLDER / f"{service}.py").read_text(encoding="utf-8") == module_of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_type_has_the_members_of_its_schema_and_no_other(service: str) -> None:
    schemas = released(service)["components"]["schemas"]
    module = import_module(f"entraide.client.records.{service}")
    found = {name: one for name, one in vars(module).items() if name in schemas}
    assert set(RECORDS[service]) <= set(found)
    for name, kind in found.items():
        hints = get_type_hints(kind)
        assert set(hints) == set(schemas[name].get("properties", {})), name
        assert kind.__required_keys__ == set(schemas[name].get("required", ())), name
        for member, schema in schemas[name].get("properties", {}).items():
            assert admits_null(schema) == (type(None) in parts(hints[member])), (name, member)


def admits_null(schema: dict[str, Any]) -> bool:
    """Whether a schema says that null may stand there."""
    kinds = schema.get("type", ())
    several = schema.get("anyOf", ())
    return "null" in ([kinds] if isinstance(kinds, str) else kinds) or any(
        admits_null(one) for one in several
    )


def parts(hint: Any) -> tuple[Any, ...]:
    """What a union is of."""
    return getattr(hint, "__args__", ()) if "|" in str(hint) else (hint,)


def test_a_body_is_handed_on_as_it_came() -> None:
    body = {"id": "1", "needs": []}
    assert Answer(body).of(RequestView) is body
