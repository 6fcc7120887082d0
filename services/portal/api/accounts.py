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
from shared.web.identity import Identity, covered_countries, current_identity, require_roles
from shared.web.marks import answers
from shared.web.paging import page, page_schema
from shared.web.problems import conflict, forbidden, not_found

LISTING = ("coordinator", "auditor", "operator")
"""Who sees accounts of others."""

blueprint = Blueprint(
    "accounts",
    __name__,
    url_prefix="/v1/accounts",
    description="Who may sign in. Accounts are made by accepting an invitation.",
)


@blueprint.route("")
class Accounts(MethodView):
    """All accounts that the caller may see."""

    @require_roles(*LISTING)
    @blueprint.arguments(AccountQuery, location="query")
    @blueprint.response(200, page_schema(AccountView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List accounts, the newest first; a coordinator of some regions sees their States'."""
        filters = {**visible_to(current_identity()), "erased_at": None}
        if args["role"] not in (None, filters.get("role", args["role"])):
            filters = {"_id": {"$in": []}}
        elif args["role"] is not None:
            filters["role"] = args["role"]
        return page(Account.objects(__raw__=filters), args, account_view)


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
    account = _managed(account_id)
    accounts.lock(account, actor_of(current_identity()), house().clock())
    return account_view(_account(account_id))


@blueprint.route("/<string:account_id>/unlock", methods=["POST"])
@require_roles("coordinator", "operator")
@blueprint.arguments(Nothing, required=False)
@blueprint.response(200, AccountView)
def unlock(_body: dict[str, Any], account_id: str) -> dict[str, Any]:
    """Unlock an account."""
    account = _managed(account_id)
    accounts.unlock(account, actor_of(current_identity()), house().clock())
    return account_view(_account(account_id))


def visible_to(identity: Identity) -> dict[str, Any]:
    """The filter of the accounts and invitations that the identity may list."""
    if identity.regions is None:
        return {}
    return {"role": "requester", "state": {"$in": covered_countries(identity)}}


def _seen(account_id: str) -> Account:
    """An account that the caller may see, erased or not; raises the 404 problem."""
    identity = current_identity()
    if account_id != identity.subject:
        if identity.role not in LISTING:
            raise not_found("account")
        filters = {**visible_to(identity), "_id": account_id}
        if Account.objects(__raw__=filters).first() is None:
            raise not_found("account")
    return _account(account_id)


def _account(account_id: str) -> Account:
    account = Account.objects(id=account_id).first()
    if account is None:
        raise not_found("account")
    found: Account = account
    return found


def _managed(account_id: str) -> Account:
    account = _account(account_id)
    identity = current_identity()
    if account.id == identity.subject:
        raise forbidden("Nobody locks or unlocks their own account.")
    if not may_manage(identity, accounts.office_of(account)):
        if identity.regions is not None:  # such a one is not told of others' accounts
            raise not_found("account")
        raise forbidden("This account is not one that your role may lock or unlock.")
    if account.erased_at is not None:
        raise conflict("erased", "This account was erased.")
    return account
