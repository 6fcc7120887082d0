"""The files of a request: attached, downloaded and removed through the portal, not shown in it."""

from http import HTTPStatus

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from services.portal.pages.asking import send_file
from services.portal.pages.files import download, most_attached, remove, uploaded
from services.portal.pages.frame import for_roles, for_signed_in, go
from services.portal.pages.refusals import why
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.record import Tried, record_page
from services.portal.services import RefusedError
from shared.web.visibility import LEVELS

_FILES = f"{PAGE}/<string:request_id>/files"


def install(app: Flask) -> None:
    """Add the addresses."""
    app.add_url_rule(_FILES, view_func=attach_to_request, methods=["POST"])
    app.add_url_rule(f"{_FILES}/<string:attachment_id>", view_func=download_of_request)
    app.add_url_rule(
        f"{_FILES}/<string:attachment_id>/remove", view_func=remove_from_request, methods=["POST"]
    )


@for_roles("requester")
def attach_to_request(request_id: str) -> Response:
    """Attach a file to the request; its type is told by its content, by the service."""
    form, file = uploaded(most_attached())
    if file is None:
        return _refused(request_id, form.problems()[0][1])
    level = request.form.get("visibility")
    address = f"/v1/requests/{request_id}/attachments"
    try:
        send_file(
            "requests",
            address,
            file.content,
            file.kind,
            file.name,
            visibility=level if level in LEVELS else None,
        )
    except RefusedError as error:
        if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            raise
        return _refused(request_id, _("This file cannot be taken: %(why)s", why=why(error)))
    flash(_("The file is attached."))
    return go(f"{PAGE}/{request_id}#files")


@for_signed_in()
def download_of_request(request_id: str, attachment_id: str) -> Response:
    """The file, piece by piece, to be kept and never shown in place."""
    return download("requests", f"/v1/requests/{request_id}/attachments/{attachment_id}/file")


@for_roles("requester")
def remove_from_request(request_id: str, attachment_id: str) -> Response:
    """Remove a file; one that is gone already is no fault."""
    path = f"/v1/requests/{request_id}/attachments/{attachment_id}"
    remove("requests", path, request.form.get("etag", ""))
    return go(f"{PAGE}/{request_id}#files")


def _refused(request_id: str, message: str) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return record_page(request_id, Tried("file", MultiDict(), {"": message}, status))
