"""The pages of one's own account: language, sessions, password, second factor, API tokens."""

from datetime import timedelta
from http import HTTPStatus

import segno
from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from markupsafe import Markup

from services.portal import accounts, api_tokens, erasing, factors, sessions
from services.portal.accounts import PasswordRefusedError
from services.portal.documents import Account, ApiToken
from services.portal.domain.people import name_of
from services.portal.domain.second_factor import setup_address
from services.portal.house import house
from services.portal.made_once import MadeAlreadyError
from services.portal.pages.agents import agent_name
from services.portal.pages.finding import names_of
from services.portal.pages.forms import (
    PASSWORD_FAULTS,
    SCOPE_NAMES,
    CodeForm,
    ConfirmForm,
    LanguageForm,
    PageForm,
    PasswordForm,
    SetUpForm,
    TokenForm,
    WebhookForm,
)
from services.portal.pages.frame import (
    ACCOUNT,
    SET_UP,
    SIGN_IN,
    account,
    asked_next,
    current,
    drop_session,
    for_signed_in,
    go,
    keep_session,
    session_cookie,
    show,
    wait_message,
)
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.signing import REFUSED, WAIT
from services.portal.signing_in import LockedError, WrongError, confirm_password
from services.portal.throttling import TooManyError
from services.portal.trail import actor_of_account
from shared.ids import new_id

TOKENS = f"{ACCOUNT}/tokens"


def install(app: Flask) -> None:
    """Add the pages."""
    both, post = ["GET", "POST"], ["POST"]
    app.add_url_rule(ACCOUNT, view_func=overview, methods=both)
    app.add_url_rule(f"{ACCOUNT}/password", view_func=password, methods=both)
    app.add_url_rule(f"{ACCOUNT}/erase", view_func=erase, methods=both)
    app.add_url_rule(SET_UP, view_func=second_factor, methods=both)
    app.add_url_rule(f"{SET_UP}/codes", view_func=recovery_codes, methods=post)
    app.add_url_rule(f"{SET_UP}/remove", view_func=remove_factor, methods=post)
    app.add_url_rule(f"{ACCOUNT}/sessions/<string:which>/end", view_func=end_session, methods=post)
    app.add_url_rule(TOKENS, view_func=tokens, methods=both)
    app.add_url_rule(f"{TOKENS}/<string:token_id>/revoke", view_func=revoke_token, methods=post)


@for_signed_in()
def overview() -> Response:
    """The account at a glance."""
    own, now = account(), house().clock()
    form = LanguageForm(data={"language": own.language})
    if form.validate_on_submit():
        Account.objects(id=own.id).update(set__language=form.language.data)
        flash(_("The language was changed."))
        return go(f"{ACCOUNT}?language={form.language.data}")
    found = current()
    return show(
        "account.html",
        REFUSED if form.is_submitted() else 200,
        form=form,
        account=own,
        sessions=sessions.sessions_of(own, now),
        here_id=found.session.id if found else None,
        bare=PageForm(),
        agent_name=agent_name,
        names=names_of([own.organisation]),
    )


@for_signed_in()
def password() -> Response:
    """A new password, which ends every session but this one."""
    form, status, own, now = PasswordForm(), HTTPStatus.OK, account(), house().clock()
    if form.validate_on_submit():
        status = confirm(form, own) or status
        if not form.problems():
            try:
                changed = accounts.change_password(house(), own, form.password.data, now)
            except PasswordRefusedError as error:
                form.fail_field(form.password, PASSWORD_FAULTS[error.fault])
                status = REFUSED
            else:
                if not changed:
                    return go(SIGN_IN)
                answer = keep_session(lambda: go(ACCOUNT), _new_session(own))
                flash(_("Your password was changed, and every other session ended."))
                return answer
    elif form.is_submitted():
        status = REFUSED
    return show("password.html", status, form=form)


@for_signed_in()
def erase() -> Response:
    """The account erased for good, by who knows its password."""
    form, status, own = ConfirmForm(), HTTPStatus.OK, account()
    if form.validate_on_submit():
        status = confirm(form, own) or status
        if not form.problems():
            erasing.erase(house(), own, actor_of_account(own), house().clock())
            answer = drop_session(go(SIGN_IN))
            flash(_("Your account was erased."))
            return answer
    elif form.is_submitted():
        status = REFUSED
    return show("erase.html", status, form=form, pseudonym=erasing.pseudonym(own.id))


@for_signed_in("setup")
def second_factor() -> Response:
    """The second factor: set up, or as it is."""
    own, now = account(), house().clock()
    if own.second_factor is not None:
        return _factor_page(own, ConfirmForm(), HTTPStatus.OK)
    required = accounts.needs_second_factor(own)
    form = CodeForm() if required else SetUpForm()
    status = HTTPStatus.OK
    if form.validate_on_submit():
        codes = None
        if isinstance(form, SetUpForm):
            status = confirm(form, own) or status
        try:
            if not form.problems():
                codes = factors.confirm_setup(house(), own, form.code.data, now)
        except TooManyError as error:
            form.fail(wait_message(error))
            status = WAIT
        else:
            if codes is not None:
                cookie = _new_session(own)
                accounts.end_sessions(own.id, but=sessions.session_id(house(), cookie))
                return keep_session(lambda: _codes_page(codes), cookie)
            if not form.problems():
                form.fail_field(form.code, _("This code is wrong, or it was used already."))
                status = REFUSED
    elif form.is_submitted():
        status = REFUSED
    seed = factors.seed_to_set_up(house(), own)
    square = segno.make(setup_address(seed, own.email)).svg_inline(scale=5, border=2)
    return show(
        "second_factor_setup.html",
        status,
        form=form,
        square=Markup(square),  # noqa: S704 (made here, of paths alone)
        seed=" ".join(seed[at : at + 4] for at in range(0, len(seed), 4)),
        required=required,
    )


def _codes_page(codes: list[str]) -> Response:
    """Recovery codes, once; from there on to where a factor had to be set up for."""
    return show("recovery_codes.html", codes=codes, on=asked_next() or ACCOUNT)


@for_signed_in()
def recovery_codes() -> Response:
    """New recovery codes in the place of the old ones."""
    own, form = account(), ConfirmForm()
    if own.second_factor is None:
        return go(SET_UP)
    status = confirm(form, own) if form.validate_on_submit() else REFUSED
    if form.problems():
        return _factor_page(own, form, status or REFUSED)
    codes = factors.new_recovery_codes(house(), own, house().clock())
    return _codes_page(codes)


@for_signed_in()
def remove_factor() -> Response:
    """The second factor removed, where the role may do without."""
    own, form = account(), ConfirmForm()
    if own.second_factor is None or not factors.may_remove(own):
        return go(SET_UP)
    status = confirm(form, own) if form.validate_on_submit() else REFUSED
    if form.problems():
        return _factor_page(own, form, status or REFUSED)
    factors.remove(house(), own, actor_of_account(own), house().clock())
    flash(_("The second factor was removed."))
    return go(ACCOUNT)


@for_signed_in()
def end_session(which: str) -> Response:
    """One session ended, or all of them."""
    if PageForm().validate_on_submit():
        if which == "all":
            accounts.end_sessions(account().id)
            answer = drop_session(go(SIGN_IN))
            flash(_("You are signed out everywhere."))
            return answer
        sessions.close_other(account(), which)
        flash(_("The session was ended."))
    return go(ACCOUNT)


@keeping_typed
@for_signed_in()
def tokens() -> Response:
    """API tokens, and a form for one more."""
    own, now, form, status = account(), house().clock(), TokenForm(), HTTPStatus.OK
    made: str | None = None
    before: ApiToken | None = None
    if form.validate_on_submit():
        status = confirm(form, own) or status
        if not form.problems():
            name, lifetime = name_of(form.name.data) or "", timedelta(days=int(form.lifetime.data))
            scopes, key = form.scopes.data, form.key.data
            try:
                _token, made = api_tokens.make(house(), own, name, scopes, lifetime, now, key)
            except MadeAlreadyError as error:
                before = error.made
            form = TokenForm(formdata=None)
    elif form.is_submitted():
        status = REFUSED
    form.key.data = form.key.data or new_id()
    return show(
        "tokens.html",
        status,
        form=form,
        made=made,
        before=before,
        tokens=api_tokens.tokens_of(own.id),
        scope_names=SCOPE_NAMES,
        now=now,
        bare=PageForm(),
    )


@for_signed_in()
def revoke_token(token_id: str) -> Response:
    """An API token revoked."""
    own = account()
    if PageForm().validate_on_submit() and api_tokens.revoke(
        token_id, own.id, actor_of_account(own), house().clock()
    ):
        flash(_("The token was revoked."))
    return go(TOKENS)


def _factor_page(own: Account, form: ConfirmForm, status: int) -> Response:
    factor = own.second_factor
    return show(
        "second_factor.html",
        status,
        form=form,
        since=factor.since,
        left=len(factor.recovery),
        removable=factors.may_remove(own),
    )


def confirm(
    form: PasswordForm | ConfirmForm | SetUpForm | TokenForm | WebhookForm, own: Account
) -> HTTPStatus | None:
    """Check the present password; the status of the page that says why it will not do."""
    try:
        confirm_password(house(), own, form.current.data, request.remote_addr, house().clock())
    except (WrongError, LockedError):
        form.fail_field(form.current, _("This is not your password."))
        return REFUSED
    except TooManyError as error:
        form.fail(wait_message(error))
        return WAIT
    return None


def _new_session(own: Account) -> str:
    agent = request.headers.get("User-Agent", "")
    return sessions.open_session(house(), own, "full", agent, house().clock(), session_cookie())
