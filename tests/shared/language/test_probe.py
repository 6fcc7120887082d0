"""That inference tells more than the texts that it was fitted to."""

import pytest

from shared.language import encoder_available
from tests.shared.language.probing import probes

pytestmark = pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")

CLEAR = 0.25


def test_the_first_theme_is_found_in_all_but_two() -> None:
    found = {one.id: one.signature()["themes"] for one in probes()}
    missed = [one.id for one in probes() if not found[one.id] or found[one.id][0][0] != one.theme]
    assert len(missed) <= 2, {name: found[name][:3] for name in missed}


def test_every_kind_is_seen_in_all_but_four() -> None:
    missed = {}
    for one in probes():
        clear = {kind for kind, probability in one.signature()["kinds"] if probability >= CLEAR}
        if not clear.issuperset(one.kinds):
            missed[one.id] = clear
    assert len(missed) <= 4, missed


def test_quantities_come_to_the_line_that_they_count() -> None:
    missed = {}
    counted = [one for one in probes() if one.quantity is not None]
    for one in counted:
        lines = {line[1]: line[3] for line in one.signature()["lines"] if line[0] == one.theme}
        if lines.get(one.kinds[0]) != one.quantity:
            missed[one.id] = lines
    assert len(missed) <= 2, missed


def test_most_are_of_the_field() -> None:
    low = {one.id: one.signature()["field"] for one in probes() if one.signature()["field"] < 0.5}
    assert len(low) <= 3, low
