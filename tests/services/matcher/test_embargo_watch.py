"""The sweep after embargoes: what cannot be looked at of one record is left to it alone."""

from datetime import date, timedelta

import pytest

from services.matcher import embargo_watch
from services.matcher.actors import MATCHER
from services.matcher.commitments import begin, finish
from services.matcher.documents import Commitment, Match, RecordView, view_id
from services.matcher.embargoes import record
from services.matcher.ledger_documents import LedgerLine
from services.matcher.metrics import NOT_DONE
from services.matcher.reactions import keep_records
from shared.web.identity import Identity
from tests.services.matcher.records import (
    NOW,
    agreed,
    commitment_line,
    need,
    offer_event,
    request_event,
)

DAMAGED = "r2"
REQUESTS = ("r1", DAMAGED, "r3")
EMBARGO = {
    "country": "SEN",
    "resolution": "S/RES/0000 (2020)",
    "allowed": [],
    "from": date(2020, 1, 1),
    "to": None,
    "source": "made up for the tests",
    "stated_on": date(2026, 1, 1),
    "review_by": None,
    "reason": "The tests need one.",
    "exemptions": [],
}


@pytest.fixture
def barred(database: object) -> None:
    """Three proposals that are agreed and three that are committed, and then an embargo."""
    needs = [need(1, quantity=4)]
    keep_records(lambda: NOW)(
        [
            *(request_event(id_, needs=needs) for id_ in REQUESTS),
            *(offer_event(id_, conditions=[]) for id_ in ("o", "held")),
        ]
    )
    for id_ in REQUESTS:
        agreed(id_, "o")
        taken = [("request", id_), ("offer", "held")]
        lines = [commitment_line(side, record, 1000) for side, record in taken]
        begin(f"of-{id_}", agreed(id_, "held"), lines, None, MATCHER, NOW)
        assert finish(f"of-{id_}", NOW).status == "held"
    record(EMBARGO, Identity("c", "coordinator"), NOW)


@pytest.mark.usefixtures("barred")
@pytest.mark.parametrize("stated", ["{", "{}", "[]"])
def test_a_record_that_cannot_be_read_holds_up_no_other(stated: str) -> None:
    RecordView.objects(id=view_id("request", DAMAGED)).update(stated=stated)
    counted = [
        NOT_DONE.labels(what)
        for what in ("barred commitment not given back", "proposal not settled")
    ]
    before = [one._value.get() for one in counted]
    assert embargo_watch.sweep(NOW) == 2
    assert [one._value.get() for one in counted] == [before[0] + 1, before[1] + 1]
    given_back = {one.request: one.status for one in Commitment.objects}
    assert given_back == {"r1": "released", DAMAGED: "held", "r3": "released"}
    fallen = {one.request: one.status for one in Match.objects(offer="o")}
    assert fallen == {"r1": "fallen", DAMAGED: "agreed", "r3": "fallen"}

    sound = RecordView.objects.get(id=view_id("request", "r1")).stated
    RecordView.objects(id=view_id("request", DAMAGED)).update(stated=sound)
    assert embargo_watch.sweep(NOW + timedelta(seconds=10)) == 1
    assert {line.held for line in LedgerLine.objects} == {0}
    assert set(Match.objects.scalar("status")) == {"fallen"}
