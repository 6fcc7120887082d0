"""What a reader is shown of requests and States, and the record of who was shown what."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from services.requests.documents import AssistanceRequest, Endorsement, NeedLine, State
from services.requests.domain.advice import Advice
from services.requests.domain.calendars import days_off_ahead, weekend_of
from services.requests.domain.endorsements import ENDORSING, level_of
from services.requests.wording import advice_text, summary_text
from shared.lifecycle import COVERING_STEPS, FILING, REQUEST
from shared.registers.counting import counted_line
from shared.registers.inferred import inferred_view
from shared.registers.merged import merging_view, source_view
from shared.registers.parties import party_requests
from shared.registers.progress import Progress, progress_of
from shared.registers.texts import inferred_of
from shared.registers.views import (
    contacts_view,
    counted_view,
    measures_view,
    signed_view,
)
from shared.web.idempotency import current_attempt
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read
from shared.web.visibility import Sight, sees, sight

_COPIED = (
    "country",
    "consent",
    "circulates_at",
    "priority",
    "channel",
    "source_report",
    "action_plan",
    "initiatives",
    "partners",
    "objectives",
    "evidence",
    "gender_marker",
    "confidentiality",
)
LEVELS = ("confidentiality", "needs.confidential")
"""What is read of a request to know whether it is confidential."""
_COPIED_OF_STEP = ("action", "source", "target", "at", "role", "party", "reason")
_COPIED_OF_LINE = (
    "line",
    "theme",
    "kind",
    "priority",
    "objectives",
    "sites",
    "confidential",
    "visibility",
    "sustainability",
)


def request_views(
    requests: Sequence[AssistanceRequest], identity: Identity
) -> list[dict[str, Any]]:
    """The requests as this reader may see them; who reads confidential ones is put on record."""
    progress = progress_of((request.id for request in requests), "request")
    parties = party_requests(identity, [request.id for request in requests])
    shown = [
        _request_view(
            request,
            sight(identity, request.country, party=request.id in parties),
            progress[request.id],
            identity.organisation,
        )
        for request in requests
    ]
    _note(identity, zip(requests, (view["hidden_lines"] for view in shown), strict=True))
    return shown


def request_view(request: AssistanceRequest, identity: Identity) -> dict[str, Any]:
    """The request as this reader may see it; who reads a confidential one is put on record."""
    return request_views([request], identity)[0]


def log_titles(requests: Sequence[AssistanceRequest], identity: Identity) -> None:
    """Put on record that the reader was told what these requests are called; LEVELS suffice."""
    _note(identity, ((request, len(request.needs)) for request in requests))


def log_compared(requests: Iterable[AssistanceRequest], identity: Identity) -> None:
    """Put on record that the reader was told of all lines of these requests."""
    _note(identity, ((request, 0) for request in requests))


def _note(identity: Identity, shown: Iterable[tuple[AssistanceRequest, int]]) -> None:
    for request, hidden in shown:
        if request.is_confidential():
            record_confidential_read(identity.subject, identity.role, request.id, hidden)


def _request_view(
    request: AssistanceRequest, reader: Sight, progress: Progress, organisation: str | None
) -> dict[str, Any]:
    open_to_reader = reader is Sight.COORDINATORS
    needs = [need for need in request.needs if sees(reader, request.level_of(need))]
    return {
        **signed_view(request),
        **_life(request, open_to_reader),
        **merging_view(request),
        **_inferred(request, open_to_reader),
        **{name: getattr(request, name) for name in _COPIED},
        "window": request.window.view() if request.window else None,
        "needs": [_need_view(need, progress) for need in needs],
        "hidden_lines": len(request.needs) - len(needs),
        "endorsements": _endorsements(request, reader, organisation),
    }


def _life(request: AssistanceRequest, open_to_reader: bool) -> dict[str, Any]:
    """Its status and steps; to others what they were shown, with nothing of confidential lines."""
    if open_to_reader:
        return {name: getattr(request, name) for name in ("remarks", "introduced_by")}
    # What was before it was circulated is between the State and coordinators.
    began = [n for n, step in enumerate(request.history) if step.action == "circulate"]
    steps = request.history[began[-1] :] if began else []
    return {
        "status": request.shown_as if request.status in REQUEST.shown else request.status,
        "history": [
            {name: getattr(step, name) for name in _COPIED_OF_STEP}
            for step in steps
            if step.action not in COVERING_STEPS.union(ENDORSING, FILING)
        ],
    }


def _endorsements(
    request: AssistanceRequest, reader: Sight, organisation: str | None
) -> list[dict[str, Any]]:
    every = reader is Sight.COORDINATORS
    kept = current_attempt() is not None  # the answer, which would keep what is taken back
    return [
        {
            "organisation": one.organisation,
            "text": None if kept else one.text,
            "at": one.at,
            "shown": not one.hidden,
        }
        for one in request.endorsements
        if every or one.organisation == organisation or _is_shown(request, reader, one)
    ]


def _is_shown(request: AssistanceRequest, reader: Sight, endorsement: Endorsement) -> bool:
    return not endorsement.hidden and sees(reader, level_of(request, endorsement))


def _inferred(request: AssistanceRequest, open_to_reader: bool) -> dict[str, Any]:
    """Only for those who see all lines: contradictions speak of confidential ones too.

    Nothing in lists, which leave it in the store with the signature.
    """
    if not (open_to_reader and request.signature):
        return {}
    return {"inferred": inferred_view(inferred_of(request), request.needs, "quantity")}


def _need_view(need: NeedLine, progress: Progress) -> dict[str, Any]:
    own = counted_line(need, "quantity")
    figures = {
        "pledged": progress.pledged(need.line, own),
        "committed": progress.committed(need.line, own),
        "delivered": progress.delivered(need.line, own),
    }
    return {
        **{name: getattr(need, name) for name in _COPIED_OF_LINE},
        **measures_view(need, "quantity"),
        "window": need.window.view() if need.window else None,
        **{name: counted_view(own, amount, "quantity") for name, amount in figures.items()},
        "pledged_otherwise": progress.pledged_otherwise(need.line),
        "taken_from": source_view(need),
    }


def advice_view(advice: Sequence[Advice], language: str) -> dict[str, Any]:
    """What is missing of a request, as sentences."""
    return {
        "language": language,
        "summary": summary_text(complete=not advice, language=language),
        "items": [{**asdict(one), "sentence": advice_text(one, language)} for one in advice],
    }


def state_view(state: State, today: date) -> dict[str, Any]:
    """A State's points of contact."""
    return {
        **contacts_view(state, today),
        "no_objection_days": state.no_objection_days,
        "weekend": state.weekend,
        "days_off": state.days_off,
        "days_worked": state.days_worked,
    }


def whole_state_view(state: State, today: date) -> dict[str, Any]:
    """A State's points of contact, with the days on which it does not work."""
    calendar = {"weekend": weekend_of(state, today), "days_off": days_off_ahead(state, today)}
    return {**state_view(state, today), "calendar": calendar}
