"""What anybody is shown of requests: field by field, so that nothing new is public by itself."""

from collections.abc import Sequence
from typing import Any

from services.requests.documents import AssistanceRequest, NeedLine
from shared.registers.counting import counted_line
from shared.registers.progress import Progress, progress_of
from shared.registers.views import counted_view, measures_view
from shared.web.visibility import Sight, sees

_COPIED = (
    *("id", "country", "title", "description", "language", "priority", "initiatives"),
    *("partners", "gender_marker", "objectives", "evidence", "source_report", "action_plan"),
)
_DECIMALS = 4
_COPIED_OF_LINE = ("line", "theme", "kind", "priority", "objectives", "sites")


def public_views(requests: Sequence[AssistanceRequest]) -> list[dict[str, Any]]:
    """Public requests as everybody may see them; the caller chose none but public ones."""
    progress = progress_of((request.id for request in requests), "request")
    return [_view(request, progress[request.id]) for request in requests]


def _view(request: AssistanceRequest, progress: Progress) -> dict[str, Any]:
    circulated = [step.at for step in request.history if step.action == "circulate"]
    return {
        **{name: getattr(request, name) for name in _COPIED},
        "status": request.shown_as,
        "circulated_on": circulated[-1].date() if circulated else None,
        "window": request.window.view() if request.window else None,
        "needs": [
            _need_view(need, progress)
            for need in request.needs
            if sees(Sight.PUBLIC, request.level_of(need))
        ],
    }


def _need_view(need: NeedLine, progress: Progress) -> dict[str, Any]:
    own = counted_line(need, "quantity")
    committed, delivered = progress.committed(need.line, own), progress.delivered(need.line, own)
    return {
        **{name: getattr(need, name) for name in _COPIED_OF_LINE},
        **measures_view(need, "quantity"),
        "window": need.window.view() if need.window else None,
        "committed": counted_view(own, committed, "quantity"),
        "delivered": counted_view(own, delivered, "quantity"),
        "met": round(part_of(committed, own.amount), _DECIMALS),
        "given": round(part_of(delivered, own.amount), _DECIMALS),
    }


def part_of(amount: int, whole: int) -> float:
    """Which part of the whole the amount is, from 0 to 1."""
    return min(1.0, amount / whole) if whole else 0.0
