"""Who is told of which step, as what kind of notification. No I/O: tables and functions of values.

A step is one of a record's history, as state events carry it. Whom a rule names is found
elsewhere, and nobody is told of what they may not read, whatever the rules say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from shared.lifecycle import FILING
from shared.web.visibility import LEVELS

Mail = Literal["now", "digest", "none"]
"""When somebody wants a kind by mail: at once, once a day, or never."""

_OfStates = Literal["state", "states", "asked", "matched-states"]
_OfDonors = Literal["donor", "joiner", "donors", "matched-donors"]
Who = _OfStates | _OfDonors | Literal["coordinators"]
"""The State's accounts, those of all States that have a part, of those whose answer is waited for,
of those for whom the offer was endorsed; the donor's, those of the organisation that offers to
join, every donor, those whose offers were endorsed for the request; and those who coordinate the
State."""

MAILS: Final[tuple[Mail, ...]] = ("now", "digest", "none")
KINDS: Final[Mapping[str, Mail]] = MappingProxyType(
    {
        "request-review": "now",
        "request-step": "now",
        "request-circulated": "digest",
        "offer-review": "now",
        "offer-step": "digest",
        "match-answer": "now",
        "match-step": "digest",
        "message": "now",
        "commitment": "now",
        "reminder": "now",
        "follow-up": "now",
        "contacts": "now",
        "joining": "now",
        "alliance": "now",
        "application": "now",
        "case": "digest",
        "embargo": "digest",
        "expiry": "now",
    }
)
"""Every kind of notification, and when it is sent by mail where the account chose nothing else."""

_OF_BOTH = (
    *("match-answer", "match-step", "message"),
    *("commitment", "reminder", "follow-up", "contacts"),
    *("joining", "application", "expiry"),
)
ROLE_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "requester": ("request-step", *_OF_BOTH, "alliance"),
        "donor": ("request-circulated", "offer-step", *_OF_BOTH),
        "coordinator": (
            *("request-review", "request-step", "offer-review", "offer-step"),
            *("match-step", "message", "commitment", "follow-up"),
            *("joining", "alliance", "application", "case", "embargo", "expiry"),
        ),
        "auditor": ("expiry",),
        "operator": ("expiry",),
    }
)
"""What a role is told of at all, in the order in which it chooses."""

_State = tuple[Who, ...]
_BOTH: Final[_State] = ("state", "donor")
_ALL: Final[_State] = ("state", "donor", "coordinators")
_Rule = tuple[str, _State]

_REQUEST: Mapping[str, tuple[_Rule, ...]] = {
    "submit": (("request-review", ("coordinators",)),),
    "authenticate": (("request-step", ("state",)),),
    "return": (("request-step", ("state",)),),
    "object": (("request-step", ("state", "coordinators")),),
    "circulate": (("request-step", ("state",)), ("request-circulated", ("donors",))),
    "cover-partly": (("request-step", ("state",)),),
    "cover": (("request-step", ("state",)),),
    "uncover": (("request-step", ("state",)),),
    "close": (("request-step", ("state", "coordinators")),),
    "withdraw": (("request-step", ("state", "coordinators")),),
    "merge": (("request-step", ("state",)),),
    "unmerge": (("request-step", ("state",)),),
    **dict.fromkeys(FILING, (("message", ("state", "coordinators", "matched-donors")),)),
}
_OFFER: Mapping[str, tuple[_Rule, ...]] = {
    "submit": (("offer-review", ("coordinators",)),),
    "publish": (("offer-step", ("donor",)),),
    "close": (("offer-step", ("donor", "coordinators")),),
    "withdraw": (("offer-step", ("donor", "coordinators")),),
    "merge": (("offer-step", ("donor",)),),
    "unmerge": (("offer-step", ("donor",)),),
    **dict.fromkeys(FILING, (("message", ("donor", "coordinators", "matched-states")),)),
}
_MATCH: Mapping[str, tuple[_Rule, ...]] = {
    "endorse": (("match-answer", _BOTH),),
    "reject": (("match-step", _BOTH),),
    "donor-agree": (("match-answer", ("state",)), ("match-step", ("coordinators",))),
    "state-agree": (("match-answer", ("donor",)), ("match-step", ("coordinators",))),
    "agree": (("match-step", _ALL),),
    "decline": (("match-step", _ALL),),
    "lapse": (("match-step", _ALL),),
    "reconsider": (("match-answer", ("state",)),),
    "reconsider-agreed": (("match-answer", ("state",)),),
    "fall": (("match-step", _ALL),),
    "reopen": (("match-step", ("coordinators",)),),
    "accept": (("match-step", ("donor",)),),
    "start": (("match-step", _ALL),),
    "deliver": (("match-step", _ALL),),
    "report": (("match-step", _ALL),),
    "message": (("message", _ALL),),
    **dict.fromkeys(FILING, (("message", _ALL),)),
    "warn": (("expiry", _BOTH),),
    "close": (("match-step", _BOTH),),
    "ask": (("follow-up", ("state",)),),
    "assess": (("follow-up", ("donor", "coordinators")),),
    "reply": (("follow-up", ("state", "coordinators")),),
}
"""A proposal's steps `commit` and `release` are told of by its commitments, with amounts, and
`follow-up` by the question that it stands for."""
_COMMITMENT: Mapping[str, tuple[_Rule, ...]] = {
    "hold": (("commitment", _BOTH),),
    "release": (("commitment", _ALL),),
    "expire": (("commitment", _ALL),),
    "bar": (("commitment", _ALL),),
}
_JOINING: Mapping[str, tuple[_Rule, ...]] = {
    "offer": (("joining", _BOTH),),
    "offer-again": (("joining", _BOTH),),
    "donor-agree": (("joining", ("state", "joiner")),),
    "state-agree": (("joining", ("donor", "joiner")),),
    "agree": (("joining", (*_ALL, "joiner")),),
    "decline": (("joining", (*_BOTH, "joiner")),),
    "withdraw": (("joining", _BOTH),),
}
_ALLIANCE: Mapping[str, tuple[_Rule, ...]] = {
    "propose": (("alliance", ("coordinators",)),),
    "endorse": (("alliance", ("asked",)),),
    "invite": (("alliance", ("asked",)),),
    "widen": (("alliance", ("asked",)),),
    "join": (("alliance", ("states", "coordinators")),),
    "decline": (("alliance", ("states", "coordinators")),),
    "agree": (("alliance", ("states", "coordinators")),),
    "dismiss": (("alliance", ("states",)),),
    "dissolve": (("alliance", ("states", "coordinators")),),
}
_ENDING = frozenset({"dismiss", "dissolve"})
_APPLICATION: Mapping[str, tuple[_Rule, ...]] = {
    "assemble": (("application", ("asked",)),),
    "agree": (("application", ("coordinators",)),),
    "submit": (("application", ("donor", "states")),),
    "withdraw": (("application", ("donor", "states", "coordinators")),),
    "decline": (("application", ("states", "coordinators")),),
    "hold": (("application", ("states", "coordinators")),),
}
_CASE: Mapping[str, tuple[_Rule, ...]] = {
    "find": (("case", ("coordinators",)),),
    "reopen": (("case", ("coordinators",)),),
}
_EMBARGO: Mapping[str, tuple[_Rule, ...]] = dict.fromkeys(
    ("record", "amend", "confirm", "end"), (("embargo", ("coordinators",)),)
)
_RULES: Mapping[str, Mapping[str, tuple[_Rule, ...]]] = MappingProxyType(
    {
        "request": _REQUEST,
        "offer": _OFFER,
        "match": _MATCH,
        "commitment": _COMMITMENT,
        "joining": _JOINING,
        "alliance": _ALLIANCE,
        "application": _APPLICATION,
        "duplicate": _CASE,
        "coverage": _CASE,
        "embargo": _EMBARGO,
    }
)
_WHILE: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        **{("alliance", asks): frozenset({"endorsed"}) for asks in ("endorse", "invite", "widen")},
        ("alliance", "propose"): frozenset({"proposed"}),
        ("application", "assemble"): frozenset({"draft"}),
        ("application", "agree"): frozenset({"draft"}),
        **{
            (case, asks): frozenset({"open"})
            for case in ("duplicate", "coverage")
            for asks in ("find", "reopen")
        },
    }
)
"""Steps that ask somebody for something, and the states in which there is something to ask for."""

JOINABLE: Final = frozenset(
    {
        *("endorsed", "donor-agreed", "state-agreed", "agreed", "committed", "released"),
        *("delivering", "delivered", "follow-up"),
    }
)
"""States of a proposal in which its sides answer whoever offers to join."""

_SILENT: Mapping[str, _State] = MappingProxyType(
    {"endorsed": _BOTH, "donor-agreed": ("state",), "state-agreed": ("donor",)}
)
"""Whose answer is waited for in which state of a proposal; else it is the State's."""


@dataclass(frozen=True)
class Telling:
    """That a step is told as this kind to these."""

    kind: str
    who: _State


def tellings(record_type: str, step: Mapping[str, Any]) -> Iterator[Telling]:
    """As what a step of a record is told to whom; nothing for a step of which nobody is told.

    A reminder goes to the parties that were silent. What ends a joint project that no coordinator
    had endorsed its States are not told: nobody had asked them.
    """
    if record_type == "match" and step["action"] == "remind":
        yield Telling("reminder", _SILENT.get(step["target"], ("state",)))
        return
    if record_type == "alliance" and step["source"] == "proposed" and step["action"] in _ENDING:
        return
    for kind, who in _RULES.get(record_type, {}).get(step["action"], ()):
        yield Telling(kind, who)


def level_of_file(step: Mapping[str, Any]) -> str | None:
    """The level of its own that a step's file has, beside the record's."""
    if step.get("action") not in FILING:
        return None
    level = str(step.get("reason") or "").removeprefix("file-").partition("-")[0]
    return level if level in LEVELS else None


def is_stale(record_type: str, action: str, status: str) -> bool:
    """Whether a step asked for what nobody can do any more, as the record is in this state."""
    states = _WHILE.get((record_type, action))
    return states is not None and status not in states


def steps_told(record_type: str) -> frozenset[str]:
    """The steps of a record of which anybody is told."""
    reminded = {"remind"} if record_type == "match" else set()
    return frozenset(_RULES[record_type]) | reminded


def mail_choice(chosen: Mapping[str, str], kind: str) -> Mail:
    """When somebody who chose so wants the kind by mail."""
    found = chosen.get(kind)
    return next((mail for mail in MAILS if mail == found), KINDS[kind])
