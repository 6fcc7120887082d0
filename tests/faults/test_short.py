"""One house under load lives through one fault after another; nothing is lost, nothing is twice."""

from collections.abc import Iterator

import pytest

from tests.faults.checker import check_history
from tests.faults.faults import FAULTS, SHORT, SHORT_SECONDS, named
from tests.faults.house import House, running_house

pytestmark = pytest.mark.journey
PATIENCE = 180


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on the embedded broker."""
    with running_house(
        tmp_path_factory.mktemp("house"), "embedded", rate=6, clients=3, most=18
    ) as running:
        yield running


@pytest.mark.parametrize("name", SHORT)
def test_it_recovers(house: House, name: str) -> None:
    since = named(name).inject(house, SHORT_SECONDS)
    house.recovered(since, PATIENCE)
    assert check_history(house.recorder.history()) == []


def test_nothing_was_lost_and_nothing_is_twice(house: House) -> None:
    done = {(one.kind, one.outcome) for one in house.recorder.history().operations}
    assert {("write", "ok"), ("publish", "ok"), ("commit", "ok")} <= done
    assert house.violations() == []


def test_every_fault_has_its_name_and_its_reason() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.reason for fault in FAULTS)
