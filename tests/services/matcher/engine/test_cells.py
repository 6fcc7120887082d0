"""Cells: each row once under each of its keys, whatever was put and taken out before."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest

from services.matcher.engine.cells import BLOCK, END, Cells, Key, Run
from services.matcher.engine.columns import Spec

WORDS: Spec = {"one": (np.uint64, ()), "two": (np.uint64, (2,))}
KEYS: list[Key] = [(theme, area) for theme in range(3) for area in range(2)]


def places_under(cells: Cells, *keys: Key) -> Iterator[int]:
    *columns, _ = cells.part(keys)
    for first, count, theme in zip(*(column.tolist() for column in columns), strict=True):
        assert theme in {theme for theme, _ in keys}
        block, taken = first, count
        while block != END:
            yield from range(block * BLOCK, block * BLOCK + taken)
            block, taken = int(cells.links[block]), BLOCK


def rows_under(cells: Cells, *keys: Key) -> list[int]:
    rows = cells.column("row")
    found = sorted(int(rows[place]) for place in places_under(cells, *keys))
    assert found == sorted(cells.rows(keys).tolist())
    assert cells.part(keys).places == len(found)
    return found


def words_under(cells: Cells, key: Key) -> dict[int, dict[str, Any]]:
    return {
        int(cells.column("row")[place]): {
            name: cells.column(name)[place].tolist() for name in WORDS
        }
        for place in places_under(cells, key)
    }


@pytest.mark.parametrize("seed", range(5))
def test_what_is_under_a_key_is_what_was_put_there_and_not_taken_out(seed: int) -> None:
    chance, cells = Random(seed), Cells(WORDS)
    held: dict[int, tuple[list[Key], dict[str, Any], Run]] = {}
    for step in range(6_000):
        row = chance.randrange(1_600)
        if row in held:
            keys, words, run = held.pop(row)
            if chance.random() < 0.3:
                words = {**words, "one": step}
                cells.change(run, {"one": step})
                held[row] = (keys, words, run)
            else:
                cells.remove(run)
        else:
            keys = chance.sample(KEYS, chance.randint(1, 4))
            one, *two = (chance.getrandbits(64) for _ in range(3))
            words = {"one": one, "two": two}
            held[row] = (keys, words, cells.put(row, keys, words))
    for key in KEYS:
        wanted = {row: words for row, (keys, words, _) in held.items() if key in keys}
        assert words_under(cells, key) == wanted
        assert rows_under(cells, key) == sorted(wanted)
    assert len(rows_under(cells, *KEYS)) == sum(len(keys) for keys, _, _ in held.values())


def test_places_that_are_free_again_are_used_again() -> None:
    cells = Cells(WORDS)
    for key in KEYS:
        runs = [cells.put(row, [key], {"one": 0}) for row in range(5 * BLOCK)]
        for run in runs:
            cells.remove(run)
    assert rows_under(cells, *KEYS) == []
    assert len(cells.column("row")) <= 8 * BLOCK


def test_a_key_without_rows_has_no_places() -> None:
    *columns, places = Cells(WORDS).part(KEYS)
    assert [len(column) for column in columns] == [0, 0, 0]
    assert places == 0
    assert Cells(WORDS).rows(KEYS).tolist() == []
