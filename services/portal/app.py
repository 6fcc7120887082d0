"""The portal's process: gunicorn serves it as deploy/docker/serving.py says."""

import os
from collections.abc import Mapping

from flask import Flask

from services.portal.addresses import addresses
from services.portal.api import accounts, audit, invitations, notifications, tokens, webhooks
from services.portal.configuration import PortalSettings
from services.portal.house import NAME, Clock, Passwords, open_house, set_house, system_clock
from services.portal.pages import (
    administration,
    allocation,
    asking,
    assets,
    cases,
    contacts,
    exports,
    frame,
    hooks,
    inviting,
    live,
    managing,
    matches,
    me,
    notices,
    offers,
    report,
    review,
    signing,
    spreadsheets,
)
from services.portal.pages import public as public_pages
from services.portal.pages import requests as request_pages
from services.portal.pages.start import start_page
from services.portal.services import AwayError, RefusedError
from services.portal.signing_keys import OwnKeys
from shared.settings import Settings
from shared.web.service import create_service
from shared.web.tokens import JWKS_PATH

DESCRIPTION = "Accounts, tokens, notifications; pages for requesting States, donors, coordinators."


def create_app(
    settings: Settings | None = None,
    environ: Mapping[str, str] = os.environ,
    clock: Clock = system_clock,
    passwords: Passwords | None = None,
) -> Flask:
    """The portal's app; raises SettingsError naming what is missing in `environ`."""
    settings = settings or Settings.from_environment(NAME, environ)
    found = addresses(environ)
    portal = open_house(settings, PortalSettings.from_environment(environ), clock, passwords, found)
    app = create_service(
        NAME,
        settings,
        (
            *(tokens.blueprint, accounts.blueprint, invitations.blueprint),
            *(audit.blueprint, notifications.blueprint, webhooks.blueprint),
        ),
        description=DESCRIPTION,
        clock=clock,
        source=OwnKeys(portal),
        errors={
            RefusedError: asking.problem_of_refusal,
            AwayError: asking.problem_of_absence,
        },
    )
    set_house(app, portal)
    app.add_url_rule(JWKS_PATH, view_func=tokens.key_set)
    frame.install(app, portal)
    for pages in (
        signing,
        me,
        hooks,
        inviting,
        managing,
        notices,
        offers,
        spreadsheets,
        request_pages,
        contacts,
        matches,
        review,
        cases,
        administration,
        allocation,
        report,
        exports,
        public_pages,
    ):
        pages.install(app)
    live.install(app, portal)
    app.add_url_rule(assets.PATH, view_func=assets.asset)
    app.add_url_rule("/", view_func=start_page(found))
    return app
