"""The coordinators' room: what waits for them, and where they decide on it."""

from flask import Flask

from services.portal.pages.review import authenticating, bulk, decisions, proposal, queue


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/review", view_func=queue.review)
    app.add_url_rule("/review/endorse", view_func=bulk.preview_endorsing)
    app.add_url_rule("/review/endorse", view_func=bulk.endorse_several, methods=["POST"])
    asked = "/review/requests/<string:request_id>"
    app.add_url_rule(asked, view_func=authenticating.authentication)
    app.add_url_rule(asked, view_func=authenticating.authenticate_request, methods=["POST"])
    one = "/review/decisions/<string:proposal_id>"
    app.add_url_rule(f"{one}/take-back", view_func=decisions.take_decision_back, methods=["POST"])
    app.add_url_rule(f"{one}/now", view_func=decisions.carry_decision_out, methods=["POST"])
    app.add_url_rule(f"{one}/dismiss", view_func=decisions.dismiss_decision, methods=["POST"])
    app.add_url_rule("/proposals/<string:proposal_id>", view_func=proposal.show_proposal)
    app.add_url_rule(
        "/proposals/<string:proposal_id>", view_func=proposal.decide_proposal, methods=["POST"]
    )
