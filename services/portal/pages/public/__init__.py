"""Pages that need no account: what was made public, and figures of it."""

from flask import Flask

from services.portal.pages.public import figures, reading, records


def install(app: Flask) -> None:
    """Add the pages."""
    for pages in (reading, records, figures):
        pages.install(app)
