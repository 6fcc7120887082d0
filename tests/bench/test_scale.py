"""The simulation of the partition scheme: keys fall as Kafka's do, and its sums are right."""

from pathlib import Path

import numpy as np
import pytest
from kafka.partitioner.default import murmur2

from bench import scale
from bench.scale_deaths import Group, deaths
from bench.scale_model import (
    Costs,
    Traffic,
    capacity,
    common,
    delays,
    finished,
    keys,
    owner_of,
    partition_of,
    popularity,
    shares,
)
from bench.scale_report import BEGINNING, END

COSTS = Costs(0.001, 0.004, 0.001, 0.001, 0.0001, 100, 1.0)
TRAFFIC = Traffic(0.1)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_keys_fall_where_kafkas_clients_place_them() -> None:
    written = keys(200, rng())
    assert all(len(row.tobytes()) == 24 for row in written)
    placed = [(murmur2(row.tobytes()) & 0x7FFFFFFF) % 7 for row in written]
    assert partition_of(written, 7).tolist() == placed


def test_neighbouring_partitions_are_shared_out_and_more_workers_stand_by() -> None:
    assert owner_of(6, 4).tolist() == [0, 0, 1, 1, 2, 3]
    assert owner_of(2, 100).tolist() == [0, 1]


def test_more_workers_do_more_but_never_more_than_one_can_take_in() -> None:
    written, events = keys(5_000, rng()), popularity(5_000, 0.8, rng())
    reached = [
        capacity(COSTS, TRAFFIC, shares(partition_of(written, 60), events, 60, workers))
        for workers in (1, 10, 100)
    ]
    assert reached == sorted(reached)
    assert reached[-1] < 1 / common(COSTS, TRAFFIC)


def test_an_event_waits_for_those_before_it() -> None:
    done = finished(np.array([0.0, 1.0, 10.0]), np.array([3.0, 3.0, 1.0]))
    assert done.tolist() == [3.0, 6.0, 11.0]


def test_delays_grow_with_the_load() -> None:
    held = shares(partition_of(keys(500, rng()), 6), popularity(500, 0.0, rng()), 6, 2)
    most = capacity(COSTS, TRAFFIC, held)
    calm, _ = delays(COSTS, TRAFFIC, held, most * 0.1, 1_000, rng())
    laden, _ = delays(COSTS, TRAFFIC, held, most * 0.9, 1_000, rng())
    assert COSTS.take_request + COSTS.rank + COSTS.store <= calm.min()
    assert np.percentile(calm, 99) < np.percentile(laden, 99)


def test_a_death_is_noticed_after_the_session_and_its_partitions_are_ranked_again() -> None:
    group = Group(session=6.0, heartbeat=2.0, take=0.0)
    died = deaths(group, np.array([100, 100]), 2, 0.01, 50, rng())
    assert (died.taken >= 4.0).all()
    assert (died.taken <= 8.0).all()
    assert (died.moved == 1).all()
    assert died.ranked - died.taken == pytest.approx(np.ones(50))
    with pytest.raises(ValueError, match="left"):
        deaths(group, np.array([1]), 1, 0.01, 1, rng())


def test_the_report_keeps_its_words_and_tells_the_same_again(tmp_path: Path) -> None:
    report = tmp_path / "scaling.md"
    report.write_text(f"before\n{BEGINNING}\nold\n{END}\nafter\n")
    arguments = [
        "--requests",
        "500",
        "--events",
        "200",
        "--trials",
        "5",
        "--partitions",
        "6",
        "--workers",
        "1",
        "2",
    ]
    scale.main([*arguments, "--report", str(report)])
    first = report.read_text()
    assert first.startswith("before\n")
    assert first.endswith("after\n")
    assert "old" not in first
    assert (tmp_path / "scaling-throughput.svg").exists()
    scale.main([*arguments, "--report", str(report)])
    assert report.read_text() == first


def test_defaults_that_are_measured_name_where() -> None:
    assert all(
        default.source.startswith(("docs/performance.md", "docs/scaling.md"))
        or default.source.startswith("assumed")
        for default in scale.DEFAULTS.values()
    )
