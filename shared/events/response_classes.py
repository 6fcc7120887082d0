"""Classes of the broker's answers that live as long as the process.

kafka-python 3.0.12 makes a class for each version of an answer when the first comes, and notes it
for all later ones of that kind by a weak reference. Where two threads' clients make the same one at
once, the one noted may be the one that nobody keeps: from then on no client of the process
understands that answer any more (docs/decisions/0100). The unversioned classes, which modules keep
and which are noted first, do as well: versions are looked up from them.
"""

from typing import Any

from kafka.protocol.api_header import ResponseClassRegistry


def keep_response_classes() -> None:
    """Have the first class of an answer stay noted; call it after kafka was imported."""
    ResponseClassRegistry.register_response_class = classmethod(_register)


def _register(registry: Any, response_class: Any) -> None:
    registry._response_class_registry.setdefault(response_class.API_KEY, response_class)
