"""Waiting after failures, whatever the order and time of attempts."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.portal.domain.backoff import ACCOUNT, ADDRESS, CODE, RESET, Attempts, Policy

START = datetime(2026, 11, 25, tzinfo=UTC)
POLICIES = st.sampled_from([ACCOUNT, ADDRESS, CODE, RESET])
PAUSES = st.lists(st.integers(0, 4_000), max_size=120)


def admitted(policy: Policy, pauses: list[int]) -> list[datetime]:
    """When attempts were let in of a caller who pauses so many seconds between tries."""
    attempts, now, found = Attempts(), START, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if attempts.blocked(policy, now) is None:
            attempts = attempts.attempted(policy, now)
            found.append(now)
    return found


@given(POLICIES)
def test_the_first_attempts_cost_nothing(policy: Policy) -> None:
    assert len(admitted(policy, [0] * 200)) == policy.free


@given(POLICIES, PAUSES)
def test_later_attempts_are_as_far_apart_as_the_failures_before_demand(
    policy: Policy, pauses: list[int]
) -> None:
    let_in = admitted(policy, pauses)
    for number in range(policy.free, len(let_in)):
        wait = policy.wait(number)
        assert wait >= policy.first
        assert let_in[number] - let_in[number - 1] >= wait


@given(POLICIES, PAUSES)
def test_nobody_waits_longer_than_the_longest(policy: Policy, pauses: list[int]) -> None:
    attempts, now = Attempts(), START
    for pause in pauses:
        now += timedelta(seconds=pause)
        if attempts.blocked(policy, now) is None:
            attempts = attempts.attempted(policy, now)
        assert attempts.blocked(policy, now + policy.longest) is None


@given(POLICIES, st.integers(1, 200))
def test_waiting_doubles_up_to_its_bound(policy: Policy, failures: int) -> None:
    assert policy.wait(failures) <= policy.wait(failures + 1) <= policy.longest
    if policy.first <= policy.wait(failures) < policy.longest / 2:
        assert policy.wait(failures + 1) == 2 * policy.wait(failures)


@given(POLICIES, st.integers(1, 60))
def test_failures_are_forgotten_after_a_while(policy: Policy, failures: int) -> None:
    attempts = Attempts(failures, START + policy.longest, START)
    later = START + policy.forgotten
    assert attempts.blocked(policy, later) is None
    assert attempts.attempted(policy, later).failures == 1


def test_a_million_codes_are_far_out_of_reach() -> None:
    day = admitted(CODE, [1] * 86_400)
    assert len(day) < 60  # of a million codes, three of which are right at any time
