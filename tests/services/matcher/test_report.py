"""The matcher's part of the report: its figures are those of a plain pass over its API."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest

from services.matcher.coverage_documents import coverage_id
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.life_documents import Delivered, FollowUp
from services.matcher.reporting import FIGURES
from shared.events import validation
from shared.events.envelope import REQUEST
from shared.events.outbox import Transition, create
from shared.vocabulary.countries import country, groups, income_group
from shared.vocabulary.currencies import to_usd_cents
from tests.services.matcher.covered import Worker
from tests.services.matcher.records import (
    NOW,
    activity_event,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.matcher.world import Caller, World

STEPS = ("endorse", "agree", "commit", "start", "deliver")
STATES = {"commit": "committed", "start": "delivering", "deliver": "delivered"}
SERVES = {
    "need": 1,
    "provision": 1,
    "theme": "marking",
    "kind": "equipment",
    "fit": 1.0,
    **dict.fromkeys(("quantity", "of", "unit", "amount", "amount_of")),
}
TRAINING = {"kind": "training", "unit": None, "capacity": None}
FUNDS = {
    "kind": "funding",
    "unit": None,
    "capacity": None,
    "amount_cents": 900_000,
    "currency": "USD",
}


OUTCOMES: dict[str, tuple[bool | None, float | None]] = {}
"""Whether a match was delivered in time, and which part States say they received: as it is kept."""


def keep(
    request: str,
    offer: str,
    place: str,
    days: list[int],
    *said: int | None,
    serves: Sequence[Mapping[str, Any]] = (SERVES,),
    needs: Sequence[int] = (),
) -> None:
    """A match that took a step after each of so many days, and what its State said of it after 3
    and 12 months; 1,000 dollars of the offer are committed, and some of these need lines."""
    at, history = NOW, []
    for action, after in zip(STEPS, days, strict=False):
        at += timedelta(days=after)
        history.append(Transition(source="x", target="x", action=action, at=at, role="coordinator"))
    id_ = f"{request}.{offer}"
    taken = {"measure": "money", "unit": "USD", "amount": 100_000, "line": 1}
    create(
        Commitment(
            id=f"{id_}.c",
            match=id_,
            request=request,
            offer=offer,
            country=place,
            organisation=offer,
            status="held",
            lines=[
                CommitmentLine(side="offer", record=offer, **taken),
                *(
                    CommitmentLine(side="request", record=request, **{**taken, "line": one})
                    for one in needs
                ),
            ],
        ),
        NOW,
    )
    follow_ups = [
        FollowUp(
            months=months,
            due_at=at,
            asked_at=at,
            answered_at=score and at,
            **dict.fromkeys(("adequate", "effective", "sustainable"), score),
            objectives=score and 4,
            objectives_reached=score and score - 1,
        )
        for months, score in zip((3, 12), said, strict=False)
    ]
    match = Match(
        id=id_,
        request=request,
        offer=offer,
        country=place,
        organisation=offer,
        status="follow-up" if said else STATES[STEPS[len(days) - 1]],
        entry=json.dumps({"serves": list(serves)}),
        request_version="1.1",
        offer_version="1.1",
        history=history,
        holds=[f"{id_}.c"],
        follow_ups=follow_ups,
        outcome=Delivered(theme="marking", in_time=days[-1] < 50, received=0.5) if said else None,
    )
    create(match, NOW)
    OUTCOMES[id_] = (days[-1] < 50, 0.5) if said else (None, None)


@pytest.fixture
def small_world(world: World, coordinator: Caller) -> World:
    """Two requests and four offers: one is met by a neighbour's know-how with a donor's funds."""
    signature = {**validation.example(REQUEST)["signature"], "language": "es"}
    hears = [
        request_event("r", needs=[need()]),
        request_event("s", country="JAM", needs=[need()], signature=signature),
    ]
    for id_, type_, place, given in (
        ("ghana", "state", "GHA", TRAINING),
        ("germany", "state", "DEU", FUNDS),
        ("brazil", "state", "BRA", {}),
        ("un", "un-entity", None, {}),
    ):
        donor = {"organisation": id_, "donor_type": type_, "donor_country": place}
        hears.append(offer_event(id_, **donor, provisions=[provision(**given)]))
    world.hears(hears)
    keep("r", "ghana", "SEN", [0, 3, 4, 10, 40], 4, 5)
    keep("r", "germany", "SEN", [0, 30, 5, 20, 60], 3, 4)
    keep("s", "brazil", "JAM", [0, 7, 9], *())
    keep("s", "un", "JAM", [0, 12, 1, 5, 30], 5, None)
    Worker().hears(request_event("r", needs=[need()], signature=None), activity_event("a"))
    path = f"/v1/coverage/{coverage_id('r', 1, 'a')}"
    etag = coordinator.get(path).headers["ETag"]
    body = {"decision": "confirm", "quantity": 3}
    assert coordinator.post(f"{path}/decision", body, etag=etag).status_code == 200
    return world


def codes_of(alpha3: str, themes: set[str], year: int, *more: str) -> set[str]:
    """All codes that something of a State stands under."""
    held = groups(alpha3, NOW.date())
    income = income_group(alpha3, NOW.date()) or ""
    return {country(alpha3).area, income, *held, *themes, str(year), *more} | (
        set() if held else {"none"}
    )


FORMS = {
    "r.ghana": "triangular",
    "r.germany": "triangular",
    "s.brazil": "south-south",
    "s.un": "multilateral",
}
"""A neighbour's know-how with a donor's funds, a State of the South alone, a UN entity."""
SPOKEN = {"r": "", "s": "es"}
"""The languages of the requests' texts; the first is heard of without any in the end."""


def pass_over(caller: Caller, code: str | None = None) -> dict[str, Any]:
    """The figures by hand, of all or of what stands under a code of any dimension."""
    lives = []
    for one in caller.items("/v1/matches", limit=200):
        life = caller.life(one["id"])
        begun = next(step["at"] for step in life["history"] if step["action"] == "commit")
        themes = {serving["theme"] for serving in one["serves"]}
        year = datetime.fromisoformat(begun).year
        more = (FORMS[one["id"]], SPOKEN[one["request"]])
        if code is None or code in codes_of(one["country"], themes, year, *more):
            lives.append(life)
    said = [(f["months"], f) for life in lives for f in life["follow_ups"]]
    found: dict[str, Any] = {"matches": len(lives)}
    found["delivered"] = share([life["status"] in ("delivered", "follow-up") for life in lives])
    for months in (3, 12):
        asked = [f for at, f in said if at == months and f["asked_at"]]
        found[f"answered-{months}"] = share([f["answered_at"] is not None for f in asked])
        for score in ("adequate", "effective", "sustainable"):
            told = [f[score] >= 4 for f in asked if f[score] is not None]
            found[f"{score}-{months}"] = share(told)
        aims = [(f["objectives_reached"], f["objectives"]) for f in asked if f["objectives"]]
        reached, of = (sum(one) for one in zip(*aims, strict=True)) if aims else (0, 0)
        found[f"reached-{months}"] = round(reached / of, 4) if of else None
    outcomes = [OUTCOMES[life["id"]] for life in lives]
    found["in-time"] = share([told for told, _ in outcomes if told is not None])
    received = [part for _, part in outcomes if part is not None]
    found["received"] = round(sum(received) / len(received), 4) if received else None
    for name, start, end in (
        ("days-agree", "endorse", "agree"),
        ("days-commit", "agree", "commit"),
        ("days-start", "commit", "start"),
        ("days-deliver", "start", "deliver"),
    ):
        days = []
        for life in lives:
            at = {one["action"]: datetime.fromisoformat(one["at"]) for one in life["history"]}
            if start in at and end in at:
                days.append((at[end] - at[start]).days)
        found[name] = median(days) if days else None
    held = [
        line["amount"]
        for life in lives
        for one in caller.get("/v1/commitments", proposal=life["id"]).json["items"]
        for line in one["lines"]
        if line["side"] == "offer"
    ]
    return {**found, "matches-value": sum(held), **covered(caller, code)}


def covered(caller: Caller, code: str | None) -> dict[str, float]:
    """What assistance under way was found to cover: how often, and its part of the line's worth."""
    cases = []
    for one in caller.items("/v1/coverage", status="confirmed"):
        asked = need()
        confirmed = next(step["at"] for step in one["history"] if step["action"] == "confirm")
        year = datetime.fromisoformat(confirmed).year
        spoken = SPOKEN[one["request"]]
        if code is None or code in codes_of(one["country"], {asked["theme"]}, year, spoken):
            cents = asked["amount_cents"] * one["quantity"] / asked["quantity"]
            cases.append(to_usd_cents(round(cents), asked["currency"], NOW.date()) / 100)
    return {"covered": len(cases), "covered-value": round(sum(cases), 4)}


def share(told: list[bool]) -> float | None:
    return round(sum(told) / len(told), 4) if told else None


def figures(caller: Caller, by: str | None = None, code: str | None = None, **query: str) -> Any:
    answer = caller.get("/v1/report", **query)
    assert answer.status_code == 200, answer.json
    (found,) = (one for one in answer.json["groups"] if (one["by"], one["code"]) == (by, code))
    return {one["name"]: one["value"] for one in found["figures"]}


@pytest.mark.usefixtures("small_world")
def test_figures_are_those_of_a_plain_pass_over_the_api(
    coordinator: Caller, call: Callable[..., Caller]
) -> None:
    whole = figures(coordinator)
    by_hand = pass_over(coordinator)
    assert {name: whole[name] for name in by_hand} == by_hand
    assert (by_hand["matches"], by_hand["effective-3"]) == (4, 0.6667)
    assert by_hand["reached-3"] == 0.75
    assert by_hand.keys() == FIGURES.keys()
    assert by_hand["covered-value"]
    assert by_hand["in-time"] is not None
    for by, code in (
        *(("theme", "marking"), ("year", "2026"), ("region", "Caribbean"), ("group", "LDC")),
        *(("group", "SIDS"), ("income", "lower-middle-income"), ("modality", "triangular")),
        *(("modality", "south-south"), ("modality", "multilateral"), ("language", "es")),
    ):
        of_part = pass_over(coordinator, code)
        filtered = figures(coordinator, **{by: code})
        assert {name: filtered[name] for name in of_part} == of_part
        grouped = figures(coordinator, by, code)
        assert {name: grouped.get(name, of_part[name]) for name in of_part} == of_part, code
    # Know-how of the South that a third pays for is triangular, both ways of giving it.
    groups_of = coordinator.get("/v1/report").json["groups"]
    forms = Counter(
        {
            one["code"]: figure["value"]
            for one in groups_of
            for figure in one["figures"]
            if one["by"] == "modality" and figure["name"] == "matches"
        }
    )
    assert forms == {"triangular": 2, "south-south": 1, "multilateral": 1}
    behind = coordinator.get("/v1/report/records", figure="effective-12", year="2026")
    told = {"records": ["r.germany", "r.ghana"], "count": 2}
    assert behind.json == {**told, "next": None}
    west = call("coordinator", regions=frozenset({"Western Africa"}))
    assert figures(west)["matches"] == 2


def test_only_lines_that_a_commitment_takes_are_counted_and_named(
    world: World, coordinator: Caller
) -> None:
    needs = [
        need(line, theme=theme) for line, theme in enumerate(("marking", "tracing", "training"), 1)
    ]
    world.hears([request_event("q", needs=needs)])
    world.hears([offer_event("ghana", provisions=[provision(1), provision(2)])])
    serves = [
        SERVES,
        {**SERVES, "need": 2, "theme": "tracing", "fit": 0.5},
        {**SERVES, "need": 1, "provision": 2, "theme": "border-control"},
    ]
    keep("q", "ghana", "SEN", [0, 3, 4], serves=serves, needs=[2])

    def counted() -> dict[str, Any]:
        groups_of = coordinator.get("/v1/report").json["groups"]
        return {
            one["code"]: figure["value"]
            for one in groups_of
            for figure in one["figures"]
            if one["by"] == "theme" and figure["name"] == "matches" and figure["value"]
        }

    (told,) = coordinator.get("/v1/matches/activities").json["items"]
    assert told["themes"] == ["tracing"]
    assert [(one["need"], one["provision"]) for one in told["serves"]] == [(2, 1)]
    assert counted() == {"tracing": 1}


def test_a_line_that_was_committed_beside_what_was_served_is_named_by_what_it_says(
    world: World, coordinator: Caller
) -> None:
    world.hears([request_event("q", needs=[need(1), need(2, theme="tracing")])])
    world.hears([offer_event("ghana", provisions=[provision(1)])])
    keep("q", "ghana", "SEN", [0, 3, 4], needs=[2])
    (told,) = coordinator.get("/v1/matches/activities").json["items"]
    assert told["themes"] == ["tracing"]
    (served,) = told["serves"]
    assert (served["need"], served["theme"], served["kind"]) == (2, "tracing", need()["kind"])
