"""The register's facts for the report: offers that were there twice. An offer is of no region."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from services.offers.documents import AssistanceOffer
from shared.registers.avoided import dollars, spared
from shared.registers.report import Fact, Form

FIGURES: Final[Mapping[str, Form]] = {"offer-duplicates": "sum", "offer-duplicates-value": "sum"}
_KEPT: Final = {"status": {"$in": ["published", "closed"]}}


def offer_facts(now: datetime) -> Iterator[Fact]:
    """The facts of all offers; the year is that in which the offer was published."""
    for one, lines in spared(AssistanceOffer, "publish", {}, _KEPT):
        shown = next(step["at"] for step in one["history"] if step["action"] == "publish")
        themes = tuple(sorted({line["theme"] for line in one.get("provisions", ())}))
        codes = {"theme": themes, "year": (str(shown.year),)}
        yield Fact("offer-duplicates", str(one["_id"]), codes, 1)
        for line in lines:
            worth = dollars(line, now.date())
            if worth is not None:
                of_line = {**codes, "theme": (line["theme"],)}
                yield Fact("offer-duplicates-value", str(one["_id"]), of_line, worth / 100)
