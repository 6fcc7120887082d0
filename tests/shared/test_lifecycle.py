"""State machines: every step that is allowed, and every one that is not."""

import random
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from deploy.cli.diagrams import LIVES
from services.matcher.domain import PROPOSAL
from services.matcher.engine import profiles
from shared.lifecycle import (
    ASSISTANCE,
    OFFER,
    PARTY,
    REQUEST,
    SHOWN,
    IllegalTransition,
    Lifecycle,
    Step,
)
from shared.registers.steps import take_step_as

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OFFER_STEPS = {
    ("submit", "draft"): "submitted",
    ("publish", "submitted"): "published",
    ("close", "published"): "closed",
    ("withdraw", "draft"): "withdrawn",
    ("withdraw", "submitted"): "withdrawn",
    ("withdraw", "published"): "withdrawn",
    ("merge", "submitted"): "merged",
    ("merge", "published"): "merged",
}
GOING_ON = ("submitted", "authenticated", "circulated", "partly-covered", "covered")
REQUEST_STEPS = {
    ("submit", "draft"): "submitted",
    ("authenticate", "submitted"): "authenticated",
    ("return", "submitted"): "draft",
    ("return", "authenticated"): "draft",
    ("object", "authenticated"): "draft",
    ("circulate", "authenticated"): "circulated",
    ("cover-partly", "circulated"): "partly-covered",
    ("cover-partly", "covered"): "partly-covered",
    ("cover", "circulated"): "covered",
    ("cover", "partly-covered"): "covered",
    ("uncover", "partly-covered"): "circulated",
    ("uncover", "covered"): "circulated",
    ("close", "circulated"): "closed",
    ("close", "partly-covered"): "closed",
    ("close", "covered"): "closed",
    ("withdraw", "draft"): "withdrawn",
    **{("withdraw", state): "withdrawn" for state in GOING_ON},
    **{("merge", state): "merged" for state in GOING_ON},
}
ASSISTANCE_STEPS = {
    ("start", "planned"): "ongoing",
    ("complete", "planned"): "completed",
    ("complete", "ongoing"): "completed",
    ("cancel", "planned"): "cancelled",
    ("cancel", "ongoing"): "cancelled",
}


@pytest.mark.parametrize(
    ("lifecycle", "steps"),
    [(OFFER, OFFER_STEPS), (REQUEST, REQUEST_STEPS), (ASSISTANCE, ASSISTANCE_STEPS)],
)
def test_every_pair_of_action_and_state(lifecycle, steps):
    for action in lifecycle.steps:
        for state in lifecycle.states:
            if (action, state) in steps:
                assert lifecycle.target(action, state) == steps[action, state]
                found = lifecycle.action_between(state, steps[action, state])
                assert steps[found, state] == steps[action, state]
            else:
                with pytest.raises(IllegalTransition) as error:
                    lifecycle.target(action, state)
                assert error.value.allowed == lifecycle.allowed(state)


def test_states_and_ends():
    ends = ("closed", "withdrawn", "merged")
    assert OFFER.states == ("draft", "submitted", "published", *ends)
    assert REQUEST.states == ("draft", *GOING_ON, *ends)
    for lifecycle in (OFFER, REQUEST):
        assert lifecycle.initial == "draft"
        assert tuple(s for s in lifecycle.states if lifecycle.is_final(s)) == ends
        assert not lifecycle.shown & {"draft", "submitted", "authenticated", *ends}
    assert {"published", "circulated", "partly-covered", "covered"} == SHOWN
    assert [s for s in ASSISTANCE.states if ASSISTANCE.is_final(s)] == ["completed", "cancelled"]


@pytest.mark.parametrize("before", ["submitted", "published"])
def test_a_step_back_leads_to_the_state_before(before):
    assert OFFER.target("unmerge", "merged", before) == before
    assert OFFER.allowed("merged") == ("unmerge",)
    with pytest.raises(IllegalTransition):
        OFFER.target("unmerge", before, "draft")


@pytest.mark.parametrize(("source", "target"), [("completed", "ongoing"), ("planned", "planned")])
def test_targets_that_no_step_leads_to(source, target):
    with pytest.raises(IllegalTransition):
        ASSISTANCE.action_between(source, target)


def test_the_message_says_what_is_possible():
    with pytest.raises(IllegalTransition, match="possible now: submit, withdraw"):
        OFFER.target("close", "draft")
    with pytest.raises(IllegalTransition, match="final"):
        OFFER.target("close", "closed")
    with pytest.raises(IllegalTransition):
        OFFER.target("explode", "draft")


def test_steps_from_unknown_states_are_refused():
    with pytest.raises(ValueError, match="nowhere"):
        Lifecycle("here", [Step("go", frozenset({"nowhere"}), "there")])
    with pytest.raises(ValueError, match="nowhere"):
        Lifecycle("here", [Step("go", frozenset({"here"}), "there")], shown={"nowhere"})


def test_every_state_of_a_match_says_whether_its_donor_is_a_party():
    others = {"proposed", "rejected", "declined", "lapsed", "fallen"}
    assert set(PROPOSAL.states) == PARTY | others
    assert not PARTY & others


def test_the_engine_knows_the_states_that_are_open_for_matching():
    assert profiles._OPEN == SHOWN


WALKED = 100_000


def refusal(life, record, action):
    """Why the record cannot take a step; None where it took it."""
    try:
        take_step_as(life, record, action, ("coordinator", None), NOW)
    except IllegalTransition as error:
        return error
    return None


@pytest.mark.long
def test_no_random_walk_leads_to_an_illegal_state():
    """Steps by anybody's whim: what is allowed leads to a state of the table, the rest nowhere."""
    dice = random.Random(20261126)
    lives = list(LIVES.values())
    taken = Counter()
    life = record = None
    steps = 0
    while steps < WALKED:
        if record is None or not life.allowed(record.status) or dice.random() < 0.01:
            life = dice.choice(lives)
            record = SimpleNamespace(status=life.initial, history=[])
        before, allowed = record.status, life.allowed(record.status)
        whim = dice.random() < 0.3
        action = dice.choice([*life.steps, "explode"] if whim else allowed)
        refused = refusal(life, record, action)
        if action not in allowed:
            assert (record.status, refused.allowed) == (before, allowed)
            continue
        assert refused is None
        assert record.status in life.states
        step = record.history[-1]
        assert (step.source, step.target, step.action) == (before, record.status, action)
        if life.is_final(before):
            assert life.steps[action].target is None
            assert record.status == record.history[-2].source
        taken[life, action] += 1
        steps += 1
    assert {(life, action) for life in lives for action in life.steps} == set(taken)
    assert taken.total() == WALKED
