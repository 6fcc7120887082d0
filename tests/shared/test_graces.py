"""What began in a time to come is left to nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.graces import holds

LEASE = timedelta(minutes=1)
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "held"),
    [
        (timedelta(0), False),
        (timedelta(milliseconds=1), True),
        (LEASE, True),
        (2 * LEASE, True),
        (2 * LEASE + timedelta(milliseconds=1), False),
        (timedelta(hours=1), False),
    ],
)
def test_a_lease_holds_until_it_runs_out_and_none_is_twice_as_long_as_leases_are(
    left: timedelta, held: bool
) -> None:
    assert holds(NOW + left, NOW, LEASE) is held
