"""What the engine makes of the examples: nothing barred is proposed, and the README's promises."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.rankings import Rankings
from deploy.cli.through_engine import rank_through_engine
from shared.language import encoder_available
from shared.vocabulary.countries import country, groups

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def gold() -> GoldSet:
    return read_set(Path(__file__).parents[2] / "examples")


@pytest.fixture(scope="module")
def rankings(gold: GoldSet) -> Rankings:
    return rank_through_engine(gold, None, TODAY, b"a key that only the tests use...")


def reasons_against(request: dict[str, Any], offer: dict[str, Any]) -> Iterator[str]:
    """What bars the pair, found without the engine."""
    who, alpha3 = offer["eligibility"], request["country"]
    named = alpha3 in who["countries"] or country(alpha3).area in who["regions"]
    if any(who.values()) and not named and not groups(alpha3, TODAY) & set(who["groups"]):
        yield "not eligible"
    last = min(request["window"]["to"], offer["window"]["to"])
    if max(request["window"]["from"], offer["window"]["from"]) > last:
        yield "not in time"
    if last < TODAY.isoformat():
        yield "over"


def test_nothing_barred_is_in_any_ranking(gold: GoldSet, rankings: Rankings) -> None:
    offers = {row.external: row.body for row in gold.offers}
    barred = [
        (row.external, ranked.offer, against)
        for row in gold.requests
        for ranked in rankings[row.external]
        for against in reasons_against(row.body, offers[ranked.offer])
    ]
    assert barred == []
    # There is something to bar: the rankings leave out most pairs.
    allowed = sum(
        not any(reasons_against(row.body, body))
        for row in gold.requests
        for body in offers.values()
    )
    assert sum(map(len, rankings.values())) <= allowed < len(gold.requests) * len(offers) / 2


def test_every_request_whose_window_is_open_is_served_once_by_each(rankings: Rankings) -> None:
    assert [name for name, ranked in rankings.items() if not ranked] == ["E-R20"]
    for ranked in rankings.values():
        assert len({one.offer for one in ranked}) == len(ranked)
        assert all(better.score >= worse.score for better, worse in pairwise(ranked))


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder")
def test_a_miscoded_request_is_found_by_its_text(rankings: Rankings) -> None:
    assert rankings["E-R21"][0].offer == "E-O24"
