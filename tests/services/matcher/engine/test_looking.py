"""The looks find the same, whoever takes part in them and whenever they come."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from services.matcher.engine import shortcut, whereabouts
from services.matcher.engine.cells import BLOCK
from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.matching import Engine
from services.matcher.engine.together import alone, together
from tests.services.matcher.engine.samples import TEXTS, engine, offer, provision, request, signed

Share = Callable[[Callable[[], Any]], tuple[Any, ...]]

OFFERS = 24 * BLOCK
"""Several times what a thread takes at a time."""
_KINDS = 400


@pytest.fixture(scope="module")
def register() -> Engine:
    """Many offers that are alike in part, and a request for each text."""
    chance = Random(11)
    kinds = [
        offer(
            provisions=[
                provision(theme=chance.choice(THEME_CODES[:5]), kind=chance.choice(KIND_CODES))
            ],
            signature=signed(chance.choice(TEXTS)),
        )
        for _ in range(_KINDS)
    ]
    return engine(
        *(request(f"R{place}", signature=signed(text)) for place, text in enumerate(TEXTS)),
        *(replace(kinds[number % _KINDS], id=f"O{number}") for number in range(OFFERS)),
    )


def found(register: Engine, monkeypatch: pytest.MonkeyPatch, share: Share) -> list[list[int]]:
    """The rows that are worth scoring for each request, in order."""
    monkeypatch.setattr(shortcut, "_share", lambda _: share)
    records = register._records
    return [
        sorted(
            shortcut.worth_scoring(
                records, register.model, records.requests.row(f"R{place}"), shared=False
            ).tolist()
        )
        for place in range(len(TEXTS))
    ]


def _late(work: Callable[[], Any]) -> tuple[Any, ...]:
    """One does all of the work, then another comes."""
    return work(), work()


@pytest.mark.parametrize(("looked_at", "scored"), [(2_500, 400), (300, 100), (20, 5)])
def test_two_threads_find_what_one_does(
    register: Engine, monkeypatch: pytest.MonkeyPatch, looked_at: int, scored: int
) -> None:
    monkeypatch.setattr(whereabouts, "FEW", 0)
    monkeypatch.setattr(shortcut, "LOOKED_AT", looked_at)
    monkeypatch.setattr(shortcut, "SCORED", scored)
    wanted = found(register, monkeypatch, alone)
    assert all(len(set(rows)) == len(rows) >= scored for rows in wanted)
    for _ in range(20):
        assert found(register, monkeypatch, together) == wanted
    assert found(register, monkeypatch, _late) == wanted


def test_who_comes_late_finds_nothing_and_changes_nothing(
    register: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def share(work: Callable[[], Any]) -> tuple[Any, ...]:
        told[:] = [work(), work(), work()]
        return (told[0],)

    monkeypatch.setattr(shortcut, "_share", lambda _: share)
    records = register._records
    shortcut.worth_scoring(records, register.model, records.requests.row("R0"), shared=False)
    assert len(told[0]) > 0
    assert [len(rows) for rows in told[1:]] == [0, 0]
    assert told[0].dtype == np.int32
