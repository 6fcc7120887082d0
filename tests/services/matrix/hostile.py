"""What no service may take, in every field, filter and gap of an address, by a caller who may.

Operators of the database, and fields that a body does not have. What is tried is a row's call that
is answered with success, over what stands in the store: nothing else would refuse it.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from werkzeug.test import TestResponse

from tests.services.matrix.asking import Asked, Call
from tests.services.matrix.html import items_of, properties
from tests.services.matrix.table import Row

OPERATORS: tuple[Any, ...] = ({"$gt": ""}, {"$ne": None}, [{"$where": "sleep(9)"}])
NOT_OURS = frozenset(
    {
        *("_id", "_cls", "version", "epoch", "revision", "pending_events", "created_at"),
        *("created_by", "history", "is_admin", "$set", "state.name", "__proto__"),
    }
)
"""What no body may set; those that a body really has are left out."""
Schema = Mapping[str, Any]
_WRONG = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
_NOWHERE = (*_WRONG, HTTPStatus.NOT_FOUND)


def try_fields(asked: Asked) -> int:
    """Every operator in each field of each body; how many fields. AssertionError where one is
    taken, where it is not the field that is refused, or where nobody may send the body at all."""
    document = document_of(asked)
    client, fields, let_in = asked.app.test_client(), 0, []
    good = _good(asked)
    for route, schema in bodies(document):
        assert route in good, f"{route}: nobody may"
        for place, make, inner in places(document, schema):
            fields += 1
            for operator in OPERATORS:
                call = asked.call(*good[route])
                sent = {**call.options, "json": merged(call.options.get("json"), make(operator))}
                answer = Call(call.method, call.path, sent).send(client)
                told = any(one.startswith(place) for one in named(answer))
                if answer.status_code not in _WRONG or not (told or is_free(inner)):
                    let_in.append((route, place, operator, answer.status_code, named(answer)))
                asked.snapshot.restore()
    assert not let_in, let_in
    return fields


def try_foreign(asked: Asked) -> int:
    """Fields that a body does not have, at each depth of each body; how many bodies.

    AssertionError where one is taken, or not named as what is wrong.
    """
    document = document_of(asked)
    client, tried, let_in = asked.app.test_client(), 0, []
    good = _good(asked)
    for route, schema in bodies(document):
        foreign = dict.fromkeys(sorted(NOT_OURS - properties(document, schema).keys()), 1)
        put = [("", foreign, set(foreign))]
        for place, make, inner in places(document, schema):
            if properties(document, items_of(inner) or inner):
                deep = [{"_cls": 1}] if items_of(inner) else {"_cls": 1}
                mark = f"{place}[0]._cls" if items_of(inner) else f"{place}._cls"
                put.append((place, make(deep), {mark}))
        tried += 1
        for place, part, wrong in put:
            call = asked.call(*good[route])
            sent = {**call.options, "json": merged(call.options.get("json") or {}, part)}
            answer = Call(call.method, call.path, sent).send(client)
            if answer.status_code not in _WRONG or not wrong <= named(answer):
                let_in.append((route, place, answer.status_code, wrong - named(answer)))
            asked.snapshot.restore()
    assert not let_in, let_in
    return tried


def try_filters(asked: Asked) -> int:
    """Operators as each parameter of each query; how many there are.

    As an array it is refused; as a text it is refused, or finds no more than any other text does.
    """
    client, filters, let_in = asked.app.test_client(), 0, []
    good = _good(asked)
    for route, operation in operations(document_of(asked)):
        names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        for name in names:
            filters += 1

            def answered(query: Mapping[str, str], route: str = route) -> TestResponse:
                call = asked.call(*good[route])
                kept = call.options.get("query_string", {})
                answer = Call(
                    call.method, call.path, {**call.options, "query_string": {**kept, **query}}
                ).send(client)
                asked.snapshot.restore()
                return answer

            as_array = answered({f"{name}[$ne]": "x"})
            as_text, plain = answered({name: '{"$gt": ""}'}), answered({name: "{zq nothing}"})
            if as_array.status_code not in _WRONG:
                let_in.append((route, name, "an array", as_array.status_code))
            if (as_text.status_code, _found(as_text)) != (plain.status_code, _found(plain)):
                let_in.append((route, name, "a text", as_text.status_code))
    assert not let_in, let_in
    return filters


def try_gaps(asked: Asked) -> int:
    """Operators as each part of an address that names something; how many addresses."""
    client, let_in, tried = asked.app.test_client(), [], 0
    for route, (column, row) in _good(asked).items():
        parts = row.path.split("/")
        for place, part in enumerate(parts):
            if not part.startswith("{"):
                continue
            tried += 1
            for operator in ('{"$gt": ""}', "[$ne]", "$where"):
                call = asked.call(column, row)
                real = call.path.split("/")
                real[place] = quote(operator)
                answer = Call(call.method, "/".join(real), call.options).send(client)
                if answer.status_code not in _NOWHERE:
                    let_in.append((route, part, operator, answer.status_code))
                asked.snapshot.restore()
    assert not let_in, let_in
    return tried


def _good(asked: Asked) -> dict[str, tuple[str, Row]]:
    """For each route a column and a row of a caller who may.

    Of one who is answered with success, where somebody is; or else is told that it is not the time
    for it, that what was sent does not fit, or that nothing is there.
    """
    found: dict[str, tuple[str, Row]] = {}
    for statuses in (("2",), ("409", "422"), ("404",)):
        for route, pairs in asked.calls().items():
            for column, row in pairs:
                if row.cells[column].startswith(statuses):
                    found.setdefault(route, (column, row))
    return found


def _found(answer: TestResponse) -> int:
    told = answer.get_json() if answer.is_json else None
    return len(told.get("items") or ()) if isinstance(told, dict) else 0


def document_of(asked: Asked) -> Schema:
    """What the service describes itself by."""
    found: Schema = asked.app.test_client().get("/openapi.json").get_json()
    return found


def operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    """ "method path" and description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def bodies(document: Schema) -> Iterator[tuple[str, Schema]]:
    """ "method path" and schema of each JSON body."""
    for route, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is not None:
            yield route, schema


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


def merged(body: Any, part: Any) -> Any:
    """A body in which a part that `places` made takes the place of what stood there."""
    if isinstance(body, dict) and isinstance(part, dict) and part not in OPERATORS:
        given = {name: merged(body.get(name), inner) for name, inner in part.items()}
        return {**deepcopy(body), **given}
    if isinstance(body, list) and isinstance(part, list) and body and part not in OPERATORS:
        return [merged(body[0], part[0]), *deepcopy(body[1:])]
    return part


def named(answer: TestResponse) -> set[str]:
    """The fields that a problem names."""
    return {one["field"] for one in (answer.get_json() or {}).get("errors", ())}


def is_free(schema: Schema) -> bool:
    """Whether a field takes any value whatever."""
    return not ({"type", "$ref", "enum", "anyOf", "oneOf", "allOf"} & schema.keys())
