"""The portal's audit trail over HTTP: what was done to accounts, and who tried to sign in."""

from typing import Any

from flask.views import MethodView

from services.portal.accounts import office_of
from services.portal.documents import Account, ApiToken, Invitation
from services.portal.domain.people import may_manage
from services.portal.house import house
from services.portal.schemas import AuditQuery
from services.portal.trail import catch_up
from shared.web.audit import OVERSEERS, AuditPage, entries_page
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, current_identity, require_roles
from shared.web.paging import PageQuery
from shared.web.problems import forbidden, not_found

blueprint = Blueprint(
    "audit",
    __name__,
    url_prefix="/v1/audit",
    description="What was done to accounts, invitations and API tokens, and who tried to sign in.",
)


@blueprint.route("")
class Trail(MethodView):
    """The whole trail."""

    @require_roles("coordinator", "auditor")
    @blueprint.arguments(AuditQuery, location="query")
    @blueprint.response(200, AuditPage)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the audit trail's entries, the oldest first; all or those of one action."""
        identity = current_identity()
        if identity.regions is not None:
            raise forbidden("This is for auditors and for coordinators of all regions.")
        catch_up(house())
        return entries_page(None, args, identity)


@blueprint.route("/<string:record>")
class OfRecord(MethodView):
    """The trail of one account, invitation or API token."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, AuditPage)
    def get(self, args: dict[str, Any], record: str) -> dict[str, Any]:
        """List the audit trail's entries of a record, the oldest first; your own, or another's."""
        identity = current_identity()
        if not _may_read(identity, record):
            raise not_found("record")
        catch_up(house())
        return entries_page(record, args, identity)


def _may_read(identity: Identity, record: str) -> bool:
    if identity.role in OVERSEERS and identity.regions is None:
        return True
    token = ApiToken.objects(id=record).first()
    account = record if token is None else token.account
    if account == identity.subject:
        return True
    found = Account.objects(id=account).first() or Invitation.objects(id=account).first()
    return found is not None and (
        identity.role in OVERSEERS and may_manage(identity, office_of(found))
    )
