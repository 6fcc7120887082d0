"""What a worker's memory is measured with: records that share nothing."""

import itertools
from datetime import UTC, datetime

from bench.holding import PARTITIONS, of_both_sides, read
from shared.events.envelope import Event
from shared.events.validation import example
from shared.events.versions import Version


def test_every_record_is_its_own() -> None:
    texts = [
        Event(
            type=f"entraide.{side}.v1",
            source="/entraide/bench",
            subject=f"{0:023x}{end}",
            time=datetime(2026, 1, 1, tzinfo=UTC),
            version=Version(1, 1),
            data=example(f"entraide.{side}.v1"),
        )
        for side, end in (("offer", "f"), ("request", "a"))
    ]
    received = [read(one) for one in of_both_sides(texts, range(20, 23))]
    assert [one.type for one in received] == ["entraide.offer.v1", "entraide.request.v1"] * 3
    assert len({one.subject for one in received}) == 6
    assert {one.partition for one in received} == {number % PARTITIONS for number in (20, 21, 22)}
    for one, other in itertools.combinations(received, 2):
        if one.type == other.type:
            assert one.event is not None
            assert other.event is not None
            assert one.event.data["id"] == one.subject
            assert one.event.data["signature"] == other.event.data["signature"]
            assert one.event.data["signature"] is not other.event.data["signature"]
