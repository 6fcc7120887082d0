"""Every list as a file: CSV with HXL tags, xlsx, JSON Lines, by the filters of its page."""

from flask import Flask

from services.portal.pages.exports import progress, saving


def install(app: Flask) -> None:
    """Add the pages, and to templates what a list's files are called."""
    app.add_url_rule("/exports", view_func=saving.all_lists)
    app.add_url_rule("/exports/<string:name>.<string:ending>", view_func=saving.save_list)
    public = "/public/exports/<string:name>.<string:ending>"
    app.add_url_rule(public, view_func=saving.save_public_list)
    app.add_url_rule("/exports/progress/<string:key>", view_func=progress.progress_of)
    app.jinja_env.globals["saved_as"] = saving.ENDINGS
