"""The room of requests: what States ask for, as its writers and its readers see it."""

from flask import Flask

from services.portal.pages.requests import (
    files,
    hints,
    lists,
    offers,
    readings,
    record,
    steps,
    writing,
)


def install(app: Flask) -> None:
    """Add the pages of requests."""
    for pages in (lists, record, steps, files, offers, readings, writing, hints):
        pages.install(app)
