"""How calls of the services are changed and counted; `make fuzz` makes them.

They are made where each service's table is tried: `tests/services/*/test_matrix.py`.
"""

from collections import Counter
from copy import deepcopy
from typing import Any

from tests.fuzz.calling import put, unreached
from tests.services.matrix.table import read_table

BODY: dict[str, Any] = {"a": 1, "b": [{"c": 2}, 3], "d": {"e": {"f": 4}}}


def test_a_value_comes_to_each_place_of_a_body() -> None:
    before = deepcopy(BODY)
    assert [put(BODY, number, "x") for number in range(8)] == [
        {**BODY, "a": "x"},
        {**BODY, "b": "x"},
        {**BODY, "b": ["x", 3]},
        {**BODY, "b": [{"c": "x"}, 3]},
        {**BODY, "b": [{"c": 2}, "x"]},
        {**BODY, "d": "x"},
        {**BODY, "d": {"e": "x"}},
        {**BODY, "d": {"e": {"f": "x"}}},
    ]
    assert put(BODY, 8, "x") == put(BODY, 0, "x")
    assert put({}, 3, "x") == {}
    assert before == BODY


def test_what_was_never_answered_with_success_is_named() -> None:
    (row, *_) = read_table("requests").rows
    good = {"POST /v1/requests": [("own", row)], "GET /v1/requests": [("own", row)]}
    answers = Counter({("POST /v1/requests", 422): 900, ("GET /v1/requests", 200): 1})
    assert unreached(good, answers) == ["POST /v1/requests"]
    answers["POST /v1/requests", 201] += 1
    assert unreached(good, answers) == []
