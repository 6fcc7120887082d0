"""The AsyncAPI document is valid by its specification, and says of events what the schemas say."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from deploy.cli.main import main
from shared.events import validation
from shared.events.envelope import encode
from shared.events.topics import TYPES
from tests.shared.events.test_envelope import example

SPECIFICATION = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as the command prints it."""
    told = CliRunner().invoke(main, ["asyncapi"])
    assert told.exit_code == 0, told.output
    read: dict[str, Any] = json.loads(told.stdout)
    return read


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator({**schema, "components": document["components"]})


def test_it_is_valid_and_the_specification_finds_what_is_not(document: dict[str, Any]) -> None:
    specification = json.loads(gzip.decompress(SPECIFICATION.read_bytes()))
    valid = jsonschema_rs.Draft7Validator(specification)
    assert [error.message for error in valid.iter_errors(document)] == []
    assert not valid.is_valid({**document, "operations": {"tell": {"action": "shout"}}})


def test_every_topic_and_type_stands_in_it(document: dict[str, Any]) -> None:
    told = {name: set(channel["messages"]) for name, channel in document["channels"].items()}
    assert told == {name: set(types) for name, types in TYPES.items()}
    assert set(document["components"]["messages"]) == validation.TYPES


@pytest.mark.parametrize("type_", sorted(validation.TYPES))
def test_it_takes_what_the_schemas_take_and_nothing_else(
    document: dict[str, Any], type_: str
) -> None:
    message = document["components"]["messages"][type_]
    payload = validator(document, message["payload"])
    data = message["examples"][0]["payload"]
    payload.validate(data)
    assert not payload.is_valid({**data, "text": "Marking machines"})
    for name in document["components"]["schemas"][type_]["required"]:
        assert not payload.is_valid({other: data[other] for other in data if other != name})
    _, _, headers = encode(example(type_))
    sent = {name: value.decode() for name, value in headers}
    told = validator(document, message["headers"])
    told.validate(sent)
    for name in sent:
        assert not told.is_valid({other: sent[other] for other in sent if other != name})
