"""The log of decisions: what coordinators decided, with the lists as shown, to learn from.

A decision is one write: that of its proposal. The log's entry is part of that write, waiting in
the proposal's document as events wait for the relay; the sweep copies it into the log and then
takes it out of the proposal. So no transaction over two documents is needed, and no order of two
writes has to be chosen. Written to the log first, a decision that its proposal then refuses because
somebody was faster would be logged without having been taken; written after, a crash in between
would lose the list, since the decision itself makes another list. A sweep that dies between copying
and taking out copies again, and finds the entry there: its id is the proposal's and the version
that the decision made, of which there is one. Nothing in the log is ever changed or deleted.
"""

import json
from collections.abc import Iterator
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.matcher import metrics
from services.matcher.documents import Match, read_entries
from services.matcher.learning_documents import Decision

Entry = dict[str, Any]
"""A decision as it is kept: the fields of learning_documents.Decision, `_id` among them."""


def add(match: Match, entry: Entry) -> None:
    """Let the entry wait in the proposal: to be called within the change that decides."""
    match.unkept = [*(match.unkept or ()), entry]
    match.newest_unkept = entry["_id"]


def keep_waiting() -> int:
    """Copy what waits in proposals into the log; returns how many entries were new to it.

    Safe to repeat, and for several at once. Raises pymongo's errors.
    """
    matches, decisions = Match._get_collection(), Decision._get_collection()
    kept = 0
    wanted = {"unkept": 1, "newest_unkept": 1}
    for found in list(matches.find({"newest_unkept": {"$gt": ""}}, wanted)):
        for entry in found["unkept"]:
            try:
                decisions.insert_one(dict(entry))
            except DuplicateKeyError:
                continue
            kept += 1
        # Only if nothing was decided meanwhile; a decision that was writes both fields anew.
        matches.update_one(
            {"_id": found["_id"], "newest_unkept": found["newest_unkept"]},
            {"$unset": {"unkept": "", "newest_unkept": ""}},
        )
    metrics.DECISIONS_KEPT.inc(kept)
    return kept


def kept() -> Iterator[Entry]:
    """All decisions of the log, the oldest first; `shown` is read from its text."""
    for found in Decision._get_collection().find().sort([("at", 1), ("_id", 1)]):
        yield {**found, "shown": json.loads(found["shown"])}


def shown_text(offers: list[str], entries: str) -> str:
    """A stored shortlist as the log keeps it: offers, scores and features, best first."""
    shown = [
        {"offer": offer, "score": entry["score"], "features": entry["features"]}
        for offer, entry in zip(offers, read_entries(entries), strict=True)
    ]
    return json.dumps(shown, separators=(",", ":"))


def entry_id(proposal: str, version: object) -> str:
    """The id of the decision that made this version of the proposal."""
    return f"{proposal}@{version}"
