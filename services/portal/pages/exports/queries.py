"""What the address of a list asks for, as the page of the list reads it: one for every list."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from services.portal.lists.matching import MATCHING
from services.portal.lists.registers import REGISTERS
from services.portal.pages.administration import embargoes, trail
from services.portal.pages.asked import code_of, words_of
from services.portal.pages.asking import ask
from services.portal.pages.cases import alliances
from services.portal.pages.frame import account
from services.portal.pages.matches import listing as matches
from services.portal.pages.offers import activities
from services.portal.pages.offers import listing as offers
from services.portal.pages.pasted import ID
from services.portal.pages.requests import lists as requests
from services.portal.pages.review.filters import KINDS as QUEUED
from services.portal.pages.review.filters import read_filters
from services.portal.pages.review.queue import asked_of as queued
from services.portal.services import Ask
from shared.vocabulary.countries import all_countries
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.web.problems import forbidden, not_found

LISTS: Final = {**REGISTERS, **MATCHING}
QUEUE: Final = "queue"
"""In an address: the list is what waits in the queue of review."""

_OVERSEERS: Final = ("coordinator", "auditor", "operator")
_PARTIES: Final = ("requester", "donor", "coordinator", "auditor")
_OF_STATES: Final = ("requester", *_OVERSEERS)
_ALLOCATION: Final = ("coordinator", "auditor")
Args = Mapping[str, str]

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("duplicates", "embargoes"), _OVERSEERS),
    **dict.fromkeys(("coverage", "alliances"), _OF_STATES),
    **dict.fromkeys(("matches", "joinings", "commitments"), _PARTIES),
    "applications": (*_PARTIES, "operator"),
    **dict.fromkeys(("allocated", "unmet", "trail"), _ALLOCATION),
    "proposals": _OVERSEERS,
}
"""Who has the page of a list; one that is not named is everybody's who has an account."""


def asked_for(name: str, args: Args) -> Ask:
    """The list of that name as its reader asks for it; raises the 404 problem for none."""
    listing = LISTS.get(name)
    if listing is None:
        raise not_found("file")
    if account().role not in ROLES.get(name, (account().role,)):
        raise forbidden("This list is for other roles.")
    if args.get("of") == QUEUE and account().role == "coordinator":
        return _of_queue(name, args)
    query = _QUERIES.get(name, _unfiltered)(args)
    if "{}" not in listing.path:
        return ask(listing.service, listing.path, **query)
    record = args.get("record", "").strip()
    if not ID.fullmatch(record):
        raise not_found("file")
    service = listing.service or (
        code_of(args, "service", trail.SERVICES) or next(iter(trail.SERVICES))
    )
    return ask(service, listing.path.format(record), **query)


def _of_queue(name: str, args: Args) -> Ask:
    found = queued(name, replace(read_filters(args), kind=name)) if name in QUEUED else None
    if found is None:
        raise not_found("file")
    left = {key: one for key, one in found.query.items() if key not in ("limit", "cursor")}
    return replace(found, query=left)


def _unfiltered(_args: Args) -> Mapping[str, object]:
    return {}


def _requests(args: Args) -> Mapping[str, object]:
    return requests.asked_of(requests.chosen_filters(args, account().state))


def _proposals(args: Args) -> Mapping[str, object]:
    return {
        "status": "proposed",
        "theme": code_of(args, "theme", THEMES.codes()),
        "state": _country(args),
    }


def _entries(args: Args) -> Mapping[str, object]:
    return {
        "theme": code_of(args, "theme", THEMES.codes()),
        "kind": code_of(args, "kind", KINDS.codes()),
        "country": _country(args),
        "q": words_of(args),
    }


def _organisations(args: Args) -> Mapping[str, object]:
    return {"country": _country(args), "q": words_of(args)}


def _country(args: Args) -> str | None:
    return code_of(args, "country", [one.alpha3 for one in all_countries()])


_QUERIES: Final[Mapping[str, Callable[[Args], Mapping[str, object]]]] = {
    "requests": _requests,
    "offers": offers.asked_of,
    "activities": activities.asked_of,
    **dict.fromkeys(("calls", "experts", "lessons"), _entries),
    "organisations": _organisations,
    "proposals": _proposals,
    "matches": matches.asked_of,
    "alliances": alliances.asked_of,
    "embargoes": embargoes.asked_of,
}
