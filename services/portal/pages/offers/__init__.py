"""The pages of what donors give: offers, activities, and files of both."""

from flask import Flask

from services.portal.pages.offers import (
    activities,
    attaching,
    exporting,
    iati,
    listing,
    showing,
    spreadsheets,
    writing,
)


def install(app: Flask) -> None:
    """Add the pages of the room."""
    for pages in (attaching, listing, showing, writing, activities, iati, spreadsheets, exporting):
        pages.install(app)
