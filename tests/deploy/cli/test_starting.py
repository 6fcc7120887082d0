"""What `entraide up` says while it starts."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from deploy.cli import up
from deploy.local.supervisor import Progress


class Starting:
    """A stack that waits for one process after another."""

    def __init__(self, *waits: str) -> None:
        self.waits = list(waits)
        self.supervisor = SimpleNamespace(progress=self.progress)

    def progress(self) -> Progress:
        return Progress(0, len(self.waits), self.waits[0])

    def wait_ready(self, each: Callable[[], None]) -> bool:
        while self.waits:
            each()
            self.waits.pop(0)
        return True


@pytest.mark.parametrize(("seconds", "told"), [(0.0, ["broker", "the replay"]), (60.0, [])])
def test_a_start_that_takes_long_says_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, seconds: float, told: list[str]
) -> None:
    monkeypatch.setattr(up, "_TELL_SECONDS", seconds)
    stack: Any = Starting("broker", "the replay")
    console = Console(file=io.StringIO(), width=100)
    assert up._start(stack, console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines == ["Starting…", *(f"Still waiting for {one}…" for one in told)]
