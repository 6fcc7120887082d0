"""State machines: every step that is allowed, and every one that is not."""

import pytest

from shared.lifecycle import ASSISTANCE, REGISTER, IllegalTransition, Lifecycle, Step

REGISTER_STEPS = {
    ("submit", "draft"): "submitted",
    ("publish", "submitted"): "published",
    ("close", "published"): "closed",
    ("withdraw", "draft"): "withdrawn",
    ("withdraw", "submitted"): "withdrawn",
    ("withdraw", "published"): "withdrawn",
    ("merge", "submitted"): "merged",
    ("merge", "published"): "merged",
}
ASSISTANCE_STEPS = {
    ("start", "planned"): "ongoing",
    ("complete", "planned"): "completed",
    ("complete", "ongoing"): "completed",
    ("cancel", "planned"): "cancelled",
    ("cancel", "ongoing"): "cancelled",
}


@pytest.mark.parametrize(
    ("lifecycle", "steps"), [(REGISTER, REGISTER_STEPS), (ASSISTANCE, ASSISTANCE_STEPS)]
)
def test_every_pair_of_action_and_state(lifecycle, steps):
    for action in lifecycle.steps:
        for state in lifecycle.states:
            if (action, state) in steps:
                assert lifecycle.target(action, state) == steps[action, state]
                assert lifecycle.action_between(state, steps[action, state]) == action
            else:
                with pytest.raises(IllegalTransition) as error:
                    lifecycle.target(action, state)
                assert error.value.allowed == lifecycle.allowed(state)


def test_states_and_ends():
    assert REGISTER.initial == "draft"
    states = ("draft", "submitted", "published", "closed", "withdrawn", "merged")
    assert REGISTER.states == states
    assert [s for s in states if REGISTER.is_final(s)] == ["closed", "withdrawn", "merged"]
    assert [s for s in ASSISTANCE.states if ASSISTANCE.is_final(s)] == ["completed", "cancelled"]


@pytest.mark.parametrize("before", ["submitted", "published"])
def test_a_step_back_leads_to_the_state_before(before):
    assert REGISTER.target("unmerge", "merged", before) == before
    assert REGISTER.allowed("merged") == ("unmerge",)
    with pytest.raises(IllegalTransition):
        REGISTER.target("unmerge", before, "draft")


@pytest.mark.parametrize(("source", "target"), [("completed", "ongoing"), ("planned", "planned")])
def test_targets_that_no_step_leads_to(source, target):
    with pytest.raises(IllegalTransition):
        ASSISTANCE.action_between(source, target)


def test_the_message_says_what_is_possible():
    with pytest.raises(IllegalTransition, match="possible now: submit, withdraw"):
        REGISTER.target("close", "draft")
    with pytest.raises(IllegalTransition, match="final"):
        REGISTER.target("close", "closed")
    with pytest.raises(IllegalTransition):
        REGISTER.target("explode", "draft")


def test_steps_from_unknown_states_are_refused():
    with pytest.raises(ValueError, match="nowhere"):
        Lifecycle("here", [Step("go", frozenset({"nowhere"}), "there")])
