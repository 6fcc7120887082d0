"""Which requests a reader may list, as MongoDB conditions.

What a reader may not see must not decide what is listed either: conditions on lines and words
look at confidential lines only where the reader may see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.lifecycle import REQUEST
from shared.registers.conditions import joined
from shared.registers.parties import party_requests
from shared.registers.search import search_condition
from shared.vocabulary.countries import countries_asked
from shared.web.identity import Identity, covered_countries
from shared.web.visibility import Sight

Condition = dict[str, Any]

OPEN_TO_ALL: Condition = {
    "status": {"$in": sorted(REQUEST.shown)},
    "confidentiality": Sight.PUBLIC.level,
}
"""The requests that everybody may see, without a token too."""


@dataclass(frozen=True)
class Scope:
    """A set of requests open to a reader, and how far the reader sees of their lines."""

    condition: Condition
    sight: Sight


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
        held = covered_countries(identity)
        elsewhere = {**circulated, **_level(Sight.RESTRICTED), "country": {"$nin": held}}
        within = Scope({**seen, "country": {"$in": held}}, Sight.COORDINATORS)
        return within, Scope(elsewhere, Sight.RESTRICTED)
    public = {**circulated, **_level(Sight.PUBLIC)}
    return (
        Scope({"country": identity.state}, Sight.COORDINATORS),
        Scope({**public, "country": {"$ne": identity.state}}, Sight.PUBLIC),
    )


def _level(reader: Sight) -> Condition:
    return {"confidentiality": {"$in": reader.levels()}}


def listing(identity: Identity, args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `RequestQuery` asks for; 422 for words without meaning."""
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
    if inside is not None:
        asked.append({"country": {"$in": inside}})
    alternatives = [
        joined([scope.condition, *asked, *_of_content(args, scope.sight)])
        for scope in scopes(identity)
    ]
    return alternatives[0] if len(alternatives) == 1 else {"$or": alternatives}


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
