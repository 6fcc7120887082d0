"""The API process: gunicorn serves it as deploy/docker/serving.py says."""

import os
from typing import Any

from flask import Flask

from services.requests.api import (
    advice,
    attachments,
    endorsements,
    public,
    reads,
    reporting,
    requests,
    states,
    waiting,
)
from services.requests.documents import AGGREGATES, AUDITED, AssistanceRequest
from services.requests.domain import may_read
from shared.attachments.blueprint import configure
from shared.registers.context import Clock, Context, set_context, system_clock
from shared.registers.texts import TEXT_CHECKS, warm_up
from shared.settings import Settings
from shared.web.audit import audit_blueprint
from shared.web.identity import Identity
from shared.web.operations import operations_blueprint
from shared.web.service import create_service

NAME = "requests"


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The register of requests as a Flask app; settings from the environment unless given."""
    settings = settings or Settings.from_environment(NAME, os.environ)
    app = create_service(
        NAME,
        settings,
        (
            requests.blueprint,
            attachments.blueprint,
            advice.blueprint,
            reads.blueprint,
            endorsements.blueprint,
            states.blueprint,
            waiting.blueprint,
            public.make_blueprint(),
            reporting.blueprint,
            audit_blueprint(AUDITED, _knows),
            operations_blueprint(AGGREGATES),
        ),
        description="The register of requests: what States ask for, and whom to write to.",
        checks=TEXT_CHECKS,
        clock=clock,
    )
    configure(app, settings)
    warm_up()
    set_context(app, Context(clock, settings.term_key))
    return app


def _knows(identity: Identity, document: Any) -> bool:
    """Whether the document is there for a reader: all but requests is for whoever has a token."""
    return not isinstance(document, AssistanceRequest) or may_read(identity, document)
