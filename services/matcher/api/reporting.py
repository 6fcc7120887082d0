"""The matcher's part of the report, for those who oversee both sides."""

from collections.abc import Iterable

from services.matcher.reporting import FIGURES, match_facts
from shared.registers.context import context
from shared.registers.report import Fact
from shared.registers.report_api import make_report_blueprint
from shared.web.identity import Identity, covered_countries


def _facts(identity: Identity) -> Iterable[Fact]:
    inside = None if identity.regions is None else covered_countries(identity)
    return match_facts(inside, context().clock())


blueprint = make_report_blueprint(
    FIGURES, _facts, "Figures of what was given, how soon, and what States said of it afterwards."
)
