"""/coverage/ID: assistance under way that seems to cover a need line, and the decision."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _

from entraide.client import Answer
from entraide.client.records.matcher import CoverageView
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.cases.deciding import CaseForm, came_from, decide, filled, status_name
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_roles, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.numbers import read_number
from services.portal.services import AwayError
from shared.vocabulary.currencies import all_currencies

_READERS = ("coordinator", "auditor", "operator", "requester")
_NEEDING = frozenset({"dismiss"})


@keeping_typed
@for_roles(*_READERS)
def covered(case_id: str) -> Response:
    """Need line and activity side by side; a coordinator decides."""
    found = asking.get("matcher", f"/v1/coverage/{case_id}")
    case = found.of(CoverageView)
    parts = asking.gather(
        request=ask("requests", f"/v1/requests/{case['request']}"),
        activity=ask("offers", f"/v1/activities/{case['activity']}"),
    )
    form = CaseForm().offering(_choices(case))

    def send(form: CaseForm) -> None:
        body: dict[str, Any] = {"decision": form.decision.data, "reason": form.said()}
        if form.decision.data == "confirm" and form.quantity.data:
            body |= _wanted(form.quantity.data, case)
        path = f"/v1/coverage/{case_id}/decision"
        asking.send("matcher", path, body, if_match=form.version.data, key=form.key.data)

    def shown(form: CaseForm, status: int) -> Response:
        return show(
            "cases/coverage.html",
            status,
            wide=True,
            case=case,
            line=_line(parts["request"], case["line"]),
            request=_body(parts["request"]),
            activity=_body(parts["activity"]),
            donors=names_of([(_body(parts["activity"]) or {}).get("organisation")]),
            etag=found.etag,
            form=filled(form, found.etag) if form.decision.choices else None,
            status_name=status_name,
            back=came_from(),
        )

    return decide(form, found.etag, _NEEDING, send, shown)


def _choices(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    if account().role != "coordinator":
        return []
    choices = []
    if case["status"] in ("open", "dismissed", "ended"):
        choices.append(("confirm", _("Yes: the activity covers this need, the open need is less")))
    if case["status"] in ("open", "confirmed", "ended"):
        choices.append(("dismiss", _("No: it does not cover this need")))
    return choices


def _wanted(text: str, case: Mapping[str, Any]) -> dict[str, Any]:
    """How much is said to be covered, in the line's own measure; what is no number as it is."""
    try:
        found = read_number(text)
    except ValueError:
        found = None
    value = text if found is None else found
    if case["unit"] in all_currencies():  # whatever it was compared by, which `basis` says
        return {"amount": value, "currency": case["unit"]}
    return {"quantity": value}


def _body(answer: Answer | AwayError) -> Mapping[str, Any] | None:
    return None if isinstance(answer, AwayError) else answer.body


def _line(answer: Answer | AwayError, number: int) -> Mapping[str, Any] | None:
    needs = (_body(answer) or {}).get("needs", [])
    return next((need for need in needs if need["line"] == number), None)
