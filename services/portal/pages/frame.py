"""What every page shares: who is signed in, the language, headers, problems as pages."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from babel.lists import format_list
from flask import Flask, Response, current_app, g, redirect, render_template, request, session
from flask_babel import Babel, format_timedelta
from flask_babel import lazy_gettext as _
from jinja2 import PackageLoader, StrictUndefined
from werkzeug.datastructures import MultiDict

from services.portal.catalogues import SOURCE_LANGUAGE
from services.portal.documents import Account
from services.portal.house import House, house
from services.portal.letters import moment_in
from services.portal.pages import wording
from services.portal.pages.absence import absence
from services.portal.pages.assets import ASSETS
from services.portal.pages.currencies import currency_names
from services.portal.pages.days import shows_day
from services.portal.pages.forms import PageForm
from services.portal.pages.lengths import MOST_SAID
from services.portal.pages.navigation import PUBLIC_PLACES, first_place, folded, navigation
from services.portal.pages.packing import packed
from services.portal.pages.refusals import said_of
from services.portal.pages.speaking import Texts, find_reader_at_once
from services.portal.pages.units import unit_names
from services.portal.reading import unread_up_to
from services.portal.sessions import SignedIn, find_session
from services.portal.throttling import TooManyError
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS, country_name
from shared.vocabulary.languages import language_name
from shared.web.errors import show_problems_by
from shared.web.marks import mark
from shared.web.problems import Problem, forbidden

SIGN_IN, CODE, SET_UP, ACCOUNT = (
    "/sign-in",
    "/sign-in/code",
    "/account/second-factor",
    "/account",
)
_LANGUAGE = "language"
_SHARED = "entraide-shared-names"
"""Where the app keeps the names that every page uses."""
_MAX_NEXT = 500
_MOST_UNREAD = 99
"""How many notifications every page counts."""
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*", re.ASCII)
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_UNATTENDED = "X-Unattended"
"""What an open page sends that asks for itself anew: nobody used it."""
_HSTS = "max-age=31536000"

F = TypeVar("F", bound=Callable[..., Any])

ROLE_NAMES = {
    "requester": _("Requesting State"),
    "donor": _("Donor"),
    "coordinator": _("Coordinator"),
    "auditor": _("Auditor"),
    "operator": _("Operator"),
}

_PROBLEMS = {
    HTTPStatus.NOT_FOUND: _("This page does not exist"),
    HTTPStatus.FORBIDDEN: _("This page is not for your role"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("What was sent is too large"),
    HTTPStatus.TOO_MANY_REQUESTS: _("Too much was asked at once. Wait a minute, then try again."),
}
_OF_ADDRESS = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What is wrong with the address alone, where nothing was sent."""
_AS_THINGS_STAND = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""What is refused so is nobody's fault, and says why itself."""


def install(app: Flask, own: House) -> None:
    """Prepare the app for pages: templates, languages, cookies, problems as pages."""
    app.secret_key = own.vault.cookie_key
    app.config.update(
        SESSION_COOKIE_NAME=_cookie_name(own, "visit"),
        SESSION_COOKIE_SECURE=own.portal.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the visit, which signing in and out renews
    )
    app.jinja_loader = PackageLoader("services.portal.pages")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    babel = Babel(app, default_locale=SOURCE_LANGUAGE, locale_selector=reading_language)
    babel.domain_instance = Texts()
    find_reader_at_once()
    shared: dict[str, Any] = {
        "languages": LANGUAGES,
        "own_name": lambda language: language_name(language, language),
        "role_name": lambda role: ROLE_NAMES[role],
        "moment": moment,
        "party_of": party_of,
        "unit_names": unit_names,
        "currency_names": currency_names,
        "shows_day": shows_day,
        "missed": _missed,
        "unread": _unread,
        "without": without,
        "style": ASSETS["style.css"].address,
        "script": ASSETS["portal.js"].address,
        "asset": lambda name: ASSETS[name].address,
        "navigation": folded,
        "first_place": first_place,
        "public_places": PUBLIC_PLACES,
        "goes_to": goes_to,
        "most_said": MOST_SAID,
        "most_attached": lambda: own.settings.attachment_max_bytes,
    }
    app.jinja_env.globals.update(shared)
    app.extensions[_SHARED] = frozenset(shared)
    wording.install(app)
    show_problems_by(app, _problem_page)
    app.after_request(_harden)


def _unread(account_id: str) -> str:
    """How many notifications the account has not read: "99+" for more; empty for none."""
    count = unread_up_to(account_id, _MOST_UNREAD + 1)
    if count > _MOST_UNREAD:
        return f"{wording.number(_MOST_UNREAD)}+"
    return wording.number(count) if count else ""


def _missed() -> list[str]:
    """That services are away whose names and titles the page goes without, in words."""
    return [absence(service) for service in sorted(g.reader.missed)] if "reader" in g else []


def page(function: F) -> F:
    """A page: anybody may ask for it, it reads forms, problems are shown as pages."""
    return mark(function, public=True, page=True)


def for_signed_in(stage: str = "full") -> Callable[[F], F]:
    """A page for who is signed in; others are sent to what is missing.

    `stage` `setup` lets in who has to set up a second factor first, too.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            found = current()
            if found is None:
                return go(f"{SIGN_IN}?next={this_address()}")
            if found.stage not in ("full", stage):
                return go(f"{CODE if found.stage == 'code' else SET_UP}?next={this_address()}")
            return function(*args, **kwargs)

        return page(guarded)  # type: ignore[return-value]

    return decorate


def for_roles(*roles: str) -> Callable[[F], F]:
    """A page for who is signed in with one of these roles; to others the page of the 403."""

    def decorate(function: F) -> F:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if account().role not in roles:
                raise forbidden("This page is for other roles.")
            return function(*args, **kwargs)

        return for_signed_in()(guarded)  # type: ignore[return-value]

    return decorate


def current() -> SignedIn | None:
    """Whose browser it is, if its session counts."""
    if "signed_in" not in g:
        used = _UNATTENDED not in request.headers
        g.signed_in = find_session(house(), session_cookie(), house().clock(), used=used)
    found: SignedIn | None = g.signed_in
    return found


def account() -> Account:
    """The account of who is signed in, on a page for such."""
    found = current()
    if found is None:
        raise RuntimeError("this page is for anybody")
    return found.account


def this_address() -> str:
    """This address as a part of another."""
    return quote(request.full_path.rstrip("?"))


def session_cookie() -> str | None:
    """The cookie of the session that the browser sent."""
    return request.cookies.get(_cookie_name(house(), "session"))


def keep_session(make: Callable[[], Response], cookie: str) -> Response:
    """What `make` answers, with the cookie of a new session; the visit is a new one too.

    Nothing that stood in the browser before signing in counts after it, the language apart.
    """
    _renew_visit()
    answer = make()
    answer.set_cookie(
        _cookie_name(house(), "session"),
        cookie,
        secure=house().portal.secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


def drop_session(answer: Response) -> Response:
    """Take the cookie of the session from the browser; the language stays."""
    _renew_visit()
    answer.delete_cookie(
        _cookie_name(house(), "session"),
        secure=house().portal.secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _renew_visit() -> None:
    language = session.get(_LANGUAGE)
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps what it made for the visit before
    if language is not None:
        session[_LANGUAGE] = language


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A page of a template in the reader's language.

    ValueError for a value that would hide what every page uses, such as `without`.
    """
    if hidden := values.keys() & current_app.extensions[_SHARED]:
        raise ValueError(f"name them otherwise, pages have such of their own: {sorted(hidden)}")
    language = wording.here()
    text = render_template(
        template,
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        here=request.path,
        query=request.args,
        signed_in=current(),
        signed_out_form=PageForm() if current() else None,
        **values,
    )
    answer = Response(text, status=status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


def goes_to(path: str) -> bool:
    """Whether who is signed in finds a place at that path."""
    found = current()
    return found is not None and any(place.path == path for place in navigation(found.account.role))


def go(address: str) -> Response:
    """On to another page, by GET; in the language that the address asked for."""
    _keep_language()
    return redirect(address, HTTPStatus.SEE_OTHER, Response)  # type: ignore[return-value]


def next_page(reader: Account) -> str:
    """Where to go after signing in: a page of ours that the address names, else where the work of
    who signs in is."""
    return asked_next() or first_place(reader.role).path


def asked_next() -> str | None:
    """Where the address says to go on to; None where it says nothing, or names no page of ours."""
    asked = request.args.get("next", "")
    return asked if len(asked) <= _MAX_NEXT and _LOCAL_PATH.fullmatch(asked) else None


def reading_language() -> str:
    """The language asked for in the address, or earlier; the account's; the browser's."""
    _keep_language()
    chosen = session.get(_LANGUAGE)
    if chosen in LANGUAGES:
        return str(chosen)
    found = current() if request.url_rule is not None else None
    if found is not None:
        return str(found.account.language)
    return request.accept_languages.best_match(LANGUAGES, default=SOURCE_LANGUAGE) or "en"


def _keep_language() -> None:
    asked = request.args.get(_LANGUAGE)
    if asked in LANGUAGES:
        session[_LANGUAGE] = asked


def moment(when: datetime) -> str:
    """A time as it is read, to the minute, in UTC."""
    return moment_in(wording.here(), when)


def party_of(record: Any, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """For whom an account or invitation acts, in the reader's language; empty for nobody's own.

    `names` are those of organisations, by id, as far as they are known.
    """
    language = wording.here()
    if record.state:
        return country_name(record.state, language)
    if record.organisation:
        return names.get(record.organisation, str(record.organisation))
    regions = [AREAS.label(region, language) for region in record.regions]
    return format_list(regions, locale=language)


def without(query: Mapping[str, str], name: str, **more: str) -> str:
    """The query of this page without a name, with others: "?theme=marking", or "" for none.

    What stands in it several times, as what if without one offer and another, stays so.
    """
    pairs = MultiDict(query).items(multi=True)
    left = [(key, value) for key, value in pairs if value and key != name and key not in more]
    query_string = urlencode([*left, *more.items()])
    return f"?{query_string}" if query_string else ""


def wait_message(error: TooManyError) -> str:
    """Why nothing is tried just now, and for how long."""
    left = max(error.until - house().clock(), timedelta(seconds=1))
    time = format_timedelta(left, granularity="second", threshold=1.2)
    return str(_("There were too many attempts. Wait %(time)s, then try again.", time=time))


def _cookie_name(own: House, name: str) -> str:
    # A browser takes a cookie of this prefix over TLS alone, for this host alone.
    prefix = "__Host-" if own.portal.secure else ""
    return f"{prefix}entraide-{name}"


def _harden(answer: Response) -> Response:
    if house().portal.secure:
        answer.headers["Strict-Transport-Security"] = _HSTS
    if answer.mimetype == "text/html":
        answer.headers.setdefault("Content-Security-Policy", _POLICY)
    return packed(answer)


def _problem_page(problem: Problem) -> Response:
    missing = problem.members.get("service")
    asked = request.method == "GET"
    if asked and problem.status == HTTPStatus.METHOD_NOT_ALLOWED and (above := _page_above()):
        return go(above)
    of_cursor = "cursor" in request.args and any(one.field == "cursor" for one in problem.errors)
    if asked and of_cursor:
        # A place in a list that is no more: as of an address that was kept for long.
        return go(request.path + without(request.args, "cursor"))
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        said: object = absence(missing)
    elif asked and problem.status in _OF_ADDRESS:
        said = _("This address asks for something that cannot be shown")
    elif problem.status in _AS_THINGS_STAND:
        said = said_of(problem.code, problem.detail)
    else:
        said = _PROBLEMS.get(HTTPStatus(problem.status), _("Something went wrong on our side"))
    answer = show(
        "problem.html",
        problem.status,
        said=said,
        missing=missing is not None,
        request_id=g.get("request_id", ""),
    )
    for name, value in problem.headers.items():
        answer.headers.setdefault(name, value)
    return answer


def _page_above() -> str | None:
    """The page on which a form stands that is sent to this address: a form that was refused is
    shown there, and loaded again or asked for in another language. None where there is none."""
    path = request.path
    while path := path.rpartition("/")[0]:
        if is_page(path):
            return path
    return None


def is_page(path: str) -> bool:
    """Whether a page stands at that path."""
    addresses = current_app.create_url_adapter(request)
    return addresses is not None and addresses.test(path, method="GET")
