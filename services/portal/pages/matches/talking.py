"""Questions and answers on a match, its files, and organisations that offer to join it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal.pages import asking
from services.portal.pages.files import Uploaded, most_attached, uploaded
from services.portal.pages.files import download as passed_on
from services.portal.pages.finding import names_of
from services.portal.pages.forms import EXPIRED, PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import give_back, keeping_typed
from services.portal.pages.matches.acting import READERS, address, handle
from services.portal.pages.matches.forms import JoinForm, JoiningForm, StepForm
from services.portal.pages.matches.reading import Case, read, side
from services.portal.pages.matches.showing import show_case
from services.portal.pages.matches.words import JOINING_STATUSES, refusal
from services.portal.pages.refusals import faults
from services.portal.pages.repeating import holds
from services.portal.pages.signing import REFUSED
from services.portal.services import RefusedError
from shared.web.problems import not_found

_GOES_ON = ("offered", "donor-agreed", "state-agreed", "agreed")
"""What an offer to join is that stands until it is taken back."""
_CHANGED = lazy_gettext(
    "One side has answered meanwhile, and nothing was done. See what it says, then decide again."
)


@keeping_typed
@for_roles(*READERS)
def message(proposal_id: str) -> Response:
    """Write a message."""

    def send(case: Case, form: StepForm) -> None:
        data = form.data
        body = {
            "text": data["text"].strip(),
            "language": data["language"] or None,
            "signed": (data["signed"] or "").strip() or None,
            "about": int(data["about"]) if data["about"] else None,
        }
        path = f"/v1/proposals/{case.id}/messages"
        asking.send("matcher", path, body, key=form.key.data or None)

    if request.method != "POST":
        return go(f"{address(proposal_id)}#thread")
    return handle(proposal_id, "message", send, "#thread")


@keeping_typed
@for_roles(*READERS)
def strike(proposal_id: str, number: int) -> Response:
    """Strike out a message."""
    path = f"/v1/proposals/{proposal_id}/messages/{number}/strike"
    return _at_once(proposal_id, "#thread", lambda: asking.send("matcher", path))


@for_roles(*READERS)
def attach(proposal_id: str) -> Response:
    """Attach a file."""

    def send(case: Case, _form: StepForm) -> None:
        path = f"/v1/proposals/{case.id}/attachments"
        asking.send_file("matcher", path, file.content, file.kind, file.name)

    if request.method != "POST":
        return go(f"{address(proposal_id)}#files")
    form, sent = uploaded(most_attached())
    if sent is None:
        flash(form.problems()[0][1])
        return go(f"{address(proposal_id)}#files")
    file: Uploaded = sent
    return handle(proposal_id, "file", send, "#files")


@keeping_typed
@for_roles(*READERS)
def remove(proposal_id: str, file_id: str) -> Response:
    """Remove a file."""
    path = f"/v1/proposals/{proposal_id}/attachments/{file_id}"
    seen = request.form.get("version", "")
    return _at_once(
        proposal_id,
        "#files",
        lambda: asking.send("matcher", path, method="DELETE", if_match=f'"{seen}"'),
    )


@for_roles(*READERS)
def download(proposal_id: str, file_id: str) -> Response:
    """A file of a match, passed on piece by piece, to be saved and never shown in place."""
    return passed_on("matcher", f"/v1/proposals/{proposal_id}/attachments/{file_id}/file")


@keeping_typed
@for_roles("requester", "donor")
def answer_joining(proposal_id: str, joining_id: str) -> Response:
    """Agree that an organisation joins, or decline it; what was refused is shown again with why."""
    agrees = request.form.get("answer") == "agree"
    reason = request.form.get("reason", "").strip() or None
    body = {"answer": "agree" if agrees else "decline", "reason": reason}
    seen = request.form.get("version", "")

    def refused(error: RefusedError) -> Response:
        form = JoiningForm()
        form.fail(faults(error)[0][1] if faults(error) else refusal(error))
        return show_case(read(proposal_id), error.status, (f"joining-{joining_id}", form))

    return _at_once(
        proposal_id,
        "#joinings",
        lambda: asking.send(
            "matcher", f"/v1/joinings/{joining_id}/answer", body, if_match=f'"{seen}"'
        ),
        refused,
    )


@keeping_typed
@for_roles("donor")
def join(proposal_id: str) -> Response:
    """Offer that one's organisation joins what an offer does for a request; withdraw that."""
    request_id, dot, offer_id = proposal_id.partition(".")
    if not dot:
        raise not_found("proposal")
    form = JoinForm()
    status = HTTPStatus.OK
    if form.is_submitted():
        status = REFUSED
        if form.validate():
            try:
                _offer_to_join(proposal_id, form)
            except RefusedError as error:
                form.fail(_CHANGED if error.stale else refusal(error))
            else:
                flash(_("Your offer to join was sent to both sides."))
                return go(f"{address(proposal_id)}/join")
    own = _own_joining(proposal_id)
    # What was sent before is taken back with what is sent then, as it is shown beside it.
    replaces = own is not None and own["status"] in _GOES_ON and form.is_submitted()
    form.begin(own["version"] if own is not None and replaces else "", 0)
    asked, offered = (
        side("requests", f"/v1/requests/{request_id}"),
        side("offers", f"/v1/offers/{offer_id}"),
    )
    owner = str((offered.record or {}).get("organisation", ""))
    return show(
        "matches/join.html",
        status,
        form=form,
        own=own,
        replaces=replaces,
        own_status=None if own is None else JOINING_STATUSES.get(own["status"], own["status"]),
        asked=asked,
        offered=offered,
        donor=names_of([owner]).get(owner, owner) if owner else "",
        proposal=proposal_id,
        bare=PageForm(),
    )


def _own_joining(proposal_id: str) -> Mapping[str, Any] | None:
    """What the reader's organisation offered; that of others only the donor of the offer sees."""
    found = asking.get("matcher", "/v1/joinings", proposal=proposal_id, limit=50).body["items"]
    return next((one for one in found if one["organisation"] == account().organisation), None)


def _offer_to_join(proposal_id: str, form: JoinForm) -> None:
    """Send what the form says; in the place of what was sent before, where the form shows that."""
    said = {"role": form.role.data, "text": form.text.data.strip()}
    if form.version.data:
        own = _own_joining(proposal_id)
        if own is not None and own["status"] in _GOES_ON:
            if holds(own, said):
                return  # sent twice
            path, seen = f"/v1/joinings/{own['id']}/withdraw", f'"{form.version.data}"'
            asking.send("matcher", path, if_match=seen)
    body = {"proposal": proposal_id, **said}
    asking.send("matcher", "/v1/joinings", body, key=form.key.data or None)


@keeping_typed
@for_roles("donor")
def leave(proposal_id: str, joining_id: str) -> Response:
    """Take an offer to join back."""
    path, seen = f"/v1/joinings/{joining_id}/withdraw", request.form.get("version", "")
    return _at_once(
        f"{proposal_id}/join", "", lambda: asking.send("matcher", path, if_match=f'"{seen}"')
    )


def _at_once(
    place: str,
    anchor: str,
    send: Callable[[], object],
    refused: Callable[[RefusedError], Response] | None = None,
) -> Response:
    """What one button does, told on the page that it stands on; by GET, back to that page.

    `refused` makes the page of a refusal, where something is typed beside the button.
    """
    if request.method == "POST":
        if not PageForm().validate():
            return give_back(str(EXPIRED), REFUSED)
        try:
            send()
        except RefusedError as error:
            if refused is not None:
                return refused(error)
            flash(refusal(error))
        else:
            flash(_("This was done."))
    return go(f"{address(place)}{anchor}")
