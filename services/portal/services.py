"""The other services' APIs as the portal calls them, in the name of who is signed in.

A service that is away is no error of the page: pages show what they have, and say which part is
missing.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import requests
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from entraide.client import Answer, File, ProblemError, Sender, object_of
from services.portal.addresses import Address
from services.portal.bounded import InTime
from services.portal.lateness import Lateness
from shared import tracing
from shared.web.problems import BEING_FOUND, TYPE_PREFIX, not_found

TIMEOUT_SECONDS: Final = (2.0, 8.0)
HURRIED_SECONDS: Final = (1.0, 1.0)
"""The same for reads of a service that was late (lateness.py)."""
_AWAY = 500
_PATH: Final = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._:-]*)+", re.ASCII)
"""An address of an API as it is: ids come out of addresses of pages, and must not lead elsewhere.
What would has no record of that name."""
_AT_ONCE = 16


class AwayError(Exception):
    """A service did not answer in time, or could not, or another did; `service` names it.

    `told` is what it said of that itself, empty where it said nothing.
    """

    def __init__(self, service: str, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"the {service} service is away")
        self.service = service
        self.told = told or {}

    @property
    def being_found(self) -> bool:
        """Whether the service is there, and takes longer to find it than a call may."""
        return self.told.get("type") == TYPE_PREFIX + BEING_FOUND


class RefusedError(ProblemError):
    """A service refused; `service` names it."""

    def __init__(self, service: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.service = service

    @property
    def code(self) -> str:
        """The code of the problem; empty where it has no type."""
        return str(self.problem.get("type", "")).removeprefix(TYPE_PREFIX)


@dataclass(frozen=True, repr=False)
class Reader:
    """In whose name a service is called, in which language, and for which request of a browser.

    Without a token it is asked for what everybody may read. A service that did not answer it in
    time is in `late`, and not asked for more, unless the reader is `patient`: then every call has
    its whole time, for what nobody looks at before it is whole.
    """

    token: str
    language: str
    request_id: str
    traceparent: str | None = field(default_factory=tracing.current)
    patient: bool = False
    late: set[str] = field(default_factory=set, init=False, compare=False)
    missed: set[str] = field(default_factory=set, init=False, compare=False)
    """Services that were away when something was looked up that a page can do without."""

    def headers(self) -> dict[str, str]:
        """The headers of a call."""
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {
            **token,
            **({tracing.HEADER: self.traceparent} if self.traceparent else {}),
            "Accept": "application/json",
            "Accept-Language": self.language,
            "X-Request-ID": self.request_id,
        }


@dataclass(frozen=True)
class Ask:
    """Something to be read, by GET; by POST where it is asked with a `body`, of which nothing is
    kept. `query` leaves out what is None."""

    service: str
    path: str
    query: Mapping[str, object]
    body: object = None


def ask_with(body: object, service: str, path: str, **query: object) -> Ask:
    """A POST to be made that only reads, such as what a text that nobody has kept seems to say."""
    return Ask(service, path, query, body)


def ask(service: str, path: str, **query: object) -> Ask:
    """A GET to be made."""
    return Ask(service, path, query)


class Services:
    """Calls the services. May be used by several threads at once; make it after any fork."""

    def __init__(self, addresses: Sequence[Address] = (), lateness: Lateness | None = None) -> None:
        self._urls = {address.service: address.internal for address in addresses}
        # An answer that is passed on piece by piece may take longer than one that is read whole.
        self._whole = Sender(trusting=False, adapter=InTime)
        self._pieces = Sender(trusting=False)
        self._lateness = lateness or Lateness()
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def get(self, reader: Reader, service: str, path: str, **query: object) -> Answer:
        """GET; raises RefusedError and AwayError, as every call does."""
        return self.fetch(reader, Ask(service, path, query))

    def fetch(self, reader: Reader, asked: Ask) -> Answer:
        """Read what is asked for."""
        method, sent = ("GET", {}) if asked.body is None else ("POST", {"body": asked.body})
        response = self._call(
            reader, method, asked.service, asked.path, reads=True, query=asked.query, **sent
        )
        return _answer(asked.service, response)

    def gather(self, reader: Reader, **asked: Ask) -> dict[str, Answer | AwayError]:
        """Read several things at once: each name's answer, or why there is none.

        What a service refuses is raised, once all have answered: a page asks for nothing that its
        reader may not see.
        """
        return self.gather_by(lambda one: self.fetch(reader, one), asked)

    def gather_by(
        self, fetch: Callable[[Ask], Answer], asked: Mapping[str, Ask]
    ) -> dict[str, Answer | AwayError]:
        """The same, by a way of asking of the caller's own."""
        calls = {name: self._workers().submit(fetch, one) for name, one in asked.items()}
        found: dict[str, Answer | AwayError] = {}
        refused: RefusedError | None = None
        for name, call in calls.items():
            try:
                found[name] = call.result()
            except AwayError as error:
                found[name] = error
            except RefusedError as error:
                refused = refused or error
        if refused is not None:
            raise refused
        return found

    def look_up(self, reader: Reader, asked: Mapping[str, Ask]) -> dict[str, Answer]:
        """Read several things at once that may be withheld, gone or away: such are left out.

        Of what is away, the reader knows whose it is (`missed`).
        """
        calls = {
            name: self._workers().submit(self.fetch, reader, one) for name, one in asked.items()
        }
        found = {}
        for name, call in calls.items():
            try:
                found[name] = call.result()
            except AwayError as error:
                reader.missed.add(error.service)
            except RefusedError:
                continue
        return found

    def send(
        self,
        reader: Reader,
        method: str,
        service: str,
        path: str,
        body: object = None,
        *,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Write: `if_match` is the version that it was decided on, `key` makes a repeat harmless.

        It is sent once: who is told that the service is away does not know whether it was done, and
        sends again with the same version or key.
        """
        return _answer(
            service,
            self._call(reader, method, service, path, body=body, if_match=if_match, key=key),
        )

    def send_file(
        self,
        reader: Reader,
        service: str,
        path: str,
        content: bytes,
        media_type: str,
        name: str | None = None,
        **query: object,
    ) -> Answer:
        """POST a file as it is."""
        file = File(content, media_type, name)
        return _answer(service, self._call(reader, "POST", service, path, query=query, file=file))

    def stream(self, reader: Reader, service: str, path: str) -> requests.Response:
        """GET what is no JSON, to be passed on piece by piece and closed by the caller."""
        response = self._call(reader, "GET", service, path, reads=True, stream=True)
        if not response.ok:
            try:
                _answer(service, response)
            finally:
                response.close()
        return response

    def _call(
        self,
        reader: Reader,
        method: str,
        service: str,
        path: str,
        *,
        reads: bool = False,
        **sent: Any,
    ) -> requests.Response:
        if not _PATH.fullmatch(path):
            raise RefusedError(service, HTTPStatus.NOT_FOUND, not_found().document())
        pieces = bool(sent.get("stream"))
        # No write must seem lost whose answer comes late, no file end whose pieces come slowly.
        may_hurry = reads and not pieces and not reader.patient
        if may_hurry and service in reader.late:
            raise AwayError(service)
        hurries = may_hurry and self._lateness.hurries(service)
        send = partial(
            (self._pieces if pieces else self._whole).send,
            method,
            self._urls[service] + path,
            reader.headers(),
            HURRIED_SECONDS if hurries else TIMEOUT_SECONDS,
            allow_redirects=False,
            **sent,
        )
        try:
            response = _read(send) if reads else send()
        except requests.RequestException as error:
            if reads and _is_late(error):
                reader.late.add(service)
                if not hurries:
                    self._lateness.timed_out(service)
            raise AwayError(service) from None
        self._lateness.answered(service)
        if response.status_code >= _AWAY or response.is_redirect:
            told = None if pieces else object_of(response)
            response.close()
            raise AwayError(service, told)
        return response

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_AT_ONCE, "asking")
            return self._pool


def _read(send: Callable[[], requests.Response]) -> requests.Response:
    """The answer to a read; asked once more where the service ended a connection that was kept
    open, as this was about to use it."""
    try:
        return send()
    except requests.ConnectionError as error:
        if not (error.args and isinstance(error.args[0], ProtocolError)):
            raise
    return send()


def _is_late(error: requests.RequestException) -> bool:
    """Whether time was over; in the midst of a body the library says that in another way."""
    (why, *_) = (*error.args, None)
    return isinstance(error, requests.Timeout) or isinstance(why, ReadTimeoutError)


def _answer(service: str, response: requests.Response) -> Answer:
    body = object_of(response)
    if body is None:
        raise AwayError(service)
    if not response.ok:
        raise RefusedError(service, response.status_code, body)
    return Answer(body, response.headers.get("ETag", ""), response.status_code)
