"""Lists of offers by requests' rows, and the rows by offers."""

from random import Random

from services.matcher.engine.lists import Lists

SIZE = 6


def test_an_offer_stands_in_the_lists_that_were_put_last() -> None:
    chance, lists = Random(0), Lists(SIZE)
    wanted: dict[int, list[str]] = {}
    for _ in range(3_000):
        row = chance.randrange(20)
        wanted[row] = chance.sample([f"o{number}" for number in range(12)], chance.randrange(SIZE))
        lists.put(row, wanted[row])
        for offer in {offer for of_row in wanted.values() for offer in of_row} | {"o12"}:
            found = sorted(lists.rows(offer))
            assert found == sorted(row for row, offers in wanted.items() if offer in offers)


def test_places_of_a_list_that_is_gone_are_used_again() -> None:
    lists = Lists(SIZE)
    for row in range(1_000):
        lists.put(row, ["o1", "o2"])
        assert lists.rows("o2") == [row]
        lists.put(row, [])
    assert lists.places == SIZE
