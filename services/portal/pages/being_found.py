"""The page of what a service takes longer to find than a call may."""

from http import HTTPStatus

from flask import Response

from services.portal.pages.frame import show


def show_being_found(title: str, words: str, again: str, seconds: int) -> Response:
    """What it says, a way back to the address `again`, and when to come: in so many seconds."""
    answer = show(
        "being_found.html", HTTPStatus.SERVICE_UNAVAILABLE, title=title, words=words, again=again
    )
    answer.headers["Retry-After"] = str(seconds)
    return answer
