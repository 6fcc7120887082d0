"""Files attached to an offer by its donor."""

from http import HTTPStatus

from flask import Flask, Response, flash
from flask_babel import gettext as _

from services.portal.pages.asking import send_file
from services.portal.pages.files import kind_of
from services.portal.pages.frame import for_roles, go
from services.portal.pages.offers.files import uploaded
from services.portal.pages.offers.showing import PAGE, address_of
from services.portal.services import RefusedError


def install(app: Flask) -> None:
    """Add the address."""
    app.add_url_rule(f"{PAGE}/files", view_func=attach_to_offer, methods=["POST"])


@for_roles("donor")
def attach_to_offer(offer_id: str) -> Response:
    """Attach a file; its type is told by its content, by the service."""
    form, file = uploaded()
    if file is None:
        flash(form.problems()[0][1])
        return go(address_of(offer_id))
    try:
        path = f"/v1/offers/{offer_id}/attachments"
        send_file("offers", path, file.content, kind_of(file.name), file.name)
    except RefusedError as error:
        if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
            raise
        told = error.fields()
        why = told[0][1] if told else str(error)
        flash(_("This file cannot be taken: %(why)s", why=why))
    else:
        flash(_("The file is attached."))
    return go(address_of(offer_id))
