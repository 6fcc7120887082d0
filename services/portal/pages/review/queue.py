"""/review: everything that waits for a coordinator, in one queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.lists import format_list
from flask import Response, request
from flask_babel import lazy_gettext

from entraide.client import Answer
from services.portal import deciding
from services.portal.house import house
from services.portal.pages import asking, embargoed
from services.portal.pages.asking import ask
from services.portal.pages.assets import ASSETS
from services.portal.pages.choices import countries, labels
from services.portal.pages.finding import find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, show
from services.portal.pages.review.decisions import UNREAD, may_decide, said_of
from services.portal.pages.review.filters import BEST, KINDS, SCORES, Filters, read_filters
from services.portal.pages.review.rows import (
    Items,
    Records,
    alliance_rows,
    coverage_rows,
    duplicate_rows,
    needed_records,
    proposal_groups,
    request_rows,
)
from services.portal.pages.wording import here
from services.portal.services import Ask, AwayError
from shared.ids import new_id
from shared.vocabulary.countries import AREAS
from shared.vocabulary.themes import THEMES

KIND_NAMES = {
    "proposals": lazy_gettext("Proposals"),
    "requests": lazy_gettext("Requests to authenticate"),
    "duplicates": lazy_gettext("Duplicates"),
    "coverage": lazy_gettext("Assistance under way"),
    "alliances": lazy_gettext("Joint projects"),
}
_NEWEST = lazy_gettext("The newest first.")
ORDERS = {
    "proposals": lazy_gettext(
        "Request by request, the States' most urgent first; of each the best proposal first."
    ),
    "requests": _NEWEST,
    "duplicates": lazy_gettext("The likeliest first; of equal likelihood, the newest."),
    "coverage": _NEWEST,
    "alliances": _NEWEST,
}
"""The order in which each list comes from its service, in words."""
_FOLLOWED = {
    "proposals": "proposal",
    "requests": "request:submitted",
    "duplicates": "duplicate:open",
    "coverage": "coverage:open",
    "alliances": "alliance:proposed",
}
"""Of which records in which state a list is, as open pages are told of them."""
_ON_STATE = "embargoes"
_ALONE = 20
_AMONG = 5


@dataclass(frozen=True)
class Section:
    """One kind: its rows, the cursor of the next page, whether its service is away."""

    kind: str
    rows: Any = ()
    next: str | None = None
    away: bool = False


@for_roles("coordinator")
def review() -> Response:
    """The queue, as the address asks for it."""
    asked = read_filters(request.args)
    found = asking.gather(**_lists(asked), **_counts(asked), **_embargoes(asked))
    items = {kind: _items(found[kind]) for kind in asked.kinds()}
    decisions = deciding.own_decisions(account())
    requests, offers, organisations = _records(items, [one.id for one in decisions])
    rows = _rows(items, requests, offers, organisations)
    back = request.full_path.rstrip("?")
    return show(
        "review/queue.html",
        wide=True,
        asked=asked,
        sections=[
            Section(kind, rows[kind], _next(found[kind]), isinstance(found[kind], AwayError))
            for kind in asked.kinds()
        ],
        onward=onward(back, [id_ for kind in asked.kinds() for id_ in _ids(kind, rows[kind])]),
        counts=_counted(found),
        embargoed=embargoed.of_state(found[_ON_STATE]) if asked.country else embargoed.NOTHING,
        kinds=KINDS,
        kind_names=KIND_NAMES,
        orders=ORDERS,
        followed=[(_FOLLOWED[kind], KIND_NAMES[kind]) for kind in asked.kinds()],
        states=asked.states(),
        wanted=asked.wanted(),
        of_kind={kind: of.partition(":")[0] for kind, of in _FOLLOWED.items()},
        left_out=format_list([str(KIND_NAMES[kind]) for kind in asked.left_out()], locale=here()),
        themes=labels(THEMES),
        regions=labels(AREAS),
        countries=countries(),
        scores=SCORES,
        bests=BEST,
        decided=[
            (one, *(_title(records, id_) for records, id_ in _sides(one.id, requests, offers)))
            for one in decisions
        ],
        now=house().clock(),
        back=back,
        bare=PageForm(),
        new_key=new_id,
        failure=said_of,
        unreadable=UNREAD,
        review_style=ASSETS["review.css"].address,
        review_script=ASSETS["review.js"].address,
    )


def asked_of(kind: str, asked: Filters) -> Ask | None:
    """The list of a kind as the queue's filters have it; None for one that they leave out."""
    return _lists(asked).get(kind)


def _lists(asked: Filters) -> dict[str, Ask]:
    shared = {"limit": _ALONE if asked.kind else _AMONG, "cursor": asked.cursor}
    place = {"region": asked.region, "country": asked.country}
    scored = {**shared, **place, "score": asked.score}
    by_state = {**shared, "region": asked.region, "state": asked.country}
    every = {
        "proposals": ask(
            "matcher",
            "/v1/proposals",
            status="proposed",
            covered="true",
            theme=asked.theme,
            score=asked.score,
            best=asked.most,
            **by_state,
        ),
        "requests": ask(
            "requests", "/v1/requests", status="submitted", theme=asked.theme, **shared, **place
        ),
        "duplicates": ask("matcher", "/v1/duplicates", sort="likeliest", **scored),
        "coverage": ask("matcher", "/v1/coverage", **scored),
        "alliances": ask("matcher", "/v1/alliances", status="proposed", **by_state),
    }
    return {kind: every[kind] for kind in asked.kinds()}


def _counts(asked: Filters) -> dict[str, Ask]:
    return {
        "in_matcher": ask("matcher", "/v1/waiting", best=asked.most),
        "in_requests": ask("requests", "/v1/waiting"),
    }


def _embargoes(asked: Filters) -> dict[str, Ask]:
    return {_ON_STATE: embargoed.asked_of_state(asked.country)} if asked.country else {}


def _counted(found: Mapping[str, Answer | AwayError]) -> dict[str, Mapping[str, Any] | None]:
    """How many wait of each kind, None for what is not known just now."""
    told = {
        one["kind"]: one for name in ("in_matcher", "in_requests") for one in _items(found[name])
    }
    return {kind: told.get(kind) for kind in KINDS}


def _items(answer: Answer | AwayError) -> Items:
    return () if isinstance(answer, AwayError) else answer.body["items"]


def _next(answer: Answer | AwayError) -> str | None:
    return None if isinstance(answer, AwayError) else answer.body["next"]


def _records(items: Mapping[str, Items], decided: list[str]) -> tuple[Records, Records, Records]:
    """What the requests and offers are called that the page names, and the organisations; none of a
    service away."""
    requests, offers, organisations = needed_records(items)
    for proposal in decided:
        one, other = proposal.partition(".")[::2]
        requests.add(one)
        offers.add(other)
    found = find(request_titles=requests, offer_titles=offers, organisations=organisations)
    return found["request_titles"], found["offer_titles"], found["organisations"]


def _rows(
    items: Mapping[str, Items], requests: Records, offers: Records, organisations: Records
) -> dict[str, Any]:
    proposals = items.get("proposals", ())
    pending = deciding.waiting_for([one["id"] for one in proposals])
    names = deciding.deciders(pending.values())
    return {
        "proposals": proposal_groups(proposals, requests, offers, organisations, pending, names),
        "requests": request_rows(items.get("requests", ())),
        "duplicates": duplicate_rows(items.get("duplicates", ()), requests, offers),
        "coverage": coverage_rows(items.get("coverage", ()), requests),
        "alliances": alliance_rows(items.get("alliances", ()), may_decide),
    }


def onward(back: str, ids: Sequence[str]) -> dict[str, str]:
    """Of each row the queue's address at the row after it; of the last at the one before."""
    after = [*ids[1:], *ids[-2:-1]]
    places = {id_: f"{back}#row-{next_}" for id_, next_ in zip(ids, after, strict=False)}
    return {id_: places.get(id_, back) for id_ in ids}


def _ids(kind: str, rows: Any) -> list[str]:
    every = [row for group in rows for row in group.rows] if kind == "proposals" else rows
    return [row.id for row in every]


def _sides(proposal: str, requests: Records, offers: Records) -> list[tuple[Records, str]]:
    one, other = proposal.partition(".")[::2]
    return [(requests, one), (offers, other)]


def _title(records: Records, id_: str) -> Mapping[str, Any]:
    return records.get(id_) or {"title": id_, "language": None}
