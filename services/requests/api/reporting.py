"""The register's part of the report, for those who oversee both sides."""

from services.requests.reporting import FIGURES, request_facts
from shared.registers.report_api import make_report_blueprint

blueprint = make_report_blueprint(
    FIGURES,
    request_facts,
    "Figures of how far needs are met, how soon, whose, and what was there twice.",
)
