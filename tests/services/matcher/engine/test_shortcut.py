"""Large registers: only what an estimate finds worth it is scored, and the best are among it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from random import Random

import pytest

from services.matcher.engine import search, shortcut, whereabouts
from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from tests.services.matcher.engine.samples import (
    TEXTS,
    eligibility,
    engine,
    need,
    offer,
    provision,
    request,
    signed,
)

OFFERS = 400
REQUESTS = 120
ELIGIBLE = (
    eligibility(),
    eligibility(regions=("Western Africa",)),
    eligibility(regions=("Eastern Africa", "Melanesia")),
    eligibility(countries=("SEN", "KEN")),
    eligibility(groups=("LDC",)),
)


@pytest.fixture(autouse=True, params=[False, True], ids=["one thread", "two threads"])
def _small(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(search, "is_shared", lambda _: request.param)
    monkeypatch.setattr(search, "LARGE", 50)
    monkeypatch.setattr(whereabouts, "FEW", 50)
    monkeypatch.setattr(shortcut, "LOOKED_AT", 150)
    monkeypatch.setattr(shortcut, "SCORED", 80)


def market(seed: int) -> Iterator[OfferProfile]:
    """Offers of many kinds, the same for a seed."""
    chance = Random(seed)
    for number in range(OFFERS):
        yield offer(
            f"O{number:03}",
            provisions=[
                provision(
                    line,
                    theme=chance.choice(THEME_CODES[:8]),
                    kind=chance.choice(KIND_CODES),
                    capacity=chance.randint(1, 20),
                )
                for line in range(1, chance.randint(1, 3) + 1)
            ],
            eligibility=chance.choice(ELIGIBLE),
            signature=signed(chance.choice(TEXTS)),
            conditions=chance.choice([[], [{"kind": "reporting"}]]),
        )


def best(made: Engine, *, exact: bool = False) -> list[tuple[str, float]]:
    entries = made.shortlist("R1", 20, exact=exact).entries
    return [(entry.offer, entry.score) for entry in entries]


def test_the_best_are_found_and_scored_as_without_the_shortcut() -> None:
    made = engine(request("R1", signature=signed(TEXTS[0])), *market(1))
    exact, short = best(made, exact=True), best(made)
    assert len(short) == 20
    assert len(set(exact) & set(short)) >= 19
    assert all(made.barred("R1", offer_) is None for offer_, _ in short)


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_missed_where_all_are_scored_though_codes_say_other_than_texts(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "FEW", OFFERS)
    monkeypatch.setattr(shortcut, "LOOKED_AT", OFFERS)
    monkeypatch.setattr(shortcut, "SCORED", OFFERS)
    made = engine(request("R1", signature=signed(text)), *market(1))
    exact = made.shortlist("R1", 20, exact=True).entries
    assert made.shortlist("R1", 20).entries == exact
    assert made.shortlist("R1", 5).entries == exact[:5]


def test_of_few_offers_those_on_other_themes_are_looked_at_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # None is found under a theme of the request: tracing is close to marking, ballistics is not.
    offers = [
        offer(f"{theme}{number}", provisions=[provision(theme=theme)], signature=signed(TEXTS[8]))
        for theme in ("tracing", "ballistics")
        for number in range(10, 40)
    ]
    made = engine(request("R1"), *offers)
    assert best(made) == []
    monkeypatch.setattr(whereabouts, "FEW", len(offers))
    assert {offer_[:-2] for offer_, _ in best(made)} == {"tracing"}
    assert best(made) == best(made, exact=True)


@pytest.mark.parametrize("looked_at", [150, 20])
def test_the_order_of_arrival_does_not_matter(
    looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of so many more places than are looked at again, a sample tells where these begin.
    monkeypatch.setattr(shortcut, "LOOKED_AT", looked_at)
    offers = list(market(2))
    one = engine(request("R1"), *offers)
    Random(3).shuffle(offers)
    other = engine(*offers, request("R1"))
    for gone in offers[:100]:
        other.remove_offer(gone.id)
    for back in offers[:100]:
        other.put_offer(back)
    assert best(one) == best(other)


def test_what_is_withdrawn_declined_or_used_up_is_gone() -> None:
    made = engine(request("R1"), *market(4))
    first, second, third = (offer_ for offer_, _ in best(made)[:3])
    made.remove_offer(first)
    made.decline("R1", second)
    used_up = next(one for one in market(4) if one.id == third)
    for line in used_up.lines:
        made.set_committed("offer", third, line.number, "quantity", line.quantity or 1_000)
    assert not {first, second, third} & {offer_ for offer_, _ in best(made)}
    made.undecline("R1", second)
    made.put_offer(replace(used_up, id=first))
    assert second in {offer_ for offer_, _ in best(made)}


def test_rows_that_are_used_again_are_found_once() -> None:
    made = engine(request("R1"), *market(5))
    for one in list(market(5)) * 3:
        made.put_offer(one)
    found = [offer_ for offer_, _ in best(made)]
    assert len(found) == len(set(found))
    assert best(made) == best(engine(request("R1"), *market(5)))


def asked(seed: int) -> Iterator[RequestProfile]:
    """Requests of many kinds, the same for a seed."""
    chance = Random(seed)
    for number in range(REQUESTS):
        yield request(
            f"R{number:03}",
            country=chance.choice(("SEN", "KEN", "NER", "FJI")),
            needs=[
                need(line, theme=chance.choice(THEME_CODES[:8]), kind=chance.choice(KIND_CODES))
                for line in range(1, chance.randint(1, 3) + 1)
            ],
            signature=signed(chance.choice(TEXTS)),
        )


def test_requests_whose_list_an_offer_enters_are_found() -> None:
    made = engine(*asked(6), *market(7))
    made.size = 10
    for number in range(REQUESTS):
        made.shortlist(f"R{number:03}")
    found = wanted = 0
    for new in islice(market(8), 100):
        made.put_offer(new)
        exact, short = (set(made.affected(new.id, exact=exact)) for exact in (True, False))
        assert short <= exact
        found += len(exact & short)
        wanted += len(exact)
    assert wanted > 100
    assert found >= 0.99 * wanted


def test_a_request_whose_list_has_no_end_is_reached_by_what_suits_it() -> None:
    made = engine(*asked(6), *market(7))
    made.size = 10
    for number in range(REQUESTS):
        made.shortlist(f"R{number:03}")
    new = next(market(8))
    made.put_offer(replace(new, id="new"))
    before = set(made.affected("new"))
    made.advance(made.as_of + timedelta(days=1))
    assert before <= set(made.affected("new"))
    made.remove_offer("new")
    assert made.affected("new") == []
