"""Whatever hangs is ended: where Python runs by an exception, elsewhere with the process."""

import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.fuzz.hanging import HangError, at_most

STUCK = """
import re
from tests.fuzz.hanging import at_most
with at_most(0.1):
    re.match("(a+)+$", "a" * 64 + "!")
"""


def catching_everything() -> None:
    while True:
        with suppress(Exception):
            time.sleep(1)


def test_what_hangs_fails_though_everything_is_caught() -> None:
    with pytest.raises(HangError), at_most(0.05):
        catching_everything()


def test_what_ends_in_time_is_let_be() -> None:
    with at_most(60):
        pass
    with pytest.raises(KeyError), at_most(60):
        raise KeyError


def test_where_no_exception_gets_in_the_process_ends_and_says_where() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode != 0
    assert "Timeout" in done.stderr or "HangError" in done.stderr
