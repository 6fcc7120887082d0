"""What the embedded database stores of a collection's documents, read by their record ids."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from bson import decode
from secantus.sortkey import RANK_STRING
from secantus.storage import Storage, _doc_table_for, _unframe_doc_value

_TEXT: Final = bytes([RANK_STRING])
Place = tuple[str, str]
"""A database and a collection."""


def documents(
    storage: Storage,
    place: Place,
    ids: Iterable[int],
    may_be_wanted: Callable[[bytes], bool] = lambda _stored: True,
) -> list[dict[str, Any]]:
    """The documents that may be wanted by what is stored; the others are not even decoded."""
    found = _stored(storage, place, ids)
    # Others go on meanwhile.
    return [decode(_unframe_doc_value(one)[1]) for one in found if may_be_wanted(one)]


def texts_of_ids(storage: Storage, place: Place, ids: Iterable[int]) -> list[str] | None:
    """The documents' own ids, where each is a text; None where one is not. None is decoded."""
    keys = [_unframe_doc_value(one)[0] for one in _stored(storage, place, ids)]
    if any(key[:1] != _TEXT or b"\0" in key for key in keys):
        return None
    return [key[1:].decode() for key in keys]


def _stored(storage: Storage, place: Place, ids: Iterable[int]) -> list[bytes]:
    found: list[bytes] = []
    with storage._lock:
        cursor = storage._cursor_optional(_doc_table_for(*place))
        for id_ in ids if cursor is not None else ():
            cursor.set_key(*place, id_)
            if cursor.search() == 0:
                found.append(cursor._get_value())  # as it is stored, bytes alone
        if cursor is not None:
            cursor.reset()
    return found
