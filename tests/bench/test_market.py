"""Made-up records: the same for a seed, valid, and spread as they should be."""

from collections import Counter
from itertools import pairwise

import numpy as np

from bench.market import AS_OF, BLOCK, Market, renumbered, words
from bench.texts import LANGUAGES
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.ranking import prior_model
from shared.language.concepts import thesaurus
from shared.language.meaning import centred
from shared.vocabulary.countries import AREAS, country
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

MARKET = Market()
OFFERS = list(MARKET.offers(BLOCK))
REQUESTS = list(MARKET.requests(200))


def test_the_same_seed_gives_the_same_records() -> None:
    again = Market()
    assert list(again.offers(20)) == OFFERS[:20]
    assert list(again.requests(20)) == REQUESTS[:20]


def test_another_seed_gives_other_records() -> None:
    assert next(Market(seed=41).offers(1)).text != OFFERS[0].text


def test_a_record_depends_on_its_number_alone() -> None:
    assert next(MARKET.offers(1, 777)) == OFFERS[777]
    first, second = MARKET.offers(2, BLOCK - 1)
    assert first == OFFERS[-1]
    assert second == next(MARKET.offers(1, BLOCK))


def test_no_two_records_share_an_id_or_a_text() -> None:
    assert len({offer.id for offer in MARKET.offers(2 * BLOCK)}) == 2 * BLOCK
    assert len({offer.text.vector for offer in OFFERS}) == BLOCK


def test_codes_are_those_of_the_vocabulary() -> None:
    for record in (*OFFERS, *REQUESTS):
        assert record.text.language in LANGUAGES
        assert len(record.text.vector or b"") == 512
        assert {concept for concept, _ in record.text.concepts} <= {c.id for c in thesaurus()}
        assert {code for code, _ in record.text.themes} <= set(THEMES.codes())
        assert {code for code, _ in record.text.kinds} <= set(KINDS.codes())
        for line in record.lines:
            assert line.theme in THEMES.codes()
            assert line.kind in KINDS.codes()
            assert line.unit is None or line.unit in UNITS.codes()
            assert (line.quantity is None) == (line.unit is None)
            assert line.quantity is not None or line.amount is not None
    for offer in OFFERS:
        assert offer.regions <= set(AREAS.codes())
        assert all(country(alpha3) for alpha3 in offer.countries)
    assert all(country(request.country) for request in REQUESTS)


def test_signatures_are_in_the_order_of_those_of_events() -> None:
    for record in (*OFFERS[:50], *REQUESTS[:50]):
        assert list(record.text.terms) == sorted(record.text.terms)
        assert len(dict(record.text.terms)) == len(record.text.terms)
        for told in (record.text.themes, record.text.kinds):
            assert all(one >= other for (_, one), (_, other) in pairwise(told))
            assert all(1 <= chance <= 100 for _, chance in told)


def test_spread_is_as_in_life() -> None:
    open_to_all = np.mean([offer.open_to_all() for offer in OFFERS])
    assert 0.25 < open_to_all < 0.35
    themes = Counter(line.theme for offer in OFFERS for line in offer.lines).most_common()
    assert themes[0][1] > 5 * themes[-1][1]
    assert {len(offer.lines) for offer in OFFERS} == {1, 2, 3}
    often = Counter(term for offer in OFFERS for term, _ in offer.text.terms).most_common()
    assert often[0][1] > 0.2 * BLOCK
    assert sum(count == 1 for _, count in often) > 0.3 * len(often)


def test_vectors_of_one_theme_are_nearer() -> None:
    rows = np.array([centred(offer.text.vector or b"") for offer in OFFERS], dtype=np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    themes = np.array([offer.text.themes[0][0] for offer in OFFERS])
    same = themes[:, None] == themes
    np.fill_diagonal(same, val=False)
    near = rows @ rows.T
    assert np.median(near[same]) > np.median(near[~same]) + 0.05


def test_mixed_leaves_three_in_ten_without_codes() -> None:
    without = np.mean([not offer.lines for offer in Market(mixed=True).offers(BLOCK)])
    assert 0.25 < without < 0.35


def test_terms_alone_are_those_of_the_records() -> None:
    strings = MARKET.texts.strings
    blocks = MARKET.terms("offer", 30)
    found = [[strings[number] for number in numbers] for b in blocks for numbers, _ in words(b)]
    assert found == [[term for term, _ in offer.text.terms] for offer in OFFERS[:30]]


def test_a_change_keeps_the_id() -> None:
    changed = renumbered(OFFERS[0], OFFERS[1])
    assert (changed.id, changed.text) == (OFFERS[0].id, OFFERS[1].text)


def test_the_engine_takes_them_and_finds_some() -> None:
    engine = Engine(prior_model(), Geography.of_vocabulary(AS_OF), AS_OF)
    for offer in OFFERS:
        engine.put_offer(offer)
    for request in REQUESTS[:20]:
        engine.put_request(request)
    lists = [engine.shortlist(request.id).entries for request in REQUESTS[:20]]
    assert np.median([len(entries) for entries in lists]) == engine.size
    assert np.median([entries[0].score for entries in lists]) > 0.5
