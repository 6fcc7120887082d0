"""The report of paragraph 40(p)(i), for those who oversee both sides."""

from flask import Flask

from services.portal.pages.report import records, showing


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/report", view_func=showing.report_page)
    app.add_url_rule("/report/records", view_func=records.records_page)
    app.add_url_rule("/report/<string:name>.<string:ending>", view_func=showing.report_file)
