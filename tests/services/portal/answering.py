"""What the services behind the portal answer to pages of one proposal, by path."""

from typing import Any

import pytest

from entraide.client import Answer
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services

Asked = dict[str, Any]

NONE_SERVED = "It serves none of the need lines that the request states now."
SERVING = {"need": 1, "provision": 1, "quantity": 2.0, "amount": None}
NEED = {
    "line": 1,
    "theme": "marking",
    "kind": "equipment",
    "quantity": 4,
    "unit": "machines",
    "amount": None,
    "currency": None,
}
RECORD = {"version": "1.0", "title": "A title", "description": "", "language": "en", "window": None}
REQUEST = {**RECORD, "id": "r1", "status": "circulated", "needs": [NEED]}
OFFER = {**RECORD, "id": "o1", "status": "published", "provisions": [], "conditions": []}


def answer(monkeypatch: pytest.MonkeyPatch, found: Asked, version: str) -> Asked:
    """Have the services answer what is found by path, all in one version; a path that is not found
    has a service that is away, one that is found to be a RefusedError is refused. Returns what is
    found, which may be changed."""

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path not in found:
            raise AwayError(one.service)
        if isinstance(found[one.path], RefusedError):
            raise found[one.path]
        return Answer(found[one.path], version)

    monkeypatch.setattr(Services, "fetch", fetch)
    return found
