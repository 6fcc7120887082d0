"""What a reader is shown of alliances. Confidential need lines are in none of it.

Until every member has agreed, a State is told of the others who they are and what they ask for by
theme and kind: no request, no line of one, and no figure from which one could be reckoned.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.matcher.alliance_documents import Alliance, AllianceMember
from services.matcher.alliance_limits import shares
from services.matcher.alliance_parties import parties, views_of
from services.matcher.alliance_rules import RUNNING
from services.matcher.documents import Shortlist, entries_of, shortlist_id, view_id
from services.matcher.engine.geography import Geography
from services.matcher.engine.joint import (
    CommonLine,
    JointOffer,
    Left,
    Party,
    added_lines,
    common_lines,
    joint_offers,
    saving,
)
from services.matcher.engine.joint_wording import (
    added_text,
    cause_text,
    common_text,
    offer_text,
    saving_text,
    tie_text,
)
from services.matcher.ledger_documents import LedgerLine
from services.matcher.record_views import Views
from services.matcher.rights import oversees, owns_request
from shared.registers.measures import amount_of, quantity_of
from shared.web.identity import Identity

MOST_OFFERS = 20


def summaries(
    alliances: Sequence[Alliance], identity: Identity, language: str, on: date
) -> list[dict[str, Any]]:
    """Alliances without their offers."""
    views = views_of("request", {m.request for one in alliances for m in one.members})
    return [_summary(one, views, identity, language, on) for one in alliances]


def alliance_view(
    alliance: Alliance, identity: Identity, language: str, on: date
) -> dict[str, Any]:
    """An alliance with the offers that could serve it."""
    views = views_of("request", {member.request for member in alliance.members})
    together = parties(alliance, views, on)
    found = _offers(together)[:MOST_OFFERS] if alliance.status in RUNNING else []
    owners = views_of("offer", {one.offer for one in found})
    whole = _sees_whole(alliance, identity)
    if not whole:
        found = sorted(found, key=lambda one: (-len(one.states), one.offer))
    return {
        **_summary(alliance, views, identity, language, on),
        "ledger": [_joint_line_view(one) for one in shares(alliance)] if whole else [],
        "offers": [_offer_view(one, owners, language, whole=whole) for one in found],
        "commitments": [one.commitment for one in alliance.holds] if oversees(identity) else [],
        "history": alliance.history,
    }


def _summary(
    alliance: Alliance, views: Views, identity: Identity, language: str, on: date
) -> dict[str, Any]:
    together = parties(alliance, views, on)
    commons, by_request = common_lines(together), {party.request: party for party in together}
    whole = _sees_whole(alliance, identity)
    own = {one.request for one in alliance.members if owns_request(identity, one.country)}
    if not whole:
        commons = tuple(sorted(commons, key=lambda one: (one.theme, one.kind)))
    kept = ("id", "status", "states", "cause", "created_at", "updated_at")
    return {
        **{name: getattr(alliance, name) for name in kept},
        "members": [
            _member_view(
                member,
                by_request.get(member.request),
                commons,
                views,
                identity,
                language,
                named=whole or member.request in own,
            )
            for member in alliance.members
        ],
        "common": [
            _common_view(one, language) if whole else _common_by_code(one, own, language)
            for one in commons
        ],
        "saving": _saving_view(commons, language) if whole else None,
        "sentence": _sentence(alliance, language, on),
        "reason": alliance.reason if oversees(identity) else None,
        "version": str(alliance.version),
    }


def _sentence(alliance: Alliance, language: str, on: date) -> str:
    if alliance.cause is not None:
        return cause_text(alliance.cause, language)
    return tie_text(alliance.states, Geography.of_vocabulary(on), language)


def _member_view(
    member: AllianceMember,
    party: Party | None,
    commons: Sequence[CommonLine],
    views: Views,
    identity: Identity,
    language: str,
    *,
    named: bool,
) -> dict[str, Any]:
    """A member; `named`: the reader may know which request it is, and its lines."""
    view = views.get(view_id("request", member.request))
    adds = added_lines(party, commons) if party is not None else ()
    sentence = added_text(member.country, adds, language) if party is not None else None
    if member.cause is not None:
        sentence = cause_text(member.cause, language)
    own = oversees(identity, member.country) or owns_request(identity, member.country)
    return {
        "request": member.request if named else None,
        "country": member.country,
        "standing": member.standing,
        "since": member.since,
        "cause": member.cause,
        "reason": member.reason if own else None,
        "adds": [
            {"line": one.line if named else None, "theme": one.theme, "kind": one.kind}
            for one in (adds if named else {one.code: one for one in adds}.values())
        ],
        "sentence": sentence,
        "confidential_lines": len(view.hidden_lines) if own and view is not None else 0,
    }


def _common_view(one: CommonLine, language: str) -> dict[str, Any]:
    return {
        "theme": one.theme,
        "kind": one.kind,
        "states": one.states,
        "lines": [{"request": request, "line": line} for request, line in one.lines],
        "quantities": [
            {"quantity": quantity_of(stored), "unit": unit}
            for unit, stored in one.quantities.items()
        ],
        "amount": amount_of(one.cents),
        "unpriced_lines": one.unpriced,
        "sentence": common_text(one, language),
    }


def _common_by_code(one: CommonLine, own: Collection[str], language: str) -> dict[str, Any]:
    """A common line by theme, kind and States, with the reader's own lines."""
    return {
        **_common_view(replace(one, quantities={}), language),
        "lines": [{"request": r, "line": line} for r, line in one.lines if r in own],
        "amount": None,
        "unpriced_lines": None,
    }


def _saving_view(commons: Sequence[CommonLine], language: str) -> dict[str, Any]:
    found = saving(commons)
    return {
        "apart": amount_of(found.apart),
        "together": amount_of(found.together),
        "saved": amount_of(found.saved),
        "unpriced_lines": found.unpriced,
        "sentence": saving_text(found, language),
    }


def _offer_view(one: JointOffer, owners: Views, language: str, *, whole: bool) -> dict[str, Any]:
    """An offer; `whole`: the reader may know how far it reaches."""
    view = owners.get(view_id("offer", one.offer))
    shown = one if whole else replace(one, part=None)
    return {
        "offer": one.offer,
        "organisation": None if view is None else view.owner,
        "states": one.states,
        "common": [{"theme": theme, "kind": kind} for theme, kind in one.common],
        "part": shown.part,
        "whole": one.whole if whole else None,
        "worth": one.worth if whole else None,
        "sentence": offer_text(shown, language),
    }


def _joint_line_view(share: Mapping[str, Any]) -> dict[str, Any]:
    line = share["line"]
    scaled = amount_of if line.measure == "money" else quantity_of
    return {
        **{name: share[name] for name in ("theme", "kind")},
        "unit": line.unit,
        **{name: scaled(getattr(line, name)) for name in ("limit", "held", "free")},
    }


def _sees_whole(alliance: Alliance, identity: Identity) -> bool:
    """Whether the reader is told all: States are, while they are in it and all have agreed."""
    agreed = alliance.status == "agreed" and identity.state in alliance.states
    return oversees(identity) or agreed


def _offers(parties: Sequence[Party]) -> list[JointOffer]:
    """What all lists have in common. Only where that is anything are their entries read, which are
    a hundred thousand characters of each."""
    ids = {shortlist_id(party.request): party.request for party in parties}
    lists, wanted = Shortlist._get_collection(), {"_id": {"$in": list(ids)}}
    known = [set(stored["offers"]) for stored in lists.find(wanted, {"offers": 1})]
    everywhere = set.intersection(*known) if known else set()
    if len(known) < len(ids) or not everywhere:
        return []
    entries = {
        ids[stored["_id"]]: {
            entry["offer"]: entry for entry in entries_of(stored) if entry["offer"] in everywhere
        }
        for stored in lists.find(wanted, {"offers": 1, "entries": 1})
    }
    return list(joint_offers(parties, entries, _left(everywhere)))


def _left(offers: Iterable[str]) -> dict[tuple[str, int], Left]:
    lines = LedgerLine.objects(record__in=list(offers), side="offer")
    return {(line.record, line.line): Left(line.unit, line.free) for line in lines}
