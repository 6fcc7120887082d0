"""What a target is, and what every one of them may be refused by."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flask import Flask

from shared.web.identity import Identity
from shared.web.problems import Problem

REFUSALS = frozenset({400, 401, 413, 422, 428})
APP = Flask(__name__)
SOMEBODY = Identity("somebody", "requester", "SEN")


@dataclass(frozen=True)
class Target:
    """A parser; `seeds` are inputs that it takes, from which fuzzers go on."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


class refused:  # noqa: N801 (reads as what it says)
    """Lets the problems of bad input through, and nothing else."""

    def __init__(self, statuses: Collection[int] = REFUSALS) -> None:
        self._statuses = statuses

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: Any, error: BaseException | None, _trace: Any) -> bool:
        return isinstance(error, Problem) and error.status in self._statuses


def header(data: bytes) -> str:
    """A header's value as a server reads it: without line breaks."""
    return data.decode("latin-1").translate({10: None, 13: None})
