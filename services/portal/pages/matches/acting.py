"""What is done on a match's page: each by a form, with the version that its reader saw."""

import re
from collections.abc import Callable, Sequence

from flask import Response, flash, request
from flask_babel import gettext as _

from services.portal.pages import asking
from services.portal.pages.frame import for_roles, go
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.matches import making
from services.portal.pages.matches.forms import StepForm
from services.portal.pages.matches.reading import Case, read
from services.portal.pages.matches.showing import show_case
from services.portal.pages.matches.words import refusal
from services.portal.pages.refusals import fault
from services.portal.pages.signing import REFUSED
from services.portal.services import AwayError, RefusedError
from shared.web.problems import not_found

READERS = ("requester", "donor", "coordinator", "auditor")
_PLACE = re.compile(r"(?:lines|pledges)\[(\d{1,6})\]")
"""A line of a body, by its place among those that were sent."""
_KINDS = making.ACTIONS | {"assess", "reply", "release"}


def address(id_: str) -> str:
    """The page of a match."""
    return f"/matches/{id_}"


@keeping_typed
@for_roles(*READERS)
def do(proposal_id: str, name: str) -> Response:
    """Do what a form of the page asks for; by GET, back to the page."""
    if name.partition("-")[0] not in _KINDS:
        raise not_found("page")
    if request.method != "POST":
        return go(address(proposal_id))
    return handle(proposal_id, name, lambda case, form: _send(case, name, form))


def handle(
    proposal_id: str, name: str, send: Callable[[Case, StepForm], object], anchor: str = ""
) -> Response:
    """Check the form of that name, send what it says, and tell what came of it.

    What was typed is shown again with whatever is wrong. Raises AwayError.
    """
    filled: list[str] = []
    try:
        case = read(proposal_id)
        form = _form(name, case)
        if not form.validate_on_submit() or making.lacking(name, form, case):
            return show_case(case, REFUSED, (name, form))
        filled = making.filled(name, form, case)
        send(case, form)
    except RefusedError as error:
        return _refused(proposal_id, name, error, filled)
    flash(_("This was done."))
    return go(f"{address(proposal_id)}{anchor}")


def _form(name: str, case: Case) -> StepForm:
    """The form that was sent; raises AwayError where what it is made of cannot be read now."""
    missing = making.missing_for(name, case)
    if missing is not None:
        raise AwayError(missing)
    return making.make(name, case)


def _refused(proposal_id: str, name: str, error: RefusedError, filled: Sequence[str]) -> Response:
    """The page as it stands now, with what was typed and why it was not done.

    `filled` are the fields of amounts that were sent as lines, in their order.
    """
    case = read(proposal_id)
    form = _form(name, case)
    form.validate()
    problem = refusal(error)
    named = list(error.problem.get("errors") or ())
    for one in named:
        field = _field_of(str(one.get("field", "")), form, filled)
        if field is None:
            form.fail(fault(one))
        else:
            form.fail_field(form[field], fault(one))
    if not named:
        form.fail(problem)
    known = request.form.get("known", "")
    since = int(known) if error.stale and known.isdecimal() and len(known) < 6 else None
    return show_case(case, error.status, (name, form), since)


def _field_of(field: str, form: StepForm, filled: Sequence[str]) -> str | None:
    """The form's own field that a service names, such as `lines[0].quantity`."""
    plain = field.partition("[")[0].partition(".")[0]
    if plain in form and plain in ("reason", "text", "up_to", "about"):
        return plain
    place = _PLACE.match(field)
    named = filled[int(place[1]) :][:1] if place is not None else []
    return next((one for one in named if one in form), None)


def _send(case: Case, name: str, form: StepForm) -> None:
    key, seen = form.key.data or None, form.version.data or case.etag
    if name == "commit":
        asking.send("matcher", "/v1/commitments", making.commitment(form, case), key=key)
        return
    kind, _dash, which = name.partition("-")
    if kind == "release":
        path = f"/v1/commitments/{which}/release"
        asking.send("matcher", path, {"reason": form.data["reason"].strip()}, key=key)
        return
    path, body = making.body(name, form, case)
    asking.send("matcher", f"/v1/proposals/{case.id}/{path}", body, if_match=seen, key=key)
