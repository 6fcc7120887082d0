"""A bar for what takes a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)


class Advance(Protocol):
    """To be called after each step, or with how many steps were taken."""

    def __call__(self, steps: int = 1, /) -> None:
        """Move the bar on."""


@contextmanager
def progress_bar(
    console: Console, what: str, total: int | None, *, of_bytes: bool = False
) -> Iterator[Advance]:
    """A bar of `total` steps, or bytes, gone at the end; gives what is to be called after each.

    Without a total it tells how many were taken so far.

    Where nobody looks on, as in a pipe, nothing is shown.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if of_bytes else MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=total)

        def advance(steps: int = 1, /) -> None:
            bar.advance(task, steps)

        yield advance
