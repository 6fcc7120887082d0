"""A State or an organisation as whoever is signed in sees it: whom to write to there."""

from http import HTTPStatus

from flask import Flask, Response

from entraide.client import Answer
from services.portal.domain.people import ORGANISATION_ID
from services.portal.pages import wording
from services.portal.pages.asking import get
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.registered import PAGE, may_register
from services.portal.services import RefusedError
from shared.vocabulary import UnknownCode
from shared.vocabulary.countries import country
from shared.web.problems import not_found


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/states/<string:alpha3>", view_func=show_state)
    app.add_url_rule(f"{PAGE}/<string:organisation_id>", view_func=show_organisation)


def stored(service: str, path: str) -> Answer | None:
    """What a register keeps of a State or an organisation; None where it keeps nothing."""
    try:
        return get(service, path)
    except RefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


@for_signed_in()
def show_state(alpha3: str) -> Response:
    """A State's points of contact."""
    try:
        country(alpha3)
    except UnknownCode:
        raise not_found("State") from None
    found = stored("requests", f"/v1/states/{alpha3}")
    return show(
        "contacts/party.html",
        name=wording.country(alpha3),
        it=found.body if found else {"contacts": []},
        organisation=None,
        may_change=False,
    )


@for_signed_in()
def show_organisation(organisation_id: str) -> Response:
    """What an organisation is, and its points of contact. An account may be of one that is not
    registered yet."""
    if not ORGANISATION_ID.fullmatch(organisation_id):
        raise not_found("organisation")
    found = stored("offers", f"/v1/organisations/{organisation_id}")
    return show(
        "contacts/party.html",
        name=found.body["name"] if found else organisation_id,
        it=found.body if found else None,
        organisation=organisation_id,
        may_change=may_register(account(), organisation_id),
    )
