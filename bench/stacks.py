"""A whole stack for a measurement, on data that nobody keeps."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.beside import stack_beside
from deploy.local.running import Stack, Tell
from deploy.local.stack import DataDirectory, Ports

AS_OF = "2026-11-23"
"""The day of every run, so that the made-up windows stay open."""


@contextmanager
def scratch_stack(tell: Tell) -> Iterator[Stack]:
    """A ready stack for the block; its data are gone with it."""
    with (
        tempfile.TemporaryDirectory(prefix="entraide-bench-") as scratch,
        stack_beside(
            DataDirectory(Path(scratch)), Ports.free(), tell, {"ENTRAIDE_AS_OF": AS_OF}
        ) as stack,
    ):
        yield stack
