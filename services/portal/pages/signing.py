"""Pages for signing in and out, and for who forgot the password."""

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, flash, request
from flask_babel import gettext as _

from services.portal import accounts, factors, sessions
from services.portal.accounts import LinkUsedError, PasswordRefusedError, account_by_email
from services.portal.house import house
from services.portal.pages.forms import (
    PASSWORD_FAULTS,
    CodeForm,
    ForgottenForm,
    PageForm,
    ResetForm,
    SignInForm,
)
from services.portal.pages.frame import (
    CODE,
    SET_UP,
    SIGN_IN,
    asked_next,
    current,
    drop_session,
    go,
    keep_session,
    next_page,
    page,
    session_cookie,
    show,
    wait_message,
)
from services.portal.signing_in import (
    LockedError,
    WrongError,
    check_password,
    may_ask_for_reset,
    note_signed_in,
    stage_after_password,
)
from services.portal.throttling import TooManyError

REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY
WAIT = HTTPStatus.TOO_MANY_REQUESTS
_SHORT_OF_CODES = 3


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule(SIGN_IN, view_func=sign_in, methods=both)
    app.add_url_rule(CODE, view_func=second_step, methods=both)
    app.add_url_rule("/sign-out", view_func=sign_out, methods=["POST"])
    app.add_url_rule("/forgotten", view_func=forgotten, methods=both)
    app.add_url_rule("/reset/<string:secret>", view_func=reset, methods=both)


@page
def sign_in() -> Response:
    """The address and the password."""
    form, status = SignInForm(), HTTPStatus.OK
    if form.validate_on_submit():
        now = house().clock()
        try:
            account = check_password(
                house(), form.email.data, form.password.data, request.remote_addr, now
            )
        except WrongError:
            form.fail(_("There is no account with this address and this password."))
            status = REFUSED
        except LockedError:
            form.fail(_("This account is locked. Ask your coordinator."))
            status = REFUSED
        except TooManyError as error:
            form.fail(wait_message(error))
            status = WAIT
        else:
            stage = stage_after_password(account)
            if stage == "full":
                note_signed_in(account, now)
            on = {"full": next_page(account), "setup": _with_next(SET_UP), "code": _with_next(CODE)}
            agent = request.headers.get("User-Agent", "")
            cookie = sessions.open_session(house(), account, stage, agent, now, session_cookie())
            return keep_session(lambda: go(on[stage]), cookie)
    elif form.is_submitted():
        status = REFUSED
    return show("sign_in.html", status, form=form)


@page
def second_step() -> Response:
    """The code of the second factor."""
    found = current()
    if found is None:
        if request.method == "POST":
            flash(_("The time for the code was over. Sign in again."))
        return go(_with_next(SIGN_IN))
    if found.session.stage != "code":
        return go(next_page(found.account))
    form, status = CodeForm(), HTTPStatus.OK
    if form.validate_on_submit():
        now = house().clock()
        try:
            right = factors.use_code(house(), found.account, form.code.data, now)
        except TooManyError as error:
            form.fail(wait_message(error))
            status = WAIT
        else:
            if right:
                note_signed_in(found.account, now)
                agent = request.headers.get("User-Agent", "")
                cookie = sessions.open_session(
                    house(), found.account, "full", agent, now, session_cookie()
                )
                answer = keep_session(lambda: go(next_page(found.account)), cookie)
                found.account.reload()
                left = len(found.account.second_factor.recovery)
                if left < _SHORT_OF_CODES:
                    flash(_("Few recovery codes are left: make new ones."))
                return answer
            form.fail_field(form.code, _("This code is wrong, or it was used already."))
            status = REFUSED
    elif form.is_submitted():
        status = REFUSED
    return show("code.html", status, form=form)


@page
def sign_out() -> Response:
    """The end of the session, on the server too."""
    form = PageForm()
    if not form.validate_on_submit():
        return show("signed_out.html", REFUSED, form=form, done=False)
    cookie = session_cookie()
    if cookie is not None:
        sessions.close_session(house(), cookie)
    answer = drop_session(go(SIGN_IN))
    flash(_("You are signed out."))
    return answer


@page
def forgotten() -> Response:
    """The address to which a link goes, if it has an account."""
    form, status = ForgottenForm(), HTTPStatus.OK
    if form.validate_on_submit():
        now = house().clock()
        try:
            may_ask_for_reset(house(), form.email.data, request.remote_addr, now)
        except TooManyError as error:
            form.fail(wait_message(error))
            status = WAIT
        else:
            account = account_by_email(form.email.data)
            if account is not None and account.locked_at is None:
                accounts.new_reset_link(house(), account, now)
            return show("forgotten.html", form=form, sent=True)
    elif form.is_submitted():
        status = REFUSED
    return show("forgotten.html", status, form=form, sent=False)


@page
def reset(secret: str) -> Response:
    """A new password, by a link that works once."""
    form, status, now = ResetForm(), HTTPStatus.OK, house().clock()
    try:
        accounts.account_of_reset(house(), secret, now)
        if form.validate_on_submit():
            try:
                accounts.reset_password(house(), secret, form.password.data, now)
            except PasswordRefusedError as error:
                form.fail_field(form.password, PASSWORD_FAULTS[error.fault])
                status = REFUSED
            else:
                answer = drop_session(go(SIGN_IN))
                flash(_("Your password was changed. Sign in with the new one."))
                return answer
        elif form.is_submitted():
            status = REFUSED
    except LinkUsedError:
        return show("link_used.html", HTTPStatus.GONE)
    return show("reset.html", status, form=form)


def _with_next(address: str) -> str:
    """An address that leads on to where this one does."""
    asked = asked_next()
    return address if asked is None else f"{address}?{urlencode({'next': asked})}"
