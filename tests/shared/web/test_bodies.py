"""Bodies and query parameters that no handler should see."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from shared.web.bodies import MAX_BODY_BYTES, MAX_DEPTH, parse_json
from shared.web.problems import Problem


def post(client: FlaskClient, headers: dict[str, str], body: bytes, kind: str = "application/json"):
    return client.post("/v1/notes", data=body, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b'{"title": "x",\n "needs" []}', "line 2, column 10"),
        (b"", "empty"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"title": "\xc3"}', "byte 12"),
        (b"\xef\xbb\xbf{}", "line 1"),
        (b'{"title": NaN}', "NaN"),
        (b'{"title": -Infinity}', "Infinity"),
        (b'{"title": "a", "title": "b"}', "'title' twice"),
        (b"[" * 10_000 + b"]" * 10_000, "deeper"),
        (b"[" * 10_000, ""),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deeper"),
        (b'{"title": "a\nb"}', "line 1"),
        (b"{'title': 'x'}", "line 1, column 2"),
    ],
)
def test_what_is_no_json_is_a_400_that_says_where(
    client: FlaskClient, requester: dict[str, str], body: bytes, part: str
) -> None:
    answer = post(client, requester, body)
    assert answer.status_code == 400
    problem = answer.get_json()
    assert problem["type"] == "urn:entraide:problem:malformed-json"
    assert part in problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"needs": [{"theme": "marking", "quantity": 1e999}]}', "needs[0].quantity"),
        (b'{"needs": [1, {"quantity": ' + b"9" * 5000 + b"}]}", "needs[1].quantity"),
        (b'{"title": "\\ud800"}', "title"),
        (b'{"title": "a\\u0000b"}', "title"),
        (b'{"\\udfff": 1}', "?"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"null", "body"),
    ],
)
def test_values_that_no_field_could_hold_are_a_422_that_names_the_field(
    client: FlaskClient, requester: dict[str, str], body: bytes, field: str
) -> None:
    answer = post(client, requester, body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"title": "required"}),
        ({"title": None}, {"title": "null"}),
        ({"title": 5}, {"title": "invalid"}),
        ({"title": ["x"]}, {"title": "invalid"}),
        ({"title": "x", "colour": "red"}, {"colour": "unknown"}),
        ({"title": " \n "}, {"title": "blank"}),
        ({"title": "x" * 51}, {"title": "too_long"}),
        ({"title": "x", "country": "XYZ"}, {"country": "unknown-code"}),
        ({"title": "x", "needs": {}}, {"needs": "invalid"}),
        ({"title": "x", "needs": ["a"]}, {"needs[0]": "type"}),
        ({"title": "x", "needs": [{}]}, {"needs[0].theme": "required"}),
        (
            {"title": "x", "needs": [{"theme": "marking"}, {"theme": "no-such"}]},
            {"needs[1].theme": "unknown-code"},
        ),
        (
            {"title": "x", "needs": [{"theme": "marking", "quantity": -1, "amount": 1e14}]},
            {"needs[0].quantity": "too_small", "needs[0].amount": "too_large"},
        ),
        (
            {"title": "x", "needs": [{"theme": "marking", "currency": "USD"}]},
            {"needs[0].amount": "required"},
        ),
        (
            {"title": "x", "window": {"from": "2026-02-01", "to": "2026-01-31"}},
            {"window.to": "order"},
        ),
    ],
)
def test_what_a_schema_refuses_is_a_422_with_the_paths_of_fields(
    client: FlaskClient, requester: dict[str, str], body: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = client.post("/v1/notes", json=body, headers=requester)
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    found = {error["field"]: error["code"] for error in answer.get_json()["errors"]}
    assert found == errors


def test_a_body_that_is_too_large_is_a_413(client: FlaskClient, requester: dict[str, str]) -> None:
    text = json.dumps({"title": "x" * 1_000_000}).encode()
    assert post(client, requester, text).status_code == 413
    padded = b'{"title": "x"}'.ljust(MAX_BODY_BYTES)
    assert post(client, requester, padded).status_code == 201
    assert post(client, requester, padded + b" ").status_code == 413


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
        "",
        "json",
    ],
)
def test_another_media_type_is_a_415(
    client: FlaskClient, requester: dict[str, str], kind: str
) -> None:
    answer = post(client, requester, b'{"title": "x"}', kind)
    assert answer.status_code == 415
    assert answer.headers["Accept"] == "application/json"


def test_a_charset_that_is_utf_8_anyway_is_fine(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    answer = post(client, requester, b'{"title": "x"}', "application/json; charset=UTF-8")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
        ("country=sen", "country"),
        ("country=SEN%00", "country"),
        ("cursor=" + "x" * 1001, "cursor"),
    ],
)
def test_query_parameters_are_as_strict(
    client: FlaskClient, requester: dict[str, str], query: str, field: str
) -> None:
    answer = client.get(f"/v1/notes?{query}", headers=requester)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


@given(JSON)
def test_ordinary_json_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    text = json.dumps(value).encode()
    assert parse_json(text) == json.loads(text)


@given(st.binary() | st.text(st.sampled_from('[]{}",:\\u0d8e1-.NaIfinty tr')).map(str.encode))
def test_any_bytes_are_a_value_or_a_problem(body: bytes) -> None:
    try:
        outcome = parse_json(body)
    except Problem as problem:
        outcome = problem
    if isinstance(outcome, Problem):
        assert outcome.response().status_code in (400, 422)
    else:
        assert json.loads(body) == outcome


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
def test_the_limit_of_nesting_is_exact(depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    if depth <= MAX_DEPTH:
        assert parse_json(body) is not None
    else:
        with pytest.raises(Problem, match="deeper"):
            parse_json(body)
