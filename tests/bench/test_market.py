"""Made-up records: the same for a seed, valid, and spread as they should be."""

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np

from bench.market import AS_OF, BLOCK, Market, renumbered, words
from bench.texts import LANGUAGES
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from shared.language.concepts import thesaurus
from shared.language.meaning import centred
from shared.vocabulary.countries import AREAS, country
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS


@cache
def market() -> Market:
    return Market()


@cache
def offers() -> list[OfferProfile]:
    return list(market().offers(BLOCK))


@cache
def requests() -> list[RequestProfile]:
    return list(market().requests(200))


def test_the_same_seed_gives_the_same_records() -> None:
    again = Market()
    assert list(again.offers(20)) == offers()[:20]
    assert list(again.requests(20)) == requests()[:20]


def test_another_seed_gives_other_records() -> None:
    assert next(Market(seed=41).offers(1)).text != offers()[0].text


def test_a_record_depends_on_its_number_alone() -> None:
    assert next(market().offers(1, 777)) == offers()[777]
    first, second = market().offers(2, BLOCK - 1)
    assert first == offers()[-1]
    assert second == next(market().offers(1, BLOCK))


def test_no_two_records_share_an_id_or_a_text() -> None:
    assert len({offer.id for offer in market().offers(2 * BLOCK)}) == 2 * BLOCK
    assert len({offer.text.vector for offer in offers()}) == BLOCK


def test_codes_are_those_of_the_vocabulary() -> None:
    for record in (*offers(), *requests()):
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
    for offer in offers():
        assert offer.regions <= set(AREAS.codes())
        assert all(country(alpha3) for alpha3 in offer.countries)
    assert all(country(request.country) for request in requests())


def test_signatures_are_in_the_order_of_those_of_events() -> None:
    for record in (*offers()[:50], *requests()[:50]):
        assert list(record.text.terms) == sorted(record.text.terms)
        assert len(dict(record.text.terms)) == len(record.text.terms)
        for told in (record.text.themes, record.text.kinds):
            assert all(one >= other for (_, one), (_, other) in pairwise(told))
            assert all(1 <= chance <= 100 for _, chance in told)


def test_spread_is_as_in_life() -> None:
    open_to_all = np.mean([offer.open_to_all() for offer in offers()])
    assert 0.25 < open_to_all < 0.35
    themes = Counter(line.theme for offer in offers() for line in offer.lines).most_common()
    assert themes[0][1] > 5 * themes[-1][1]
    assert {len(offer.lines) for offer in offers()} == {1, 2, 3}
    often = Counter(term for offer in offers() for term, _ in offer.text.terms).most_common()
    assert often[0][1] > 0.2 * BLOCK
    assert sum(count == 1 for _, count in often) > 0.3 * len(often)


def test_vectors_of_one_theme_are_nearer() -> None:
    rows = np.array([centred(offer.text.vector or b"") for offer in offers()], dtype=np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    themes = np.array([offer.text.themes[0][0] for offer in offers()])
    same = themes[:, None] == themes
    np.fill_diagonal(same, val=False)
    near = rows @ rows.T
    assert np.median(near[same]) > np.median(near[~same]) + 0.05


def test_mixed_leaves_three_in_ten_without_codes() -> None:
    without = np.mean([not offer.lines for offer in Market(mixed=True).offers(BLOCK)])
    assert 0.25 < without < 0.35


def test_terms_alone_are_those_of_the_records() -> None:
    strings = market().texts.strings
    blocks = market().terms("offer", 30)
    found = [[strings[number] for number in numbers] for b in blocks for numbers, _ in words(b)]
    assert found == [[term for term, _ in offer.text.terms] for offer in offers()[:30]]


def test_a_change_keeps_the_id() -> None:
    changed = renumbered(offers()[0], offers()[1])
    assert (changed.id, changed.text) == (offers()[0].id, offers()[1].text)


def test_the_engine_takes_them_and_finds_some() -> None:
    engine = Engine(prior_model(), Geography.of_vocabulary(AS_OF), AS_OF)
    for offer in offers():
        engine.put_offer(offer)
    for request in requests()[:20]:
        engine.put_request(request)
    lists = [engine.shortlist(request.id).entries for request in requests()[:20]]
    assert np.median([len(entries) for entries in lists]) == engine.size
    assert np.median([entries[0].score for entries in lists]) > 0.5
