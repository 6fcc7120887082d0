"""What tests of a module begin with: made once by calls, then put back as it was stored."""

import copyreg
from collections.abc import Callable
from copy import deepcopy
from struct import Struct
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from tests.services.written import written

Made = TypeVar("Made")

copyreg.pickle(Struct, lambda one: (Struct, (one.format,)))  # the engine's own tables hold some


class Memory:
    """What was stored when something had been made, and the thing itself, by its name."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[dict[str, list[RawBSONDocument]], Any]] = {}

    def make(self, database: Database[Any], name: str, made: Callable[[], Made]) -> Made:
        """What `made` makes in the database; after the first time a copy, of both.

        The clock must stand where it stood the first time.
        """
        raw = database.with_options(CodecOptions(document_class=RawBSONDocument))
        if name not in self._kept:
            first = made()
            stored = {one: list(raw[one].find()) for one in written(database)}
            self._kept[name] = stored, deepcopy(first)
            return first
        stored, thing = self._kept[name]
        for collection in {*stored, *written(database)}:
            raw[collection].delete_many({})
            if stored.get(collection):
                raw[collection].insert_many(stored[collection])
        again: Made = deepcopy(thing)
        return again
