"""What all callers of the services have alike."""

import pytest
import requests

from shared.calling import (
    ProblemError,
    headers_of_file,
    headers_of_write,
    object_of,
    query_of,
)


def test_queries_leave_out_nothing_and_repeat_lists() -> None:
    asked = query_of({"state": "SEN", "cursor": None, "limit": 20, "theme": ["marking", "tracing"]})
    assert asked == {"state": "SEN", "limit": "20", "theme": ["marking", "tracing"]}


def test_headers_are_only_those_that_are_given() -> None:
    assert headers_of_write() == {}
    assert headers_of_write(if_match='"1.2"', key="k") == {
        "If-Match": '"1.2"',
        "Idempotency-Key": "k",
    }
    assert headers_of_file("text/csv", None) == {"Content-Type": "text/csv"}
    named = headers_of_file("text/csv", "a/б.csv")["Content-Disposition"]
    assert named == "attachment; filename*=UTF-8''a%2F%D0%B1.csv"


def test_a_problem_says_its_fields_and_whether_a_version_was_stale() -> None:
    error = {"field": "needs[0].kind", "message": "No such kind.", "code": "unknown"}
    problem = ProblemError(412, {"title": "Stale", "errors": [error]})
    assert (str(problem), problem.stale) == ("Stale", True)
    assert problem.fields() == [("needs[0].kind", "No such kind.")]
    assert (str(ProblemError(500, {})), ProblemError(500, {}).stale) == ("HTTP status 500", False)


@pytest.mark.parametrize(
    ("content", "read"), [(b"", {}), (b'{"a":1}', {"a": 1}), (b"[1]", None), (b"<html>", None)]
)
def test_only_objects_are_read(content: bytes, read: dict[str, int] | None) -> None:
    response = requests.Response()
    response._content = content
    assert object_of(response) == read
