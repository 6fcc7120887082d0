"""Invitations over HTTP, for coordinators and operators."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.portal import invitations
from services.portal.accounts import office_of, visible_to
from services.portal.documents import Invitation
from services.portal.domain.people import email_of, may_manage
from services.portal.house import house
from services.portal.schemas import InvitationBody, InvitationView, office_in
from services.portal.views import invitation_view
from shared.registers.actors import actor_of
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.marks import answers
from shared.web.paging import PageQuery, page, page_schema
from shared.web.problems import conflict, forbidden, invalid_field, not_found

blueprint = Blueprint(
    "invitations",
    __name__,
    url_prefix="/v1/invitations",
    description="Links by which accounts are made, their role and bindings fixed beforehand.",
)

OWN_MAILBOX = "This seems to be another address of your own."


@blueprint.route("")
class Invitations(MethodView):
    """All invitations that the caller may see."""

    @require_roles("coordinator", "auditor", "operator")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, page_schema(InvitationView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List invitations, the newest first."""
        found = Invitation.objects(__raw__=visible_to(current_identity()))
        now = house().clock()
        return page(found, args, lambda invitation: invitation_view(invitation, now))

    @require_roles("coordinator", "operator")
    @blueprint.arguments(InvitationBody)
    @blueprint.response(201, InvitationView)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Invite somebody: a link goes out by mail, good for one account within seven days."""
        identity, now, office = current_identity(), house().clock(), office_in(body)
        if not may_manage(identity, office):
            raise forbidden("You may not invite to this role with these bindings.")
        email = email_of(body["email"]) or ""
        try:
            made, _ = invitations.invite(
                house(), email, body["language"], office, actor_of(identity), now
            )
        except invitations.OwnMailboxError:
            raise invalid_field("email", OWN_MAILBOX, "own") from None
        except invitations.HasAccountError:
            raise conflict("has-account", "There is an account with this address.") from None
        return invitation_view(made, now)


@blueprint.route("/<string:invitation_id>")
class OneInvitation(MethodView):
    """One invitation."""

    @require_roles("coordinator", "operator")
    @answers(HTTPStatus.CONFLICT, "It was accepted already")
    @blueprint.response(204)
    def delete(self, invitation_id: str) -> None:
        """Take an invitation back: its link is worthless."""
        invitation = Invitation.objects(id=invitation_id).first()
        if invitation is None or not may_manage(current_identity(), office_of(invitation)):
            raise not_found("invitation")
        actor = actor_of(current_identity())
        if not invitations.revoke(invitation, actor, house().clock()):
            raise conflict("accepted", "The invitation was accepted; lock the account instead.")
