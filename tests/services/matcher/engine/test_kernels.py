"""The compiled loops reckon and tell what the plain code does, to the last bit."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.features import pair_features
from services.matcher.engine.lines import best_for_needs
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import offers_told, offers_told_fast
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.search import _permitted_offers, requests_for
from services.matcher.engine.shortcut import offers_compared, requests_compared
from services.matcher.engine.track_records import Standing
from tests.services.matcher.engine.arbitrary import few, ledgers, registers, standings
from tests.services.matcher.engine.samples import DONOR, engine, joined

Register = tuple[list[RequestProfile], list[OfferProfile]]
Ledger = list[tuple[Any, ...]]


def made_of(register: Register, ledger: Ledger, standing: Standing | None = None) -> Engine:
    requests, offers = register
    made = engine(*requests, *offers)
    for entry in ledger:
        made.set_committed(*entry)
    if standing is not None:
        made.judge(DONOR, standing)
    return made


@few
@given(registers(), ledgers(), standings, st.booleans())
def test_features_are_the_same_numbers(
    register: Register, ledger: Ledger, standing: Standing, shared: bool
) -> None:
    records = made_of(register, ledger, standing)._records
    for asked in register[0]:
        row = records.requests.row(asked.id)
        rows, log_odds, features = joined(
            offers_compared(records, prior_model(), row, shared=shared)
        )
        if records.requests.records.column("open")[row]:
            assert sorted(rows) == _permitted_offers(records, asked.id).tolist()
        best = best_for_needs(
            records.requests.lines_of(row), records.offers, rows, records.names, records.today
        )
        plain = pair_features(
            records.requests.view([row]),
            records.offers.view(rows),
            best,
            records.today,
            records.sizes(),
        )
        assert np.array_equal(plain, features)
        assert np.array_equal(prior_model().log_odds(plain), log_odds)


@few
@given(registers(), ledgers(), standings)
def test_features_are_the_same_numbers_from_the_other_side(
    register: Register, ledger: Ledger, standing: Standing
) -> None:
    records = made_of(register, ledger, standing)._records
    model = replace(prior_model(), least_score=0.0)
    for given_ in register[1]:
        row = records.offers.row(given_.id)
        plain = requests_for(records, model, given_.id)
        rows, log_odds, features = joined(
            requests_compared(records, model, row, plain.rows.astype(np.int32))
        )
        assert np.array_equal(plain.rows, rows)
        assert np.array_equal(plain.features, features)
        assert np.array_equal(plain.scores, model.from_log_odds(log_odds))


@few
@given(registers(), ledgers())
def test_what_is_told_of_a_pair_is_the_same(register: Register, ledger: Ledger) -> None:
    records = made_of(register, ledger)._records
    for asked in register[0]:
        row = records.requests.row(asked.id)
        rows = _permitted_offers(records, asked.id)
        plain, compiled = (tell(records, row, rows) for tell in (offers_told, offers_told_fast))
        assert plain.serves == compiled.serves
        assert plain.evidence == compiled.evidence
