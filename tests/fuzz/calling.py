"""Calls of a service, made by schemathesis from its OpenAPI document, and how they are sent.

Half of them begin with what a row of the service's table sends (`tests/services/matrix`), over what
stands in its store, and change a field, a header or a part of the query: they get past the door.
Ids and versions that a service has told are used again, so that calls reach what is there. Every
answer is held against the document (`described.py`): a status, a body or an accepted request that
it does not describe fails; so does a 5xx, and what takes more than SECONDS.
"""

import json
import os
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode
from werkzeug.test import TestResponse

from tests.fuzz.hanging import at_most
from tests.services.described import described_client
from tests.services.matrix.asking import Asked, Call
from tests.services.matrix.hostile import document_of
from tests.services.matrix.table import Row

CALLS = int(os.environ.get("ENTRAIDE_FUZZ_CALLS", "2"))
"""Of each operation, as `make fuzz` says; a few in the tests."""
SEED = datetime.now(UTC).toordinal() if "ENTRAIDE_FUZZ_CALLS" in os.environ else 0
"""Other calls each day by `make fuzz`; the tests make the same ones each time."""
MOST_KNOWN = 60
SECONDS = 60
FEW = 20
"""With so few calls of an operation it is chance whether one of them is answered with success."""
SURELY_ID = frozenset(string.ascii_letters + string.digits + "-_.")
Pair = tuple[str, Row]
_FIXED = frozenset({"alpha3", "lane", "line", "number", "month", "step"})
_JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, 10**400, "", " ", "x" * 5_000, "\x00", "\u202e", "1e999"),
    *("2026-02-30", "9999-12-31T23:59:60Z", "SEN", "../..", [], {}, [None], [[]], {"$gt": ""}),
    *({"": ""}, ["x"] * 300, [{}]),
)
_TAGS = ('"1.1"', '"1.999"', '"0.0"', "*", 'W/"1.1"', '"', "", '"1.1", "1.2"', '"9' + "9" * 40)


@dataclass
class Known:
    """What answers have told: ids, and the ETag of each address."""

    ids: list[str] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)

    def note(self, path: str, answer: TestResponse) -> None:
        """Remember what an answer tells."""
        if answer.status_code >= 300 or not answer.is_json or not answer.data:
            return
        told = answer.get_json()
        for one in (told, *(told.get("items", ()) if isinstance(told, dict) else ())):
            name = one.get("id") if isinstance(one, dict) else None
            if isinstance(name, str) and name not in self.ids and SURELY_ID.issuperset(name):
                self.ids.append(name)
        del self.ids[:-MOST_KNOWN]
        if "ETag" in answer.headers:
            self.etags[path] = answer.headers["ETag"]


@dataclass(frozen=True)
class Change:
    """How a row's call is changed: fields taken from what schemathesis made, values put somewhere
    (a place is a number, of all that there are), the query and If-Match replaced."""

    taken: int
    put: tuple[tuple[int, Any], ...]
    query: bool
    tag: str | None


NOTHING = Change(0, (), False, None)
CHANGES = st.one_of(
    st.just(NOTHING),
    st.builds(
        Change,
        st.integers(0, 2),
        st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(_JUNK)), max_size=2).map(tuple),
        st.booleans(),
        st.sampled_from((None, None, None, *_TAGS)),
    ),
)


@dataclass
class Fuzzed:
    """A service that is called, and what came of it: how often which operation was answered how."""

    asked: Asked
    client: FlaskClient
    known: Known
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def call(self, route: str, drawn: tuple[Case, Pair, Pair, Change | None, int]) -> None:
        """One call: a row's, changed, or where there is no change, what schemathesis made.

        AssertionError where it is answered otherwise than described, or with a 5xx.
        """
        case, row, other, change, choice = drawn
        with at_most(SECONDS):
            if change is None:
                like = self.asked.call(*other)
                answer = send(self.client, case, like, self.known, choice)
            else:
                self.asked.snapshot.restore()
                answer = send_changed(self.client, case, self.asked.call(*row), self.known, change)
        self.answers[route, answer.status_code] += 1
        assert answer.status_code < 500, answer.get_data(as_text=True)

    def told(self) -> str:
        """How many calls there were, and what was answered."""
        statuses = Counter[int]()
        for (_, status), count in self.answers.items():
            statuses[status] += count
        told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
        operations = len({route for route, _ in self.answers})
        return f"{self.answers.total()} calls of {operations} operations: {told}"


def fuzz(asked: Asked, calls: int) -> None:
    """Make so many calls of each operation of a service, and print what was answered.

    AssertionError for what was answered otherwise than described or with a 5xx, and for operations
    that were never answered with success though a row of the table is. HangError where one hangs.
    """
    rows, good = asked.calls(), defaultdict[str, list[Pair]](list)
    for route, column, row in asked.accepted():
        good[route].append((column, row))
    ids = {one for one in asked.world.ids.values() if SURELY_ID.issuperset(one)}
    fuzzed = Fuzzed(asked, described_client(asked.app), Known(sorted(ids)))
    failed: list[str] = []
    for route, operation in operations(document_of(asked)).items():
        known_people = [(column, row) for column, row in rows[route] if row.cells[column] != "401"]
        drawn = st.tuples(
            cases(operation),
            st.sampled_from(good[route] or known_people),
            st.sampled_from(known_people),
            st.one_of(st.none(), CHANGES),
            st.integers(0, 10_000),
        )
        try:
            _each(calls, drawn, partial(fuzzed.call, route))
        except AssertionError as error:  # the others are tried all the same
            failed.append(f"{route}: {error}")
        finally:
            asked.snapshot.restore()
    without = sorted(route for route in rows if not good[route])
    print(f"{fuzzed.told()}; the table has no success of {', '.join(without) or 'none'}")
    assert not failed, "\n".join(failed)
    missed = unreached(good, fuzzed.answers) if calls > FEW else []
    assert not missed, f"never answered with success: {', '.join(missed)}"


def _each(calls: int, made: st.SearchStrategy[Any], do: Callable[[Any], None]) -> None:
    @settings(
        max_examples=calls,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @seed(SEED)
    @given(made)
    def called(one: Any) -> None:
        do(one)

    called()


def unreached(
    good: Mapping[str, Sequence[Pair]], answers: Mapping[tuple[str, int], int]
) -> list[str]:
    """The operations of which a row is answered with success, and of these calls none was."""
    reached = {route for (route, status), count in answers.items() if status < 300 and count}
    return sorted(route for route, pairs in good.items() if pairs and route not in reached)


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


def send(client: FlaskClient, case: Case, like: Call, known: Known, choice: int) -> TestResponse:
    """Send what schemathesis made, as who makes another call.

    `choice`, a number, decides whether a known id is asked for, and which.
    """
    if case.path_parameters and known.ids and choice % 3:
        chosen = known.ids[choice // 3 % len(known.ids)]
        free = [one for one in case.path_parameters if one not in _FIXED]
        case.path_parameters |= dict.fromkeys(free, chosen)
    path = case.formatted_path if choice % 5 else like.path
    headers = {str(name): str(value) for name, value in (case.headers or {}).items()}
    address = path.rsplit("/", 1)[0] if path not in known.etags else path
    if choice % 2 and address in known.etags:
        headers["If-Match"] = known.etags[address]
    who = {
        name: value
        for name, value in like.options.get("headers", {}).items()
        if name in ("Authorization", "Cookie")
    }
    answer = client.open(
        path,
        method=case.method,
        headers={**headers, **who},
        query_string=_query(case),
        **_body(case),
    )
    known.note(path, answer)
    return answer


def send_changed(
    client: FlaskClient, case: Case, call: Call, known: Known, change: Change
) -> TestResponse:
    """Send a row's call, changed; `case` gives fields and query."""
    options = dict(call.options)
    body = options.get("json")
    if isinstance(body, dict):
        if isinstance(case.body, Mapping):
            made = json.loads(json.dumps(dict(case.body), default=str))
            body = body | dict(list(made.items())[: change.taken])
        for number, value in change.put:
            body = put(body, number, value)
        options["json"] = body
    if change.query:
        options["query_string"] = {**options.get("query_string", {}), **_query(case)}
    if change.tag is not None:
        options["headers"] = {**options["headers"], "If-Match": change.tag}
    answer = Call(call.method, call.path, options).send(client)
    known.note(call.path, answer)
    return answer


def put(body: Any, number: int, value: Any) -> Any:
    """A body in which the value stands at one of its places, which are its values at each depth."""
    count = _places(body)
    return _put(body, number % count, value) if count else body


def _places(body: Any) -> int:
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return sum(1 + _places(one) for one in inner)


def _put(body: Any, number: int, value: Any) -> Any:
    made = dict(body) if isinstance(body, dict) else list(body)
    for name, inner in list(made.items() if isinstance(made, dict) else enumerate(made)):
        if number == 0:
            made[name] = value
            return made
        within = _places(inner)
        if number <= within:
            made[name] = _put(inner, number - 1, value)
            return made
        number -= 1 + within
    raise AssertionError("there are fewer places")


def _query(case: Case) -> dict[str, Any]:
    """The query; of what writes, without parameters that it does not have, which it ignores."""
    names = {one.name for one in case.operation.query}
    return {
        name: [str(one) for one in value]
        if isinstance(value, Sequence) and value and not isinstance(value, str)
        else str(value)
        for name, value in (case.query or {}).items()
        if case.method == "GET" or name in names
    }


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
