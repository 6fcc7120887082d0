"""The description of the topics: AsyncAPI 3, made from the schemas and from what topics are."""

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

from shared.events import validation
from shared.events.envelope import CONTENT_TYPE, SPECVERSION
from shared.events.topics import (
    ACTIVITIES,
    MATCHES,
    OFFERS,
    REQUESTS,
    TYPES,
    topic_configs,
)
from shared.settings import Settings

_KAFKA: Final = "0.5.0"
_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        REQUESTS: "State of requests",
        OFFERS: "State of offers, and of the calls that they are made under",
        ACTIVITIES: "State of assistance under way",
        MATCHES: "What is proposed, agreed, committed, joined; cases, embargoes, applications",
    }
)
_DESCRIPTION: Final = (
    "What the services tell of their records: state in codes, never a text. Each topic is "
    "compacted, and its key is the subject, so that who reads it from the beginning has the newest "
    "state of each record. Of two events of a subject the one with the higher pair (ce_epoch, "
    "ce_number) is newer; one may come twice, and an older one after a newer. A record without a "
    "value says that its subject is gone. An installation may have a prefix of its own before "
    "every topic's name. Properties may be added to a type; anything else makes a new type."
)


def document() -> dict[str, Any]:
    """The AsyncAPI document of the topics that a deployment without a prefix has."""
    types = sorted(validation.TYPES)
    common = validation.common()["$defs"]
    return {
        "asyncapi": "3.0.0",
        "id": "urn:entraide:topics",
        "info": {
            "title": "Entraide: topics",
            "version": version("entraide"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic: _channel(topic) for topic in TYPES},
        "operations": {
            f"tell_{topic.partition('.')[0]}": {
                "action": "send",
                "summary": _TITLES[topic],
                "channel": {"$ref": f"#/channels/{topic}"},
            }
            for topic in TYPES
        },
        "components": {
            "messages": {type_: _message(type_) for type_ in types},
            "schemas": {
                **{name: _local(part) for name, part in common.items()},
                **{type_: _local(validation.schema(type_)) for type_ in types},
            },
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    settings = Settings("any", kafka="", mongodb="", database="", term_key=b"")
    configs = topic_configs(settings, topic)
    return {
        "address": topic,
        "title": _TITLES[topic],
        "messages": {
            type_: {"$ref": f"#/components/messages/{type_}"} for type_ in sorted(TYPES[topic])
        },
        "bindings": {
            "kafka": {
                "topicConfiguration": {
                    "cleanup.policy": [configs["cleanup.policy"]],
                    "delete.retention.ms": int(configs["delete.retention.ms"]),
                    "max.message.bytes": int(configs["max.message.bytes"]),
                },
                "bindingVersion": _KAFKA,
            }
        },
    }


def _message(type_: str) -> dict[str, Any]:
    schema = validation.schema(type_)
    return {
        "name": type_,
        "title": schema["title"],
        "contentType": CONTENT_TYPE,
        "headers": _headers(type_),
        "payload": {"$ref": f"#/components/schemas/{type_}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The subject, as in ce_subject."},
                "bindingVersion": _KAFKA,
            }
        },
        "examples": [{"name": "illustrative", "payload": validation.example(type_)}],
    }


def _headers(type_: str) -> dict[str, Any]:
    """CloudEvents' binary content mode for Kafka; every header is UTF-8 text."""
    whole = {"type": "string", "pattern": "^[0-9]+$"}
    properties: dict[str, Any] = {
        "content-type": {"type": "string"},
        "ce_specversion": {"const": SPECVERSION},
        "ce_id": {"type": "string", "description": "The same for an event that comes twice."},
        "ce_type": {"const": type_},
        "ce_source": {"type": "string", "description": "/entraide/ and the service's name."},
        "ce_subject": {"type": "string", "description": "Whose state it is."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_dataschema": {"const": validation.urn(type_)},
        "ce_epoch": {**whole, "description": "Counts restores of the owner's database."},
        "ce_number": {**whole, "description": "Counts the changes of the subject in its epoch."},
    }
    optional = {"ce_traceparent": {"type": "string", "description": "W3C Trace Context."}}
    return {
        "type": "object",
        "properties": {**properties, **optional},
        "required": list(properties),
    }


def _local(part: Any) -> Any:
    """A schema in the document's terms: references within it, and lists as draft 7 has them."""
    if isinstance(part, list):
        return [_local(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: _local(value) for name, value in part.items() if name not in ("$schema", "$id")}
    if "prefixItems" in made:
        rest = made.pop("items", True)
        made |= {"items": made.pop("prefixItems"), "additionalItems": rest}
    reference = made.get("$ref")
    if not isinstance(reference, str):
        return made
    target = {"$ref": "#/components/schemas/" + reference.rpartition("/")[2]}
    beside = {name: value for name, value in made.items() if name != "$ref"}
    # What stands beside a reference counts for nothing before draft 2019-09.
    return {"allOf": [target], **beside} if beside else target
