"""What a reader is shown of two records that seem to be the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.matcher.documents import view_id
from services.matcher.domain import DUPLICATE
from services.matcher.duplicate_documents import DuplicateCase, evidence_of
from services.matcher.duplicates import OPEN, seen_version
from services.matcher.record_views import View
from services.matcher.rights import oversees
from shared.likeness.features import FEATURES
from shared.likeness.wording import evidence_text
from shared.web.identity import Identity, covers
from shared.web.logging import record_confidential_read

_DECISIONS = ("merge", "link", "dismiss")


def states_of(case: DuplicateCase) -> tuple[str | None, ...]:
    """The States whose coordinator decides on a case; None for what is of no State, as offers."""
    return (case.left_owner, case.right_owner) if case.side == "request" else (None,)


def duplicate_view(
    case: DuplicateCase, views: Mapping[str, View], identity: Identity, language: str
) -> dict[str, Any]:
    """The case with its evidence in a language; what is of confidential lines is logged as read."""
    of_records = [views.get(view_id(case.side, record)) for record in case.records]
    if any(view is not None and view.hidden_lines for view in of_records):
        record_confidential_read(identity.subject, identity.role, case.id, 0)
    names = ("id", "side", "status", "score", "history", "created_at", "updated_at")
    return {
        **{name: getattr(case, name) for name in names},
        **{
            end: _record(case, end, view)
            for end, view in zip(("left", "right"), of_records, strict=True)
        },
        "evidence": [
            {
                "kind": one.kind,
                "left": one.left,
                "right": one.right,
                "weight": one.weight,
                "sentence": evidence_text(one, case.side, language),
            }
            # A newer release may have found it, by what this one has no sentence for.
            for one in evidence_of(case)
            if one.kind in FEATURES
        ],
        "possible": _possible(case, of_records, identity),
        "reason": case.reason if oversees(identity) else None,
        "version": str(seen_version(case, views)),
    }


def _possible(case: DuplicateCase, views: Sequence[View | None], identity: Identity) -> list[str]:
    """The decisions that a reader may take; none for who may not, none of them on what is gone."""
    if identity.role != "coordinator" or not covers(identity, *states_of(case)):
        return []
    going_on = all(view is not None and view.status in OPEN for view in views)
    mergeable = going_on and case.left_owner == case.right_owner
    allowed = DUPLICATE.allowed(case.status)
    return [one for one in _DECISIONS if one in allowed and (mergeable or one != "merge")]


def _record(case: DuplicateCase, end: str, view: View | None) -> dict[str, Any]:
    return {
        "id": getattr(case, end),
        "owner": getattr(case, f"{end}_owner"),
        "status": view and view.status,
        "version": None if view is None else str(view.version),
        "read_version": getattr(case, f"{end}_version"),
    }
