"""The rooms of administration: the register of embargoes, the models that rank, how the
services do, the audit trail."""

from flask import Flask

from services.portal.pages.administration import (
    embargo_writing,
    embargoes,
    models,
    operations,
    trail,
)


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule("/embargoes", view_func=embargoes.embargo_register)
    app.add_url_rule("/embargoes/new", view_func=embargo_writing.new_embargo, methods=both)
    one = "/embargoes/<string:embargo_id>"
    app.add_url_rule(one, view_func=embargoes.embargo_entry)
    app.add_url_rule(f"{one}/edit", view_func=embargo_writing.edit_embargo, methods=both)
    app.add_url_rule(f"{one}/step", view_func=embargoes.step_embargo, methods=["POST"])
    app.add_url_rule("/models", view_func=models.ranking_models)
    app.add_url_rule("/models/use", view_func=models.use_model, methods=["POST"])
    app.add_url_rule(operations.PAGE, view_func=operations.operations)
    app.add_url_rule(
        f"{operations.PAGE}/retry", view_func=operations.retry_letter, methods=["POST"]
    )
    app.add_url_rule("/audit", view_func=trail.audit_trail)
