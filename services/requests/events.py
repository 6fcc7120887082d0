"""What the register of requests tells the others: codes, numbers and the text's signature."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shared.registers.measures import event_measures
from shared.web.visibility import CONFIDENTIAL

if TYPE_CHECKING:
    from services.requests.documents import AssistanceRequest, NeedLine, Objective


def request_event_data(request: "AssistanceRequest") -> dict[str, Any]:
    """The data of `entraide.request.v1`.

    No title, description, objective, site, piece of evidence or unit as it was written is in it:
    of such texts it holds the number, or nothing.
    """
    return {
        **request.signed_event_data(),
        "country": request.country,
        "priority": request.priority,
        "window": request.window.event_data() if request.window else None,
        "channel": request.channel,
        "visibility": request.confidentiality,
        "needs": [_need_data(request, need) for need in request.needs],
        "gender_marker": request.gender_marker,
        "initiatives": list(request.initiatives),
        "partners": list(request.partners),
        **_objectives_data(request.objectives),
        "evidence": len(request.evidence),
        "action_plan": request.action_plan is not None,
        "consent": request.consent,
        "endorsements": [one.organisation for one in request.endorsements if not one.hidden],
    }


def drafted_event_data(request: "AssistanceRequest") -> dict[str, Any]:
    """The data of one that is a draft again: that it is, and nothing of what it says now."""
    emptied = dict.fromkeys(("priority", "window", "channel", "gender_marker", "consent"))
    lists: dict[str, Any] = {"needs": [], "initiatives": [], "partners": [], "endorsements": []}
    return {
        **request_event_data(request),
        **emptied,
        **lists,
        "signature": None,
        **_objectives_data(()),
        "evidence": 0,
        "action_plan": False,
    }


def _need_data(request: "AssistanceRequest", need: "NeedLine") -> dict[str, Any]:
    level = request.level_of(need)
    return {
        "line": need.line,
        "theme": need.theme,
        "kind": need.kind,
        **event_measures(need, "quantity"),
        "priority": need.priority,
        "window": need.window.event_data() if need.window else None,
        "confidential": level in CONFIDENTIAL,
        "visibility": level,
        **_objectives_data(need.objectives),
        "sites": len(need.sites),
        "sustainability": list(need.sustainability),
    }


def _objectives_data(objectives: Sequence["Objective"]) -> dict[str, int]:
    """How many there are, and how many of them are measurable."""
    measurable = sum(not one.unsaid() for one in objectives)
    return {"objectives": len(objectives), "measurable": measurable}
