"""What changed between two registers: told whole or not at all, and no gain is more than told."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine.allocation import allocate
from services.matcher.engine.allocation_change import (
    Register,
    change_between,
    grouped,
    most_gained,
)
from services.matcher.engine.allocation_problem import (
    Ceiling,
    Joint,
    Link,
    Need,
    Pool,
    Problem,
)
from services.matcher.engine.allocation_problem import Provision as Given
from services.matcher.engine.allocation_repair import Allocator
from tests.services.matcher.engine.test_allocation import best_of_all, problems

NEED, GIVEN = Need(("r", 1), 2, 2), Given(("o", 1), 2)
LINK = Link(NEED.id, GIVEN.id, 0.5)
PLAIN = Register.of((NEED,), (GIVEN,), (LINK,), (Ceiling("r", "o", 1, {1: (1, 1)}),))


def registers(*, mixed: bool = True) -> st.SearchStrategy[Register]:
    """Small registers; two of them have lines with the same ids."""
    return problems(mixed=mixed).map(lambda parts: Register.of(*parts))


@given(registers(), registers())
@settings(max_examples=150, deadline=None)
def test_a_change_makes_the_one_register_the_other(before: Register, after: Register) -> None:
    """And what the change can add is no less than what it adds to the best there is."""
    after = replace(after, joints=before.joints, pools=before.pools)
    change = change_between(before, after, most=100)
    if change is None:
        linked = ((link.need, link.provision) for link in after.links)
        pairs = {(need[0], provision[0]) for need, provision in linked}
        assert pairs & (before.ceiling.keys() - after.ceiling.keys())
        return
    allocator = Allocator(*before.parts)
    allocator.keep(allocate(Problem.of(*before.parts)).taken)
    allocator.repair(change)
    anew = Problem.of(*after.parts)
    assert allocator.value() == pytest.approx(allocate(anew).value, abs=1e-6)
    was = best_of_all(Problem.of(*before.parts))
    assert best_of_all(anew) <= was + most_gained(before, after) + 1e-6


def test_nothing_that_has_not_grown_gains() -> None:
    assert change_between(PLAIN, PLAIN, 0) is not None
    less = (
        replace(PLAIN, needs=(replace(NEED, open=1),)),
        replace(PLAIN, provisions=(replace(GIVEN, free=1),)),
        replace(PLAIN, linked=grouped([replace(LINK, score=0.4)])),
        replace(PLAIN, ceilings=(replace(PLAIN.ceilings[0], limit=0),)),
        replace(PLAIN, linked={}),
    )
    for after in less:
        assert most_gained(PLAIN, after) == 0.0
        assert most_gained(after, PLAIN) > 0.0
    higher = replace(PLAIN, linked=grouped([replace(LINK, score=0.6)]))
    assert most_gained(PLAIN, higher) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "after",
    [
        replace(PLAIN, ceilings=()),
        replace(PLAIN, joints=(Joint("j", ((NEED.id, GIVEN.id),), 1.5),)),
        replace(PLAIN, pools=(Pool("c", None, 1, {GIVEN.id: (1, 1)}),)),
        replace(PLAIN, needs=(replace(NEED, weight=8.0),), provisions=(replace(GIVEN, free=9),)),
    ],
)
def test_what_a_change_cannot_tell_is_none(after: Register) -> None:
    assert change_between(PLAIN, after, most=1) is None
