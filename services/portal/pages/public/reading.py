"""What anybody may read, asked of the services without a token, and kept for a minute."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, g, request, session

from entraide.client import Answer
from services.portal.house import house
from services.portal.pages.frame import current, show
from services.portal.services import Ask, AwayError, Reader, ask
from shared.registers.public import SECONDS
from shared.web.kept import Kept

_EXTENSION = "entraide-public"
_MOST: Final = 1_000
"""Answers that a process keeps: some 20 kB each at most."""
_LANGUAGE = "en"  # nothing of what is asked for here depends on it


def install(app: Flask) -> None:
    """Give the app a place where answers are kept."""
    kept: Kept[Answer] = Kept(SECONDS, _MOST)
    app.extensions[_EXTENSION] = kept


def get(service: str, path: str, **query: object) -> Mapping[str, Any]:
    """The body of a GET; raises RefusedError and AwayError, which become pages."""
    return _asking()(ask(service, path, **query)).body


def gather(**asked: Ask) -> dict[str, Answer | AwayError]:
    """Several GETs at once; of a service that is away, the part that is missing."""
    return house().services.gather_by(_asking(), asked)


def _asking() -> Callable[[Ask], Answer]:
    kept: Kept[Answer] = current_app.extensions[_EXTENSION]
    services, reader = house().services, Reader("", _LANGUAGE, g.request_id)

    def fetch(one: Ask) -> Answer:
        query = tuple(sorted((name, str(v)) for name, v in one.query.items() if v is not None))
        return kept.get((one.service, one.path, query), lambda: services.fetch(reader, one))

    return fetch


def show_public(template: str, status: int = 200, **values: Any) -> Response:
    """A page that anybody may see: for who is not signed in, caches may keep it for a minute."""
    answer = show(template, status, **values)
    return cacheable(answer)


def cacheable(answer: Response) -> Response:
    """The answer with its tag, not sent again to who has it; kept by caches where it is nobody's.

    What sets a cookie is somebody's: the language that was just chosen.
    """
    if answer.status_code == 200 and current() is None and not session.modified:
        answer.headers["Cache-Control"] = f"public, max-age={SECONDS}"
        answer.add_etag()
        answer.make_conditional(request)
    return answer
