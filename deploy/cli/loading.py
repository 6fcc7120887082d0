"""Bringing a gold set into the services: each row created and brought to where it is matched, once.

Every step may be taken again: the set's own ids decide the record's id, and a step that was
taken already shows in the record's status. So loading can be broken off and begun again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from http import HTTPStatus

from deploy.cli.client import Client
from deploy.cli.goldformat import FILES, RowError
from deploy.cli.goldset import GoldSet, Kind, Row, format_field
from entraide.client import ProblemError

ROLE = "operator"
AUTHENTICATOR = "coordinator"
IN_FLIGHT = 6
_ATTEMPTS = 8
_PLACES: Mapping[Kind, tuple[str, str]] = {
    "organisation": ("offers", "/v1/organisations"),
    "offer": ("offers", "/v1/offers"),
    "activity": ("offers", "/v1/activities"),
    "request": ("requests", "/v1/requests"),
}
_Step = tuple[str, dict[str, str] | None, str]
_STEPS: Mapping[tuple[Kind, str], _Step] = {
    ("offer", "draft"): ("submit", None, ROLE),
    ("offer", "submitted"): ("publish", None, ROLE),
    ("request", "draft"): ("submit", {"consent": "express"}, ROLE),
    ("request", "submitted"): ("authenticate", None, AUTHENTICATOR),
    ("request", "authenticated"): ("circulate", {"consent": "express"}, ROLE),
}
"""By a record's kind and status: the step on, its body, and whose it is."""


@dataclass
class Summary:
    """How many rows of each kind were made anew, were there already, or are wrong."""

    made: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)


def phases(gold: GoldSet) -> Iterator[Sequence[Row]]:
    """The rows in the order in which they can be loaded: what names another comes after it."""
    yield gold.organisations
    yield (*gold.offers, *gold.activities)
    yield gold.requests


def load(gold: GoldSet, client: Client, advance: Callable[[Row], None] = lambda _: None) -> Summary:
    """Load all rows, several at a time; `advance` is called as each is done.

    A row that a service refuses becomes errors of the summary and the rest goes on. Raises
    UnreachableError when a service does not answer; loading again, with another client, goes on.
    """
    summary = Summary(errors=list(gold.errors))
    for file, _ in {(error.file, error.line) for error in gold.errors}:
        summary.failed[FILES[file]] += 1
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for rows in phases(gold):
            waiting: dict[Future[bool], Row] = {pool.submit(bring, client, r): r for r in rows}
            try:
                for future in as_completed(waiting):
                    row = waiting[future]
                    _note(summary, row, future)
                    advance(row)
            except BaseException:
                client.abandon()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    summary.errors.sort(key=lambda error: (error.file, error.line))
    return summary


def bring(client: Client, row: Row) -> bool:
    """Bring one row to its last state; whether it was made anew.

    Raises ProblemError when the service refuses it.
    """
    service, path = _PLACES[row.kind]
    if row.kind == "organisation":
        return _bring_organisation(client, f"{path}/{row.id}", row)
    made = True
    try:
        answer = client.post(service, path, row.body)
    except ProblemError as problem:
        if "existing" not in problem.problem:
            raise
        answer, made = client.get(service, f"{path}/{problem.problem['existing']}"), False
    if row.kind == "activity":
        return made
    for _ in range(_ATTEMPTS):
        step = _STEPS.get((row.kind, str(answer.body["status"])))
        if step is None:
            return made
        action, body, role = step
        here = f"{path}/{answer.body['id']}"
        try:
            answer = client.post_as(role, service, f"{here}/{action}", body, if_match=answer.etag)
        except ProblemError as problem:
            # Somebody else, or an earlier try of this very call, has taken the step meanwhile.
            if problem.status not in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
                raise
            answer = client.get(service, here)
    raise ProblemError(HTTPStatus.CONFLICT, {"detail": "others keep changing this record"})


def _bring_organisation(client: Client, path: str, row: Row) -> bool:
    try:
        client.get("offers", path)
    except ProblemError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        client.put("offers", path, row.body)
        return True
    return False


def _note(summary: Summary, row: Row, future: Future[bool]) -> None:
    try:
        made = future.result()
    except ProblemError as problem:
        summary.failed[row.kind] += 1
        named = problem.fields() or [("", str(problem))]
        summary.errors += [
            RowError(row.file, row.line, format_field(row.kind, name), message)
            for name, message in named
        ]
    else:
        (summary.made if made else summary.known)[row.kind] += 1
