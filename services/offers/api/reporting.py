"""The register's part of the report, for those who oversee both sides."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from services.offers.reporting import FIGURES, activity_facts, offer_facts
from shared.registers.report import Fact
from shared.registers.report_api import make_report_blueprint


def _facts(states: Collection[str] | None, now: datetime) -> Iterable[Fact]:
    # What concerns no State is for who oversees all regions.
    of_offers = offer_facts(now) if states is None else ()
    return chain(of_offers, activity_facts(states, now))


blueprint = make_report_blueprint(
    FIGURES,
    _facts,
    "Figures of offers that were there twice, and of matches that other installations report.",
)
