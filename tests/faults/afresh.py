"""The cases that there should be: all records compared anew, by an engine that nothing came before.

The records are their owners', read from their databases and not from the topics, and every pair is
looked at: nothing is left of the order in which changes came to the matcher's workers. Whether two
records are alike is the engine's to say, and what a case does then the product's rules', which have
tests of their own. What is asked here is whether each pair was compared as both are now.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pymongo

from services.matcher import coverage_rules, coverages, domain, duplicates
from services.matcher.coverage_documents import CoverageCase
from services.matcher.domain import Side
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.engine.activities import Activities, ActivityProfile
from services.matcher.engine.coverage import Covering, coverings, shipped
from services.matcher.engine.duplicates import Likely
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.material import MaterialSide, changed, material
from services.offers.documents import Activity, AssistanceOffer
from services.requests.documents import AssistanceRequest
from shared.events.versions import Version
from shared.settings import Settings
from tests.faults.history import Case

Client = pymongo.MongoClient[dict[str, Any]]
_OWNED: Mapping[MaterialSide, tuple[str, type[Any]]] = {
    "request": ("requests", AssistanceRequest),
    "offer": ("offers", AssistanceOffer),
    "activity": ("offers", Activity),
}
DUPLICATE, COVERAGE = "duplicate", "coverage"
_SIDES: tuple[Side, ...] = ("request", "offer")


@dataclass(frozen=True)
class Known:
    """A record as its owner's event tells of it now."""

    version: Version
    data: Mapping[str, Any]
    material: str


Records = Mapping[MaterialSide, Mapping[str, Known]]


def kept_and_due(
    client: Client, settings: Mapping[str, Settings], on: date
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that the matcher keeps, and those that it should have, as of a day."""
    kept = client[settings["matcher"].database]
    duplicated, covered = (
        [kind._from_son(stored) for stored in kept[kind._get_collection_name()].find()]
        for kind in (DuplicateCase, CoverageCase)
    )
    records: Records = {side: dict(_owned(client, settings, side)) for side in _OWNED}
    return (
        (
            *(_kept(_of(DUPLICATE, *_ends(one)), one) for one in duplicated),
            *(_kept(_of(COVERAGE, *_places(one)), one) for one in covered),
        ),
        (*due_duplicates(records, duplicated, on), *due_coverage(records, covered, on)),
    )


def pair_of(shown: Mapping[str, Any]) -> str:
    """How the pair of a case is called that the API shows."""
    if "activity" in shown:
        return _of(COVERAGE, *(shown[name] for name in ("request", "line", "activity")))
    return _of(DUPLICATE, shown["side"], shown["left"]["id"], shown["right"]["id"])


def _kept(pair: str, one: DuplicateCase | CoverageCase) -> Case:
    return Case(pair, one.status, one.score, tuple(step.action for step in one.history))


def due_duplicates(records: Records, kept: Iterable[DuplicateCase], on: date) -> Iterator[Case]:
    """What each pair's case should be, of pairs that are alike or that have one."""
    engine = Engine(prior_model(), Geography.of_vocabulary(on), on)
    for one in records["request"].values():
        engine.put_request(RequestProfile.of_event(one.data))
    for one in records["offer"].values():
        engine.put_offer(OfferProfile.of_event(one.data))
    # From either end, and no record here has so many others of its side (MOST_CANDIDATES) that the
    # engine leaves any out: whether it does would depend on which of the two was compared last.
    found = {
        _ends(likely): likely
        for side in _SIDES
        for record in records[side]
        for likely in engine.duplicates(side, record)
    }
    cases = {_ends(case): case for case in kept}
    for ends in sorted({*found, *cases}):
        due = _duplicate(records, ends, found.get(ends), cases.get(ends))
        if due is not None:
            yield due


def due_coverage(records: Records, kept: Iterable[CoverageCase], on: date) -> Iterator[Case]:
    """The same of need lines and activities."""
    activities = Activities()
    for one in records["activity"].values():
        activities.put_activity(ActivityProfile.of_event(one.data))
    for one in records["request"].values():
        activities.put_request(RequestProfile.of_event(one.data))
    found = {
        _places(covering): covering
        for request in records["request"]
        for covering in coverings(activities, request, on, shipped())
    }
    cases = {_places(case): case for case in kept}
    for places in sorted({*found, *cases}):
        due = _covered(records, places, found.get(places), cases.get(places), on)
        if due is not None:
            yield due


_Ends = tuple[Side, str, str]
_Places = tuple[str, int, str]


def _ends(one: Likely | DuplicateCase) -> _Ends:
    return one.side, one.left, one.right


def _places(one: Covering | CoverageCase) -> _Places:
    return one.request, one.line, one.activity


def _of(*parts: object) -> str:
    """How a pair is called: by side and both records, or by request, line and activity."""
    return " ".join(map(str, parts))


def _duplicate(
    records: Records, ends: _Ends, likely: Likely | None, case: DuplicateCase | None
) -> Case | None:
    side, *ids = ends
    of = [records[side].get(id_) for id_ in ids]
    pair = duplicates.Pair(*ends, *(_heard(side, one) for one in of))
    alike = pair.is_open() and likely is not None
    score = likely.score if alike and likely is not None else None
    if case is None:
        return Case(_of(DUPLICATE, *ends), "open", score) if alike else None
    settled = zip((case.left_settled, case.right_settled), of, strict=True)
    step = domain.due_step(
        case.status, merged=pair.is_merged(), alike=alike, changed=lambda: _changed(settled)
    )
    status = domain.DUPLICATE.target(step, case.status) if step else case.status
    return Case(_of(DUPLICATE, *ends), status, score)


def _covered(
    records: Records,
    places: _Places,
    covering: Covering | None,
    case: CoverageCase | None,
    on: date,
) -> Case | None:
    request, _, activity = places
    of = records["request"].get(request), records["activity"].get(activity)
    pair = coverages.Pair(*places, _asked(of[0]), _given(of[1]))
    if case is None:
        found = covering is not None and not pair.has_fallen()
        return Case(_of(COVERAGE, *places), "open", covering.score) if covering and found else None
    settled = zip((case.request_settled, case.activity_settled), of, strict=True)
    step = coverage_rules.due_step(
        case.status,
        alike=covering is not None,
        fallen=pair.has_fallen(),
        ended=pair.has_ended(on, case.confirmed_on),
        changed=lambda: _changed(settled),
    )
    status = coverage_rules.COVERAGE.target(step, case.status) if step else case.status
    told = covering is not None and status in ("open", "confirmed")
    return Case(_of(COVERAGE, *places), status, covering.score if covering and told else None)


def _changed(settled: Iterable[tuple[str | None, Known | None]]) -> bool:
    """Whether a record is materially another than when somebody decided."""
    return any(
        before is not None and now is not None and changed(before, now.material)
        for before, now in settled
    )


def _heard(side: Side, record: Known | None) -> duplicates.Known | None:
    if record is None:
        return None
    data = record.data
    owner = data["country" if side == "request" else "organisation"]
    return duplicates.Known(0, record.version, owner, data["status"], data.get("merged_into"))


_NOT_THERE = Version(0, 0)


def _asked(record: Known | None) -> coverages.KnownRequest:
    if record is None:
        return coverages.KnownRequest(0, _NOT_THERE, "gone", "")
    data = record.data
    return coverages.KnownRequest(0, record.version, data["status"], data["country"])


def _given(record: Known | None) -> coverages.KnownActivity:
    if record is None:
        return coverages.KnownActivity(_NOT_THERE, "gone", "", None, "")
    data = record.data
    last = data["window"] and data["window"]["to"]
    return coverages.KnownActivity(
        *(record.version, data["status"], data["country"], data["organisation"]),
        *(record.material, date.fromisoformat(last) if last else None),
    )


def _owned(
    client: Client, settings: Mapping[str, Settings], side: MaterialSide
) -> Iterator[tuple[str, Known]]:
    """One side's records by id; drafts that nobody was ever told of are none."""
    service, kind = _OWNED[side]
    for stored in client[settings[service].database][kind._get_collection_name()].find():
        event = kind._from_son(stored).event()
        if event is not None:
            data = json.loads(json.dumps(event.data))  # as it comes over the wire
            yield event.subject, Known(event.version, data, material(side, data))
