"""One house under load lives through one fault upon another; nothing is lost, nothing is twice."""

from collections.abc import Iterator, Sequence

import pytest

from tests.faults.afresh import COVERAGE, DUPLICATE
from tests.faults.faults import (
    AFTER,
    FAULTS,
    LONG_ALONE,
    SHORT,
    SHORT_SECONDS,
    WHILE_PAUSED,
    WHILE_TWO,
    kinds,
    named,
)
from tests.faults.history import now
from tests.faults.house import House, running_house
from tests.faults.injecting import RELAYS, beside, paused_past_lease

pytestmark = pytest.mark.journey
PATIENCE = 180


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on the embedded broker."""
    with running_house(
        tmp_path_factory.mktemp("house"), "embedded", rate=6, clients=3, most=18, equipped=True
    ) as running:
        yield running


@pytest.fixture(scope="module")
def skipped(house: House) -> dict[str, str]:
    """The faults that could not be done to the house, and why; it has recovered from the others."""
    told: dict[str, str] = {}
    with beside(house, *RELAYS, "matcher-worker"):
        _go_through(house, WHILE_TWO, told)
        with paused_past_lease(house):
            _go_through(house, WHILE_PAUSED, told)
    _go_through(house, AFTER, told)
    house.recovered(now(), PATIENCE)
    return told


def _go_through(house: House, names: Sequence[str], skipped: dict[str, str]) -> None:
    for name in names:
        fault = named(name)
        try:
            (fault.short or fault.inject)(house, SHORT_SECONDS)
        except pytest.skip.Exception as why:
            skipped[name] = str(why)


@pytest.mark.usefixtures("skipped")
def test_nothing_is_lost_and_nothing_is_twice(house: House) -> None:
    done = {(one.kind, one.outcome) for one in house.recorder.history().operations}
    kinds = ("write", "publish", "commit", "decide", "defer", "invite")
    assert {(kind, "ok") for kind in kinds} <= done
    assert house.violations() == []
    assert house.judged is not None
    _, final = house.judged
    # Of each kind there is something: requests and offers that are alike, needs that are covered.
    due = {one.pair.split()[0] for one in final.due if one.status == "open"}
    assert due == {DUPLICATE, COVERAGE}


@pytest.mark.parametrize("name", SHORT)
def test_it_was_done(skipped: dict[str, str], name: str) -> None:
    if name in skipped:
        pytest.skip(skipped[name])


def test_every_fault_has_its_name_and_its_reason() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.reason for fault in FAULTS)


def test_every_kind_of_fault_has_a_short_form() -> None:
    short = {kind for name in SHORT for kind in kinds(name)}
    assert short.isdisjoint(LONG_ALONE)
    assert short | set(LONG_ALONE) == {kind for fault in FAULTS for kind in kinds(fault.name)}
