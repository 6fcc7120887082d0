"""/review/requests/ID: whether a submitted request does come from its State's point of contact."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.pages import asking
from services.portal.pages.asking import ask, look_up
from services.portal.pages.assets import ASSETS
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.introducing import introducer_of
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.refusals import why
from services.portal.pages.requests.rows import line_rows
from services.portal.pages.review.decisions import back_to, key_of
from services.portal.pages.selects import SelectField
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here
from services.portal.services import RefusedError
from shared.ids import new_id
from shared.vocabulary.lists import STEP_REASONS

QUEUE: Final = "/review?kind=requests"
REASONS: Final = ("unconfirmed", "content", "other")
_SHOWN_AGAIN = (
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class AuthenticateForm(PageForm):
    """Authenticate the request as it was seen, or send it back with a reason."""

    decision = StringField()
    reason = SelectField(lazy_gettext("Why it goes back"), validate_choice=False)
    text = TextAreaField(
        lazy_gettext("What the State should know"),
        [AtMost(MOST_SAID)],
    )
    version = HiddenField()
    key = HiddenField()
    back = HiddenField()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        named = [(code, STEP_REASONS.label(code, here())) for code in REASONS]
        self.reason.choices = [("", ""), *named]

    def validate(self, extra_validators: Any = None) -> bool:
        """As ever; and what is sent back has a reason."""
        if not super().validate(extra_validators):
            return False
        if self.decision.data not in ("authenticate", "return"):
            self.fail(_("Choose whether to authenticate the request or to send it back."))
        elif self.decision.data == "return" and self.reason.data not in REASONS:
            self.fail_field(self.reason, _("Say why it goes back."))
        return not self.errors

    def body(self) -> dict[str, Any]:
        """What is sent to the register."""
        if self.decision.data == "authenticate":
            return {}
        text = (self.text.data or "").strip() or None
        return {"reason": self.reason.data, "text": text}


@for_roles("coordinator")
def authentication(request_id: str) -> Response:
    """The request, who submitted it, and whom its State named."""
    found = asking.get_one("requests", "/v1/requests", request_id)
    back = request.args.get("back")
    return _shown(found, AuthenticateForm(formdata=None, back=back, key=new_id()))


@keeping_typed
@for_roles("coordinator")
def authenticate_request(request_id: str) -> Response:
    """Authenticate the request, or send it back to its State; what was refused is shown again."""
    form, status = AuthenticateForm(), HTTPStatus(REFUSED)
    path = f"/v1/requests/{request_id}"
    if form.validate_on_submit():
        step, key = form.decision.data, key_of(form.key.data)
        version = form.version.data or '"0.0"'
        try:
            asking.send("requests", f"{path}/{step}", form.body(), if_match=version, key=key)
        except RefusedError as error:
            if error.status not in _SHOWN_AGAIN:
                raise
            status = HTTPStatus(error.status)
            form.fail(
                _("The request changed while you read it. See what stands now, then decide again.")
                if error.stale
                else why(error)
            )
            form.key.data = new_id()
        else:
            done = {
                "authenticate": _("Authenticated. It is circulated when its State's time is over."),
                "return": _("Sent back to its State."),
            }
            flash(done[step])
            return go(back_to(form.back.data, QUEUE))
    return _shown(asking.get_one("requests", "/v1/requests", request_id), form, status)


def _shown(found: Answer, form: AuthenticateForm, status: int = HTTPStatus.OK) -> Response:
    one = found.body
    form.version.data, form.back.data = found.etag, back_to(form.back.data, QUEUE)
    submitted = next((s for s in reversed(one["history"]) if s["action"] == "submit"), None)
    return show(
        "review/authentication.html",
        status,
        wide=True,
        one=one,
        form=form,
        lines=line_rows(one["needs"]),
        submitted=submitted,
        submitter=None if submitted is None else _submitter(submitted, one["country"]),
        introducer=introducer_of(one),
        invited_by_reader=one.get("introduced_by") == account().id,
        contacts=_contacts(one["country"]),
        waits=one["status"] == "submitted",
        review_style=ASSETS["review.css"].address,
    )


def _submitter(step: Mapping[str, Any], country: str) -> Account | None:
    """The State's account that submitted it; None for whoever else did, whose data are theirs."""
    if not step.get("subject"):
        return None
    own = {"id": step["subject"], "role": "requester", "state": country}
    found: Account | None = Account.objects(**own).first()
    return found


def _contacts(country: str) -> Mapping[str, Any] | None:
    """The State's points of contact; None where it named none, or nobody can tell just now."""
    found = look_up({"state": ask("requests", f"/v1/states/{country}")})
    return found["state"].body if "state" in found else None
