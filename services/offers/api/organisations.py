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
from shared.registers.context import context
from shared.registers.views import headers
from shared.registers.writing import load, put
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional_unless_new
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
        found = Organisation.objects(__raw__=queries.organisations(args))
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
            lambda o: domain.set_organisation(o, payload, identity, now.date()),
            now,
        )
        if not created:
            follow(organisation.id, now)
        shown = organisation_view(organisation, now.date())
        return shown, 201 if created else 200, headers(organisation)
