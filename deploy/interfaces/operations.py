"""What a release would break of what the last one published: OpenAPI and AsyncAPI documents."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.interfaces.schemas import Change, Comparison, Direction, resolve

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_NAMED = re.compile(r"\{[^}]*\}")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What breaks, or may, for who goes by the `old` document; what was only added is not told."""
    compare = _channels if "asyncapi" in old else _paths
    return sorted(set(compare(Comparison(old, new))))


def _paths(both: Comparison) -> Iterator[Change]:
    # What a parameter of a path is called matters to nobody who calls it.
    after = {_NAMED.sub("{}", path): item for path, item in both.new["paths"].items()}
    for path, item in both.old["paths"].items():
        now = after.get(_NAMED.sub("{}", path))
        if now is None:
            yield Change(path, "the path is gone")
            continue
        for method in _METHODS:
            if method not in item:
                continue
            where = f"{method.upper()} {path}"
            if method not in now:
                yield Change(where, "the method is gone")
                continue
            yield from _operation(
                both,
                _with_parameters(both.old, item, method),
                _with_parameters(both.new, now, method),
                where,
            )


def _with_parameters(
    document: Mapping[str, Any], item: Mapping[str, Any], method: str
) -> Mapping[str, Any]:
    """An operation with the parameters of its path among its own, references followed."""
    operation = item[method]
    every = [*item.get("parameters", ()), *operation.get("parameters", ())]
    security = operation.get("security", document.get("security", []))
    found = [resolve(document, one) for one in every]
    return {**operation, "parameters": found, "security": security}


def _operation(
    both: Comparison, old: Mapping[str, Any], new: Mapping[str, Any], where: str
) -> Iterator[Change]:
    if new["security"] and not old["security"]:
        yield Change(where, "it asks for a token now")
    yield from _parameters(both, old["parameters"], new["parameters"], where)
    yield from _body(both, old.get("requestBody"), new.get("requestBody"), where)
    for status, answer in old["responses"].items():
        if not status.startswith("2"):
            continue
        place = f"{where} {status}"
        if status not in new["responses"]:
            yield Change(place, "the answer is gone")
            continue
        before = resolve(both.old, answer)
        after = resolve(both.new, new["responses"][status])
        for name in before.get("headers", {}):
            if name not in after.get("headers", {}):
                yield Change(f"{place} {name}", "the header is gone")
        yield from _contents(both, before, after, "given", place)


def _parameters(both: Comparison, old: list[Any], new: list[Any], where: str) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    for key, parameter in before.items():
        place = f"{where} {key}"
        if key not in after:
            yield Change(place, "the parameter is gone")
            continue
        if after[key].get("required") and not parameter.get("required"):
            yield Change(place, "it is required now")
        schemas = parameter.get("schema", {}), after[key].get("schema", {})
        yield from both.schemas(*schemas, "taken", place)
    for key in after.keys() - before.keys():
        if after[key].get("required"):
            yield Change(f"{where} {key}", "it is new and required")


def _by_name(parameters: list[Any]) -> dict[str, Any]:
    """Parameters by where they stand and what they are called; those of a path by their order."""
    found = {f"{one['in']} {one['name']}": one for one in parameters if one["in"] != "path"}
    path = [one for one in parameters if one["in"] == "path"]
    return found | {f"path {number}": one for number, one in enumerate(path, 1)}


def _body(both: Comparison, old: Any, new: Any, where: str) -> Iterator[Change]:
    before, after = resolve(both.old, old), resolve(both.new, new)
    place = f"{where} body"
    if after.get("required") and not before.get("required"):
        yield Change(place, "it is required now")
    if before and not after:
        yield Change(place, "the body is gone")
    else:
        yield from _contents(both, before, after, "taken", place)


def _contents(
    both: Comparison, old: Mapping[str, Any], new: Mapping[str, Any], way: Direction, where: str
) -> Iterator[Change]:
    for kind, content in old.get("content", {}).items():
        now = new.get("content", {}).get(kind)
        if now is None:
            yield Change(where, f"{kind} is gone")
        else:
            yield from both.schemas(content.get("schema", {}), now.get("schema", {}), way, where)


def _channels(both: Comparison) -> Iterator[Change]:
    for name, channel in both.old["channels"].items():
        now = both.new["channels"].get(name)
        if now is None:
            yield Change(name, "the topic is gone")
            continue
        if now["address"] != channel["address"]:
            yield Change(name, f"the topic is called {now['address']} now")
        for type_, reference in channel["messages"].items():
            place = f"{name} {type_}"
            if type_ not in now["messages"]:
                yield Change(place, "the type is gone")
                continue
            before = resolve(both.old, reference)
            after = resolve(both.new, now["messages"][type_])
            for part in ("headers", "payload"):
                yield from both.schemas(before[part], after[part], "given", f"{place} {part}")
