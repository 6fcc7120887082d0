"""What the embedded database stores of a collection's documents, read by their record ids."""

from collections.abc import Callable, Iterable
from typing import Any

from bson import decode
from secantus.storage import Storage, _doc_table_for, _unframe_doc_value


def documents(
    storage: Storage,
    place: tuple[str, str],
    ids: Iterable[int],
    may_be_wanted: Callable[[bytes], bool] = lambda _stored: True,
) -> list[dict[str, Any]]:
    """The documents of a database's collection that may be wanted by what is stored; the others are
    not even decoded."""
    found: list[bytes] = []
    with storage._lock:
        cursor = storage._cursor_optional(_doc_table_for(*place))
        for id_ in ids if cursor is not None else ():
            cursor.set_key(*place, id_)
            if cursor.search() == 0:
                found.append(cursor._get_value())  # as it is stored, bytes alone
        if cursor is not None:
            cursor.reset()
    # Others go on meanwhile.
    return [decode(_unframe_doc_value(one)[1]) for one in found if may_be_wanted(one)]
