"""What the embedded database asks itself at every call, read once.

SecantusDB 0.7 looks up at each find whether the collection is a view, and at each call whether it
is to be profiled. Either takes the lock that whoever reads documents has meanwhile: among several
callers that is a third of what a find takes. Here both are kept until somebody changes them.
"""

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from secantus.storage import Storage

_CHANGING: Final = (
    "create_collection",
    "set_collection_options",
    "drop_collection",
    "drop_database",
    "rename_collection",
    "set_profile",
)

Answer = Mapping[str, Any]


class _Kept:
    """What was read while nobody changed anything."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Answer] = {}
        self._begun = self._changing = 0
        self._lock = threading.Lock()

    def of(self, what: tuple[str, ...], read: Callable[[], Answer]) -> dict[str, Any]:
        """A copy of what `read` says, or said before."""
        found = self._answers.get(what)
        if found is None:
            begun = self._begun
            found = read()
            with self._lock:
                if begun == self._begun and not self._changing:
                    self._answers[what] = found
        return dict(found)

    def begin(self) -> None:
        """Forget all, as something is about to change."""
        with self._lock:
            self._begun += 1
            self._changing += 1
            self._answers = {}

    def end(self) -> None:
        """Keep again what is read from now on."""
        with self._lock:
            self._changing -= 1


def keep_options() -> None:
    """Have options of collections, and what is to be profiled, read once."""
    options, profile = Storage.get_collection_options, Storage.get_profile

    def get_collection_options(self: Storage, db: str, coll: str) -> dict[str, Any]:
        return _kept(self).of(("options", db, coll), lambda: options(self, db, coll))

    def get_profile(self: Storage, db: str) -> dict[str, Any]:
        return _kept(self).of(("profile", db), lambda: profile(self, db))

    Storage.get_collection_options = get_collection_options
    Storage.get_profile = get_profile
    for name in _CHANGING:
        setattr(Storage, name, _changing(getattr(Storage, name)))


def _changing(whole: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(whole)
    def change(self: Storage, *args: Any, **options: Any) -> Any:
        kept = _kept(self)
        kept.begin()
        try:
            return whole(self, *args, **options)
        finally:
            kept.end()

    return change


def _kept(storage: Storage) -> _Kept:
    kept: _Kept | None = storage.__dict__.get("kept_options")
    return kept or storage.__dict__.setdefault("kept_options", _Kept())
