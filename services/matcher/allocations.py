"""Finding an allocation of what is open, and keeping it as it was shown: see acceptance.py."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.matcher.allocating import Situation, situation
from services.matcher.allocation_documents import AllocatedPair, KeptAllocation, UnmetNeed
from services.matcher.allocation_rows import KEPT, Contents, Laying, all_documents, insert
from services.matcher.allocation_sums import given, sums
from services.matcher.engine.allocation import EFFORT, WEIGHTS, Taken
from services.matcher.engine.stated import unpacked
from services.matcher.exchange import Measured
from services.matcher.joint_projects import made
from services.matcher.record_views import View
from services.matcher.remembering import Answer, Memory
from services.matcher.supposing import Supposed
from services.matcher.unmet import Unmet, unmet

_MEMORY = Memory()
_LAYING = Laying()
_STEPS = 100


@dataclass(frozen=True)
class _Pair:
    request: str
    offer: str
    taken: tuple[Taken, ...]


@dataclass(frozen=True)
class Found:
    """An allocation as it is shown, whether it is kept or not."""

    kept: KeptAllocation
    pairs: list[AllocatedPair]
    unmet: list[UnmetNeed]


def find(on: date, without: Collection[str], now: datetime, effort: float = EFFORT) -> str:
    """The id of the best allocation of what is open, found now or kept from before.

    Raises pymongo's errors.
    """
    state = situation(on, without)
    id_ = state.digest(without)
    if KeptAllocation.objects(id=id_).only("id").first() is None:
        # What if is asked about another register each time: what is remembered is what is there.
        memory, laying = (Memory(), Laying()) if without else (_MEMORY, _LAYING)
        answer = memory.find(id_, state.on, state.register(), now, effort)
        contents = _contents(state, answer.found.taken)
        laid = laying.lay(id_, contents, now, follows=answer.whole.repairs > 0)
        kept = _kept(id_, state, answer, contents, without, now)
        kept.parts, kept.built_on = laid.parts[-1], list(laid.parts[:-1])
        kept.replaced = list(laid.replaced)
        insert(KeptAllocation, [kept])
        laying.keep(laid)
    return id_


def find_supposed(
    on: date,
    without: Collection[str],
    wanted: Supposed,
    now: datetime,
    effort: float = EFFORT,
) -> Found:
    """The best allocation with records that are only supposed, which nothing is kept of.

    Raises pymongo's errors.
    """
    state = situation(on, without, wanted)
    answer = Memory().find("", state.on, state.register(), now, effort)
    contents = _contents(state, answer.found.taken)
    rows = all_documents(contents, now)
    kept = _kept("", state, answer, contents, without, now)
    return Found(kept, rows[AllocatedPair], rows[UnmetNeed])


def _contents(state: Situation, taken: tuple[Taken, ...]) -> Contents:
    """What stands in an allocation's rows, in their order."""
    pairs = sorted(_pairs(taken), key=lambda pair: _order(state, pair))
    allied = made(state.joints, state.needs, taken)
    left = sorted(unmet(state, taken), key=lambda one: (-_weight(state, one.need), one.need))
    return {
        AllocatedPair: [
            {
                "place": _place(max(_weight(state, one.need) for one in pair.taken)),
                **_pair_data(state, pair),
                "alliance": allied.get((pair.request, pair.offer)),
            }
            for pair in pairs
        ],
        UnmetNeed: [
            {"place": _place(_weight(state, one.need)), **_unmet_data(state, one)} for one in left
        ],
    }


def _kept(
    id_: str,
    state: Situation,
    answer: Answer,
    contents: Contents,
    without: Collection[str],
    now: datetime,
) -> KeptAllocation:
    found = answer.found
    met, themes = sums(state, found.taken)
    return KeptAllocation(
        id=id_,
        status="computed",
        on=state.on.isoformat(),
        without=sorted(without),
        computed_at=now,
        value=found.value,
        greedy_value=answer.greedy,
        bound=found.bound,
        gap=found.gap,
        solvers=dict(found.solvers),
        repairs=answer.whole.repairs,
        whole=answer.whole.id or None,
        whole_at=answer.whole.at,
        commitments=len(contents[AllocatedPair]),
        unmet=len(contents[UnmetNeed]),
        donors=_donors(contents[AllocatedPair], given(state, found.taken)),
        needs=met,
        themes=themes,
        forget_at=now + KEPT,
    )


def _pairs(taken: Collection[Taken]) -> Iterator[_Pair]:
    of_pair: defaultdict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in taken:
        of_pair[one.need[0], one.provision[0]].append(one)
    for (request, offer), found in of_pair.items():
        yield _Pair(request, offer, tuple(found))


def _weight(state: Situation, need: tuple[str, int]) -> float:
    return WEIGHTS.get(state.priority(need), 2.0)


def _order(state: Situation, pair: _Pair) -> tuple[float, str, str]:
    return -max(_weight(state, one.need) for one in pair.taken), pair.request, pair.offer


def _place(weight: float) -> int:
    """Where what counts so much stands: before all that counts less."""
    return -round(_STEPS * weight)


def _pair_data(state: Situation, pair: _Pair) -> dict[str, Any]:
    request, offer = state.requests[pair.request], state.offers[pair.offer]
    urgent = max(pair.taken, key=lambda one: (_weight(state, one.need), one.need))
    given: defaultdict[tuple[str, int], int] = defaultdict(int)
    for one in pair.taken:
        given[one.provision] += one.given
    met = {one.need: one.met for one in pair.taken}
    return {
        "request": pair.request,
        "offer": pair.offer,
        "country": request.owner,
        "organisation": offer.owner,
        "priority": state.priority(urgent.need),
        "conditions": list(offer.conditions),
        "lines": [
            *(
                _line("request", id_, state.needs[id_], amount, request)
                for id_, amount in sorted(met.items())
            ),
            *(
                _line("offer", id_, state.provisions[id_], amount, offer)
                for id_, amount in sorted(given.items())
            ),
        ],
    }


def _line(
    side: str, id_: tuple[str, int], line: Measured, amount: int, record: View
) -> dict[str, Any]:
    return {
        "side": side,
        "record": id_[0],
        "line": id_[1],
        "measure": line.line.measure,
        "unit": line.line.unit,
        "theme": _theme(record, id_[1]),
        # Of money in a currency of small coins less than one may be meant; a hold has one at least.
        "amount": max(1, line.own(amount)),
    }


def _theme(record: View, number: int) -> str | None:
    line = unpacked(record.stated).lines.get(number)
    return None if line is None else line.theme


def _unmet_data(state: Situation, one: Unmet) -> dict[str, Any]:
    line, request = state.needs[one.need], state.requests[one.need[0]]
    return {
        "request": one.need[0],
        "line": one.need[1],
        "country": request.owner,
        "priority": state.priority(one.need),
        "theme": _theme(request, one.need[1]),
        "measure": line.line.measure,
        "unit": line.line.unit,
        "unmet": line.own(one.amount),
        "open": line.own_free,
        "reason": one.reason,
        "offers": list(one.offers),
    }


def _donors(
    pairs: Collection[Mapping[str, Any]], shares: Mapping[str, float]
) -> list[dict[str, Any]]:
    """What each organisation would be asked for: pairs, and sums by measure and unit."""
    sums: defaultdict[str, defaultdict[tuple[str, str], int]] = defaultdict(
        lambda: defaultdict(int)
    )
    many: defaultdict[str, int] = defaultdict(int)
    for pair in pairs:
        many[pair["organisation"]] += 1
        for line in pair["lines"]:
            if line["side"] == "offer":
                sums[pair["organisation"]][line["measure"], line["unit"]] += line["amount"]
    return [
        {
            "organisation": organisation,
            "commitments": many[organisation],
            "share": shares.get(organisation, 0.0),
            "asked": [
                {"measure": measure, "unit": unit, "amount": amount}
                for (measure, unit), amount in sorted(asked.items())
            ],
        }
        for organisation, asked in sorted(sums.items())
    ]
