"""Pages of States and organisations: whom to write to there, and organisations registered."""

from flask import Flask

from services.portal.pages.contacts import pages, parties, registering


def install(app: Flask) -> None:
    """Add the pages."""
    for one in (pages, parties, registering):
        one.install(app)
