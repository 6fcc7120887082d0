"""A proposal taken along the edges of its table, over HTTP, by events and by time."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from services.matcher import clockwork
from services.matcher.documents import Commitment, Match
from services.matcher.domain import KEPT, PROPOSAL, WAITING
from services.matcher.ledger_documents import LedgerLine
from services.matcher.reactions import keep_records
from shared.events.envelope import check
from shared.web.preconditions import etag
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.world import Caller, World

LINES = [{"side": side, "line": 1, "quantity": 3} for side in ("request", "offer")]
NO = {"answer": "decline", "reason": "Our plan has changed."}
ROLES = {
    "endorse": {"coordinator"},
    "reject": {"coordinator"},
    "donor-agree": {"donor"},
    "state-agree": {"requester"},
    "agree": {"donor", "requester"},
    "decline": {"donor", "requester"},
    "lapse": {"matcher"},
    "reconsider": {"matcher"},
    "reconsider-agreed": {"matcher"},
    "fall": {"matcher"},
    "reopen": {"matcher"},
    "commit": {"coordinator"},
    "release": {"donor"},
    "start": {"donor"},
    "deliver": {"requester"},
    "follow-up": {"matcher"},
    "close": {"coordinator"},
}
"""Who takes which step, as the history has to tell."""
REASONS = {
    "lapse": {"silence"},
    "fall": {"request-withdrawn", "offer-withdrawn"},
    "reconsider": {"conditions-changed"},
    "reconsider-agreed": {"conditions-changed"},
}

Send = Callable[[Caller, str, Any], None]


@dataclass
class Life:
    """One pair and those who take its steps; `send` posts a body as seen in the present version."""

    number: int
    world: World
    callers: dict[str, Caller]
    clock: Clock
    send: Send
    versions: dict[str, int] = field(default_factory=lambda: {"request": 1, "offer": 1})
    ended: str | None = None
    machines: int = 4
    hash: int = 1

    def __post_init__(self) -> None:
        self.world.hears([self._event("request"), self._event("offer")])

    @property
    def pair(self) -> str:
        """Its id."""
        return f"r{self.number}.o{self.number}"

    @property
    def path(self) -> str:
        """Its address."""
        return f"/v1/proposals/{self.pair}"

    def match(self) -> Match:
        """It as it is stored."""
        found: Match = Match.objects.get(id=self.pair)
        return found

    def take(self, action: str, source: str) -> None:
        """Take a step of the table from a state; KeyError for one that nobody knows how to take."""
        ways: dict[str, Callable[[str], None]] = {
            "endorse": lambda _: self._decide("endorse"),
            "reject": lambda _: self._decide("reject", reason="The State asked for more."),
            "donor-agree": lambda _: self._agree("donor"),
            "state-agree": lambda _: self._agree("state"),
            "agree": lambda source: self._agree("state" if source == "donor-agreed" else "donor"),
            "decline": lambda source: self._post(self._other(source), "answer", NO),
            "lapse": lambda _: self._wait(31),
            "reconsider": lambda _: self._change_conditions(),
            "reconsider-agreed": lambda _: self._change_conditions(),
            "fall": lambda source: self._withdraw(source),
            "reopen": lambda source: self._reopen(source),
            "commit": lambda _: self._commit(),
            "release": lambda _: self._release(),
            "start": lambda _: self._post("donor", "delivery", {"step": "start"}),
            "deliver": lambda _: self._post("state", "delivery", {"step": "deliver"}),
            "follow-up": lambda _: self._wait(100),
            "close": lambda _: self._post("coordinator", "delivery", {"step": "close"}),
        }
        ways[action](source)

    def check(self, action: str, source: str, before: Match | None) -> Match:
        """Assert that the step, and nothing else, was taken, and that the ledger follows."""
        after = self.match()
        history = after.history
        known = [] if before is None else list(before.history)
        assert [one.data() for one in history[: len(known)]] == [one.data() for one in known]
        told = history[len(known) :]
        (step,) = [one for one in told if one.action in PROPOSAL.steps]
        assert len(told) == (2 if action == "follow-up" else 1)  # the first question comes with it
        target = PROPOSAL.target(action, source)
        assert (step.action, step.source, step.target) == (action, source, target)
        assert after.status == target
        assert step.role in ROLES[action]
        assert (step.subject is None) == (step.role == "matcher")
        assert action not in REASONS or step.reason in REASONS[action]
        assert before is None or after.version > before.version
        check(after.event())
        check_holds(after)
        assert (after.answer_by is not None) == (target in WAITING)
        assert after.owes is None
        return after

    def _event(self, side: str) -> Any:
        version, id_ = self.versions[side], f"{side[0]}{self.number}"
        if side == "request":
            lines = [need(1, quantity=self.machines)]
            status = "withdrawn" if self.ended == side else "circulated"
            return request_event(id_, version, needs=lines, status=status)
        status = "withdrawn" if self.ended == side else "published"
        conditions = [{"kind": "reporting", "hash": f"{self.hash:032x}"}]
        return offer_event(id_, version, conditions=conditions, status=status)

    def _say(self, side: str) -> None:
        """The record's register tells of its next version."""
        self.versions[side] += 1
        keep_records(self.clock)([self._event(side)])

    def _post(self, who: str, path: str, body: Any) -> None:
        self.send(self.callers[who], f"{self.path}/{path}", body)

    def _decide(self, decision: str, **more: Any) -> None:
        self._post("coordinator", "decision", {"decision": decision, **more})

    def _agree(self, who: str) -> None:
        accepts = [f"{self.hash:032x}"] if who == "state" else []
        self._post(who, "answer", {"answer": "agree", "accepts": accepts})

    def _other(self, source: str) -> str:
        """Who declines: from one state the donor, from another the State."""
        return "donor" if list(PROPOSAL.states).index(source) % 2 else "state"

    def _wait(self, days: int) -> None:
        clockwork.sweep(self.clock.now + timedelta(days=days))

    def _change_conditions(self) -> None:
        self.hash += 1
        self._say("offer")

    def _withdraw(self, source: str) -> None:
        self.ended = "request" if list(PROPOSAL.states).index(source) % 2 else "offer"
        self._say(self.ended)

    def _reopen(self, source: str) -> None:
        side, self.ended = self.ended or "request", None
        if source != "fallen":
            self.machines = 13 - self.machines
        self._say(side)

    def _commit(self) -> None:
        body = {"proposal": self.pair, "lines": LINES}
        answer = self.callers["coordinator"].post("/v1/commitments", body)
        assert answer.status_code == 201, answer.text

    def _release(self) -> None:
        (id_,) = self.match().holds
        said = {"reason": "The depot burnt down."}
        answer = self.callers["donor"].post(f"/v1/commitments/{id_}/release", said)
        assert answer.status_code == 200, answer.text


def seen(life: Life) -> str:
    """The ETag of a pair as it is stored, or as it is before anybody acted on it."""
    match = Match.objects(id=life.pair).first()
    if match is not None:
        return etag(match.version)
    answer: TestResponse = life.callers["coordinator"].get(life.path)
    return answer.headers["ETag"]


def check_holds(match: Match) -> None:
    """What the proposal, its commitments and the ledger say of what is held is the same."""
    held = {one.id for one in Commitment.objects(match=match.id, status="held")}
    assert set(match.holds) == held
    assert not Commitment.objects(match=match.id, status__nin=["held", "released", "refused"])
    assert bool(held) == (match.status in KEPT)
    for side in ("request", "offer"):
        record = getattr(match, side)
        on_line = {h.commitment for line in LedgerLine.objects(record=record) for h in line.holds}
        assert on_line == held


def way_to(goals: Collection[str], source: str) -> list[tuple[str, str]] | None:
    """The shortest steps from a state to one of the goals, as (action, source); None for no way."""
    ways: deque[tuple[str, list[tuple[str, str]]]] = deque([(source, [])])
    known = {source}
    while ways:
        state, way = ways.popleft()
        if state in goals:
            return way
        for action in PROPOSAL.allowed(state):
            target = PROPOSAL.target(action, state)
            if target not in known:
                known.add(target)
                ways.append((target, [*way, (action, state)]))
    return None
