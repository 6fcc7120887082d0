"""The pages of what donors give: offers, activities, and files of IATI."""

from flask import Flask

from services.portal.pages.offers import (
    activities,
    attaching,
    fitting,
    iati,
    listing,
    showing,
    writing,
)


def install(app: Flask) -> None:
    """Add the pages of the room."""
    for pages in (attaching, listing, fitting, showing, writing, activities, iati):
        pages.install(app)
