"""The development set: how well alliances are found, also by coefficients that never saw it."""

from pathlib import Path

import pytest

from services.matcher.engine.affinity import shipped
from services.matcher.engine.build_affinity import groups, read_gold, read_labels
from services.matcher.engine.measured import pairwise
from shared.language import encoder_available

SET = Path(__file__).parents[4].parent / "shared" / "gold" / "dev"

pytestmark = pytest.mark.skipif(
    not (SET.is_dir() and encoder_available()), reason="no gold set, or no sentence encoder"
)

FLOORS = {False: 0.95, True: 0.93}
"""A little below what was measured with the full records, and with the texts alone."""


@pytest.mark.parametrize("text_only", [False, True])
def test_alliances_of_the_development_set(text_only: bool) -> None:
    found = groups(read_gold(SET, text_only=text_only), shipped())
    assert pairwise(found, read_labels(SET)).f1 >= FLOORS[text_only]
