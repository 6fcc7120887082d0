"""The register's facts for the report: offers that were there twice, how many are for gender
equality, and what other installations report of their matches.

An offer is of no region.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.offers.documents import Activity, AssistanceOffer
from shared.registers.avoided import dollars, spared
from shared.registers.conditions import Condition
from shared.registers.match_figures import MATCH_FIGURES
from shared.registers.report import Codes, Fact, Form, place_codes
from shared.registers.through import every

FIGURES: Final[Mapping[str, Form]] = {
    "offer-duplicates": "sum",
    "offer-duplicates-value": "sum",
    "offer-gender": "share",
    **MATCH_FIGURES,
}
_KEPT: Final = {"status": {"$in": ["published", "closed"]}}
_SAYS: Final = {**_KEPT, "gender_marker": {"$gt": ""}, "history.action": "publish"}
_READ: Final = ("_id", "gender_marker", "provisions.theme", "history.action", "history.at")
_REPORTED: Final = {"reported.match": {"$gt": ""}, "status": {"$ne": "cancelled"}}


def offer_facts(now: datetime) -> Iterator[Fact]:
    """The facts of all offers; the year is that in which the offer was published."""
    for one, lines in spared(AssistanceOffer, "publish", {}, _KEPT):
        codes = _codes(one)
        yield Fact("offer-duplicates", str(one["_id"]), codes, 1)
        for line in lines:
            worth = dollars(line, now.date())
            if worth is not None:
                of_line = {**codes, "theme": (line["theme"],)}
                yield Fact("offer-duplicates-value", str(one["_id"]), of_line, worth / 100)
    for one in every(AssistanceOffer, _SAYS, dict.fromkeys(_READ, 1)):
        is_aim = one["gender_marker"] != "not-targeted"
        yield Fact("offer-gender", str(one["_id"]), _codes(one), is_aim, 1)


def _codes(one: Mapping[str, Any]) -> Codes:
    shown = next(step["at"] for step in one["history"] if step["action"] == "publish")
    themes = {line["theme"] for line in one.get("provisions", ())}
    return {"theme": tuple(sorted(themes)), "year": (str(shown.year),)}


def activity_facts(states: Collection[str] | None, now: datetime) -> Iterator[Fact]:
    """The facts of other installations' matches for these States, None for all, as their files
    tell them; what is cancelled by now counts for nothing."""
    inside: Condition = {} if states is None else {"country": {"$in": sorted(states)}}
    for one in Activity.objects(__raw__={**inside, **_REPORTED}).order_by("id").no_cache():
        told, id_ = one.reported, str(one.id)
        codes: Codes = {
            "theme": tuple(sorted(told.themes)),
            "year": (str(told.year),),
            "modality": () if told.modality is None else (told.modality,),
            "language": () if told.language is None else (told.language,),
            **place_codes(one.country, now),
        }
        yield Fact("matches", id_, codes, 1)
        for money in told.money:
            worth = dollars({"amount": money.amount, "currency": money.currency}, now.date())
            if worth is not None:
                yield Fact("matches-value", id_, codes, worth / 100)
        for figure in told.figures:
            yield Fact(figure.name, id_, codes, figure.part, figure.whole)
