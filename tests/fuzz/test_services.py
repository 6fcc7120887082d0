"""Whatever is sent to a service, it answers as its OpenAPI document says, and never with a 5xx.

`make fuzz` makes the calls; it says how many, and what was answered.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import mongoengine
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from services.portal.house import House
from services.portal.signing_keys import signing_key
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from tests.fuzz.calling import Known, cases, operations, send
from tests.services.described import described_client
from tests.services.test_descriptions import APPS

CALLS = int(os.environ.get("ENTRAIDE_FUZZ_CALLS", "0"))
OPERATIONS = 190
"""As many as the services have at least; so many parts of the calls asked for each one gets."""
pytestmark = pytest.mark.skipif(not CALLS, reason="`make fuzz` calls the services")


@dataclass
class Fuzzed:
    """A service that is called, and what came of it."""

    client: FlaskClient
    who: dict[str, dict[str, str]]
    known: Known = field(default_factory=Known)
    answers: Counter[int] = field(default_factory=Counter)


@pytest.fixture(params=APPS)
def fuzzed(
    request: pytest.FixtureRequest, make_settings: Callable[[str], Settings], keys: KeyPair
) -> Iterator[Fuzzed]:
    app: Flask = APPS[request.param](make_settings(request.param))
    if request.param == "portal":
        house: House = app.extensions["entraide-portal"]
        keys = signing_key(house, datetime.now(UTC))
    yield Fuzzed(described_client(app), _callers(keys))
    mongoengine.disconnect()


def _callers(keys: KeyPair) -> dict[str, dict[str, str]]:
    people = {
        "coordinator": Identity("a-coordinator", "coordinator"),
        "requester": Identity("a-requester", "requester", "SEN"),
        "donor": Identity("a-donor", "donor", organisation="org-1"),
        "auditor": Identity("an-auditor", "auditor"),
        "operator": Identity("an-operator", "operator"),
    }
    now = datetime.now(UTC)
    tokens = {name: issue_token(keys, one, timedelta(hours=9), now) for name, one in people.items()}
    return {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()} | {
        "nobody": {}
    }


def test_a_service_answers_whatever_is_asked_as_it_says(fuzzed: Fuzzed) -> None:
    found = operations(fuzzed.client.get("/openapi.json").get_json())
    failed: list[str] = []
    for operation in found.values():

        @settings(
            max_examples=-(-CALLS // OPERATIONS),
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @seed(datetime.now(UTC).toordinal())
        @given(cases(operation), st.sampled_from(sorted(fuzzed.who)), st.integers(0, 10_000))
        def called(case, who, choice) -> None:  # type: ignore[no-untyped-def]
            answer = send(fuzzed.client, case, fuzzed.who[who], fuzzed.known, choice)
            fuzzed.answers[answer.status_code] += 1
            assert answer.status_code < 500, answer.get_data(as_text=True)

        try:
            called()
        except AssertionError as error:  # the others are tried all the same
            failed.append(str(error))
    told = ", ".join(f"{status}: {count}" for status, count in sorted(fuzzed.answers.items()))
    print(f"{sum(fuzzed.answers.values())} calls of {len(found)} operations: {told}")
    assert failed == []
    assert sum(fuzzed.answers.values()) >= len(found)
