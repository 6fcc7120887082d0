"""Conditions joined into one, plain as far as that can be."""

from shared.registers.conditions import joined


def test_conditions_of_several_fields_become_a_plain_one() -> None:
    assert joined([{"a": 1}, {}, {"b": {"$in": [1]}}]) == {"a": 1, "b": {"$in": [1]}}
    assert joined([]) == {}


def test_two_operators_on_one_field_stand_together() -> None:
    assert joined([{"a": {"$ne": "draft"}}, {"a": "sent"}]) == {
        "a": {"$ne": "draft", "$eq": "sent"}
    }


def test_what_says_the_same_twice_of_a_field_is_joined_by_and() -> None:
    one, two = {"a": {"$in": [1, 2]}}, {"a": {"$in": [2, 3]}}
    assert joined([one, two, {"b": 1}]) == {**one, "b": 1, "$and": [two]}
    assert joined([{"a": [1]}, {"a": 1}]) == {"a": [1], "$and": [{"a": 1}]}
    assert joined([{"$or": [{"a": 1}]}, {"$or": [{"b": 1}]}]) == {
        "$or": [{"a": 1}],
        "$and": [{"$or": [{"b": 1}]}],
    }


def test_ids_of_some_and_none_of_others_are_those_that_are_left() -> None:
    some, none = {"_id": {"$in": ["a", "b", "c"]}}, {"_id": {"$nin": ["b"]}}
    assert joined([none, {"x": 1}, some]) == {"_id": {"$in": ["a", "c"]}, "x": 1}
    assert joined([some, {"_id": {"$nin": []}}]) == some
    assert joined([none]) == none
    other = {"tags": {"$in": ["a"]}}
    assert joined([other, {"tags": {"$nin": ["b"]}}]) == {"tags": {"$in": ["a"], "$nin": ["b"]}}
