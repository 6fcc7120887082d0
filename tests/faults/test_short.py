"""One house under load lives through one fault upon another; nothing is lost, nothing is twice."""

from collections.abc import Iterator

import pytest

from tests.faults.afresh import COVERAGE, DUPLICATE
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


def test_nothing_is_lost_and_nothing_is_twice(house: House) -> None:
    for name in SHORT:
        since = named(name).inject(house, SHORT_SECONDS)
    house.recovered(since, PATIENCE)
    done = {(one.kind, one.outcome) for one in house.recorder.history().operations}
    assert {("write", "ok"), ("publish", "ok"), ("commit", "ok")} <= done
    assert house.violations() == []
    assert house.judged is not None
    _, final = house.judged
    # Of each kind there is something: requests and offers that are alike, needs that are covered.
    due = {one.pair.split()[0] for one in final.due if one.status == "open"}
    assert due == {DUPLICATE, COVERAGE}


def test_every_fault_has_its_name_and_its_reason() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.reason for fault in FAULTS)
    assert {named(name).name for name in SHORT} == set(SHORT)
