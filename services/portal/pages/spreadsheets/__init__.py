"""The pages by which records come out of spreadsheets and go into them."""

from flask import Flask

from services.portal.pages.spreadsheets import bringing, exporting


def install(app: Flask) -> None:
    """Add the pages of the room."""
    for pages in (bringing, exporting):
        pages.install(app)
