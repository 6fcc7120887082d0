"""ETag and If-Match."""

import pytest
from flask.testing import FlaskClient

BODY = {"title": "changed"}


@pytest.fixture
def address(client: FlaskClient, requester: dict[str, str]) -> str:
    """The address of a note at version 1.1."""
    made = client.post("/v1/notes", json={"title": "x"}, headers=requester)
    return str(made.headers["Location"])


def test_a_change_without_if_match_is_a_428(
    client: FlaskClient, requester: dict[str, str], address: str
) -> None:
    answer = client.put(address, json=BODY, headers=requester)
    assert answer.status_code == 428
    assert "If-Match" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "*",
        "1.1",
        'W/"1.1"',
        '"1.1", "1.2"',
        '"1.x"',
        '"01.1"',
        '"-1.1"',
        '"1.1',
        '"é"',
        '"1.1"x',
        '"' + "9" * 5000 + '.1"',
        '"٣.1"',
    ],
)
def test_what_is_not_one_strong_tag_of_ours_is_a_400(
    client: FlaskClient, requester: dict[str, str], address: str, tag: str
) -> None:
    raw = tag.encode().decode("latin-1")  # as WSGI hands headers over
    answer = client.put(address, json=BODY, headers={**requester, "If-Match": raw})
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["type"] == "urn:entraide:problem:if-match-malformed"


def test_a_stale_tag_is_a_412_with_the_present_one_and_changes_nothing(
    client: FlaskClient, requester: dict[str, str], address: str
) -> None:
    first = client.put(address, json=BODY, headers={**requester, "If-Match": '"1.1"'})
    assert first.headers["ETag"] == '"1.2"'
    for stale in ('"1.1"', '"1.3"', '"2.2"'):
        answer = client.put(
            address, json={"title": "lost"}, headers={**requester, "If-Match": stale}
        )
        assert answer.status_code == 412
        assert answer.headers["ETag"] == '"1.2"'
    assert client.get(address, headers=requester).get_json()["title"] == "changed"


@pytest.mark.parametrize("tag", ['"1.1"', "*"])
def test_a_reader_gets_the_whole_answer_whatever_it_has(
    client: FlaskClient, requester: dict[str, str], address: str, tag: str
) -> None:
    """The version is the record's: what is shown beside it may have changed without it."""
    answer = client.get(address, headers={**requester, "If-None-Match": tag})
    assert (answer.status_code, answer.get_json()["title"]) == (200, "x")
