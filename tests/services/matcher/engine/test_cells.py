"""Cells: each row once under each of its keys, whatever was put and taken out before."""

from random import Random

import pytest

from services.matcher.engine.cells import BLOCK, WORDS, Cells, Key, Run

KEYS: list[Key] = [(theme, area) for theme in range(3) for area in range(2)]


def rows_under(cells: Cells, *keys: Key) -> list[int]:
    starts, counts = cells.part(keys)
    rows = cells.column("row")
    return sorted(
        int(rows[place])
        for start, count in zip(starts, counts, strict=True)
        for place in range(start, start + count)
    )


def words_under(cells: Cells, key: Key) -> dict[int, list[int]]:
    starts, counts = cells.part([key])
    return {
        int(cells.column("row")[place]): cells.column("brief")[place].tolist()
        for start, count in zip(starts, counts, strict=True)
        for place in range(start, start + count)
    }


@pytest.mark.parametrize("seed", range(5))
def test_what_is_under_a_key_is_what_was_put_there_and_not_taken_out(seed: int) -> None:
    chance, cells = Random(seed), Cells()
    held: dict[int, tuple[list[Key], list[int], Run]] = {}
    for step in range(1_500):
        row = chance.randrange(400)
        if row in held:
            keys, words, run = held.pop(row)
            if chance.random() < 0.3:
                words = [step, step + 1, *words[2:]]
                cells.change(run, words[:2])
                held[row] = (keys, words, run)
            else:
                cells.remove(run)
        else:
            keys = chance.sample(KEYS, chance.randint(1, 4))
            words = [chance.getrandbits(64) for _ in range(WORDS)]
            held[row] = (keys, words, cells.put(row, keys, words))
    for key in KEYS:
        wanted = {row: words for row, (keys, words, _) in held.items() if key in keys}
        assert words_under(cells, key) == wanted
        assert rows_under(cells, key) == sorted(wanted)
    assert len(rows_under(cells, *KEYS)) == sum(len(keys) for keys, _, _ in held.values())


def test_places_that_are_free_again_are_used_again() -> None:
    cells = Cells()
    for key in KEYS:
        runs = [cells.put(row, [key], [0] * WORDS) for row in range(5 * BLOCK)]
        for run in runs:
            cells.remove(run)
    assert rows_under(cells, *KEYS) == []
    assert len(cells.column("row")) <= 16 * BLOCK


def test_a_key_without_rows_has_no_places() -> None:
    starts, counts = Cells().part(KEYS)
    assert (len(starts), len(counts)) == (0, 0)
