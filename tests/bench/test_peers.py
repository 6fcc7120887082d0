"""The peers find by terms what they should, so that their times are those of a search."""

from functools import cache

import pytest

from bench.market import Market
from bench.peers import peers

pytestmark = pytest.mark.long


@cache
def market() -> Market:
    return Market()


@pytest.mark.parametrize("name", peers())
def test_a_text_is_found_first_by_its_own_terms(name: str) -> None:
    peer = peers()[name](market().terms("offer", 300), market().texts.strings)
    offers = list(market().offers(300))
    for number in (0, 17, 299):
        found = peer.top([term for term, _ in offers[number].text.terms], 50)
        assert 1 < len(found) <= 50
        if name != "tantivy":  # which gives addresses of its own
            assert found[0] == number


@pytest.mark.parametrize("name", peers())
def test_fewer_texts_than_wanted(name: str) -> None:
    peer = peers()[name](market().terms("offer", 3), market().texts.strings)
    assert 1 <= len(peer.top([term for term, _ in next(market().offers(1)).text.terms], 50)) <= 3
