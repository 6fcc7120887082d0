"""Which requests a reader may list, as MongoDB conditions.

What a reader may not see must not decide what is listed either: conditions on lines and words
look at confidential lines only where the reader may see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.lifecycle import REQUEST
from shared.registers.search import search_condition
from shared.web.identity import Identity, covered_countries

Condition = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """A set of requests open to a reader, with or without their confidential lines."""

    condition: Condition
    confidential: bool


def scopes(identity: Identity) -> tuple[Scope, ...]:
    """What the reader may see: the same rule as `domain.may_read`, as conditions."""
    if identity.role in {"auditor", "operator"}:
        return (Scope({}, confidential=True),)
    circulated: Condition = {"status": {"$in": sorted(REQUEST.shown)}}
    if identity.role == "coordinator":
        seen = {"history.target": "submitted", "status": {"$ne": REQUEST.initial}}
        if identity.regions is None:
            return (Scope(seen, confidential=True),)
        held = covered_countries(identity)
        within = Scope({**seen, "country": {"$in": held}}, confidential=True)
        return within, Scope({**circulated, "country": {"$nin": held}}, confidential=False)
    if identity.role == "donor":
        return (Scope(circulated, confidential=False),)
    own = {"country": identity.state}
    others = {**circulated, "confidentiality": "public", "country": {"$ne": identity.state}}
    return Scope(own, confidential=True), Scope(others, confidential=False)


def listing(identity: Identity, args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `RequestQuery` asks for; 422 for words without meaning."""
    equal = {
        "country": args["country"],
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
    alternatives = [
        {"$and": [scope.condition, *asked, *_of_content(args, scope.confidential)]}
        for scope in scopes(identity)
    ]
    return alternatives[0] if len(alternatives) == 1 else {"$or": alternatives}


def _of_content(args: Mapping[str, Any], confidential: bool) -> list[Condition]:
    conditions: list[Condition] = []
    if args["status"] is not None:
        conditions.append({"status" if confidential else "shown_as": args["status"]})
    line = {name: args[name] for name in ("theme", "kind") if args[name] is not None}
    if line:
        open_line = {} if confidential else {"confidential": False}
        conditions.append({"needs": {"$elemMatch": {**line, **open_line}}})
    if args["q"] is not None:
        conditions.append(search_condition(args["q"], confidential=confidential))
    return conditions
