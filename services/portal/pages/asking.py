"""What pages ask of the services, in the name of who is signed in."""

from collections.abc import Mapping
from typing import Any

from flask import g
from flask_babel import get_locale
from requests import Response as Streamed

from entraide.client import Answer
from services.portal.api_tokens import access_for
from services.portal.catalogues import SOURCE_LANGUAGE
from services.portal.domain.lifetimes import ACCESS_TOKEN
from services.portal.house import house
from services.portal.pages.frame import account
from services.portal.pages.pasted import ID
from services.portal.services import Ask as Ask
from services.portal.services import AwayError, Reader, RefusedError
from services.portal.services import ask as ask
from services.portal.services import ask_with as ask_with
from shared.web.problems import FieldError, Problem, not_found, unavailable


def reader() -> Reader:
    """In whose name the services are called for this page: one token a page.

    What takes longer than a token lives gets another, unless its reader was signed out meanwhile.
    """
    now = house().clock()
    if "reader" in g and now >= g.reader_until:
        g.pop("reader")
        g.pop("signed_in", None)
    if "reader" not in g:
        token = access_for(house(), account(), now).token
        language, patient = str(get_locale() or SOURCE_LANGUAGE), g.get("patient", False)
        g.reader = Reader(token, language, g.request_id, patient=patient)
        g.reader_until = now + ACCESS_TOKEN / 2
    found: Reader = g.reader
    return found


def be_patient() -> None:
    """Give the services their whole time in all that this request asks from here on.

    For files, which have all or are none, and for what tells how the services do.
    """
    g.patient = True
    g.pop("reader", None)


def get(service: str, path: str, **query: object) -> Answer:
    """GET; raises RefusedError and AwayError, which become pages where nobody takes them."""
    return house().services.get(reader(), service, path, **query)


def get_one(service: str, path: str, id_: str) -> Answer:
    """GET of the record with that id beneath a path; not found where the answer is none.

    Ids come out of addresses of pages, and beside its records an API has more, such as `titles`.
    """
    answer = get(service, f"{path}/{id_}") if ID.fullmatch(id_) else None
    if answer is None or "id" not in answer.body:
        raise not_found()
    return answer


def read(asked: Ask) -> Answer:
    """Read what is asked for; raises RefusedError and AwayError."""
    return house().services.fetch(reader(), asked)


def gather(**asked: Ask) -> dict[str, Answer | AwayError]:
    """Several reads at once; of a service that is away, the part that is missing."""
    return house().services.gather(reader(), **asked)


def look_up(asked: Mapping[str, Ask]) -> dict[str, Answer]:
    """Several reads at once, of what may be withheld, gone or away: that is left out.

    The page says by itself which service was away (base.html).
    """
    return house().services.look_up(reader(), asked)


def send(
    service: str,
    path: str,
    body: object = None,
    *,
    method: str = "POST",
    if_match: str | None = None,
    key: str | None = None,
) -> Answer:
    """Write; see Services.send."""
    return house().services.send(reader(), method, service, path, body, if_match=if_match, key=key)


def send_file(
    service: str, path: str, content: bytes, media_type: str, name: str | None = None, **query: Any
) -> Answer:
    """POST a file as it is."""
    return house().services.send_file(reader(), service, path, content, media_type, name, **query)


def stream(service: str, path: str) -> Streamed:
    """GET what is no JSON, to be passed on piece by piece and closed by the caller."""
    return house().services.stream(reader(), service, path)


def problem_of_refusal(error: RefusedError) -> Problem:
    """What a service refused, as the portal tells of it."""
    told = error.problem
    return Problem(
        error.status,
        error.code or "refused",
        str(told.get("title", "")),
        str(error),
        [FieldError(field, message) for field, message in error.fields()],
    )


def problem_of_absence(error: AwayError) -> Problem:
    """A service that is away, as the portal tells of it, by name: `service` in the document."""
    problem = unavailable(error.service)
    problem.members = {"service": error.service}
    return problem
