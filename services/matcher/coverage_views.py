"""What a reader is shown of assistance under way that seems to cover a need line."""

from typing import Any

from services.matcher.coverage_documents import CoverageCase
from services.matcher.coverage_notes import notes
from services.matcher.coverage_rules import COVERAGE
from services.matcher.coverages import seen_version
from services.matcher.engine.coverage import Extent
from services.matcher.engine.coverage_wording import Grounds, evidence
from services.matcher.record_views import View
from services.matcher.rights import oversees
from shared.lifecycle import SHOWN
from shared.registers.measures import amount_of, quantity_of
from shared.web.identity import Identity, covers
from shared.web.logging import record_confidential_read

_DECISIONS = ("confirm", "dismiss")


def coverage_view(
    case: CoverageCase, request: View | None, identity: Identity, language: str
) -> dict[str, Any]:
    """The case with its evidence in a language; reading that of a confidential line is logged."""
    if request is not None and case.line in request.hidden_lines:
        record_confidential_read(identity.subject, identity.role, case.id, 0)
    names = (
        *("id", "request", "line", "activity", "country", "organisation", "activity_status"),
        *("status", "score", "basis", "part", "commitments", "history"),
        *("request_version", "activity_version", "created_at", "updated_at"),
    )
    holds = bool(case.commitments)
    own = next((one for one in request.lines if one.line == case.line), None) if request else None
    return {
        **{name: getattr(case, name) for name in names},
        "unit": case.counted_in or (own.unit if own else None),
        "quantity": quantity_of(case.held) if holds and case.measure == "quantity" else None,
        "amount": amount_of(case.held) if holds and case.measure == "money" else None,
        "commitment": next(iter(case.commitments), None),
        "notes": notes(case, own, language),
        "evidence": [
            {"code": one.code, "sentence": one.sentence}
            for one in evidence(_grounds(case), language)
        ],
        "possible": _possible(case, request, identity),
        "reason": case.reason if oversees(identity, case.country) else None,
        "version": str(seen_version(case, request)),
    }


def _possible(case: CoverageCase, request: View | None, identity: Identity) -> list[str]:
    """The decisions that a reader may take now; nothing can be confirmed of a line that is gone."""
    if identity.role != "coordinator" or not covers(identity, case.country):
        return []
    lines = request.lines if request is not None and request.status in SHOWN else ()
    has_line = any(one.line == case.line for one in lines)
    allowed = COVERAGE.allowed(case.status)
    return [one for one in _DECISIONS if one in allowed and (has_line or one != "confirm")]


def _grounds(case: CoverageCase) -> Grounds:
    return Grounds(
        line=case.line,
        features=case.features,
        extent=Extent(case.basis, case.part, case.given, case.needed, case.unit),
        asks=case.asks,
        gives=case.gives,
        concepts=case.concepts,
        excluded=case.excluded,
    )
