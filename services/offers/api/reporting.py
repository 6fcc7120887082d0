"""The register's part of the report, for those who oversee both sides."""

from collections.abc import Iterable

from services.offers.reporting import FIGURES, offer_facts
from shared.registers.context import context
from shared.registers.report import Fact
from shared.registers.report_api import make_report_blueprint
from shared.web.identity import Identity


def _facts(identity: Identity) -> Iterable[Fact]:
    # What concerns no State is for who oversees all regions.
    return offer_facts(context().clock()) if identity.regions is None else ()


blueprint = make_report_blueprint(FIGURES, _facts, "Figures of offers that were there twice.")
