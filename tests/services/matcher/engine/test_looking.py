"""The looks find the same, whoever takes part in them and whenever they come."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from services.matcher.engine import shortcut, whereabouts
from services.matcher.engine.cells import BLOCK
from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.matching import Engine
from services.matcher.engine.together import alone, together
from tests.services.matcher.engine.samples import (
    TEXTS,
    engine,
    joined,
    offer,
    provision,
    request,
    signed,
)

Share = Callable[[Callable[[], object]], None]

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


def compared(register: Engine, request: str) -> list[tuple[Any, ...]]:
    """Rows with log odds and features of the offers that a request is compared with, in order."""
    records = register._records
    row = records.requests.row(request)
    rows, log_odds, features = joined(
        shortcut.offers_compared(records, register.model, row, shared=False)
    )
    return sorted(zip(rows.tolist(), log_odds.tolist(), features.tolist(), strict=True))


def found(
    register: Engine, monkeypatch: pytest.MonkeyPatch, share: Share
) -> list[list[tuple[Any, ...]]]:
    """The rows that are worth scoring for each request, in order, with what is told of each."""
    monkeypatch.setattr(shortcut, "_share", lambda _: share)
    return [compared(register, f"R{place}") for place in range(len(TEXTS))]


def _late(work: Callable[[], object]) -> None:
    """One does all of the work, then others come."""
    for _ in range(3):
        work()


@pytest.mark.parametrize(("looked_at", "scored"), [(2_500, 400), (300, 100), (20, 5)])
def test_two_threads_find_what_one_does(
    register: Engine, monkeypatch: pytest.MonkeyPatch, looked_at: int, scored: int
) -> None:
    monkeypatch.setattr(whereabouts, "FEW", 0)
    monkeypatch.setattr(shortcut, "LOOKED_AT", looked_at)
    monkeypatch.setattr(shortcut, "SCORED", scored)
    wanted = found(register, monkeypatch, alone)
    assert all(len({row for row, *_ in pairs}) == len(pairs) >= scored for pairs in wanted)
    for _ in range(20):
        assert found(register, monkeypatch, together) == wanted
    assert found(register, monkeypatch, _late) == wanted
