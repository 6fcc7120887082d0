"""Pages that stay right while records come and go, and cursors that nobody can misuse."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shared.web.paging import page

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
Headers = dict[str, str]


def add(identifier: str, minutes: int, due: int | None = None, title: str = "x") -> None:
    from sample_service import SampleNote

    at = START + timedelta(minutes=minutes)
    later = None if due is None else START + timedelta(days=due)
    SampleNote(
        id=identifier, epoch=1, number=1, title=title, created_at=at, updated_at=at, due=later
    ).save(force_insert=True)


def follow(client: FlaskClient, headers: Headers, limit: int) -> list[list[str]]:
    pages = []
    cursor = ""
    while True:
        answer = client.get(f"/v1/notes?limit={limit}{cursor}", headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.get_json()
        pages.append([item["id"] for item in body["items"]])
        if body["next"] is None:
            return pages
        cursor = f"&cursor={body['next']}"


def test_pages_put_together_are_the_list(client: FlaskClient, requester: Headers) -> None:
    for number in range(7):
        add(f"n{number}", minutes=number // 3)  # times that several share
    whole = ["n6", "n3", "n4", "n5", "n0", "n1", "n2"]
    for limit in (1, 2, 3, 6, 7, 8):
        pages = follow(client, requester, limit)
        assert [identifier for one in pages for identifier in one] == whole
        assert all(len(one) == limit for one in pages[:-1])
        assert len(pages) == -(-7 // limit)


def test_an_empty_list_is_one_empty_page(client: FlaskClient, requester: Headers) -> None:
    assert client.get("/v1/notes", headers=requester).get_json() == {"items": [], "next": None}


def test_records_that_come_meanwhile_move_nothing(client: FlaskClient, requester: Headers) -> None:
    for number in range(4):
        add(f"n{number}", minutes=number)
    first = client.get("/v1/notes?limit=2", headers=requester).get_json()
    assert [item["id"] for item in first["items"]] == ["n3", "n2"]
    add("newer", minutes=9)
    add("between", minutes=1)
    from sample_service import SampleNote

    SampleNote.objects(id="n2").delete()
    second = client.get(f"/v1/notes?limit=9&cursor={first['next']}", headers=requester).get_json()
    assert [item["id"] for item in second["items"]] == ["between", "n1", "n0"]


@pytest.mark.parametrize(
    "sort", [("due", "id"), ("-due", "id"), ("-due", "-id"), ("title", "due", "-id")]
)
def test_pages_go_on_past_records_without_a_value(app: Flask, sort: tuple[str, ...]) -> None:
    from sample_service import SampleNote

    for number, due in enumerate([None, 2, 1, None, 1, 3, None]):
        add(f"n{number}", minutes=0, due=due, title="ab"[number % 2])
    whole = [note.id for note in SampleNote.objects.order_by(*sort)]
    for limit in (1, 2, 3):
        found: list[str] = []
        cursor = None
        while True:
            args = {"limit": limit, "cursor": cursor}
            one = page(SampleNote.objects, args, lambda note: note.id, sort)
            found += one["items"]
            cursor = one["next"]
            if cursor is None:
                break
        assert found == whole


def test_filters_and_cursors_go_together(app: Flask) -> None:
    from sample_service import SampleNote

    for number in range(6):
        add(f"n{number}", minutes=number, title="ab"[number % 2])
    queryset = SampleNote.objects(title="a")
    first = page(queryset, {"limit": 2, "cursor": None}, lambda note: note.id)
    second = page(queryset, {"limit": 2, "cursor": first["next"]}, lambda note: note.id)
    assert first["items"] + second["items"] == ["n4", "n2", "n0"]
    raw = SampleNote.objects(__raw__={"title": {"$in": ["a"]}})
    again = page(raw, {"limit": 2, "cursor": first["next"]}, lambda note: note.id)
    assert again == second


def cursor_of(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


SORT = ["-created_at", "id"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "====",
        cursor_of("null"),
        cursor_of([]),
        cursor_of([SORT]),
        cursor_of([SORT, []]),
        cursor_of([SORT, 5]),
        cursor_of([["id"], ["a"]]),
        cursor_of([SORT, [{"$gt": ""}, "a"]]),
        cursor_of([SORT, [{}, "a"]]),
        cursor_of([SORT, [{"ms": 1, "$gt": 1}, "a"]]),
        cursor_of([SORT, [{"ms": 10**30}, "a"]]),
        cursor_of([SORT, [{"ms": 1.5}, "a"]]),
        cursor_of([SORT, [{"ms": True}, "a"]]),
        cursor_of([SORT, [["a"], "a"]]),
        cursor_of([SORT, [1.5, "a"]]),
        cursor_of([SORT, [2**63, "a"]]),
        cursor_of('[["-created_at","id"],["\\ud800","a"]]'),
        cursor_of('[["-created_at","id"],[NaN,"a"]]'),
        cursor_of("[" * 700),
    ],
)
def test_what_is_no_cursor_of_the_list_is_a_422(
    client: FlaskClient, requester: Headers, cursor: str
) -> None:
    answer = client.get("/v1/notes", query_string={"cursor": cursor}, headers=requester)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == ["cursor"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.just({"ms": 0}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CURSORS = (
    st.text(max_size=1200)
    | st.binary(max_size=200).map(lambda data: base64.urlsafe_b64encode(data).decode())
    | VALUES.map(cursor_of)
    | st.lists(VALUES, min_size=2, max_size=2).map(lambda pair: cursor_of([SORT, pair]))
)


@examples(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(CURSORS)
def test_any_text_as_cursor_is_a_page_or_a_422(
    client: FlaskClient, requester: Headers, cursor: str
) -> None:
    encodable = cursor.encode("utf-8", "replace").decode()
    answer = client.get("/v1/notes", query_string={"cursor": encodable}, headers=requester)
    assert answer.status_code in (200, 422), answer.text


def test_a_cursor_of_one_list_is_none_of_another(
    client: FlaskClient, requester: Headers, app: Flask, make_app: Callable[..., Flask]
) -> None:
    from sample_service import SampleNote

    for number in range(3):
        add(f"n{number}", minutes=number)
    other = page(SampleNote.objects, {"limit": 1, "cursor": None}, str, ("title", "id"))["next"]
    answer = client.get("/v1/notes", query_string={"cursor": other}, headers=requester)
    assert answer.status_code == 422
