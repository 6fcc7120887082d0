"""Whole lives of a proposal: every edge of its table is taken, and nothing but its edges can be."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from services.matcher.documents import Match
from services.matcher.domain import PROPOSAL
from tests.services.matcher.conftest import Clock
from tests.services.matcher.lives import LINES, NO, ROLES, Life, seen, way_to
from tests.services.matcher.world import Caller, World

pytestmark = pytest.mark.long

DONOR = "66f0000000000000000000d1"
WINDOWS = 2
STRANGERS_TRY = frozenset({"endorsed", "delivering"})
PARTIES = frozenset({"coordinator", "donor", "state"})
EDGES = {(action, source) for action, step in PROPOSAL.steps.items() for source in step.sources}
SCORES = {"adequate": 4, "effective": 5, "sustainable": 2}
TRIED: dict[str, tuple[str, Any]] = {
    "endorse": ("decision", {"decision": "endorse"}),
    "reject": ("decision", {"decision": "reject", "reason": "x"}),
    "agree": ("answer", {"answer": "agree"}),
    "decline": ("answer", NO),
    "start": ("delivery", {"step": "start"}),
    "deliver": ("delivery", {"step": "deliver"}),
    "close": ("delivery", {"step": "close"}),
    "report": ("figures", {"lines": [{"line": 1, "quantity": 1}]}),
    "assess": ("follow-ups/12/assessment", SCORES),
    "reply": ("follow-ups/12/reply", {"text": "x"}),
}
"""Every step that somebody may send, by what it is called in the table or beside it."""


@pytest.fixture
def callers(call: Callable[..., Caller]) -> dict[str, Caller]:
    """All who may have to do with it, and two who may not."""
    return {
        "coordinator": call("coordinator"),
        "donor": call("donor", organisation=DONOR),
        "state": call("requester", state="SEN"),
        "auditor": call("auditor"),
        "other donor": call("donor", organisation="66f0000000000000000000d2"),
        "other State": call("requester", state="MLI"),
        "coordinator elsewhere": call("coordinator", regions=frozenset({"Eastern Asia"})),
    }


def test_every_edge_is_taken_once_however_many_windows_take_it(
    world: World, callers: dict[str, Caller], clock: Clock
) -> None:
    """Along every edge, from a new pair once one is closed; of two windows one takes the step."""
    numbers = count(1)
    life: Life | None = None

    def send(caller: Caller, path: str, body: Any) -> None:
        assert life is not None
        tag = seen(life)
        with ThreadPoolExecutor(WINDOWS) as pool:
            answers = pool.map(lambda _: caller.post(path, body, etag=tag), range(WINDOWS))
            told = [(answer.status_code, answer.text) for answer in answers]
        assert sorted(status for status, _ in told) == [200] + [412] * (WINDOWS - 1), told

    left, state, before = set(EDGES), PROPOSAL.initial, None
    while left:
        way = None if life is None else way_to({source for _, source in left}, state)
        if way is None:
            before = None
            life = Life(next(numbers), world, callers, clock, send)
            edges = [("endorse", PROPOSAL.initial)]  # before that nothing is stored of it
        else:
            end = PROPOSAL.target(*way[-1]) if way else state
            edges = [*way, min(edge for edge in left if edge[1] == end)]
        for action, source in edges:
            life.take(action, source)
            before = life.check(action, source, before)
            left.discard((action, source))
            state = before.status
    assert ROLES.keys() == PROPOSAL.steps.keys()


def test_nobody_takes_a_step_that_is_not_theirs_or_not_there(
    world: World, callers: dict[str, Caller], clock: Clock
) -> None:
    """In every state every step is tried by all three; what the table has not is refused."""

    def send(caller: Caller, path: str, body: Any) -> None:
        answer = caller.post(path, body, etag=seen(life))
        assert answer.status_code == 200, answer.text

    life = Life(1, world, callers, clock, send)
    state, before, unseen = PROPOSAL.initial, None, set(PROPOSAL.states)
    tried = 0
    while unseen:
        for action, source in way_to(unseen, state) or ():
            life.take(action, source)
            before = life.check(action, source, before)
            state = before.status
        unseen.discard(state)
        tag = seen(life)
        for name, (path, body) in TRIED.items():
            for who, caller in callers.items():
                stranger = who not in PARTIES
                if _may(name, who, state) or (stranger and state not in STRANGERS_TRY):
                    continue
                answer = caller.post(f"{life.path}/{path}", body, etag=tag)
                assert answer.status_code in (403, 404, 409), (name, who, state, answer.text)
                tried += 1
        stored = Match.objects(id=life.pair).first()
        assert (stored and stored.version) == (before and before.version)
        if state not in ("agreed", "committed", "delivering", "released"):
            body = {"proposal": life.pair, "lines": LINES}
            refused = callers["coordinator"].post("/v1/commitments", body)
            assert refused.status_code == 409, refused.text
    assert tried > len(PROPOSAL.states) * 25


def _may(name: str, who: str, state: str) -> bool:
    """Whether somebody may try a step in a state, by the table."""
    sides = {
        "endorse": {"coordinator"},
        "reject": {"coordinator"},
        "agree": {"donor", "state"},
        "decline": {"donor", "state"},
        "report": {"donor", "state"},
        "start": {"donor", "coordinator"},
        "deliver": {"donor", "state", "coordinator"},
        "close": {"coordinator"},
        "assess": {"state"},
        "reply": {"donor"},
    }
    if who not in sides[name]:
        return False
    if name == "agree":
        waiting = {"endorsed", "state-agreed" if who == "donor" else "donor-agreed"}
        return state in waiting
    if name == "report":
        return state in {"delivering", "delivered", "follow-up"}
    if name in ("assess", "reply"):
        return False  # the question after twelve months is not asked here
    return name in PROPOSAL.allowed(state)
