"""The clock of one process is made wrong, and that of no other; what measures durations stays."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.clocks import settable_clocks

HOUR = 3600
ASKED = """
import sys, time, datetime
for line in sys.stdin:
    began = time.monotonic()
    time.sleep(0.01)
    told = datetime.datetime.now(datetime.UTC).timestamp()
    print(time.time(), told, time.monotonic() - began, flush=True)
"""


@contextmanager
def asked() -> Iterator[subprocess.Popen[str]]:
    """A process that tells its time for each line."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def apart(process: subprocess.Popen[str]) -> tuple[float, float, float]:
    """By how much its two ways of asking are apart from ours, and how long a moment's sleep was."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    first, second, slept = map(float, process.stdout.readline().split())
    ours = time.time()
    return first - ours, second - ours, slept


def test_one_process_is_wrong_as_long_as_it_is_said(tmp_path: Path) -> None:
    with settable_clocks(tmp_path) as clocks:
        if clocks is None:
            pytest.skip("no C compiler")
        with asked() as one, asked() as other:
            for ahead in (HOUR, -HOUR, 0):
                clocks.set(one.pid, ahead)
                first, second, slept = apart(one)
                assert first == pytest.approx(ahead, abs=HOUR / 2)
                assert second == pytest.approx(ahead, abs=HOUR / 2)
                assert 0 < slept < HOUR / 2
                assert apart(other)[0] == pytest.approx(0, abs=HOUR / 2)
