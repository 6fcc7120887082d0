"""Rows of the queue, made of what the services answered: plain values for templates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from services.portal.decision_documents import PendingDecision
from services.portal.pages.wording import country, here
from shared.vocabulary.alphabetical import sort_key

Items = Sequence[Mapping[str, Any]]
Records = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One thing that waits: `title` is what somebody wrote, in `language`, where there is one.

    `party` is the name of the donor, `states` are codes, `side` says of which kind two records are,
    of which `other` is the second one's title. `decider` is who made the `pending` decision;
    `unread`: what it is about is not all known now. `elsewhere`: others decide on it.
    """

    id: str
    address: str
    title: str | None = None
    language: str | None = None
    party: str | None = None
    states: Sequence[str] = ()
    side: str | None = None
    other: str | None = None
    other_language: str | None = None
    score: float | None = None
    sentence: str | None = None
    themes: Sequence[str] = ()
    version: str = ""
    barred: bool = False
    unread: bool = False
    elsewhere: bool = False
    pending: PendingDecision | None = None
    decider: str | None = None


@dataclass(frozen=True)
class Group:
    """The proposals for one request, best first."""

    request: str
    country: str
    priority: str | None
    title: str | None
    language: str | None
    rows: list[Row] = field(default_factory=list)


def proposal_groups(
    items: Items,
    requests: Records,
    offers: Records,
    organisations: Records,
    pending: Mapping[str, PendingDecision],
    deciders: Mapping[str, str],
) -> list[Group]:
    """Proposals by request, in the order in which they come; titles as far as they are known.

    `deciders` are the names of accounts by their ids.
    """
    return [
        Group(
            request=request,
            country=proposals[0]["country"],
            priority=proposals[0].get("priority"),
            title=requests.get(request, {}).get("title"),
            language=requests.get(request, {}).get("language"),
            rows=[
                _proposal(one, requests, offers, organisations, pending, deciders)
                for one in proposals
            ],
        )
        for request, of_request in groupby(items, key=lambda one: str(one["request"]))
        for proposals in [list(of_request)]
    ]


def _proposal(
    one: Mapping[str, Any],
    requests: Records,
    offers: Records,
    organisations: Records,
    pending: Mapping[str, PendingDecision],
    deciders: Mapping[str, str],
) -> Row:
    offer = offers.get(one["offer"], {})
    decision = pending.get(one["id"])
    reasons = [*one["reasons"], *one["against"]]
    return Row(
        id=one["id"],
        address=f"/proposals/{one['id']}",
        title=offer.get("title"),
        language=offer.get("language"),
        party=organisations.get(one["organisation"], {}).get("name"),
        score=one["score"],
        sentence=reasons[0]["sentence"] if reasons else None,
        themes=list(dict.fromkeys(serving["theme"] for serving in one["serves"])),
        version=f'"{one["version"]}"',
        barred=any(notice["code"].startswith("bars") for notice in one["embargoes"]),
        unread=one["request"] not in requests or one["offer"] not in offers,
        pending=decision,
        decider=None if decision is None else deciders.get(decision.account),
    )


def request_rows(items: Items) -> list[Row]:
    """Requests that wait to be authenticated."""
    return [
        Row(
            id=one["id"],
            address=f"/review/requests/{one['id']}",
            title=one["title"],
            language=one["language"],
            states=[one["country"]],
            themes=list(dict.fromkeys(need["theme"] for need in one["needs"])),
        )
        for one in items
    ]


def duplicate_rows(items: Items, requests: Records, offers: Records) -> list[Row]:
    """Pairs of records that seem to be the same."""
    rows = []
    for one in items:
        of_requests = one["side"] == "request"
        records = requests if of_requests else offers
        left, right = (records.get(one[end]["id"], {}) for end in ("left", "right"))
        evidence = [told["sentence"] for told in one["evidence"] if told["weight"] > 0]
        rows.append(
            Row(
                id=one["id"],
                address=f"/duplicates/{one['id']}",
                title=left.get("title"),
                language=left.get("language"),
                other=right.get("title"),
                other_language=right.get("language"),
                states=sorted(
                    {one[end]["owner"] for end in ("left", "right")} if of_requests else (),
                    key=lambda state: sort_key(country(state), here()),
                ),
                side=one["side"],
                score=one["score"],
                sentence=evidence[0] if evidence else None,
            )
        )
    return rows


def coverage_rows(items: Items, requests: Records) -> list[Row]:
    """Need lines that assistance under way seems to cover."""
    return [
        Row(
            id=one["id"],
            address=f"/coverage/{one['id']}",
            title=requests.get(one["request"], {}).get("title"),
            language=requests.get(one["request"], {}).get("language"),
            states=[one["country"]],
            score=one["score"],
            sentence=one["evidence"][0]["sentence"] if one["evidence"] else None,
        )
        for one in items
    ]


def alliance_rows(items: Items, decides: Callable[..., bool]) -> list[Row]:
    """Joint projects that are proposed; whether the reader `decides` goes by all their States."""
    return [
        Row(
            id=one["id"],
            address=f"/alliances/{one['id']}",
            states=list(one["states"]),
            sentence=one["common"][0]["sentence"] if one["common"] else None,
            elsewhere=not decides(*(member["country"] for member in one["members"])),
        )
        for one in items
    ]


def needed_records(found: Mapping[str, Items]) -> tuple[set[str], set[str], set[str]]:
    """The ids of requests, offers and organisations whose names the rows show."""
    proposals, pairs = found.get("proposals", ()), found.get("duplicates", ())
    of_side: dict[str, set[str]] = {"request": set(), "offer": set()}
    for pair in pairs:
        of_side[pair["side"]] |= {pair[end]["id"] for end in ("left", "right")}
    requests = {one["request"] for one in (*proposals, *found.get("coverage", ()))}
    return (
        requests | of_side["request"],
        {one["offer"] for one in proposals} | of_side["offer"],
        {one["organisation"] for one in proposals},
    )
