"""The page of what a service takes longer to find than a call may."""

from http import HTTPStatus

from flask import Response

from services.portal.pages.frame import show
from shared.web.problems import BEING_FOUND, count_answer_as


def show_being_found(title: str, words: str, again: str, seconds: int) -> Response:
    """What it says, a way back to the address `again`, and when to come: in so many seconds."""
    answer = show(
        "being_found.html", HTTPStatus.SERVICE_UNAVAILABLE, title=title, words=words, again=again
    )
    return for_now(answer, seconds)


def for_now(answer: Response, seconds: int) -> Response:
    """An answer of 503 that lacks what is being found: to be asked for again in so many seconds."""
    count_answer_as(BEING_FOUND)
    answer.headers["Retry-After"] = str(seconds)
    return answer
