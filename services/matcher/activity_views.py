"""What a reader is told of committed matches for other registers, which call them activities."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import HOLDING, KEPT, OF_THREAD
from services.matcher.joining_documents import Joining
from services.matcher.life_documents import Report, ToldLine
from services.matcher.promised_lines import Held, held_by, taken_serves, themes_of
from services.matcher.proposals import Proposal, acted_on
from services.matcher.reporting import facts_of
from services.matcher.rights import is_confidential
from services.matcher.views import serving_view, taken_view
from shared.registers.measures import in_measure
from shared.registers.report import Fact
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read

_BEGUN: Final = "hold"
_COUNTED: Final = frozenset({"matches", "matches-value"})
"""Figures that the match itself and its commitments tell."""


def activity_views(
    matches: Sequence[Match], identity: Identity, now: datetime, *, confidential: bool
) -> list[dict[str, Any]]:
    """The matches as `ActivityOfMatchView`s, those that the reader may see; reading confidential
    ones is put on record."""

    def seen(of: Sequence[Match]) -> list[Proposal]:
        return [
            one
            for one in acted_on(of, identity)
            if confidential or not is_confidential(one.request, one.entry["serves"])
        ]

    shown = seen(matches)
    if not shown:
        return []
    around = list(Match.objects(request__in=_requests(shown), status__in=sorted(KEPT)))
    facts = _facts(around, now)
    allied = _allied(shown)
    known = {one.id: one for one in seen([*around, *_others(allied, around)])}
    held = held_by([one.match for one in known.values() if one.match is not None])
    partners = defaultdict(list)
    for joining in Joining.objects(proposal__in=[one.id for one in shown], status="agreed"):
        partners[joining.proposal].append(joining)
    views = []
    for one in shown:
        if one.request.hidden_lines:
            record_confidential_read(identity.subject, identity.role, one.id, len(one.hidden))
        of_it = facts.get(one.id, [])
        views.append(
            {
                **_view(one, held, of_it),
                "partners": sorted(partners[one.id], key=lambda joining: joining.organisation),
                "allied": [
                    {"match": id_, "organisation": known[id_].offer.owner}
                    for id_ in sorted(allied.get(one.id, ()))
                    if id_ in known
                ],
                "funders": _funders(one, known.values(), held, facts),
            }
        )
    return views


def _view(one: Proposal, held: Held, facts: Sequence[Fact]) -> dict[str, Any]:
    match, commitments = one.match, held.get(one.id, ())
    serves = taken_serves(one.serves, commitments, one.request, one.hidden)
    codes = facts[0].codes if facts else {}
    return {
        "id": one.id,
        "request": one.request.record,
        "offer": one.offer.record,
        "country": one.request.owner,
        "organisation": one.offer.owner,
        "status": one.status,
        "serves": [serving_view(serving) for serving in serves],
        "history": [
            step for step in (match.history if match else ()) if step.action not in OF_THREAD
        ],
        "held": [_held_view(commitment, one.hidden) for commitment in commitments],
        "told": [_told_view(report) for report in (match.reports if match else ())],
        "themes": themes_of(serves),
        "year": next((int(year) for year in codes.get("year", ())), None),
        "modality": next(iter(codes.get("modality", ())), None),
        "language": next(iter(codes.get("language", ())), None),
        "figures": [
            {"name": fact.figure, "part": float(fact.part), "whole": fact.whole}
            for fact in facts
            if fact.figure not in _COUNTED
        ],
    }


def _requests(shown: Iterable[Proposal]) -> list[str]:
    return sorted({one.request.record for one in shown})


def _facts(matches: Sequence[Match], now: datetime) -> Mapping[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for fact in facts_of(matches, today):
        found[fact.record].append(fact)
    return found


def _allied(shown: Iterable[Proposal]) -> Mapping[str, set[str]]:
    """By match, the others that are committed for the sake of the same alliances."""
    ids = [id_ for one in shown if one.match is not None for id_ in one.match.holds]
    own = Commitment.objects(id__in=ids) if ids else ()
    alliances = {one.match: one.alliance for one in own if one.alliance is not None}
    if not alliances:
        return {}
    query = {"alliance": {"$in": sorted(set(alliances.values()))}, "status": {"$in": [*HOLDING]}}
    together: dict[str, set[str]] = defaultdict(set)
    for one in Commitment.objects(__raw__=query):
        together[one.alliance].add(one.match)
    return {match: together[alliance] - {match} for match, alliance in alliances.items()}


def _others(allied: Mapping[str, set[str]], known: Iterable[Match]) -> list[Match]:
    ids = {id_ for some in allied.values() for id_ in some} - {one.id for one in known}
    return list(Match.objects(id__in=sorted(ids), status__in=sorted(KEPT))) if ids else []


def _funders(
    one: Proposal, known: Iterable[Proposal], held: Held, facts: Mapping[str, Sequence[Fact]]
) -> list[dict[str, Any]]:
    """The triangle's others that give money where this one gives none."""
    if not _triangular(facts.get(one.id, ())) or _pays(held.get(one.id, ())):
        return []
    return [
        {
            "match": other.id,
            "organisation": other.offer.owner,
            "held": [_held_view(commitment, other.hidden) for commitment in held[other.id]],
        }
        for other in known
        if other.request.record == one.request.record
        and other.id != one.id
        and _triangular(facts.get(other.id, ()))
        and _pays(held.get(other.id, ()))
    ]


def _triangular(facts: Sequence[Fact]) -> bool:
    return bool(facts) and "triangular" in facts[0].codes.get("modality", ())


def _pays(held: Iterable[Commitment]) -> bool:
    return any(
        line.side == "offer" and line.measure == "money" for one in held for line in one.lines
    )


def _held_view(one: Commitment, hidden: frozenset[int]) -> dict[str, Any]:
    began = next((step.at for step in one.history if step.action == _BEGUN), one.created_at)
    return {
        "id": one.id,
        "at": began,
        "alliance": one.alliance,
        "lines": [taken_view(line) for line in one.lines if not _is_hidden(line, hidden)],
    }


def _is_hidden(line: CommitmentLine, hidden: frozenset[int]) -> bool:
    return line.side == "request" and line.line in hidden


def _told_view(report: Report) -> dict[str, Any]:
    return {
        "side": report.side,
        "up_to": report.up_to,
        "lines": [_line_view(line) for line in report.lines],
    }


def _line_view(line: ToldLine) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in ("line", "measure", "unit")},
        **in_measure(line.measure, line.amount),
    }
