"""/models: the ranking models, how they did, which one ranks, and going back to another."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _

from services.portal.pages import asking
from services.portal.pages.asked import cursor_of
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.services import RefusedError

READERS: Final = ("coordinator", "auditor", "operator")
_MAX_VERSION: Final = 100


@for_roles(*READERS)
def ranking_models() -> Response:
    """All models, the newest first, each with its figures beside those of the one in use then."""
    cursor = cursor_of(request.args)
    found = asking.get("matcher", "/v1/models", cursor=cursor, limit=50).body
    return show(
        "administration/models.html",
        wide=True,
        models=[
            {**one, "made": datetime.fromisoformat(one["created_at"])} for one in found["items"]
        ],
        in_use=found["in_use"],
        next=found["next"],
        wanted=_wanted(found["items"]),
        may_use=account().role == "operator",
        bare=PageForm(),
    )


@for_roles("operator")
def use_model() -> Response:
    """Rank with another model from now on, if the one in use is still the one that was seen."""
    version = request.form.get("version", "")[:_MAX_VERSION]
    if not PageForm().validate_on_submit() or not version:
        flash(_("This page had been open for too long. Nothing was done: look again."))
        return go("/models")
    body = {"instead_of": request.form.get("instead_of", "")[:_MAX_VERSION]}
    try:
        asking.send("matcher", f"/v1/models/{version}/use", body)
    except RefusedError as error:
        if error.status not in (
            HTTPStatus.CONFLICT,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ):
            raise
        flash(_("This model cannot be put into use, or another was meanwhile. Nothing was done."))
    else:
        flash(_("The model is in use now. Everything is ranked again within minutes."))
    return go("/models")


def _wanted(items: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The model that is asked about before it is put into use, if the address names one."""
    version = request.args.get("use")
    return next((one for one in items if one["version"] == version and one["usable"]), None)
