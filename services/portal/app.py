"""The portal's process: `gunicorn 'services.portal.app:create_app()'`."""

import os
from collections.abc import Mapping

from flask import Flask

from services.portal.addresses import addresses
from services.portal.pages.start import start_page
from shared.settings import Settings
from shared.web.service import create_service

DESCRIPTION = "Pages for requesting States, donors and coordinators."


def create_app(settings: Settings | None = None, environ: Mapping[str, str] = os.environ) -> Flask:
    """The portal's app; raises SettingsError naming what is missing in `environ`."""
    app = create_service(
        "portal",
        settings or Settings.from_environment("portal", environ),
        [],
        description=DESCRIPTION,
    )
    app.add_url_rule("/", view_func=start_page(addresses(environ)))
    return app
