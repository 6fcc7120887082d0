"""The API process: gunicorn serves it as deploy/docker/serving.py says."""

import os
from typing import Any

from flask import Flask

from services.offers.api import (
    activities,
    activity_files,
    attachments,
    offers,
    organisations,
    public,
    reporting,
)
from services.offers.api.catalogue import CALLS, EXPERTS, LESSONS, make_blueprint
from services.offers.documents import AGGREGATES, AUDITED, AssistanceOffer
from services.offers.domain import may_read
from shared.attachments.blueprint import configure
from shared.registers.context import Clock, Context, set_context, system_clock
from shared.registers.texts import TEXT_CHECKS, warm_up
from shared.settings import Settings
from shared.web.audit import audit_blueprint
from shared.web.identity import Identity
from shared.web.operations import operations_blueprint
from shared.web.service import create_service
from shared.web.uploads import MAX_BYTES

NAME = "offers"


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The register of offers as a Flask app; settings from the environment unless given."""
    settings = settings or Settings.from_environment(NAME, os.environ)
    app = create_service(
        NAME,
        settings,
        (
            offers.blueprint,
            attachments.blueprint,
            activity_files.blueprint,
            activities.blueprint,
            organisations.blueprint,
            *(make_blueprint(noun) for noun in (CALLS, EXPERTS, LESSONS)),
            public.make_blueprint(),
            reporting.blueprint,
            audit_blueprint(AUDITED, _knows),
            operations_blueprint(AGGREGATES),
        ),
        description=(
            "The register of offers: what donors can give, what they give already, and who "
            "knows how."
        ),
        checks=TEXT_CHECKS,
        clock=clock,
    )
    app.config[MAX_BYTES] = settings.import_max_bytes
    configure(app, settings)
    warm_up()
    set_context(app, Context(clock, settings.term_key))
    return app


def _knows(identity: Identity, document: Any) -> bool:
    """Whether the document is there for a reader: all but offers is for whoever has a token."""
    return not isinstance(document, AssistanceOffer) or may_read(identity, document)
