"""Idempotency-Key: the same POST sent twice does its work once and gets the same answer.

Answers are kept for a day in the service's own database, under the caller (who it is and whom it
speaks for) and the key. A request
that is under way holds a lease, so that a second one at the same moment is told to wait, and so
that one whose process died can be taken over. Taking over is safe because what was written tells
who wrote it: its id derives from the key too, or it keeps the id of the attempt
(`current_attempt`); see `create_or_resume`.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Response, g, request
from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from shared.events.outbox import DuplicateId
from shared.graces import holds
from shared.ids import derived_id
from shared.web.bodies import request_json
from shared.web.identity import Identity, current_identity
from shared.web.marks import document, document_response, mark
from shared.web.problems import Problem

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
COLLECTION = "idempotency"
INDEXES = (IndexModel("created_at", expireAfterSeconds=int(KEPT.total_seconds())),)
"""By which the database forgets answers after KEPT."""

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Store = Collection[dict[str, Any]]


@dataclass(frozen=True)
class Attempt:
    """A request with a key that is being answered: `owner` is its hold on the stored record."""

    id: str
    owner: str
    resuming: bool


def idempotent(function: F) -> F:
    """Let callers send Idempotency-Key to this POST handler; decorators may come in any order."""
    document(
        function,
        parameters=[
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": (
                    "Any text of your own, kept for a day: the same request sent again under it "
                    "does nothing twice and gets the first answer, with the header "
                    f"{REPLAYED_HEADER}."
                ),
                "schema": {"type": "string", "maxLength": 200},
            }
        ],
    )
    document_response(function, HTTPStatus.CONFLICT, "Already done, or still under way")
    return mark(function, idempotent=True)


def current_idempotency_key() -> str | None:
    """The key that the caller sent; the 400 problem unless it is 1 to 200 printable characters."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "idempotency-key-malformed",
            f"{HEADER} cannot be used",
            f"{HEADER} must be 1 to 200 printable ASCII characters, without a space at its ends.",
        )
    return key


def idempotent_id(identity: Identity, key: str) -> str:
    """The id of what a request with this caller's key creates, and of its stored answer.

    A subject may hold tokens for several roles and parties: under each it has keys of its own, and
    so it has as coordinator of other regions, who may not see what was answered before.
    """
    bound = sorted(identity.regions or ())
    party = (identity.role, identity.state or "", identity.organisation or "", *bound)
    return derived_id("idempotency", identity.subject, *party, key)


def current_attempt() -> str | None:
    """The id that all requests with the current one's key share; None for one without a key.

    For records to keep, so that a later request with the key can tell that its work is done.
    """
    attempt = g.get("idempotency")
    return attempt.id if isinstance(attempt, Attempt) else None


def resuming() -> bool:
    """Whether an earlier request with the same key began this work and may have done it."""
    attempt = g.get("idempotency")
    return isinstance(attempt, Attempt) and attempt.resuming


def create_or_resume(create: Callable[[], T], existing: Callable[[], T]) -> T:
    """What `create` makes, or what `existing` finds if an earlier attempt with this key made it.

    Raises DuplicateId where the id is taken and no earlier attempt is known of. `existing` should
    raise it too where the id does not derive from the key and so another may have taken it.
    """
    try:
        return create()
    except DuplicateId:
        if not resuming():
            raise
        return existing()


def begin(store: Store, now: datetime) -> Response | None:
    """Take the current request's key, if it has one; the stored answer if there is one.

    Raises the 409 problem while another request with the key is under way, and the 422 problem
    where the key was used for another request.
    """
    key = current_idempotency_key()
    if key is None:
        return None
    identity = current_identity()
    fresh: dict[str, Any] = {
        "_id": idempotent_id(identity, key),
        "fingerprint": _fingerprint(),
        "owner": uuid.uuid4().hex,
        "lease_until": now + LEASE,
        "created_at": now,
        "answer": None,
    }
    attempt = Attempt(fresh["_id"], fresh["owner"], resuming=False)
    try:
        store.insert_one(fresh)
    except DuplicateKeyError:
        taken = _take_over(store, fresh, now)
        if isinstance(taken, Response):
            return taken
        attempt = taken
    g.idempotency = attempt
    return None


def _take_over(store: Store, fresh: dict[str, Any], now: datetime) -> Response | Attempt:
    found = store.find_one({"_id": fresh["_id"]})
    if found is None:
        raise _in_flight()  # let go of this very moment
    if found["owner"] == fresh["owner"]:
        # The driver repeated the insert, for its answer was lost.
        return Attempt(fresh["_id"], fresh["owner"], resuming=False)
    if found["created_at"] <= now - KEPT:
        # The database forgets in its own time; what it should have forgotten counts no more.
        replaced = store.replace_one({"_id": found["_id"], "owner": found["owner"]}, fresh)
        if not replaced.matched_count:
            raise _in_flight()
        return Attempt(fresh["_id"], fresh["owner"], resuming=False)
    if found["fingerprint"] != fresh["fingerprint"]:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            f"This {HEADER} was used for another request",
            f"Send the request under a new {HEADER}, or repeat the first one unchanged.",
        )
    if found["answer"] is not None:
        return _replay(found["answer"])
    if holds(found["lease_until"], now, LEASE):
        raise _in_flight()
    taken = store.update_one(
        {"_id": found["_id"], "owner": found["owner"], "answer": None},
        {"$set": {"owner": fresh["owner"], "lease_until": fresh["lease_until"]}},
    )
    if not taken.matched_count:
        raise _in_flight()
    return Attempt(fresh["_id"], fresh["owner"], resuming=True)


def finish(store: Store, response: Response, now: datetime) -> None:
    """Keep the answer of the current request under its key, if it holds one.

    Success is kept. A refusal (4xx) did nothing, so it frees the key. After a failure (5xx) the
    work may have been done, so the next request with the key resumes it.
    """
    attempt = g.pop("idempotency", None)
    if not isinstance(attempt, Attempt):
        return
    mine = {"_id": attempt.id, "owner": attempt.owner}
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        store.update_one(mine, {"$set": {"lease_until": now}})
    elif response.status_code >= HTTPStatus.BAD_REQUEST and not attempt.resuming:
        store.delete_one(mine)
    elif response.status_code >= HTTPStatus.BAD_REQUEST:
        store.update_one(mine, {"$set": {"lease_until": now}})
    else:
        answer = {
            "status": response.status_code,
            "headers": {
                name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers
            },
            "body": response.get_data(),
        }
        store.update_one(mine, {"$set": {"answer": answer}})


def _fingerprint() -> str:
    body = request_json() if request.get_data(cache=True) else None
    seen = request.headers.get("If-Match")
    asked = [request.method, request.full_path, seen, body]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _replay(answer: dict[str, Any]) -> Response:
    headers = {**answer["headers"], REPLAYED_HEADER: "true"}
    return Response(answer["body"], status=answer["status"], headers=headers)


def _in_flight() -> Problem:
    return Problem(
        HTTPStatus.CONFLICT,
        "idempotency-key-in-use",
        f"A request with this {HEADER} is under way",
        "Wait for its answer, or send the same request again in a moment.",
        headers={"Retry-After": "1"},
    )
