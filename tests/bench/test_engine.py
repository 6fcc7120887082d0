"""A tiny run measures everything that it should, and its report can be read."""

import os
from pathlib import Path

import pytest

from bench import engine
from bench.runs import Job, measured

pytestmark = pytest.mark.long
EVENT = {"event", "work", "asked", "asked work"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads set for the runs end with the test."""
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        monkeypatch.setenv(f"{name}_NUM_THREADS", os.environ.get(f"{name}_NUM_THREADS", "1"))


def test_a_run_prints_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "performance.md"
    systems = ["--systems", "requests", "offers", "scipy.sparse"]
    options = ["--sizes", "60", "--queries", "3", "--mixed", "--recall", *systems]
    engine.main([*options, "--report", str(report)])
    printed = capsys.readouterr().out
    text = report.read_text()
    for system in ("requests", "requests, mixed", "offers, mixed", "scipy.sparse"):
        assert system in printed
    for told in (
        "a new request |",
        "its list alone |",
        "a new offer, 30 % without codes |",
        "scipy.sparse",
        "GB/s",
    ):
        assert told in text
    for chart in ("performance-latency.svg", "performance-memory.svg"):
        assert f"]({chart})" in text
        assert (tmp_path / chart).read_text().startswith("<svg")
    assert "## What is reached at 60" in text
    assert "| memory | 2 GB |" in text
    assert str(tmp_path) not in text
    assert "missing" not in text
    assert "python -m bench.engine --sizes 60 --queries 3 --mixed --recall" in text


@pytest.mark.parametrize(
    ("system", "steps"),
    [
        ("requests", EVENT | {"add", "change", "withdraw", "sentences"}),
        ("offers", EVENT),
        ("scipy.sparse", {"event", "work"}),
    ],
)
def test_a_run_has_a_process_of_its_own(system: str, steps: set[str]) -> None:
    told: list[str] = []
    figures = measured(
        Job(system, 30, queries=4), lambda what, done, of: told.append(f"{what} {done}/{of}")
    )
    assert set(figures.steps) == steps
    assert len(figures.steps["event"]) == 4
    assert figures.at("event", 50)
    assert figures.build > 0
    assert "ask 0/54" in told  # with those that bring in what lists need


def test_a_run_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="nothing at 30"):
        measured(Job("nothing", 30), lambda what, done, of: None)


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_sizes_are_whole_numbers_above_nothing(size: str) -> None:
    with pytest.raises(SystemExit):
        engine.main(["--sizes", size])
