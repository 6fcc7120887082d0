"""Calls of a service, made by schemathesis from its OpenAPI document, and how they are sent.

Ids and versions that a service has told are used again, so that calls reach what is there. Every
answer is held against the document (`described.py`): a status, a body or an accepted request that
it does not describe fails, and a 500 does.
"""

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask.testing import FlaskClient
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode
from werkzeug.test import TestResponse

MOST_KNOWN = 60
SURELY_ID = frozenset(string.ascii_letters + string.digits + "-_.")


@dataclass
class Known:
    """What answers have told: ids, and the ETag of each address."""

    ids: list[str] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)

    def note(self, path: str, answer: TestResponse) -> None:
        """Remember what an answer tells."""
        if answer.status_code >= 300 or not answer.is_json:
            return
        told = answer.get_json()
        for one in (told, *(told.get("items", ()) if isinstance(told, dict) else ())):
            name = one.get("id") if isinstance(one, dict) else None
            if isinstance(name, str) and name not in self.ids and SURELY_ID.issuperset(name):
                self.ids.append(name)
        del self.ids[:-MOST_KNOWN]
        if "ETag" in answer.headers:
            self.etags[path] = answer.headers["ETag"]


def operations(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every operation by its method and path."""
    schema = schemathesis.openapi.from_dict(dict(document))
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{one.method.upper()} {one.path}": one for one in found}


def cases(operation: Any) -> st.SearchStrategy[Case]:
    """Calls as the document has them, and others."""
    return st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
    )


def send(
    client: FlaskClient,
    case: Case,
    who: Mapping[str, str],
    known: Known,
    choice: int,
) -> TestResponse:
    """Send a call; `choice`, a number, decides whether a known id is asked for, and which."""
    if case.path_parameters and known.ids and choice % 3:
        chosen = known.ids[choice // 3 % len(known.ids)]
        free = [
            one
            for one in case.path_parameters
            if one not in ("alpha3", "lane", "line", "number", "month", "step")
        ]
        case.path_parameters |= dict.fromkeys(free, chosen)
    path = case.formatted_path
    headers = {str(name): str(value) for name, value in (case.headers or {}).items()}
    address = path.rsplit("/", 1)[0] if path not in known.etags else path
    if choice % 2 and address in known.etags:
        headers["If-Match"] = known.etags[address]
    answer = client.open(
        path,
        method=case.method,
        headers={**headers, **who},
        query_string=_query(case.query or {}),
        **_body(case),
    )
    known.note(path, answer)
    return answer


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [str(one) for one in value] if isinstance(value, Sequence) and value else str(value)
        for name, value in query.items()
        if not isinstance(value, str)
    } | {name: value for name, value in query.items() if isinstance(value, str)}


def _body(case: Case) -> dict[str, Any]:
    if case.body is NOT_SET:
        return {}
    if case.media_type is None or case.media_type.endswith("json"):
        # What no JSON can hold is sent as a text.
        return {"json": json.loads(json.dumps(case.body, default=str))}
    body = case.body
    if isinstance(body, Mapping):
        body = next(iter(body.values()), b"")
    data = body if isinstance(body, bytes) else str(body).encode("utf-8", "replace")
    return {"data": data, "content_type": case.media_type}
