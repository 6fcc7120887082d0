"""Cases beside proposals: what seems to be there twice, what is covered already, joint projects."""

from flask import Flask

from services.portal.pages.cases import alliances, coverage, duplicates


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule("/duplicates/<string:case_id>", view_func=duplicates.duplicate, methods=both)
    app.add_url_rule("/coverage/<string:case_id>", view_func=coverage.covered, methods=both)
    app.add_url_rule("/alliances", view_func=alliances.joint_projects)
    app.add_url_rule(
        "/alliances/<string:alliance_id>", view_func=alliances.joint_project, methods=both
    )
