"""Which records a reader may list, as MongoDB conditions."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.offers.documents import Activity, AssistanceOffer
from shared.registers.conditions import Condition, joined
from shared.registers.search import search_condition
from shared.vocabulary.countries import countries_asked, countries_in, country, groups
from shared.web.identity import Identity

PUBLIC: Condition = {"public": True}
PUBLIC_OFFER: Condition = {"status": "published", **PUBLIC}
"""What everybody may see, without a token too."""


def visible_offers(identity: Identity, asked: str | None = None) -> list[Condition]:
    """The offers that the reader may see: the same rule as `domain.may_read`, as sets.

    `asked`: of which organisation alone they are asked for.
    """
    if identity.role in {"auditor", "operator"}:
        return [{}]
    if identity.role == "coordinator" and identity.regions is None:
        return [{"history.target": "submitted"}]
    own = identity.organisation if identity.role == "donor" else None
    if own is None:
        return [{"status": "published"}]
    if asked == own:
        return [{"organisation": own}]
    return [{"status": "published"}, *([{"organisation": own}] if asked is None else ())]


def offers(identity: Identity, args: Mapping[str, Any], today: date) -> list[Condition]:
    """The sets that the list is of that `OfferQuery` asks for; 422 for words without meaning."""
    equal = ("organisation", "status", "donor_type", "donor_country", "call", "gender_marker")
    asked = [*_ids(args), *_equal(args, equal), *_common(args)]
    line = {name: args[name] for name in ("theme", "kind") if args[name] is not None}
    if line:
        asked.append({"provisions": {"$elemMatch": line}})
    if args["eligible"] is not None:
        asked.append(_may_serve(args["eligible"], today))
    return [
        joined([one, *asked])
        for one in visible_offers(identity, args["organisation"])
        if args["status"] in (None, one.get("status", args["status"]))
    ]


def activities(args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `ActivityQuery` asks for; 422 for words without meaning."""
    equal = ("organisation", "country", "donor_country", "theme", "kind", "status")
    return joined([*_ids(args), *_equal(args, equal), *_common(args)])


def public_listing(
    records: type[AssistanceOffer | Activity], args: Mapping[str, Any], today: date
) -> Condition:
    """The condition for the lists that `PublicQuery` asks for; 422 for words without meaning.

    Country and region ask for activities there, and for offers that may serve them.
    """
    line = {name: args[name] for name in ("theme", "kind") if args[name] is not None}
    if records is Activity:
        inside = countries_asked(args["country"], args["region"])
        where: Condition = {} if inside is None else {"country": {"$in": inside}}
        return joined([PUBLIC, line, where, *_words(args)])
    asked: list[Condition] = [PUBLIC_OFFER, *_words(args)]
    if line:
        asked.append({"provisions": {"$elemMatch": line}})
    if args["country"] is not None:
        asked.append(_may_serve(args["country"], today))
    if args["region"] is not None:
        asked.append(_may_serve_in(args["region"]))
    return joined(asked)


def organisations(args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `OrganisationQuery` asks for."""
    return joined([*_ids(args), *_equal(args, ("type", "country")), *_words(args)])


def entries(args: Mapping[str, Any]) -> Condition:
    """The condition for the list that `EntryQuery` or `KnowledgeQuery` asks for.

    Raises the 422 problem for words without meaning.
    """
    lists = {"themes": args["theme"], "kinds": args["kind"]}
    lists |= {name: args.get(name) for name in ("used_in", "languages")}
    asked = [{name: code} for name, code in lists.items() if code is not None]
    equal = ("organisation", "country", "language")
    return joined([*_equal(args, equal), *asked, *_words(args)])


def _ids(args: Mapping[str, Any]) -> list[Condition]:
    return [{"_id": {"$in": args["id"]}}] if args["id"] else []


def _equal(args: Mapping[str, Any], names: tuple[str, ...]) -> list[Condition]:
    return [{name: args[name]} for name in names if args[name] is not None]


def _words(args: Mapping[str, Any]) -> list[Condition]:
    return [] if args["q"] is None else [search_condition(args["q"], confidential=False)]


def _common(args: Mapping[str, Any]) -> list[Condition]:
    conditions = [*_words(args), *_equal(args, ("language",))]
    if args["partner"] is not None:
        conditions.append({"partners": args["partner"]})
    if args["updated_since"] is not None:
        conditions.append({"updated_at": {"$gte": args["updated_since"]}})
    if args["external_source"] is not None:
        conditions.append({"external_id.source": args["external_source"]})
    if args["external_id"] is not None:
        conditions.append({"external_id.id": args["external_id"]})
    return conditions


def _anyone() -> Condition:
    names = ("countries", "regions", "groups")
    return {f"eligibility.{name}": {"$in": [[], None]} for name in names}


def _may_serve_in(area: str) -> Condition:
    """Offers to anyone, to the region, to a State in it, or to a group, which may have some."""
    return {
        "$or": [
            _anyone(),
            {"eligibility.regions": area},
            {"eligibility.countries": {"$in": countries_in(area)}},
            {"eligibility.groups": {"$nin": [[], None]}},
        ]
    }


def _may_serve(alpha3: str, today: date) -> Condition:
    """Offers to anyone, or with a list that names the State, its region or one of its groups."""
    return {
        "$or": [
            _anyone(),
            {"eligibility.countries": alpha3},
            {"eligibility.regions": country(alpha3).area},
            {"eligibility.groups": {"$in": sorted(groups(alpha3, today))}},
        ]
    }
