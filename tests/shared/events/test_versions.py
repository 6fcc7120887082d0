"""Versions: order and text."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.versions import Version


@settings(deadline=None)
@given(st.integers(0, 10**9 - 1), st.integers(0, 10**18 - 1))
def test_text_round_trip(epoch: int, number: int) -> None:
    assert Version.parse(str(Version(epoch, number))) == Version(epoch, number)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_other_text_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(Version.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "01.1", "1.01", "-1.1", "1.1 ", "1.1\n", "١.1"]
)
def test_what_no_version_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 1\.3"):
        Version.parse(text)


def test_epoch_wins() -> None:
    assert Version(2, 1) > Version(1, 99) > Version(1, 2)
    assert Version(2, 0) > Version(1, 10**17)
