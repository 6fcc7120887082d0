"""Files attached to an offer by its donor, and removed again."""

from http import HTTPStatus

from flask import Flask, Response, flash, request
from flask_babel import gettext as _

from services.portal.pages.asking import send_file
from services.portal.pages.files import most_attached, remove, uploaded
from services.portal.pages.frame import for_roles, go
from services.portal.pages.offers.showing import PAGE, address_of
from services.portal.pages.refusals import why
from services.portal.services import RefusedError


def install(app: Flask) -> None:
    """Add the addresses."""
    app.add_url_rule(f"{PAGE}/files", view_func=attach_to_offer, methods=["POST"])
    app.add_url_rule(
        f"{PAGE}/files/<string:file_id>/remove", view_func=remove_from_offer, methods=["POST"]
    )


@for_roles("donor")
def attach_to_offer(offer_id: str) -> Response:
    """Attach a file; its type is told by its content, by the service."""
    form, file = uploaded(most_attached())
    if file is None:
        flash(form.problems()[0][1])
        return go(address_of(offer_id))
    try:
        path = f"/v1/offers/{offer_id}/attachments"
        send_file("offers", path, file.content, file.kind, file.name)
    except RefusedError as error:
        if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
            raise
        flash(_("This file cannot be taken: %(why)s", why=why(error)))
    else:
        flash(_("The file is attached."))
    return go(address_of(offer_id))


@for_roles("donor")
def remove_from_offer(offer_id: str, file_id: str) -> Response:
    """Remove a file; one that is gone already is no fault."""
    path = f"/v1/offers/{offer_id}/attachments/{file_id}"
    remove("offers", path, request.form.get("version", ""))
    return go(f"{address_of(offer_id)}#files")
