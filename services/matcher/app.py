"""The API process: gunicorn serves it as deploy/docker/serving.py says."""

import os

from flask import Flask

from services.matcher.api import (
    alliances,
    allocation,
    applications,
    attachments,
    commitments,
    coverage,
    duplicates,
    embargoes,
    fitting,
    joinings,
    ledger,
    life,
    matches,
    models,
    proposals,
    public,
    reporting,
    threads,
    triangular,
    waiting,
)
from services.matcher.documents import AGGREGATES, AUDITED
from services.matcher.existence import knows
from shared.attachments.blueprint import configure
from shared.registers.context import Clock, Context, set_context, system_clock
from shared.settings import Settings
from shared.web.audit import audit_blueprint
from shared.web.operations import operations_blueprint
from shared.web.service import create_service

NAME = "matcher"


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The matcher as a Flask app; settings from the environment unless given."""
    settings = settings or Settings.from_environment(NAME, os.environ)
    app = create_service(
        NAME,
        settings,
        (
            proposals.blueprint,
            fitting.blueprint,
            life.blueprint,
            matches.blueprint,
            threads.blueprint,
            attachments.blueprint,
            joinings.blueprint,
            commitments.blueprint,
            ledger.blueprint,
            alliances.blueprint,
            coverage.blueprint,
            audit_blueprint(AUDITED, knows),
            operations_blueprint(AGGREGATES),
            allocation.blueprint,
            applications.blueprint,
            triangular.blueprint,
            duplicates.blueprint,
            embargoes.blueprint,
            models.blueprint,
            waiting.blueprint,
            public.make_blueprint(),
            reporting.blueprint,
        ),
        description=(
            "The matcher: which offers serve which requests, what is committed, what is there "
            "twice, what is done together, and what an arms embargo bars."
        ),
        clock=clock,
    )
    configure(app, settings)
    set_context(app, Context(clock, settings.term_key))
    return app
