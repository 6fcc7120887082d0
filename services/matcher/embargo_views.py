"""What a reader is shown of embargoes: entries of the register, and what they say of a pair."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.matcher.embargo_checks import embargoes_on, ruling_by, stated_lines
from services.matcher.embargo_documents import Embargo
from services.matcher.engine.codes import KIND_CODES
from services.matcher.engine.embargo_wording import Code, embargo_text
from services.matcher.engine.embargoes import Ruling, ruling
from services.matcher.proposals import Proposal
from services.matcher.record_views import View
from services.matcher.rights import oversees, owns_request
from shared.web.identity import Identity

Notice = dict[str, Any]

_ANY_REQUEST = ""
"""No request's id: what is exempted for one request alone is not for any."""


@dataclass(frozen=True)
class _About:
    """What embargoes are asked about: kinds that are needed, by line, and kinds that are `given`.

    `unstated`: of a side no kind is known. `pair`: it is a proposal, which falls with an exemption.
    """

    asked: Mapping[int, str]
    given: Collection[str] = ()
    unstated: bool = False
    pair: bool = False


def embargo_view(embargo: Embargo, identity: Identity, language: str, on: date) -> dict[str, Any]:
    """The entry, with what it says today; exemptions and reasons for those who may know of them."""
    seen = oversees(identity, embargo.country) or owns_request(identity, embargo.country)
    names = (
        *("id", "country", "resolution", "status", "allowed", "start", "end", "source"),
        *("stated_on", "review_by", "history", "created_at", "updated_at"),
    )
    return {
        **{name: getattr(embargo, name) for name in names},
        "in_force": embargo.facts().in_force(on.toordinal()),
        "notices": _of_state(embargo, seen, language, on),
        "exemptions": embargo.exemptions if seen else [],
        "changes": embargo.changes if oversees(identity, embargo.country) else [],
        "version": str(embargo.version),
    }


def proposal_embargoes(
    proposal: Proposal, known: Sequence[Embargo], language: str, on: date
) -> list[Notice]:
    """What embargoes say of a proposal, in a language; of need lines that the reader may see.

    `known` are all entries on the State whose request it is.
    """
    return _notices(proposal.request, known, proposal.hidden, language, on, proposal.offer)


def ruling_view(request: View, hidden: frozenset[int], language: str, on: date) -> dict[str, Any]:
    """What embargoes say of a request and each of its lines that the reader may see."""
    known = embargoes_on([request.owner]).get(request.owner or "", [])
    found = ruling_by(known, request.record, on)
    lines = stated_lines(request)
    kinds: set[str | None] = {line.kind for line in lines.values()} or {None}
    return {
        "request": request.record,
        "country": request.owner,
        "on": on,
        "permitted": any(not found.bars(kind) for kind in kinds),
        "lines": [
            {
                "line": number,
                "theme": line.theme,
                "kind": line.kind,
                "permitted": not found.bars(line.kind),
            }
            for number, line in sorted(lines.items())
            if number not in hidden
        ],
        "notices": _notices(request, known, hidden, language, on),
    }


def _of_state(embargo: Embargo, exempting: bool, language: str, on: date) -> list[Notice]:
    """What an entry says of any request of its State; `exempting`: its exemptions may be told."""
    facts = embargo.facts() if exempting else replace(embargo.facts(), exemptions=())
    found = ruling([facts], _ANY_REQUEST, on.toordinal())
    if not found.embargoes:
        return []
    return list(_of_embargo(embargo, found, _About({}, KIND_CODES), language))


def _notices(
    request: View,
    known: Sequence[Embargo],
    hidden: frozenset[int],
    language: str,
    on: date,
    offer: View | None = None,
) -> list[Notice]:
    found = ruling_by(known, request.record, on)
    if not found.embargoes:
        return []
    asked = {
        number: line.kind
        for number, line in sorted(stated_lines(request).items())
        if number not in hidden
    }
    given = () if offer is None else [line.kind for line in stated_lines(offer).values()]
    sides = (list(asked.values()) or hidden, *([] if offer is None else [given]))
    about = _About(asked, given, unstated=not all(sides), pair=offer is not None)
    by_id = {one.id: one for one in known}
    return [
        notice
        for id_ in found.embargoes
        for notice in _of_embargo(by_id[id_], found, about, language)
    ]


def _of_embargo(embargo: Embargo, found: Ruling, about: _About, language: str) -> Iterator[Notice]:
    asked, given = about.asked, about.given
    barred = {kind for kind, by in found.barred if embargo.id in by}
    needs = [number for number, kind in asked.items() if kind in barred]
    of_needs = sorted({asked[number] for number in needs})
    of_offer = sorted((barred & set(given)) - set(of_needs))
    exempt = [
        (kind, number)
        for kind, under in found.exempt
        for id_, number in under
        if id_ == embargo.id and kind in {*asked.values(), *given}
    ]
    unstated = about.unstated and bool(barred)
    if unstated:
        yield _notice(embargo, "bars-unstated", language)
    if needs:
        yield _notice(embargo, "bars-lines", language, of_needs, needs)
    if of_offer:
        yield _notice(embargo, "bars-kinds", language, of_offer)
    for number in sorted({number for _, number in exempt}):
        kinds = [kind for kind, under in exempt if under == number]
        yield _notice(embargo, "exempts", language, kinds, exemption=number, pair=about.pair)
    if not (needs or of_offer or exempt or unstated):
        yield _notice(embargo, "allows", language)


def _notice(
    embargo: Embargo,
    code: Code,
    language: str,
    kinds: Iterable[str] = (),
    needs: Iterable[int] = (),
    exemption: str | None = None,
    *,
    pair: bool = False,
) -> Notice:
    known = None if exemption is None else embargo.exemption(exemption)
    facts: dict[str, Any] = {
        "kinds": list(kinds),
        "needs": list(needs),
        "reference": None if known is None else known.reference,
        "until": None if known is None else date.fromisoformat(known.end),
    }
    sentence = embargo_text(code, language, resolution=embargo.resolution, pair=pair, **facts)
    return {
        "embargo": embargo.id,
        "resolution": embargo.resolution,
        "to": embargo.end,
        "code": code,
        "sentence": sentence,
        "exemption": exemption,
        **facts,
    }
