"""What a reader is shown of alliances. Confidential need lines are in none of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.matcher.alliance_documents import Alliance, AllianceMember
from services.matcher.alliance_rules import RUNNING
from services.matcher.documents import (
    RecordView,
    Shortlist,
    ViewLine,
    entries_of,
    shortlist_id,
    view_id,
)
from services.matcher.domain import convert
from services.matcher.engine.geography import Geography
from services.matcher.engine.joint import (
    AskedLine,
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
from services.matcher.engine.stated import unpacked
from services.matcher.ledger_documents import LedgerLine
from services.matcher.rights import oversees, owns_request
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.registers.measures import amount_of, quantity_of
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.web.identity import Identity

MOST_OFFERS = 20
_DOLLARS = "USD"

Views = Mapping[str, RecordView]


def summaries(
    alliances: Sequence[Alliance], identity: Identity, language: str, on: date
) -> list[dict[str, Any]]:
    """Alliances without their offers."""
    views = _views("request", {m.request for one in alliances for m in one.members})
    return [_summary(one, views, identity, language, on) for one in alliances]


def alliance_view(
    alliance: Alliance, identity: Identity, language: str, on: date
) -> dict[str, Any]:
    """An alliance with the offers that could serve it."""
    views = _views("request", {member.request for member in alliance.members})
    parties = _parties(alliance, views, on)
    found = _offers(parties)[:MOST_OFFERS] if alliance.status in RUNNING else []
    owners = _views("offer", {one.offer for one in found})
    return {
        **_summary(alliance, views, identity, language, on),
        "offers": [_offer_view(one, owners, language) for one in found],
        "commitments": [one.commitment for one in alliance.holds] if oversees(identity) else [],
        "history": alliance.history,
    }


def _summary(
    alliance: Alliance, views: Views, identity: Identity, language: str, on: date
) -> dict[str, Any]:
    parties = _parties(alliance, views, on)
    commons, by_request = common_lines(parties), {party.request: party for party in parties}
    kept = ("id", "status", "states", "cause", "created_at", "updated_at")
    return {
        **{name: getattr(alliance, name) for name in kept},
        "members": [
            _member_view(member, by_request.get(member.request), commons, views, identity, language)
            for member in alliance.members
        ],
        "common": [_common_view(one, language) for one in commons],
        "saving": _saving_view(commons, language),
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
) -> dict[str, Any]:
    view = views.get(view_id("request", member.request))
    adds = added_lines(party, commons) if party is not None else ()
    sentence = added_text(member.country, adds, language) if party is not None else None
    if member.cause is not None:
        sentence = cause_text(member.cause, language)
    own = oversees(identity) or owns_request(identity, member.country)
    return {
        "request": member.request,
        "country": member.country,
        "standing": member.standing,
        "since": member.since,
        "cause": member.cause,
        "reason": member.reason if own else None,
        "adds": [{"line": one.line, "theme": one.theme, "kind": one.kind} for one in adds],
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


def _saving_view(commons: Sequence[CommonLine], language: str) -> dict[str, Any]:
    found = saving(commons)
    return {
        "apart": amount_of(found.apart),
        "together": amount_of(found.together),
        "saved": amount_of(found.saved),
        "unpriced_lines": found.unpriced,
        "sentence": saving_text(found, language),
    }


def _offer_view(one: JointOffer, owners: Views, language: str) -> dict[str, Any]:
    view = owners.get(view_id("offer", one.offer))
    return {
        "offer": one.offer,
        "organisation": None if view is None else view.owner,
        "states": one.states,
        "common": [{"theme": theme, "kind": kind} for theme, kind in one.common],
        "part": one.part,
        "whole": one.whole,
        "worth": one.worth,
        "sentence": offer_text(one, language),
    }


def _parties(alliance: Alliance, views: Views, on: date) -> list[Party]:
    """The requests that are in it, with what may be told of their lines."""
    found = []
    for member in alliance.members:
        view = views.get(view_id("request", member.request))
        if member.position.is_in and view is not None:
            found.append(Party(member.request, member.country, _asked(view, on)))
    return found


def _asked(view: RecordView, on: date) -> tuple[AskedLine, ...]:
    stated = unpacked(view.stated).lines
    return tuple(
        AskedLine(
            line=line.line,
            theme=stated[line.line].theme,
            kind=stated[line.line].kind,
            quantity=line.limit if _is_counted(line) else None,
            unit=line.unit if _is_counted(line) else None,
            cents=_dollars(line, on),
        )
        for line in view.lines
        if not line.confidential and line.line in stated
    )


def _is_counted(line: ViewLine) -> bool:
    return bool(line.measure == "quantity" and line.unit not in (WHOLE_UNIT, UNNAMED_UNIT))


def _dollars(line: ViewLine, on: date) -> int | None:
    cents, currency = (
        (line.limit, line.unit)
        if line.measure == "money"
        else (line.worth_cents, line.worth_currency)
    )
    if cents is None or currency is None:
        return None
    try:
        return convert(cents, currency, _DOLLARS, on)
    except (NoRate, UnknownCode):
        return None


def _offers(parties: Sequence[Party]) -> list[JointOffer]:
    ids = {shortlist_id(party.request): party.request for party in parties}
    entries: dict[str, dict[str, Any]] = {}
    for stored in Shortlist._get_collection().find({"_id": {"$in": list(ids)}}):
        entries[ids[stored["_id"]]] = {entry["offer"]: entry for entry in entries_of(stored)}
    if len(entries) < len(ids):
        return []
    everywhere = set.intersection(*({*one} for one in entries.values())) if entries else set()
    return list(joint_offers(parties, entries, _left(everywhere)))


def _left(offers: Iterable[str]) -> dict[tuple[str, int], Left]:
    lines = LedgerLine.objects(record__in=list(offers), side="offer")
    return {(line.record, line.line): Left(line.unit, line.free) for line in lines}


def _views(side: str, records: Iterable[str]) -> Views:
    ids = [view_id(side, record) for record in records]
    return {view.id: view for view in RecordView.objects(id__in=ids)}
