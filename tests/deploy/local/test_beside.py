"""A stack beside the caller's work ends with the block, and where it does not get ready."""

import sys
import threading
from pathlib import Path

import pytest

from deploy.local.beside import stack_beside
from deploy.local.servers import Broker
from deploy.local.stack import DataDirectory, Ports, StackError, is_running, locked

DEAF = "import time; time.sleep(60)"


def test_a_stack_that_does_not_get_ready_in_time_is_given_up(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    deaf = Broker(lambda _: [sys.executable, "-c", DEAF])
    with (
        pytest.raises(TimeoutError, match="waiting for broker"),
        stack_beside(directory, Ports.free(), lambda _: None, broker=deaf, seconds=1),
    ):
        raise AssertionError("it is not ready")
    assert not is_running(directory)
    assert not any(thread.name == "supervisor" for thread in threading.enumerate())


def test_why_a_stack_does_not_start_is_told(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    with (
        locked(directory),
        pytest.raises(StackError, match="already"),
        stack_beside(directory, Ports.free(), lambda _: None),
    ):
        raise AssertionError("somebody else owns the directory")
