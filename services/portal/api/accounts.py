"""Accounts over HTTP: one's own, and for coordinators and operators those of others."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.portal import accounts
from services.portal.documents import Account
from services.portal.domain.people import may_manage
from services.portal.erasing import erase
from services.portal.house import house
from services.portal.schemas import AccountQuery, AccountView, Nothing
from services.portal.views import account_view
from shared.registers.actors import actor_of
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.marks import answers
from shared.web.paging import page, page_schema
from shared.web.problems import forbidden, not_found

blueprint = Blueprint(
    "accounts",
    __name__,
    url_prefix="/v1/accounts",
    description="Who may sign in. Accounts are made by accepting an invitation.",
)


@blueprint.route("")
class Accounts(MethodView):
    """All accounts that the caller may see."""

    @require_roles(*accounts.LISTING)
    @blueprint.arguments(AccountQuery, location="query")
    @blueprint.response(200, page_schema(AccountView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List accounts, the newest first; a coordinator of some regions sees those of these."""
        return page(accounts.listed_for(current_identity(), args["role"]), args, account_view)


@blueprint.route("/me")
class Me(MethodView):
    """The caller's own account."""

    @blueprint.response(200, AccountView)
    @answers(HTTPStatus.NOT_FOUND, "The token's subject has no account here")
    def get(self) -> dict[str, Any]:
        """Read your own account."""
        return account_view(_account(current_identity().subject))


@blueprint.route("/<string:account_id>")
class OneAccount(MethodView):
    """One account."""

    @blueprint.response(200, AccountView)
    def get(self, account_id: str) -> dict[str, Any]:
        """Read an account: your own, or one that you may list. An erased one tells no person."""
        return account_view(_seen(account_id))

    @answers(HTTPStatus.FORBIDDEN, "Neither yours nor one that your role may erase")
    @blueprint.response(204)
    def delete(self, account_id: str) -> None:
        """Erase an account for good: your own, or one that your role may lock.

        Name, address, sessions, tokens, second factor and mail are gone; what the account did stays
        told of `erased account …`. Erasing it again changes nothing.
        """
        account, identity = _seen(account_id), current_identity()
        if account.id == identity.subject:
            if identity.scopes is not None:
                raise forbidden("An API token does not erase its account: do so on its page.")
        elif not may_manage(identity, accounts.office_of(account)):
            raise forbidden("This account is not one that your role may erase.")
        erase(house(), account, actor_of(identity), house().clock())


@blueprint.route("/<string:account_id>/lock", methods=["POST"])
@require_roles("coordinator", "operator")
@blueprint.arguments(Nothing, required=False)
@blueprint.response(200, AccountView)
def lock(_body: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Lock an account: its sessions end, its tokens buy nothing."""
    account = accounts.managed_account(current_identity(), account_id)
    accounts.lock(account, actor_of(current_identity()), house().clock())
    return account_view(_account(account_id))


@blueprint.route("/<string:account_id>/unlock", methods=["POST"])
@require_roles("coordinator", "operator")
@blueprint.arguments(Nothing, required=False)
@blueprint.response(200, AccountView)
def unlock(_body: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Unlock an account."""
    account = accounts.managed_account(current_identity(), account_id)
    accounts.unlock(account, actor_of(current_identity()), house().clock())
    return account_view(_account(account_id))


def _seen(account_id: str) -> Account:
    """An account that the caller may see, erased or not; raises the 404 problem."""
    identity = current_identity()
    if account_id != identity.subject:
        if identity.role not in accounts.LISTING:
            raise not_found("account")
        filters = {**accounts.visible_to(identity), "_id": account_id}
        if Account.objects(__raw__=filters).first() is None:
            raise not_found("account")
    return _account(account_id)


def _account(account_id: str) -> Account:
    account = Account.objects(id=account_id).first()
    if account is None:
        raise not_found("account")
    found: Account = account
    return found
