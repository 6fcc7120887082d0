"""What the embedded database asks itself at every call, read once.

SecantusDB 0.7 looks up at each find whether the collection is a view, and at each call whether it
is to be profiled. Either takes the lock that whoever reads documents has meanwhile: among several
callers that is a third of what a find takes. Here both are kept until somebody changes them.
"""

from typing import Any, Final

from secantus.storage import Storage

from deploy.local.kept import changing, kept_of

_OPTIONS: Final = "kept_options"
_CHANGING: Final = (
    "create_collection",
    "set_collection_options",
    "drop_collection",
    "drop_database",
    "set_profile",
)


def keep_options() -> None:
    """Have options of collections, and what is to be profiled, read once."""
    options, profile = Storage.get_collection_options, Storage.get_profile

    def get_collection_options(self: Storage, db: str, coll: str) -> dict[str, Any]:
        kept = kept_of(self, _OPTIONS).of((db, "options", coll), lambda: options(self, db, coll))
        return dict(options(self, db, coll) if kept is None else kept)

    def get_profile(self: Storage, db: str) -> dict[str, Any]:
        kept = kept_of(self, _OPTIONS).of((db, "profile"), lambda: profile(self, db))
        return dict(profile(self, db) if kept is None else kept)

    Storage.get_collection_options = get_collection_options
    Storage.get_profile = get_profile
    for name in _CHANGING:
        setattr(Storage, name, changing(getattr(Storage, name), _OPTIONS))
    Storage.rename_collection = changing(Storage.rename_collection, _OPTIONS, slice(0, 3, 2))
