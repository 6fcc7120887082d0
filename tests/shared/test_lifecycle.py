"""State machines: every step that is allowed, and every one that is not."""

import pytest

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
