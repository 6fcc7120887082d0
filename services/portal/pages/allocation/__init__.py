"""The coordinators' room of allocation: what would meet most need, what if, and accepting it."""

from flask import Flask

from services.portal.pages.allocation import accepting, showing, supposing


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/allocation", view_func=showing.allocation)
    app.add_url_rule("/allocation/what-if", view_func=supposing.what_if, methods=["GET", "POST"])
    one = "/allocation/<string:allocation_id>"
    app.add_url_rule(one, view_func=showing.kept_allocation)
    app.add_url_rule(f"{one}/commitments", view_func=showing.allocated)
    app.add_url_rule(f"{one}/unmet", view_func=showing.unmet_needs)
    app.add_url_rule(f"{one}/accept", view_func=accepting.preview_accepting)
    app.add_url_rule(f"{one}/accept", view_func=accepting.accept_allocation, methods=["POST"])
