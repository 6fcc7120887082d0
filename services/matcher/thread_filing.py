"""From a proposal's own write into its thread, as decisions go into their log (decision_log.py).

That something was written, struck out or erased is a step in the proposal's history, and what is
to be filed of it is part of that very write: no message is told of that is not there, and none is
there that was not told of. Whoever wrote files it at once; what a crash left waiting, the next
reader or the sweep does. Filing again changes nothing: a message is inserted once, and what was
taken out of it stays out.
"""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.matcher.documents import Match
from services.matcher.thread_documents import Message

Entry = dict[str, Any]
"""What is to be done with a message, by `id`: `insert`, `strike` (who, when) or `erase` a name."""


def add(match: Match, entry: Entry) -> None:
    """Let the entry wait in the proposal: to be called within the change that tells of it."""
    match.unfiled = [*(match.unfiled or ()), entry]
    match.newest_unfiled = f"{len(match.history):05d}"  # longer with every entry


def file_waiting(match: str | None = None) -> int:
    """File what waits in a proposal, in all of them without one; returns how many entries.

    Safe to repeat, and for several at once. Raises pymongo's errors.
    """
    matches = Match._get_collection()
    wanted: dict[str, Any] = {"newest_unfiled": {"$gt": ""}}
    if match is not None:
        wanted = {"_id": match, **wanted}
    filed = 0
    for found in list(matches.find(wanted, {"unfiled": 1, "newest_unfiled": 1})):
        for entry in found["unfiled"]:
            _file(entry)
            filed += 1
        # Only if nothing was written meanwhile; a write that adds to it sets both fields anew.
        matches.update_one(
            {"_id": found["_id"], "newest_unfiled": found["newest_unfiled"]},
            {"$unset": {"unfiled": "", "newest_unfiled": ""}},
        )
    return filed


def _file(entry: Mapping[str, Any]) -> None:
    messages = Message._get_collection()
    if "insert" in entry:
        try:
            messages.insert_one({"_id": entry["id"], **entry["insert"]})
        except DuplicateKeyError:
            return
    elif "strike" in entry:
        taken_out = {"$set": {"struck": entry["strike"]}, "$unset": {"text": ""}}
        messages.update_one({"_id": entry["id"]}, taken_out)
    else:
        messages.update_one({"_id": entry["id"]}, {"$unset": {"signed": ""}})
