"""Organisations over HTTP."""

from typing import Any

from flask.views import MethodView

from services.offers import domain, queries
from services.offers.documents import Organisation
from services.offers.following import follow
from services.offers.schemas import (
    ORGANISATION_ID,
    OrganisationBody,
    OrganisationQuery,
    OrganisationView,
)
from services.offers.views import organisation_view
from shared.events.outbox import change
from shared.registers.contacts import due_condition
from shared.registers.context import context
from shared.registers.schemas import StepBody
from shared.registers.views import headers
from shared.registers.writing import load, put
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional, conditional_unless_new, required_version
from shared.web.problems import not_found

blueprint = Blueprint(
    "organisations",
    __name__,
    url_prefix="/v1/organisations",
    description="Donors, implementers and regional bodies, and whom to write to there.",
)


@blueprint.route("")
class Organisations(MethodView):
    """All organisations."""

    @blueprint.arguments(OrganisationQuery, location="query")
    @blueprint.response(200, page_schema(OrganisationView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List organisations, the newest first."""
        today = context().clock().date()
        condition = queries.organisations(args)
        if args["due"]:
            condition = {"$and": [condition, due_condition(today)]}
        found = Organisation.objects(__raw__=condition)
        return page(found, args, lambda organisation: organisation_view(organisation, today))


@blueprint.route("/<string:organisation_id>")
class OneOrganisation(MethodView):
    """One organisation."""

    @blueprint.response(200, OrganisationView)
    def get(self, organisation_id: str) -> Any:
        """Read an organisation."""
        organisation = load(Organisation, organisation_id)
        return organisation_view(organisation, context().clock().date()), headers(organisation)

    @require_roles("donor", "operator")
    @conditional_unless_new
    @blueprint.arguments(OrganisationBody)
    @blueprint.response(200, OrganisationView)
    @blueprint.alt_response(201, schema=OrganisationView, description="Created")
    def put(self, payload: dict[str, Any], organisation_id: str) -> Any:
        """Register an organisation or replace what it holds; the first time, no If-Match.

        Its offers follow where its type or country changed.
        """
        if not ORGANISATION_ID.matches(organisation_id):
            raise not_found("organisation")
        identity, now = current_identity(), context().clock()
        organisation, created = put(
            Organisation,
            organisation_id,
            lambda o: domain.set_organisation(o, payload, identity, now),
            now,
        )
        if not created:
            follow(organisation.id, now)
        shown = organisation_view(organisation, now.date())
        return shown, 201 if created else 200, headers(organisation)


@blueprint.route("/<string:organisation_id>/erase-contacts", methods=["POST"])
@require_roles("donor", "operator")
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, OrganisationView)
def erase_contacts(_body: dict[str, Any], organisation_id: str) -> Any:
    """Erase an organisation's contact data. When there were some stays in its history."""
    identity, now = current_identity(), context().clock()
    organisation = change(
        Organisation,
        organisation_id,
        required_version(),
        lambda o: domain.erase_organisation_contacts(o, identity, now),
        now,
    )
    return organisation_view(organisation, now.date()), headers(organisation)
