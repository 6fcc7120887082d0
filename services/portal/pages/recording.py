"""A form that makes a record makes one, whatever is typed between one sending of it and the next.

A register does nothing twice under one key, and takes no other body under a key that was used. So
the first body that is sent under a form's key is remembered before it is sent, for its account
alone. While nobody knows what became of it, that body is what is sent again, and what is typed by
then changes the record that it made. Once the record is known, its id is remembered in its place.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response
from flask_babel import lazy_gettext as _l

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import house
from services.portal.pages.asking import get, send
from services.portal.pages.frame import account
from services.portal.services import AwayError, RefusedError
from services.portal.unfinished import Held, Place, find, forget, hold
from shared.ids import new_id

MAYBE: Final = _l(
    "What you sent before may be recorded already. Look at the list first: if you send this again, "
    "it is recorded as one more."
)
BEFORE: Final = _l(
    "What you sent before was recorded. See what stands now; sending yours replaces it."
)
_KEY = re.compile(r"[0-9a-f]{24}", re.ASCII)
_NOT_OF_THE_BODY = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)
Body = Mapping[str, Any]


class MaybeRecordedError(Exception):
    """What the form's key made cannot be gone on from here: only a new key makes a record."""


@dataclass(frozen=True)
class Recorded:
    """The record that a form made, by its `id`.

    `same` tells that what is sent now is what was sent last. Where it is not, `seen` is the version
    that it may replace; empty where whoever sent it was told of the record and has to be asked.
    `made` is the register's answer, where it was asked.
    """

    service: str
    place: Place
    held: str
    id: str
    seen: str
    same: bool
    made: Answer | None = None


@dataclass(frozen=True)
class Form:
    """What the page of a form does about the record that the form makes, for `make`.

    `may_change` tells whether its maker may still change what the form made. What the form says by
    then is compared with that (`says`: nothing would change), written in the place of a version
    that was seen (`save`), or shown beside it (`ask`, with BEFORE). `maybe` shows the form with a
    new key (with MAYBE), `refused` with what is wrong; `kept` goes on from the record, by its id,
    where it was made just now or is as it was sent.
    """

    may_change: Callable[[Account, Body], bool]
    says: Callable[[Answer], bool]
    save: Callable[[Answer, str], Response]
    ask: Callable[[Answer], Response]
    maybe: Callable[[], Response]
    refused: Callable[[RefusedError], Response]
    kept: Callable[[str], Response]


def make(
    form: Form, service: str, path: str, body: Body, key: str | None, seen: str | None = None
) -> Response:
    """Make a record of what is sent under a form's key, or change the one that was made under it.

    `seen` is the version that whoever sent the form had seen of it, if any: who was told of the
    record otherwise is shown it first. Raises AwayError.
    """
    try:
        found = record(service, path, body, key)
        answer = form.kept(found.id) if found.same else _changed(form, found, seen or found.seen)
    except MaybeRecordedError:
        return form.maybe()
    except RefusedError as error:
        return form.refused(error)
    if answer.status_code == HTTPStatus.SEE_OTHER:
        remember(found, body)
    return answer


def _changed(form: Form, found: Recorded, seen: str) -> Response:
    stands = standing_now(found, form.may_change)
    if not seen and not form.says(stands):
        return form.ask(stands)
    return form.save(stands, seen)


def record(service: str, path: str, body: Body, key: str | None) -> Recorded:
    """Make a record of what is sent under a form's key, or find what was made under it before.

    Raises RefusedError and AwayError as `send` does, and MaybeRecordedError where the register
    knows the key and nobody here knows what was sent under it.
    """
    place, told = Place(account().id, path, _key_of(key)), _written(body)
    first = _first(place, told)
    typed, same = dict(first.typed), first.base == _digest(told)
    if "id" in typed:
        return Recorded(service, place, first.version, typed["id"], typed["seen"], same)
    try:
        made = send(service, path, json.loads(typed["body"]), key=place.part)
    except RefusedError as error:
        if error.code == "idempotency-key-in-use":  # it is being made this very moment
            raise AwayError(service) from None
        if error.code == "duplicate" and (known := error.problem.get("existing")):
            # The register has forgotten the key, not what was made under it.
            return Recorded(service, place, first.version, str(known), "", same=False)
        if error.status in _NOT_OF_THE_BODY:
            raise
        forget(place, first.version)
        if error.code == "idempotency-key-reused":
            raise MaybeRecordedError from None
        if same:
            raise
        # Nothing was made of what was sent first: the key is free for what is sent now.
        return record(service, path, body, place.part)
    return Recorded(service, place, first.version, str(made.body["id"]), made.etag, same, made)


def standing_now(found: Recorded, may_change: Callable[[Account, Body], bool]) -> Answer:
    """The record as it stands now; MaybeRecordedError where its maker may change it no more."""
    try:
        stands = get(found.service, f"{found.place.record}/{found.id}")
    except RefusedError as error:
        if error.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise
        raise MaybeRecordedError from None
    if not may_change(account(), stands.body):
        raise MaybeRecordedError
    return stands


def remember(found: Recorded, body: Body, seen: str = "") -> None:
    """Remember that the record says this now, and which version the form may replace unasked.

    None for whoever is told of the record with the page that comes next: who comes back to the
    form may mean another one. A page that saves by itself may not have been told at all.
    """
    said = [("id", found.id), ("seen", seen)]
    hold(house(), found.place, said, _digest(_written(body)), found.held)


def _first(place: Place, told: str) -> Held:
    """What was sent first under a key: this, where nothing was."""
    while (held := find(house(), place)) is None:
        hold(house(), place, [("body", told)], _digest(told), "")
    return held


def _written(body: Body) -> str:
    return json.dumps(body, sort_keys=True)


def _digest(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def _key_of(sent: str | None) -> str:
    """The key that a form was made with; a new one for what is none."""
    return sent if sent and _KEY.fullmatch(sent) else new_id()
