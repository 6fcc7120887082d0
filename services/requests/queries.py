"""Which requests a reader may list, as MongoDB conditions.

What a reader may not see must not decide what is listed either: conditions on lines and words
look at confidential lines only where the reader may see them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shared.lifecycle import REQUEST
from shared.registers.conditions import Condition, joined
from shared.registers.parties import party_requests
from shared.registers.search import search_condition
from shared.vocabulary.countries import countries_asked
from shared.web.identity import Identity, covered_countries
from shared.web.visibility import Sight

OPEN_TO_ALL: Condition = {
    "status": {"$in": sorted(REQUEST.shown)},
    "confidentiality": Sight.PUBLIC.level,
}
"""The requests that everybody may see, without a token too."""


@dataclass(frozen=True)
class Scope:
    """A set of requests open to a reader, and how far the reader sees of their lines.

    `inside`: of which States alone they are, None for all; `outside`: of which they are not.
    """

    condition: Condition
    sight: Sight
    inside: frozenset[str] | None = None
    outside: frozenset[str] = frozenset()

    def of_states(self, asked: Collection[str] | None) -> Condition | None:
        """The condition on their State where those of some are asked for; None where none is left.

        A plain equality where one is left: an index gives such with their order.
        """
        inside = self.inside
        if asked is not None:
            inside = frozenset(asked) if inside is None else inside & frozenset(asked)
        if inside is None:
            return {"country": {"$nin": sorted(self.outside)}} if self.outside else {}
        left = sorted(inside - self.outside)
        if len(left) == 1:
            return {"country": left[0]}
        return {"country": {"$in": left}} if left else None


def scopes(identity: Identity) -> tuple[Scope, ...]:
    """What the reader may see: the same rule as `domain.may_read`, as conditions."""
    if identity.role in {"auditor", "operator"}:
        return (Scope({}, Sight.COORDINATORS),)
    circulated: Condition = {"status": {"$in": sorted(REQUEST.shown)}}
    if identity.role == "donor":
        own = sorted(party_requests(identity))
        others = {**circulated, **_level(Sight.RESTRICTED), "_id": {"$nin": own}}
        parties = {**circulated, **_level(Sight.PARTIES), "_id": {"$in": own}}
        every = Scope(others, Sight.RESTRICTED), Scope(parties, Sight.PARTIES)
        return every if own else every[:1]
    if identity.role == "coordinator":
        seen = {"history.target": "submitted", "status": {"$ne": REQUEST.initial}}
        if identity.regions is None:
            return (Scope(seen, Sight.COORDINATORS),)
        held = frozenset(covered_countries(identity) or ())
        elsewhere = {**circulated, **_level(Sight.RESTRICTED)}
        within = Scope(seen, Sight.COORDINATORS, inside=held)
        return within, Scope(elsewhere, Sight.RESTRICTED, outside=held)
    own_state = frozenset({identity.state or ""})
    public = {**circulated, **_level(Sight.PUBLIC)}
    return (
        Scope({}, Sight.COORDINATORS, inside=own_state),
        Scope(public, Sight.PUBLIC, outside=own_state),
    )


def _level(reader: Sight) -> Condition:
    return {"confidentiality": {"$in": reader.levels()}}


def listing(identity: Identity, args: Mapping[str, Any]) -> list[Condition]:
    """The sets that the list is of that `RequestQuery` asks for; 422 for words without meaning."""
    equal = {
        "priority": args["priority"],
        "channel": args["channel"],
        "confidentiality": args["confidentiality"],
        "initiatives": args["initiative"],
        "partners": args["partner"],
        "language": args["language"],
        "gender_marker": args["gender_marker"],
        "external_id.source": args["external_source"],
        "external_id.id": args["external_id"],
    }
    asked: list[Condition] = [{name: value} for name, value in equal.items() if value is not None]
    if args["updated_since"] is not None:
        asked.append({"updated_at": {"$gte": args["updated_since"]}})
    if args["id"]:
        asked.append({"_id": {"$in": args["id"]}})
    inside = countries_asked(args["country"], args["region"])
    found = []
    for scope in scopes(identity):
        states, content = scope.of_states(inside), _of_content(args, scope.sight)
        if states is not None:
            found.append(_simplest(joined([states, scope.condition, *asked, *content])))
    return found


def _simplest(condition: Condition) -> Condition:
    """The same without what its state implies, so that an index has all that is left.

    What is submitted was submitted, and is no draft.
    """
    if condition.get("status") == {"$ne": REQUEST.initial, "$eq": "submitted"}:
        left = {name: value for name, value in condition.items() if name != "history.target"}
        return {**left, "status": "submitted"}
    return condition


def public_listing(args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `PublicQuery` asks for; 422 for words without meaning."""
    inside = countries_asked(args["country"], args["region"])
    where: Condition = {} if inside is None else {"country": {"$in": inside}}
    content = _of_content({**args, "status": None}, Sight.PUBLIC)
    return joined([OPEN_TO_ALL, where, *content])


def _of_content(args: Mapping[str, Any], reader: Sight) -> list[Condition]:
    conditions: list[Condition] = []
    every = reader is Sight.COORDINATORS
    if args["status"] is not None:
        conditions.append({"status" if every else "shown_as": args["status"]})
    line = {name: args[name] for name in ("theme", "kind") if args[name] is not None}
    if line:
        seen: list[Condition] = [{}] if every else [{"confidential": False}]
        if reader is Sight.PARTIES:
            seen.append({"for_parties": True})
        lines = [{"needs": {"$elemMatch": {**line, **one}}} for one in seen]
        conditions.append(lines[0] if len(lines) == 1 else {"$or": lines})
    if args["q"] is not None:
        conditions.append(search_condition(args["q"], confidential=every))
    return conditions
