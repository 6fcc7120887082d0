"""The way of a plain request through the service."""

from flask.testing import FlaskClient


def test_a_note_is_written_read_changed_and_listed(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    body = {"title": "Marking", "country": "SEN", "needs": [{"theme": "marking"}]}
    made = client.post("/v1/notes", json=body, headers=requester)
    assert made.status_code == 201, made.text
    assert made.headers["ETag"] == '"1.1"'
    address = made.headers["Location"]

    read = client.get(address, headers=requester)
    assert read.get_json() == made.get_json()
    assert read.get_json()["themes"] == ["marking"]

    changed = client.put(
        address, json={"title": "Tracing"}, headers={**requester, "If-Match": '"1.1"'}
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1.2"'), changed.text

    listed = client.get("/v1/notes?country=SEN", headers=requester).get_json()
    assert [note["title"] for note in listed["items"]] == ["Tracing"]
    assert listed["next"] is None
