"""The pages of what donors give: offers, activities, and files of both."""

from flask import Flask

from services.portal.pages.offers import listing, showing, writing


def install(app: Flask) -> None:
    """Add the pages of the room."""
    for pages in (listing, showing, writing):
        pages.install(app)
