"""What is kept of a record by its newest event, for telling of it (following.py)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.events.envelope import (
    ALLIANCE,
    APPLICATION,
    COMMITMENT,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    EMBARGO,
    JOINING,
    MATCH,
    OFFER,
    REQUEST,
    SHORTLIST,
    Event,
)
from shared.web.visibility import Sight

TYPES: Mapping[str, str] = {
    REQUEST: "request",
    OFFER: "offer",
    MATCH: "match",
    COMMITMENT: "commitment",
    JOINING: "joining",
    ALLIANCE: "alliance",
    DUPLICATE: "duplicate",
    COVERAGE: "coverage",
    EMBARGO: "embargo",
    APPLICATION: "application",
    DRAFT: "application",
}
"""What kind of record the events of a type tell of; an application has two types."""

FOLLOWED: Mapping[str, str] = {**TYPES, SHORTLIST: "shortlist"}
"""And of what else is kept what open pages follow (changes.py), though nobody is told of it."""
DECISION = "decision"
"""What is kept of decisions that wait, for open pages alone (deciding.py): the type of none of the
services' records."""
BEST = 5
"""So many of a request's proposals count: the queue shows more when it is asked to."""

State = dict[str, Any]
_MOST_NAMED = 5
_IN_IT = frozenset({"proposed", "agreed"})


def key_of(event: Event) -> str:
    """The id of what is kept of the event's record."""
    return f"{FOLLOWED[event.type]}:{event.subject}"


def state_of(event: Event) -> State:
    """What is kept of a record by its event, without id and version."""
    data, record_type = event.data, FOLLOWED[event.type]
    state: State = {"record_type": record_type, "record": event.subject, "history": []}
    if event.tombstone:
        return {**state, "status": "gone"}
    state |= {
        "status": data.get("status"),
        "country": data.get("country"),
        "organisation": data.get("organisation"),
        "history": [dict(step) for step in data.get("history", ())],
    }
    more = _MORE.get(event.type)
    return state if more is None else state | more(data)


def _request(data: Mapping[str, Any]) -> State:
    levels = (line.get("visibility") or _level_before(line) for line in data["needs"])
    return {
        "visibility": data.get("visibility") or Sight.RESTRICTED.level,
        "line_levels": list(levels),
        "themes": sorted({line["theme"] for line in data["needs"]}),
        "line_themes": [line["theme"] for line in data["needs"]],
    }


def _level_before(line: Mapping[str, Any]) -> str:
    """The level of a line of an event from before lines had levels."""
    return (Sight.COORDINATORS if line["confidential"] else Sight.RESTRICTED).level


def _match(data: Mapping[str, Any]) -> State:
    until = data.get("answer_by")
    return {
        "request": data["request"],
        "offer": data["offer"],
        "answer_by": None if until is None else datetime.fromisoformat(until),
        "lacking": True,
    }


def _joining(data: Mapping[str, Any]) -> State:
    return {
        "request": data["request"],
        "match": data["proposal"],
        "organisation": data["donor"],
        "joins": data["organisation"],
        "lacking": True,
        **_of_pair(data),
    }


def _commitment(data: Mapping[str, Any]) -> State:
    # What is taken of the offer's lines both sides see. Where there is no offer no donor is
    # told: a line of the request may be one that donors do not see.
    side = "offer" if data["offer"] is not None else "request"
    amounts = [
        {name: line[name] for name in ("measure", "amount", "unit")}
        for line in data["lines"]
        if line["side"] == side
    ]
    state = {"amounts": amounts, **_of_pair(data)}
    return state | ({"organisation": None} if side == "request" else {})


def _alliance(data: Mapping[str, Any]) -> State:
    members = [one for one in data["members"] if one["standing"] in _IN_IT]
    asked = {one["country"] for one in members if one["standing"] == "proposed"}
    return {
        "states": sorted({one["country"] for one in members}),
        "asked": sorted(asked),
        "about": _named("request", (one["request"] for one in members)),
    }


def _duplicate(data: Mapping[str, Any]) -> State:
    of_states = data["side"] == "request"
    owners = sorted({data["left_owner"], data["right_owner"]})
    return {
        "states": owners if of_states else [],
        "score": data["score"],
        "about": _named(data["side"], (data["left"], data["right"])),
    }


def _coverage(data: Mapping[str, Any]) -> State:
    sides = [*_named("request", [data["request"]]), *_named("activity", [data["activity"]])]
    return {"score": data["score"], "about": sides}


def _application(data: Mapping[str, Any]) -> State:
    requests = _named("request", (line["request"] for line in data["lines"]))
    return {"states": data["states"], "asked": [], "about": requests}


def _draft(data: Mapping[str, Any]) -> State:
    return {"states": data["states"], "asked": sorted({*data["states"]} - {*data["agreed"]})}


def _embargo(data: Mapping[str, Any]) -> State:
    return {
        "exemptions": [{name: one[name] for name in ("id", "to")} for one in data["exemptions"]]
    }


def _of_pair(data: Mapping[str, Any]) -> State:
    sides = [*_named("request", [data["request"]]), *_named("offer", [data["offer"]])]
    return {"about": sides}


def _named(record_type: str, ids: Iterable[str | None]) -> list[str]:
    """Records as `about` has them, each once: the first few, by which one knows what it is."""
    return [f"{record_type}:{one}" for one in dict.fromkeys(ids) if one][:_MOST_NAMED]


def _shortlist(data: Mapping[str, Any]) -> State:
    open_ones = [one for one in data["entries"] if not _superseded(one)]
    best = [one for one in open_ones if one["rank"] <= BEST]
    return {
        "record": data["request"],
        "offers": [one["offer"] for one in best],
        "scores": [one["score"] for one in best],
        "listed": [one["offer"] for one in data["entries"]],
    }


def _superseded(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("displaced", {}).get("code") == "superseded")


_MORE: Mapping[str, Callable[[Mapping[str, Any]], State]] = {
    REQUEST: _request,
    MATCH: _match,
    JOINING: _joining,
    COMMITMENT: _commitment,
    ALLIANCE: _alliance,
    DUPLICATE: _duplicate,
    COVERAGE: _coverage,
    APPLICATION: _application,
    DRAFT: _draft,
    EMBARGO: _embargo,
    SHORTLIST: _shortlist,
}
