"""What a change of a JSON Schema breaks, for who writes by it and for who reads by it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

Direction = Literal["taken", "given"]
"""`taken`: callers write it, so it may only grow; `given`: callers read it, so it may only
shrink."""

_MOST: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_LEAST: Final[Mapping[str, float]] = MappingProxyType(
    {
        **dict.fromkeys(("minLength", "minItems", "minProperties"), 0.0),
        **dict.fromkeys(("minimum", "exclusiveMinimum"), float("-inf")),
    }
)
_EVERY: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


@dataclass(frozen=True, order=True)
class Change:
    """What changed, where; `breaks` is False for what a careful program outlives."""

    where: str
    what: str
    breaks: bool = True

    def __str__(self) -> str:
        return f"{'breaks' if self.breaks else 'warning'}: {self.where}: {self.what}"


@dataclass(frozen=True)
class Comparison:
    """Two documents whose references are followed, each pair of schemas once."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    _seen: set[tuple[str, str, Direction]] = field(default_factory=set)

    def schemas(self, old: Any, new: Any, way: Direction, where: str) -> Iterator[Change]:
        """What `new` in the place of `old` changes."""
        if (
            isinstance(old, Mapping)
            and isinstance(new, Mapping)
            and "$ref" in old
            and "$ref" in new
        ):
            pair = (str(old["$ref"]), str(new["$ref"]), way)
            if pair in self._seen:
                return
            self._seen.add(pair)
        left, right = resolve(self.old, old), resolve(self.new, new)
        if left == right and not _refers(left):
            return
        if "anyOf" in left or "anyOf" in right:
            yield from self._choices(left, right, way, where)
            return
        yield from _types(left, right, way, where)
        yield from _codes(left, right, way, where)
        if way == "taken":
            yield from _limits(left, right, where)
        yield from self._properties(left, right, way, where)
        for number, (one, now) in enumerate(zip(_items(left), _items(right), strict=False)):
            place = f"{where}[{number if isinstance(left.get('items'), list) else ''}]"
            yield from self.schemas(one, now, way, place)

    def _apart(self) -> "Comparison":
        return Comparison(self.old, self.new, set(self._seen))

    def _choices(
        self, old: Mapping[str, Any], new: Mapping[str, Any], way: Direction, where: str
    ) -> Iterator[Change]:
        """Each that was taken is still taken by one; each that is given was given before."""
        before, after = _branches(old), _branches(new)
        for one in before if way == "taken" else after:
            pairs = (
                ((one, other) for other in after)
                if way == "taken"
                else ((other, one) for other in before)
            )
            found = [
                # Apart from what was seen: a choice that does not fit says nothing of others.
                [change for change in self._apart().schemas(*pair, way, where) if change.breaks]
                for pair in pairs
            ]
            if all(found):
                nearest = min(found, key=len)
                yield Change(where, f"no choice fits any more: {nearest[0].what}")

    def _properties(
        self, old: Mapping[str, Any], new: Mapping[str, Any], way: Direction, where: str
    ) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            place = f"{where}.{name}"
            if name not in after:
                strict = new.get("additionalProperties") is False
                yield Change(place, "it is gone", breaks=way == "given" or strict)
                continue
            if way == "taken" and name in needed_after - needed_before:
                yield Change(place, "it is required now")
            if way == "given" and name in needed_before - needed_after:
                yield Change(place, "it may be missing now")
            yield from self.schemas(before[name], after[name], way, place)
        if way == "taken":
            for name in sorted(needed_after - before.keys()):
                yield Change(f"{where}.{name}", "it is new and required")
        rest, now = old.get("additionalProperties"), new.get("additionalProperties")
        if way == "taken" and rest is not False and now is False and before:
            yield Change(where, "what it does not know is refused now")
        if isinstance(rest, Mapping) and isinstance(now, Mapping):
            yield from self.schemas(rest, now, way, f"{where}.*")


def resolve(document: Mapping[str, Any], part: Any) -> Mapping[str, Any]:
    """A part with its reference followed; an `allOf` of one is that one. True is {}."""
    if not isinstance(part, Mapping):
        return {}
    if "$ref" in part:
        found: Any = document
        for step in str(part["$ref"]).removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return resolve(document, found)
    if len(part.get("allOf", ())) == 1:
        return {**resolve(document, part["allOf"][0]), **_without(part, "allOf")}
    return part


def _without(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


def _refers(part: Any) -> bool:
    if isinstance(part, Mapping):
        return "$ref" in part or any(_refers(one) for one in part.values())
    return isinstance(part, list) and any(_refers(one) for one in part)


def _branches(schema: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = schema.get("anyOf", [schema])
    return found


def _items(schema: Mapping[str, Any]) -> list[Any]:
    """The schema of every item, or one for each of a list of fixed parts."""
    found = schema.get("items", {})
    return found if isinstance(found, list) else [found]


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types that a schema takes; what is whole is a number too."""
    kinds = schema.get("type", _EVERY)
    found = frozenset({kinds} if isinstance(kinds, str) else kinds)
    return found | {"integer"} if "number" in found else found


def _types(
    old: Mapping[str, Any], new: Mapping[str, Any], way: Direction, where: str
) -> Iterator[Change]:
    before, after = _kinds(old), _kinds(new)
    lost, won = sorted(before - after), sorted(after - before)
    if way == "taken" and lost:
        yield Change(where, f"{', '.join(lost)} is not taken any more")
    if way == "given" and won:
        yield Change(where, f"it may be {', '.join(won)} now")


def _codes(
    old: Mapping[str, Any], new: Mapping[str, Any], way: Direction, where: str
) -> Iterator[Change]:
    before, after = _enum(old), _enum(new)
    if way == "taken" and after is not None:
        lost = ["what is no code"] if before is None else [c for c in before if c not in after]
        if lost:
            yield Change(where, f"{', '.join(map(str, lost))} is not taken any more")
    if way == "given" and before is not None:
        won = ["what is no code"] if after is None else [c for c in after if c not in before]
        if won:
            yield Change(where, f"{', '.join(map(str, won))} may be given now", breaks=False)


def _enum(schema: Mapping[str, Any]) -> list[Any] | None:
    found: list[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return found


def _limits(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[Change]:
    for name in _MOST:
        if name in new and new[name] < old.get(name, float("inf")):
            yield Change(where, f"{name} is {new[name]} now")
    for name, nothing in _LEAST.items():
        if name in new and new[name] > old.get(name, nothing):
            yield Change(where, f"{name} is {new[name]} now")
    for name in ("pattern", "format"):
        if name in new and new[name] != old.get(name):
            # Whether one pattern takes all that another does, nobody here can tell.
            yield Change(where, f"{name} is {new[name]} now", breaks=name not in old)
