"""The matches that a reader is party to or oversees: what waits for the reader first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from entraide.client import Answer
from services.portal.house import house
from services.portal.pages import asking
from services.portal.pages.asked import code_of, cursor_of
from services.portal.pages.asking import ask
from services.portal.pages.finding import Records, find, names_of
from services.portal.pages.frame import account, for_roles, show
from services.portal.pages.matches.acting import READERS
from services.portal.pages.matches.words import JOINING_ROLES, JOINING_STATUSES, WAITS
from services.portal.pages.wording import day, status
from services.portal.services import Ask, AwayError

STATUSES = (
    *("endorsed", "donor-agreed", "state-agreed", "agreed", "committed", "delivering"),
    *("delivered", "follow-up", "closed", "declined", "lapsed", "fallen", "released", "rejected"),
)
_PAGE, _WAITING, _JOINED, _FIRST_JOINED = 15, 20, 20, 8


@for_roles(*READERS)
def matches() -> Response:
    """What waits for the reader, then all, by state."""
    if request.args.get("waits"):
        return _waiting()
    if request.args.get("joins"):
        return _joining()
    chosen = asked_of(request.args)["status"]
    cursor = cursor_of(request.args)
    first = chosen is None and cursor is None
    asked = {"listed": ask("matcher", "/v1/matches", status=chosen, cursor=cursor, limit=_PAGE)}
    if first:
        asked["waiting"] = _ask_waiting(None)
        asked["joined"] = ask("matcher", "/v1/joinings", limit=_FIRST_JOINED)
    found = asking.gather(**asked)
    listed, waiting, joined = (_items(found.get(name)) for name in ("listed", "waiting", "joined"))
    shown = [*(waiting or ()), *(listed or ())]
    titles = _titles(shown, joined or ())
    names = names_of([one["organisation"] for one in (*shown, *(joined or ()))])
    return show(
        "matches/list.html",
        wide=True,
        listed=None if listed is None else [_row(one, titles, names) for one in listed],
        waiting=[_row(one, titles, names) for one in _urgent_first(waiting or ())],
        more_waits=_next(found.get("waiting")),
        joined=[_joined(one, titles, names) for one in joined or ()],
        more_joined=_next(found.get("joined")),
        next=_next(found["listed"]),
        chosen=chosen,
        statuses=[(code, status(code)) for code in STATUSES],
        reads_only=account().role == "auditor",
        first=first,
    )


def _waiting() -> Response:
    """All that waits for the reader, what has waited longest first."""
    found = asking.gather(waiting=_ask_waiting(cursor_of(request.args)))["waiting"]
    waiting = _items(found)
    titles = _titles(waiting or ())
    names = names_of([one["organisation"] for one in waiting or ()])
    return show(
        "matches/waiting.html",
        wide=True,
        waiting=None if waiting is None else [_row(one, titles, names) for one in waiting],
        next=_next(found),
    )


def _joining() -> Response:
    """All offers to join that the reader may know of, the newest first."""
    cursor = cursor_of(request.args)
    listed = ask("matcher", "/v1/joinings", cursor=cursor, limit=_JOINED)
    found = asking.gather(joined=listed)["joined"]
    joined = _items(found)
    titles = _titles((), joined or ())
    names = names_of([one["organisation"] for one in joined or ()])
    return show(
        "matches/joined.html",
        joined=None if joined is None else [_joined(one, titles, names) for one in joined],
        next=_next(found),
    )


def _ask_waiting(cursor: str | None) -> Ask:
    return ask("matcher", "/v1/matches", waiting="true", cursor=cursor, limit=_WAITING)


def _next(found: Answer | AwayError | None) -> str | None:
    return found.body["next"] if isinstance(found, Answer) else None


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address asks for."""
    return {"status": code_of(args, "status", STATUSES)}


def _items(found: Answer | AwayError | None) -> Sequence[Mapping[str, Any]] | None:
    return found.body["items"] if isinstance(found, Answer) else None


def _urgent_first(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those whose time to answer ends first, then the oldest."""
    return sorted(rows, key=lambda one: (one["answer_by"] or "9", one["updated_at"]))


def _titles(
    rows: Sequence[Mapping[str, Any]], joinings: Sequence[Mapping[str, Any]] = ()
) -> Records:
    """What both sides' records are called, by their ids, of those that the reader may see."""
    shown = [one["request"] for one in rows if one["shows_request"]]
    pairs = [_pair(one) for one in joinings]
    found = find(
        request_titles=[*shown, *(asked for asked, _ in pairs)],
        offer_titles=[*(one["offer"] for one in rows), *(offered for _, offered in pairs)],
    )
    return {**found["request_titles"], **found["offer_titles"]}


def _row(
    one: Mapping[str, Any], titles: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> dict[str, Any]:
    by = one["answer_by"]
    left = None if by is None else (datetime.fromisoformat(by) - house().clock()).days + 1
    return {
        **one,
        "asked": titles.get(one["request"]),
        "offered": titles.get(one["offer"]),
        "donor": names.get(one["organisation"], one["organisation"]),
        "themes": list(dict.fromkeys(serving["theme"] for serving in one["serves"])),
        "waits": [WAITS[name] for name in one["waits"]],
        "left": None if left is None or left < 0 else _("Days left: %(days)s", days=left),
        "day": day(one["updated_at"]),
    }


def _pair(joining: Mapping[str, Any]) -> tuple[str, str]:
    """The request and the offer of the proposal that an organisation offers to join."""
    asked, _, offered = str(joining["proposal"]).partition(".")
    return asked, offered


def _joined(
    one: Mapping[str, Any], titles: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> dict[str, Any]:
    """An offer to join. A party is told only of those to proposals; who oversees both sides is told
    of others too, which have no page: that of a pair which nobody proposed."""
    role = account().role
    own = role == "donor" and one["organisation"] == account().organisation
    asked, offered = _pair(one)
    return {
        **one,
        "own": own,
        "has_page": role in ("requester", "donor"),
        "sides": [
            (f"/{place}/{id_}", titles[id_])
            for place, id_ in (("requests", asked), ("offers", offered))
            if id_ in titles
        ],
        "name": names.get(one["organisation"], one["organisation"]),
        "as": JOINING_ROLES.get(one["role"], one["role"]),
        "said": JOINING_STATUSES.get(one["status"], one["status"]),
    }
