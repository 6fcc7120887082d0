"""Fixtures of all services' tests."""

import math

import pytest


@pytest.fixture(autouse=True)
def nothing_found_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """On no machine, however slow, is one test given what was found for another."""
    monkeypatch.setattr("shared.web.awaited.SOON", math.inf)
