"""Random steps through the rules of alliances, cases, applications, embargoes, offers to join,
merged records and threads, as test_walks.py takes them of requests, offers and proposals.

Commitments walk with their ledger in matcher/test_ledger_model.py and test_ledger_storm.py.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from mongoengine import ListField

from services.matcher import (
    alliances,
    applications,
    coverages,
    duplicates,
    embargoes,
    joinings,
    thread_filing,
    threads,
)
from services.matcher.actors import Actor
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import ALLIANCE, RUNNING, Found, states_of
from services.matcher.application_rules import APPLICATION, UNFINISHED
from services.matcher.coverage_rules import COVERAGE
from services.matcher.coverage_rules import due_step as coverage_due
from services.matcher.documents import Match
from services.matcher.domain import DUPLICATE, PROPOSAL, STAYING
from services.matcher.domain import due_step as duplicate_due
from services.matcher.embargo_rules import EMBARGO
from services.matcher.joining_rules import JOINING
from services.requests import domain as requests_domain
from services.requests.documents import AssistanceRequest, NeedLine
from services.requests.merging import REQUESTS
from shared.events.outbox import StaleVersion
from shared.events.versions import Version
from shared.lifecycle import REQUEST, IllegalTransition, Lifecycle
from shared.registers import merging_rules
from shared.registers.steps import take_step
from shared.web.identity import Identity
from shared.web.problems import Problem
from tests.services.walking import Memory, Store

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
REFUSED = (IllegalTransition, Problem, StaleVersion)
COORDINATOR = Identity("account", "coordinator")
LONGEST = 60
STEPS, MOST_TRIES = 1500, 15_000
"""How many steps are taken of each, at least, and how often one is tried, at most."""


def check(
    life: Lifecycle, staying: Iterable[str], before: tuple[str, int], record: Any
) -> Iterator[str]:
    """Assert that what a try added to the history are steps of the table; which they were."""
    status, since = before
    assert len(record.history) >= since
    for place in range(since, len(record.history)):
        step = record.history[place]
        assert step.source == status
        if step.action in staying:
            assert step.target == status
        else:
            earlier = record.history[place - 1].source if place else None
            assert step.target == life.target(step.action, status, earlier)
        status = step.target
        yield step.action
    assert record.status == status


def walk(
    life: Lifecycle,
    make: Callable[[], Any],
    ways: Iterable[Callable[[], object]],
    record: Callable[[], Any],
    dice: random.Random,
    staying: Iterable[str] = (),
    holds: Callable[[Any], object] = lambda _: None,
) -> Counter[str]:
    """Try random ways, each of which takes steps of the table or changes nothing.

    `make` begins anew, `holds` asserts what is so of the record after every try.
    """
    taken, ways, refused = Counter[str](), list(ways), 0
    make()
    for _ in range(MOST_TRIES):
        if taken.total() >= STEPS and not life.steps.keys() - taken.keys():
            break
        one = record()
        over = 0.5 if life.is_final(one.status) else 0.03
        if len(one.history) > LONGEST or dice.random() < over:
            make()
            one = record()
        before = (one.status, len(one.history))
        try:
            dice.choice(ways)()
        except REFUSED:
            refused += 1
            assert (record().status, len(record().history)) == before
        taken.update(check(life, staying, before, record()))
        holds(record())
    assert refused
    assert taken.total() >= STEPS
    missing = life.steps.keys() - taken.keys()
    assert not missing, missing
    return taken


class AllianceMemory(Memory):
    """An alliance in memory, whose members are its own in each version."""

    positions = Alliance.positions
    member = Alliance.member

    def next(self) -> "AllianceMemory":
        lists = {name: list(v) for name, v in vars(self).items() if isinstance(v, list)}
        lists["members"] = [copy(one) for one in self.members]
        return AllianceMemory(**{**vars(self), **lists})


def test_no_step_of_an_alliance_goes_where_it_should_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(20261126)
    countries = {"r1": "SEN", "r2": "BEN", "r3": "GHA", "r4": "SEN"}
    store = Store(Memory())

    def make() -> None:
        found = (Found("r1", "SEN"), Found("r2", "BEN"))
        new = alliances._founded("r1", found, NOW)
        names = ("id", "anchor", "status", "cause", "members", "states", "reason", "dismissed")
        state = {name: getattr(new, name) for name in (*names, "holds", "owes", "history")}
        lists = {name: list(v) for name, v in state.items() if isinstance(v, list)}
        store.document = AllianceMemory(**{**state, **lists}, attempts=[], number=1)

    for name in ("change", "_settled"):
        replaced = {"change": store.change, "_settled": lambda alliance, _: alliance}
        monkeypatch.setattr(alliances, name, replaced[name])
    monkeypatch.setattr(alliances.alliance_limits, "reckon", lambda *_: None)

    def follow() -> None:
        wanted = [Found(r, c) for r, c in countries.items() if dice.random() < 0.75]
        causes = {r: "withdrawn" for r in countries if dice.random() < 0.1}
        found = [one for one in wanted if one.request not in causes]
        alliances.follow("r1", found, causes, NOW)

    def decide() -> None:
        action, seen = dice.choice(("endorse", "endorse", "dismiss")), store.document.version
        alliances.decide("a", action, "why", seen, Actor("coordinator"), NOW)

    def answer() -> None:
        request, agrees = dice.choice(list(countries)), dice.random() < 0.9
        who, seen = Actor("requester", countries[request], "account"), store.document.version
        alliances.answer("a", request, agrees, None, seen, who, NOW)

    def holds(alliance: Any) -> None:
        members = [one for one in alliance.positions if one.is_in]
        if alliance.status in RUNNING:
            assert len(states_of(alliance.positions)) >= 2
        if alliance.status == "agreed":
            assert all(one.standing == "agreed" for one in members)
        assert alliance.states == sorted(states_of(alliance.positions))

    staying = ("join", "decline", "invite")
    ways = (follow, follow, decide, answer, answer, answer, answer)
    taken = walk(ALLIANCE, make, ways, lambda: store.document, dice, staying, holds)
    assert set(staying) <= taken.keys()


def _case_walk(life: Lifecycle, step: Callable[..., None], due: Callable[[str], str | None]) -> Any:
    """A case that coordinators decide on, and that follows from what becomes of both records."""
    dice = random.Random(20261126)
    held = SimpleNamespace()

    def make() -> None:
        held.case = SimpleNamespace(status=life.initial, history=[], commitments=[])
        held.case.activity_material = "m"

    def decide() -> None:
        action = dice.choice([a for a in life.steps if a in ("link", "confirm", "dismiss")])
        take_step(life, held.case, action, COORDINATOR, NOW)

    def follow() -> None:
        action = due(held.case.status)
        if action is not None:
            step(held.case, action, NOW)

    return walk(life, make, (decide, follow, follow), lambda: held.case, dice)


def test_no_step_of_two_records_goes_where_it_should_not() -> None:
    dice = random.Random(1)

    def due(status: str) -> str | None:
        merged, alike = dice.random() < 0.2, dice.random() < 0.6
        return duplicate_due(status, merged=merged, alike=alike, changed=lambda: merged ^ alike)

    _case_walk(DUPLICATE, duplicates._step, due)


def test_no_step_of_a_covered_need_goes_where_it_should_not() -> None:
    dice = random.Random(2)

    def due(status: str) -> str | None:
        alike, fallen, ended = (dice.random() < part for part in (0.7, 0.1, 0.3))
        return coverage_due(
            status, alike=alike, fallen=fallen, ended=ended, changed=lambda: dice.random() < 0.5
        )

    _case_walk(COVERAGE, coverages._step, due)


def test_no_step_of_an_application_goes_where_it_should_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice, store = random.Random(20261126), Store(Memory())
    fund = Identity("account", "donor", organisation="org-1")
    held: set[int] = set()

    def make() -> None:
        held.clear()
        store.document = Memory(
            id="a", status=APPLICATION.initial, history=[], attempts=[], tries=0, actor=[],
            refusal=None, number=1,
        )  # fmt: skip

    def commit(application: Any, _: datetime) -> str | None:
        held.add(application.tries)
        return dice.choice((None, "nothing is left"))

    monkeypatch.setattr(applications, "change", store.change)
    monkeypatch.setattr(applications, "_commit", commit)
    monkeypatch.setattr(applications, "_give_back", lambda one, _: held.discard(one.tries))
    stored = SimpleNamespace(get=lambda **_: store.document)
    monkeypatch.setattr(applications, "Application", SimpleNamespace(objects=stored))

    def take(action: str, who: Identity = COORDINATOR) -> None:
        seen = Version(1, store.document.number - (dice.random() < 0.05))
        begun = applications.begin_approval
        also = (lambda one: begun(one, who)) if action == "approve" else (lambda _: None)
        applications.take("a", action, seen, who, NOW, also, None)

    def decide() -> None:
        take(dice.choice(("decline", "approve", "approve", "approve")), fund)

    def settle() -> None:
        done = applications.settle("a", NOW)
        assert done.status not in UNFINISHED

    def holds(application: Any) -> None:
        if application.status not in UNFINISHED:
            kept = {application.tries} if application.status == "approved" else set()
            assert held == kept

    def withdraw() -> None:
        if dice.random() < 0.2:
            take("withdraw")

    ways = (lambda: take("submit"), withdraw, decide, settle)
    walk(APPLICATION, make, ways, lambda: store.document, dice, (), holds)


def test_no_step_of_an_embargo_goes_where_it_should_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, store = random.Random(20261126), Store(Memory())
    monkeypatch.setattr(embargoes, "change", store.change)
    entry = {
        "country": "SEN", "resolution": "S/RES/1 (2020)", "source": "s", "allowed": [],
        "from": date(2020, 1, 1), "to": None, "stated_on": date(2026, 1, 1), "review_by": None,
        "exemptions": [], "reason": "why",
    }  # fmt: skip

    def made(embargo: Any, _: datetime) -> None:
        names = ("id", "country", "status", "start", "end", "exempted")
        lists = {name: list(getattr(embargo, name)) for name in ("changes", "attempts", "history")}
        state = {name: getattr(embargo, name) for name in names}
        store.document = Memory(**state, **lists, number=1, exemptions=[], allowed=[])

    monkeypatch.setattr(embargoes, "create", made)

    def make() -> None:
        embargoes.record(entry, COORDINATOR, NOW, sure=False)

    def seen() -> Version:
        return Version(1, store.document.number - (dice.random() < 0.05))

    def amend() -> None:
        embargoes.amend("e", entry, seen(), COORDINATOR, NOW)

    def end() -> None:
        last = date(2026, 3, 1) + timedelta(days=dice.randrange(20))
        embargoes.end("e", last, "why", seen(), COORDINATOR, NOW)

    def confirm() -> None:
        embargoes.confirm("e", "why", seen(), COORDINATOR, NOW)

    def holds(embargo: Any) -> None:
        assert (embargo.status == "ended") == (embargo.end is not None)
        assert len(embargo.changes) >= len(embargo.history) - 1

    staying = ("record", "amend")
    walk(EMBARGO, make, (amend, end, confirm), lambda: store.document, dice, staying, holds)


def test_no_step_of_an_offer_to_join_goes_where_it_should_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice, held = random.Random(20261126), SimpleNamespace()

    def find(*_: object) -> Any:
        return SimpleNamespace(match=SimpleNamespace(status=dice.choice(PROPOSAL.states)))

    monkeypatch.setattr(joinings.proposals, "find", find)

    def make() -> None:
        held.one = SimpleNamespace(proposal="r.o", status=JOINING.initial, history=[])

    def answer() -> None:
        party, agrees = dice.choice(("donor", "state")), dice.random() < 0.9
        actor = Actor("donor" if party == "donor" else "requester", party, "account")
        joinings.answer(held.one, party, agrees, "why", COORDINATOR, actor, NOW)  # type: ignore[arg-type]

    def withdraw() -> None:
        joinings.withdraw(held.one, Actor("donor", "org-2"), NOW)

    def again() -> None:
        joinings.offer_again(held.one, "partner", "why", Actor("donor", "org-2"), NOW)

    def holds(one: Any) -> None:
        since = [step.action for step in one.history]
        begun = len(since) - since[::-1].index("offer-again") if "offer-again" in since else 0
        if one.status == "agreed":
            assert {step.party for step in one.history[begun:]} == {"donor", "state"}

    walk(JOINING, make, (answer, answer, withdraw, again), lambda: held.one, dice, (), holds)


def test_no_step_of_merged_records_goes_where_it_should_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice, held = random.Random(20261126), SimpleNamespace()
    monkeypatch.setattr(merging_rules, "held", lambda _: {})
    operator = Identity("account", "operator")

    def new(id_: str) -> AssistanceRequest:
        need = NeedLine(line=1, theme="marking", kind="equipment", quantity=4000, unit="machines")
        return AssistanceRequest(
            id=id_, country="SEN", status=REQUEST.initial, needs=[need], epoch=1, number=1,
            next_line=2, confidentiality="public",
        )  # fmt: skip

    def make() -> None:
        held.one, held.other = new("one"), new("other")
        requests_domain.submit(held.other, "express", operator, NOW)
        requests_domain.authenticate(held.other, None, COORDINATOR, NOW)

    stored = SimpleNamespace(first=lambda: held.other)
    register = merging_rules.Register(
        SimpleNamespace(objects=lambda **_: stored),  # type: ignore[arg-type]
        REQUESTS.owner, REQUESTS.refuse, REQUESTS.complete,
    )  # fmt: skip

    def merge() -> None:
        # As merging.py has it: a change that is refused is not stored.
        changed = AssistanceRequest._from_son(held.one.to_mongo())
        lines = dice.choice((None, [1], []))
        merging_rules.begin_merge(register, changed, held.other, lines, operator, NOW)
        changed.number += 1
        held.one = changed

    def go_on() -> None:
        one, merging = held.one, held.one.merging
        if merging is None:
            return
        if merging.state == merging_rules.TAKING_OVER:
            merging_rules.take_over(register, one, held.other)
            merging_rules.set_merged(one, merging, merging_rules.MERGED)
        elif merging.state == merging_rules.GIVING_BACK:
            merging_rules.give_back(one, held.other)
            merging_rules.reopen(one, merging, NOW)

    def holds(one: Any) -> None:
        merging = one.merging
        assert (one.status == "merged") == (merging is not None)
        taken = [line.taken_from.line for line in held.other.needs if line.taken_from]
        if merging is None:
            assert taken == []
        elif merging.state == merging_rules.MERGED:
            assert taken == list(merging.lines)

    ways: Mapping[str, Callable[[], object]] = {
        "merge": merge,
        "unmerge": lambda: merging_rules.begin_unmerge(register, held.one, operator),
        "go on": go_on,
        "submit": lambda: requests_domain.submit(held.one, "express", operator, NOW),
        "authenticate": lambda: requests_domain.authenticate(held.one, None, COORDINATOR, NOW),
    }
    known = frozenset({"draft", "submitted", "authenticated", "circulated", "merged"})
    steps = [REQUEST.steps[a] for a in ("submit", "authenticate", "circulate", "merge", "unmerge")]
    life = Lifecycle(REQUEST.initial, [replace(one, sources=one.sources & known) for one in steps])
    walk(life, make, [*ways.values(), merge, go_on, go_on], lambda: held.one, dice, (), holds)


def test_no_message_stands_where_nobody_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, now = random.Random(20261126), NOW
    filed: dict[str, dict[str, Any]] = {}
    store = Store(Memory())

    def fields() -> dict[str, Any]:
        kinds = Match._fields.items()
        return {name: [] if isinstance(kind, ListField) else None for name, kind in kinds}

    def make() -> None:
        filed.clear()
        state = {"id": "r.o", "status": dice.choice(PROPOSAL.states), "number": 1}
        store.document = Memory(**{**fields(), **state})

    def file_waiting(*_: object) -> int:
        for entry in store.document.unfiled:
            if "insert" in entry:
                filed.setdefault(entry["id"], dict(entry["insert"]))
            elif "strike" in entry:
                filed[entry["id"]].pop("text", None)
            else:
                filed[entry["id"]].pop("signed", None)
        store.document.unfiled = []
        return 0

    def find(match: str, number: int) -> Any:
        content = filed.get(f"{match}/{number}")
        if content is None:
            raise threads.not_found("message")
        author = {name: content.get(name) for name in ("role", "party", "subject")}
        return SimpleNamespace(id=f"{match}/{number}", **author)

    monkeypatch.setattr(threads, "change", store.change)
    monkeypatch.setattr(threads, "resuming", lambda: False)
    monkeypatch.setattr(threads, "file_waiting", file_waiting)
    monkeypatch.setattr(threads, "find_message", find)
    people = [
        (Identity("account", "donor", organisation="org-1"), Actor("donor", "org-1", "account")),
        (Identity("account", "requester", state="SEN"), Actor("requester", "SEN", "account")),
        (COORDINATOR, Actor("coordinator", None, "account")),
    ]
    assert thread_filing.add is threads.add
    taken, refused = Counter[str](), 0
    make()
    while taken.total() < STEPS:
        if len(store.document.history) > LONGEST or dice.random() < 0.05:
            make()
        now += timedelta(hours=dice.randrange(12))
        proposal: Any = SimpleNamespace(match=store.document, id="r.o")
        before, (identity, actor) = len(store.document.history), dice.choice(people)
        number = dice.randrange(1, 12)
        try:
            if dice.random() < 0.7:
                about = number if dice.random() < 0.2 else None
                threads.post(proposal, "text", "en", "A. Name", about, actor, now)
            elif dice.random() < 0.7:
                threads.strike(proposal, number, identity, actor, now, None)
            else:
                erased = [(f"r.o/{number}", number)] if f"r.o/{number}" in filed else []
                erase = partial(threads._tell_erased, erased, actor, now)
                threads._change("r.o", erase, now)
        except REFUSED:
            refused += 1
            assert len(store.document.history) == before
        for step in store.document.history[before:]:
            assert store.document.status in STAYING[step.action]
            assert step.source == step.target == store.document.status
            taken[step.action] += 1
        written = [step for step in store.document.history if step.action == "message"]
        assert list(filed) == [f"r.o/{n}" for n in range(1, len(written) + 1)]
    assert refused
    assert set(taken) == {"message", "strike", "erase-name"}
