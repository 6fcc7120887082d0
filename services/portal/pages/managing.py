"""Accounts of others: listed for who sees them, locked and unlocked by who manages them."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from flask import Flask, Response, flash, request
from flask_babel import gettext as _

from services.portal import accounts
from services.portal.documents import Account
from services.portal.domain.people import email_of, may_manage
from services.portal.house import house
from services.portal.pages.asked import code_of, cursor_of
from services.portal.pages.finding import names_of
from services.portal.pages.forms import EXPIRED, PageForm
from services.portal.pages.frame import ROLE_NAMES, account, for_roles, go, show, without
from services.portal.trail import actor_of_account
from shared.registers.actors import Actor
from shared.web.identity import ROLES
from shared.web.paging import page

PAGE = "/accounts"
_SHOWN: Final = 50


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule(PAGE, view_func=list_accounts)
    one = f"{PAGE}/<string:account_id>"
    app.add_url_rule(f"{one}/lock", view_func=lock_account, methods=["POST"])
    app.add_url_rule(f"{one}/unlock", view_func=unlock_account, methods=["POST"])


@for_roles(*accounts.LISTING)
def list_accounts() -> Response:
    """The accounts that the reader may see, the newest first; of a role or an address."""
    own = accounts.identity_of(account())
    address = request.args.get("email", "").strip()
    asked = {"email": email_of(address) or ""} if address else {}
    found = accounts.listed_for(own, code_of(request.args, "role", ROLES), **asked)
    listed = page(found, {"limit": _SHOWN, "cursor": cursor_of(request.args)}, lambda one: one)
    return show(
        "accounts.html",
        rows=[
            (one, one.id != own.subject and may_manage(own, accounts.office_of(one)))
            for one in listed["items"]
        ],
        next=listed["next"],
        names=names_of(one.organisation for one in listed["items"]),
        roles=[(role, ROLE_NAMES[role]) for role in ROLES],
        filtered=any(request.args.get(name) for name in ("role", "email")),
        bare=PageForm(),
    )


@for_roles("coordinator", "operator")
def lock_account(account_id: str) -> Response:
    """An account locked."""
    return _step(
        account_id, accounts.lock, _("The account is locked, and its sessions have ended.")
    )


@for_roles("coordinator", "operator")
def unlock_account(account_id: str) -> Response:
    """An account unlocked."""
    return _step(account_id, accounts.unlock, _("The account is unlocked."))


def _step(account_id: str, take: Callable[[Account, Actor, datetime], None], done: str) -> Response:
    """A step of an account, then back to where it stands in the list."""
    own = account()
    managed = accounts.managed_account(accounts.identity_of(own), account_id)
    if PageForm().validate_on_submit():
        take(managed, actor_of_account(own), house().clock())
        flash(done)
    else:
        flash(str(EXPIRED))
    return go(PAGE + without(request.args, ""))
