"""The register's part of the report, for those who oversee both sides."""

from collections.abc import Iterable
from itertools import chain

from services.offers.reporting import FIGURES, activity_facts, offer_facts
from shared.registers.context import context
from shared.registers.report import Fact
from shared.registers.report_api import make_report_blueprint
from shared.web.identity import Identity, covered_countries


def _facts(identity: Identity) -> Iterable[Fact]:
    now = context().clock()
    if identity.regions is not None:
        return activity_facts(covered_countries(identity), now)
    # What concerns no State is for who oversees all regions.
    return chain(offer_facts(now), activity_facts(None, now))


blueprint = make_report_blueprint(
    FIGURES,
    _facts,
    "Figures of offers that were there twice, and of matches that other installations report.",
)
