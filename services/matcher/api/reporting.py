"""The matcher's part of the report, for those who oversee both sides."""

from services.matcher.reporting import FIGURES, match_facts
from shared.registers.report_api import make_report_blueprint

blueprint = make_report_blueprint(
    FIGURES,
    match_facts,
    "Figures of what was given, how soon, and what States said of it afterwards.",
)
