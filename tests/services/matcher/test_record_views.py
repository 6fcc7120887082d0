"""What is known of records is read as it is stored."""

import pytest

from services.matcher.documents import RecordView, ViewLine
from services.matcher.reactions import keep_records
from services.matcher.record_views import Line, View, read_views, stored_view, stored_views
from tests.services.matcher.records import (
    NOW,
    call_event,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)

pytestmark = pytest.mark.usefixtures("database")

LINES = [need(1, confidential=True), need(2, kind="funding")]
GIVEN = [provision(1, capacity=10, amount_cents=1_000_000, currency="USD")]


def known() -> None:
    """The store knows a request, an offer, a call, and one that a restore made vanish."""
    keep_records(lambda: NOW)(
        [
            request_event("r", needs=LINES, visibility="parties"),
            offer_event("o", provisions=GIVEN, ceiling_cents=500, ceiling_currency="USD"),
            call_event("c"),
            tombstone(offer_event("gone")),
        ]
    )


def test_every_field_is_read_as_a_document_has_it() -> None:
    known()
    assert set(View.__dataclass_fields__) == set(RecordView._fields)
    assert set(Line.__dataclass_fields__) == set(ViewLine._fields)
    stored = {one.id: one for one in RecordView.objects}
    read = {one.id: one for one in read_views({})}
    assert len(stored) == 4
    assert stored.keys() == read.keys()
    for id_, document in stored.items():
        for name in set(RecordView._fields) - {"lines"}:
            there, told = getattr(document, name), getattr(read[id_], name)
            assert (list(told) if isinstance(there, list) else told) == there, name
        assert [
            {name: getattr(line, name) for name in ViewLine._fields} for line in document.lines
        ] == [{name: getattr(line, name) for name in ViewLine._fields} for line in read[id_].lines]


def test_what_it_tells_beside_its_fields() -> None:
    known()
    request, offer, gone = stored_view("request", "r"), stored_view("offer", "o"), "offer:gone"
    assert request is not None
    assert offer is not None
    assert (request.hidden_lines, request.ceiling) == ({1}, None)
    assert offer.ceiling == (500, "USD")
    assert stored_view("request", "o") is None
    assert stored_views([request.id, gone, "offer:nobody"]).keys() == {request.id, gone}
    assert stored_views([]) == {}


def test_another_release_may_have_stored_less_and_more() -> None:
    known()
    collection = RecordView._get_collection()
    less = {"lines.0.for_parties": "", "condition_hashes": "", "visibility": ""}
    more = {"lines.0.seen": 1, "rivals": ["x"]}
    collection.update_one({"_id": "request:r"}, {"$unset": less, "$set": more})
    found = stored_view("request", "r")
    assert found is not None
    assert (found.visibility, list(found.condition_hashes)) == (None, [])
    assert found.lines[0].for_parties is False
