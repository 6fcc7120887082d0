"""What the handlers of a register need besides the request: the time, and the key for terms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask, current_app

Clock = Callable[[], datetime]
_NAME = "entraide-register"


def system_clock() -> datetime:
    """The time in UTC, to the millisecond that the store keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Context:
    """`clock` gives aware times in UTC; `key` is the deployment's key for term hashes."""

    clock: Clock
    key: bytes


def set_context(app: Flask, context: Context) -> None:
    """Give the app's handlers their context."""
    app.extensions[_NAME] = context


def context() -> Context:
    """The context of the app that answers the current request."""
    found: Context = current_app.extensions[_NAME]
    return found
