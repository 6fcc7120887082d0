from collections import defaultdict
from random import Random

from services.matcher.engine.chains import Chains


def test_rows_are_under_the_key_that_they_were_put_under_last() -> None:
    chance = Random(0)
    chains: Chains[int] = Chains()
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    where: dict[int, int] = {}
    for _ in range(3_000):
        row, key = chance.randrange(60), chance.randrange(7)
        if row in where:
            wanted[where[row]].remove(row)
            chains.remove(where.pop(row), row)
        if chance.random() < 0.6:
            wanted[key].add(row)
            chains.put(key, row)
            where[row] = key
        for each in range(7):
            found = list(chains.rows(each))
            assert len(found) == len(set(found))
            assert set(found) == wanted[each]


def test_rows_that_are_put_at_once_are_each_under_its_key_with_what_stood_there() -> None:
    chance = Random(1)
    chains: Chains[str] = Chains()
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for first in range(0, 400, 10):
        keys = chance.sample("abcdefghijklmnop", 10)
        chains.put_all(keys, first)
        for row, key in enumerate(keys, start=first):
            wanted[key].add(row)
        gone = chance.choice(keys)
        chains.remove(gone, first + keys.index(gone))
        wanted[gone].remove(first + keys.index(gone))
    assert {key: set(chains.rows(key)) for key in chains} == wanted
    assert all(len(list(chains.rows(key))) == len(wanted[key]) for key in wanted)
