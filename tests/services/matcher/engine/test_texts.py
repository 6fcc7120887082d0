"""Texts that several parts of a worker share a row of."""

from dataclasses import replace

from services.matcher.engine.texts import Texts
from tests.services.matcher.engine.asked import ask


def test_parts_that_take_the_same_text_in_turn_share_a_row_until_all_have_freed_it() -> None:
    texts = Texts()
    one = ask("r1", "SEN").profile.text
    other = replace(
        one, concepts=(("marking-machine", True),), excluded=frozenset({"laser-marking"})
    )
    row = texts.take(one)
    assert texts.take(replace(one)) == row
    texts.free(row)
    another = texts.take(other)
    assert another != row
    assert texts.named(another).keys() == {"marking-machine"}
    assert texts.excluded(another) == {"laser-marking"}
    assert texts.named(row).keys() == {concept for concept, _ in one.concepts}
    texts.free(row)
    texts.free(another)
    assert len(texts) == 0


def test_a_text_that_was_freed_has_a_row_of_its_own_when_it_is_taken_again() -> None:
    texts = Texts()
    one = ask("r1", "SEN").profile.text
    texts.free(texts.take(one))
    row = texts.take(one)
    assert texts.take(replace(one, concepts=())) != row
    assert texts.named(row).keys() == {concept for concept, _ in one.concepts}


def test_a_row_may_be_shared_by_many() -> None:
    texts = Texts()
    one = ask("r1", "SEN").profile.text
    rows = {texts.take(one) for _ in range(1_000)}
    assert len(rows) == 1
    for _ in range(999):
        texts.free(*rows)
    assert len(texts) == 1
