"""The peers find by terms what they should, so that their times are those of a search."""

import pytest

from bench.market import Market
from bench.peers import peers

MARKET = Market()
OFFERS = list(MARKET.offers(300))


@pytest.mark.parametrize("name", peers())
def test_a_text_is_found_first_by_its_own_terms(name: str) -> None:
    peer = peers()[name](MARKET.terms("offer", 300), MARKET.texts.strings)
    for number in (0, 17, 299):
        found = peer.top([term for term, _ in OFFERS[number].text.terms], 50)
        assert 1 < len(found) <= 50
        if name != "tantivy":  # which gives addresses of its own
            assert found[0] == number


@pytest.mark.parametrize("name", peers())
def test_fewer_texts_than_wanted(name: str) -> None:
    peer = peers()[name](MARKET.terms("offer", 3), MARKET.texts.strings)
    assert 1 <= len(peer.top([term for term, _ in OFFERS[0].text.terms], 50)) <= 3
