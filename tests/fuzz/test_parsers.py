"""No input makes a parser fail otherwise than it says; `make fuzz` tries many more of them."""

import pytest
from hypothesis import strategies as st

from tests.fuzz.mutating import inputs, try_inputs
from tests.fuzz.targets import TARGETS

EXAMPLES = 40


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_takes_or_refuses_whatever_comes(name: str) -> None:
    target = TARGETS[name]
    try_inputs(target, EXAMPLES, target.run)


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_starts_from_runs(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)
        for cut in range(0, len(seed), max(1, len(seed) // 9)):
            TARGETS[name].run(seed[:cut])


def test_there_is_something_to_change() -> None:
    assert all(target.seeds for target in TARGETS.values())
    assert isinstance(inputs(TARGETS["body"]), st.SearchStrategy)
