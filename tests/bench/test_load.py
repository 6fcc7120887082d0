"""The load: calls come by themselves, and what is told of them is right."""

import random
import threading
from types import SimpleNamespace
from typing import cast

import pytest

from bench import load
from bench.arrivals import Done, Outcome, Stretch, arrive, due_times
from bench.samples import Sample, growth, latest, unsteady
from bench.visits import Visits


def test_calls_are_due_at_the_rate_whatever_becomes_of_them() -> None:
    times = due_times(50, 20, seed=1)
    assert 850 < len(times) < 1150
    assert times == sorted(times) == due_times(50, 20, seed=1)
    assert 0 < times[0] < times[-1] < 20


def test_who_waits_for_others_has_waited_since_it_was_due() -> None:
    first, free = threading.Event(), threading.Event()

    def act(_: random.Random) -> Done:
        if not first.is_set():  # the first caller holds up the others
            first.set()
            free.wait(30)
        return "x", 200, False

    threading.Timer(0.4, free.set).start()
    stretch = arrive(200, 0.2, act, callers=1)
    assert [one.status for one in stretch.outcomes] == [200] * len(stretch.outcomes)
    assert len(stretch.outcomes) > 10
    assert all(one.due + one.seconds >= stretch.outcomes[0].seconds for one in stretch.outcomes)


def outcome(status: int, seconds: float = 0.1) -> Outcome:
    return Outcome("x", 0.0, seconds, status, told_when=False)


@pytest.mark.parametrize(
    ("bad", "holds"), [(0, False), (429, False), (503, False), (500, False), (404, True)]
)
def test_who_is_not_served_is_not_in_time(bad: int, holds: bool) -> None:
    stretch = Stretch(1, [*(outcome(200) for _ in range(97)), *(outcome(bad) for _ in range(3))])
    assert stretch.holds(1.0) is holds
    assert stretch.share(bad) == 0.03


@pytest.mark.parametrize(
    ("status", "told_when", "fault"),
    [
        (429, True, []),
        (503, True, []),
        (404, False, []),
        (0, False, ["1 times x without an answer"]),
        (429, False, ["1 times x (429) without Retry-After"]),
        (503, False, ["1 times x (503) without Retry-After"]),
        (500, True, ["1 times x (500)"]),
        (504, False, ["1 times x (504)"]),
    ],
)
@pytest.mark.parametrize("recovers", [True, False])
def test_overload_ends_with_1_where_it_is_answered_badly(
    status: int,
    told_when: bool,
    fault: list[str],
    recovers: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = Stretch(8, [outcome(200), Outcome("x", 0.0, 0.1, status, told_when=told_when)])
    calm = Stretch(1, [outcome(200, 0.1 if recovers else 2.0)])
    stretches = iter([over])
    monkeypatch.setattr(load, "arrive", lambda *_, **__: next(stretches, calm))
    assert load.wrongly_answered(over) == fault
    assert load.overload(cast(Visits, SimpleNamespace(act=None)), 2, 1) == int(
        bool(fault) or not recovers
    )


def test_growth_is_of_the_end_alone() -> None:
    memory = [100, 400, 800, *(1000 + 10 * n for n in range(7))]
    samples = latest([Sample(n, {"a": held}, {}, {}, 0) for n, held in enumerate(memory)], 6)
    assert len(samples) == 7
    assert growth(samples, "memory", "a") == pytest.approx(60 / 1030, rel=0.01)
    assert growth(samples, "memory", "b") == 0.0


def soaked(**more: int) -> list[Sample]:
    """Samples of a process that has so much more of something at the end, and of two servers."""
    return [
        Sample(
            at=n,
            memory={"portal": 1000 + more.get("memory", 0) * n // 9, "broker": 1000 + 100 * n},
            files={"portal": 20 + more.get("files", 0) * n // 9, "broker": 9},
            threads={"portal": 8 + more.get("threads", 0) * n // 9, "broker": 9},
            waiting=(n % 2) + more.get("waiting", 0) * n // 9,
            lag=(n % 3) + more.get("lag", 0) * n // 9,
        )
        for n in range(10)
    ]


@pytest.mark.parametrize(
    ("grown", "told"),
    [
        ({}, None),
        ({"memory": 9, "files": 3, "threads": 3, "waiting": 9, "lag": 9}, None),
        ({"memory": 90}, "portal grew by 8.6 % of its memory"),
        ({"files": 18}, "portal has 18 files more"),
        ({"threads": 9}, "portal has 9 threads more"),
        ({"waiting": 45}, "45 more events that are not published"),
        ({"lag": 45}, "45 more records unread"),
    ],
)
def test_what_grows_in_a_soak_is_told(grown: dict[str, int], told: str | None) -> None:
    assert unsteady(soaked(**grown), 0.02, 4, rate=20) == ([told] if told else [])
