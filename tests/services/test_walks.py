"""Random steps through the rules themselves that the APIs and the workers go by.

The tables of all lives are walked in tests/shared/test_lifecycle.py, a hundred thousand steps. Here
whoever it is and whatever the state: each either takes one step of the table, with everything that
belongs to it, or changes nothing.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from mongoengine import ListField

from services.matcher import (
    clockwork,
    commitments,
    consent,
    decisions,
    delivery,
    embargo_warnings,
    followups,
    pledges,
    reopening,
    settling,
)
from services.matcher.actors import Actor
from services.matcher.documents import Match, ViewLine
from services.matcher.domain import KEPT, PROPOSAL, STAYING, WAITING
from services.matcher.filed import FILES
from services.matcher.proposals import Proposal
from services.offers.documents import AssistanceOffer
from services.offers.domain import step_offer
from services.requests import domain as requests_domain
from services.requests.documents import AssistanceRequest, NeedLine
from shared.attachments import telling
from shared.events.outbox import StaleVersion
from shared.events.versions import Version
from shared.lifecycle import FILING, OFFER, REQUEST, IllegalTransition, Lifecycle
from shared.web.identity import Identity
from shared.web.problems import Problem
from tests.services.walking import Memory, Store

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
STEPS: Mapping[str, int] = {"match": 2500, "request": 600, "offer": 300}
"""How many steps are taken of each, at least; several times as many are tried and refused."""
REFUSED = (IllegalTransition, Problem, StaleVersion)
SIDES = ("donor", "state")
LONGEST = 60
BESIDE = (*FILING, "warn")
IDENTITIES = [
    *(Identity("account", "requester", state=state) for state in ("SEN", "MLI")),
    *(Identity("account", "donor", organisation=id_) for id_ in ("org-1", "org-2")),
    *(Identity("account", role) for role in ("coordinator", "auditor", "operator")),
]


class MatchWalk:
    """One proposal with its offer's conditions, its commitments and an embargo, in memory."""

    def __init__(self, dice: random.Random, patch: pytest.MonkeyPatch) -> None:
        self.dice, self.now, self.conditions, self.barred = dice, NOW, ["1" * 32], False
        self.held: dict[str, SimpleNamespace] = {}
        self.released: set[str] = set()
        view = {
            "visibility": "public",
            "version": Version(1, 1),
            "material": "m",
            "owner": None,
            "stated": None,
        }
        lines = [ViewLine(line=1, measure="quantity", unit="machines", limit=9000)]
        self.views = {
            "request": SimpleNamespace(
                side="request", record="r", status="circulated", lines=lines, **view
            ),
            "offer": SimpleNamespace(
                side="offer", record="o", status="published", lines=lines, **view
            ),
        }
        self.views["request"].hidden_lines = frozenset()
        self._set_conditions()
        fields = {
            name: [] if isinstance(field, ListField) else None
            for name, field in Match._fields.items()
        }
        own = {"id": "r.o", "request": "r", "offer": "o", "country": "SEN", "organisation": "org-1"}
        state = {"status": PROPOSAL.initial, "epoch": 1, "number": 1}
        self.store = Store(Memory(**{**fields, **own, **state}))
        writing = (
            clockwork,
            commitments,
            consent,
            decisions,
            delivery,
            embargo_warnings,
            followups,
        )
        for module in (*writing, reopening, settling):
            patch.setattr(module, "change", self.store.change)
        patch.setattr(reopening, "changed_sides", lambda _: ["request"])
        for module in (consent, decisions, settling):
            patch.setattr(module, "pair_bar", lambda *_: "barred" if self.barred else None)
        patch.setattr(commitments, "lines_bar", lambda *_: "barred" if self.barred else None)
        patch.setattr(settling, "stored_view", lambda side, _: self.views[side])
        patch.setattr(commitments, "stored_view", lambda *_: self.views["offer"])
        patch.setattr(commitments, "above_ceiling", lambda *_: None)
        found = lambda id__in: [self.held[id_] for id_ in id__in]  # noqa: E731
        patch.setattr(pledges, "Commitment", SimpleNamespace(objects=found))
        patch.setattr(pledges, "LedgerLine", SimpleNamespace(objects=lambda **_: []))
        told = lambda *_: {1: self.views["offer"].lines[0]}  # noqa: E731
        patch.setattr(delivery, "committed_lines", told)
        patch.setattr(delivery, "received_part", lambda _: None)
        patch.setattr(delivery, "held_by", lambda _: {})

    @property
    def match(self) -> Any:
        """The proposal as it is."""
        return self.store.document

    def step(self) -> None:
        """Somebody tries something, in the version that is or in an older one."""
        self.now += timedelta(hours=self.dice.choice((1, 30, 30, 24 * 20)))
        seen = Version(1, self.match.number - (self.dice.random() < 0.03))
        self.dice.choice(self._ways())(seen)

    def _ways(self) -> list[Callable[[Version], Any]]:
        return [
            self._decide,
            self._decide,
            self._answer,
            self._answer,
            self._answer,
            self._commit,
            self._commit,
            self._release,
            self._deliver,
            self._deliver,
            self._report,
            self._assess,
            self._reply,
            self._time,
            self._beside,
            self._records,
        ]

    def _proposal(self) -> Any:
        serving = {"need": 1, "provision": 1, "fit": 1.0, "theme": "marking"}
        entry = {"serves": [serving], "score": 0.5, "features": [], "rank": 1}
        request, offer = self.views["request"], self.views["offer"]
        return Proposal(request, offer, entry, None, True, self.match, frozenset())  # type: ignore[arg-type]

    def _set_conditions(self) -> None:
        offer = self.views["offer"]
        offer.condition_hashes = list(self.conditions)
        offer.conditions = ["reporting"] * len(self.conditions)

    def _decide(self, seen: Version) -> None:
        action = self.dice.choice(("endorse", "endorse", "reject"))
        who = Identity("account", "coordinator")
        decisions.decide(self._proposal(), action, "why", seen, who, self.now)

    def _answer(self, seen: Version) -> None:
        side = self.dice.choice(SIDES)
        agrees = self.dice.random() < 0.8
        said = consent.Said(
            agrees=agrees,
            reason="why",
            accepts=self.conditions if agrees and side == "state" else (),
            pledges=[{"line": 1, "quantity": 5, "amount": None}]
            if agrees and side == "donor" and self.dice.random() < 0.3
            else (),
        )
        actor = Actor("donor" if side == "donor" else "requester", "party", "account")
        consent.answer(self._proposal(), side, said, seen, actor, self.now)  # type: ignore[arg-type]

    def _commit(self, _: Version) -> None:
        id_ = f"c{self.dice.randrange(10**9)}"
        line = SimpleNamespace(side="offer", line=1, measure="quantity", unit="machines")
        line.amount = 2000
        made = SimpleNamespace(role="coordinator", party=None, subject="account")
        commitment: Any = SimpleNamespace(
            id=id_,
            match="r.o",
            lines=[line],
            provisional=self.dice.random() < 0.3,
            history=[made],
        )
        self.held[id_] = commitment
        commitments._commit_proposal(commitment, self.now)

    def _release(self, _: Version) -> None:
        if self.match.holds and self.match.status not in ("delivered", "follow-up", "closed"):
            id_ = self.dice.choice(self.match.holds)
            self.released.add(id_)
            commitments._release_proposal(self.held[id_], self.now)  # type: ignore[arg-type]

    def _deliver(self, seen: Version) -> None:
        action = self.dice.choice(("start", "deliver", "deliver", "close"))
        who = Actor("donor", "org-1", "account")
        delivery.take(self._proposal(), action, None, seen, who, self.now)

    def _report(self, seen: Version) -> None:
        lines = [{"line": 1, "quantity": 1, "amount": None}]
        who = Actor("donor", "org-1", "account")
        delivery.report(self._proposal(), "donor", lines, None, None, seen, who, self.now)

    def _assess(self, seen: Version) -> None:
        scores = {"adequate": 4, "effective": 4, "sustainable": 4}
        said = {**scores, "objectives": 2, "objectives_reached": 1}
        who, months = Actor("requester", "SEN", "account"), self.dice.choice((3, 12))
        followups.assess(self._proposal(), months, said, None, seen, who, self.now)

    def _reply(self, seen: Version) -> None:
        who, months = Actor("donor", "org-1", "account"), self.dice.choice((3, 12))
        followups.reply(self._proposal(), months, "text", seen, who, self.now)

    def _time(self, _: Version) -> None:
        self.store.change(Match, "r.o", None, lambda one: clockwork.tick(one, self.now), self.now)

    def _beside(self, _: Version) -> None:
        """A file is told of, or the end of an exemption; each once, however often."""
        which = str(self.dice.randrange(3))
        if self.dice.random() < 0.5:
            embargo_warnings._warn("r.o", f"ends-2026-12-3{which}-7", self.now)
        else:
            added = SimpleNamespace(role="donor", party="org-1", subject="account")
            status = self.dice.choice(("kept", "removed"))
            file: Any = SimpleNamespace(id=which, history=[added], status=status, visibility=None)
            tell = partial(telling._tell, FILES, file, self.now)
            self.store.change(Match, "r.o", None, tell, self.now)
        told = [(one.action, one.reason) for one in self.match.history if one.action in BESIDE]
        assert len(told) == len(set(told))

    def _records(self, _: Version) -> None:
        """The world changes, and the proposal follows."""
        what = self.dice.random()
        if what < 0.1:
            reopening._reopen("r.o", self.now)
        elif what < 0.6:
            self.conditions = [f"{self.dice.randrange(4):032x}"]
            self._set_conditions()
        elif what < 0.8:
            self.views["request"].status = self.dice.choice(("circulated", "withdrawn"))
        else:
            self.barred = self.dice.random() < 0.3
        settling._follow("r.o", self.now)
        self.views["request"].status, self.barred = "circulated", False
        settling._follow("r.o", self.now)


def _agreed(match: Any) -> bool:
    """Whether both sides have said yes since the last endorsement, by the history alone."""
    yes: set[str] = set()
    for step in match.history:
        if step.action in ("endorse", "reopen"):
            yes = set()
        elif step.action.endswith("agree") and not step.action.startswith("reconsider"):
            yes.add(step.role)
        elif step.action.startswith("reconsider"):
            yes.discard("requester")
    return yes == {"donor", "requester"}


def _check_match(walk: MatchWalk, before: Any) -> Iterator[str]:
    """Assert what has to hold after every try; the actions that were taken by it."""
    after = walk.match
    since = len(before.history)
    assert all(one is other for one, other in zip(before.history, after.history, strict=False))
    assert len(after.history) >= since
    changed = after is not before
    assert after.number >= before.number + changed
    assert (len(after.history) > since) <= changed
    status = before.status
    for step in after.history[since:]:
        assert step.source == status
        if step.action in STAYING:
            assert status in STAYING[step.action]
            assert step.target == status
        else:
            assert step.target == PROPOSAL.target(step.action, status)
        assert not PROPOSAL.is_final(status) or step.action in STAYING
        status = step.target
        yield step.action
    assert after.status == status
    if status in KEPT:
        assert after.holds
        assert _agreed(after)
    elif status not in WAITING:
        assert not after.holds or after.owes
    newly = set(after.holds) - set(before.holds)
    if newly and status in KEPT:
        assert set(walk.conditions) <= {one.hash for one in after.accepted}
    assert not set(after.holds) & walk.released
    assert set(after.released) == walk.released
    assert (after.answer_by is not None) == (status in WAITING)


def test_no_step_of_a_match_goes_where_it_should_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, taken, walk = random.Random(20261126), Counter[str](), None
    refused = 0
    while taken.total() < STEPS["match"]:
        if walk is None or len(walk.match.history) > LONGEST:
            walk = MatchWalk(dice, monkeypatch)
        before = walk.match
        try:
            walk.step()
        except REFUSED:
            refused += 1
        taken.update(_check_match(walk, before))
        if walk.match.status == "closed" and dice.random() < 0.3:
            walk = None
    assert refused > STEPS["match"] / 2
    others = STAYING.keys() - {"message", "strike", "erase-name"}  # test_more_walks.py takes them
    missing = (PROPOSAL.steps.keys() | others) - taken.keys()
    assert not missing, missing


def _register_walk(
    dice: random.Random,
    life: Lifecycle,
    make: Callable[[], Any],
    ways: Mapping[str, Callable[[Any, Identity, datetime], object]],
    steps: int,
) -> Counter[str]:
    """Random steps by random people; what was taken."""
    taken, record, now = Counter[str](), None, NOW
    while taken.total() < steps:
        if record is None or life.is_final(record.status) or len(record.history) > LONGEST:
            record = make()
        now += timedelta(hours=dice.choice((1, 50)))
        before, since = record.status, list(record.history)
        try:
            ways[dice.choice(list(ways))](record, dice.choice(IDENTITIES), now)
        except REFUSED:
            assert (record.status, len(record.history)) == (before, len(since))
        assert list(record.history[: len(since)]) == since
        status = before
        for step in record.history[len(since) :]:
            assert (step.source, step.target) == (status, life.target(step.action, status))
            assert not life.is_final(status)
            status = step.target
            taken[step.action] += 1
        assert record.status == status
        _check_request(record)
    return taken


def _check_request(record: Any) -> None:
    """Nothing is shown to donors that was not consented to, authenticated and circulated."""
    if isinstance(record, AssistanceRequest) and record.status in REQUEST.shown:
        actions = [step.action for step in record.history]
        last = len(actions) - actions[::-1].index("submit") - 1
        assert "authenticate" in actions[last:]
        assert "circulate" in actions[last:]
        assert record.consent in ("express", "no-objection")


def test_no_step_of_a_request_goes_where_it_should_not() -> None:
    dice = random.Random(20261126)
    need = NeedLine(line=1, theme="marking", kind="equipment", quantity=4000, unit="machines")

    def make() -> AssistanceRequest:
        return AssistanceRequest(
            id="r", country="SEN", status=REQUEST.initial, confidentiality="public", needs=[need]
        )

    def settle(request: Any, _: Identity, now: datetime) -> None:
        held = {("r", 1, "quantity"): {"machines": dice.choice((0, 2000, 4000))}}
        requests_domain.settle(request, held, now)

    found = _register_walk(
        dice,
        REQUEST,
        make,
        {
            "submit": lambda one, who, now: requests_domain.submit(
                one, dice.choice((None, "express")), who, now
            ),
            "authenticate": lambda one, who, now: requests_domain.authenticate(one, None, who, now),
            "circulate": requests_domain.circulate,
            "in time": lambda one, _, now: requests_domain.circulate_if_due(one, now),
            "return": lambda one, who, now: requests_domain.send_back(
                one, "return", "unconfirmed", None, who, now
            ),
            "object": lambda one, who, now: requests_domain.send_back(
                one, "object", "sensitive", None, who, now
            ),
            "close": lambda one, who, now: (
                requests_domain.end(one, "close", None, None, who, now)
                if dice.random() < 0.2
                else None
            ),
            "withdraw": lambda one, who, now: (
                requests_domain.end(one, "withdraw", None, None, who, now)
                if dice.random() < 0.2
                else None
            ),
            "settle": settle,
        },
        STEPS["request"],
    )
    assert found.keys() == REQUEST.steps.keys() - {"merge", "unmerge"}


def test_no_step_of_an_offer_goes_where_it_should_not() -> None:
    dice = random.Random(20261126)
    ways = {
        action: lambda one, who, now, action=action: step_offer(one, action, who, now)
        for action in ("submit", "publish", "close", "withdraw")
    }

    def make() -> AssistanceOffer:
        return AssistanceOffer(id="o", organisation="org-1", status=OFFER.initial)

    found = _register_walk(dice, OFFER, make, ways, STEPS["offer"])
    assert found.keys() == OFFER.steps.keys() - {"merge", "unmerge"}
