"""The compiled loops reckon what the plain code does, to the last bit."""

from typing import Any

import numpy as np
from hypothesis import given

from services.matcher.engine.features import pair_features
from services.matcher.engine.lines import best_for_needs
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.search import _permitted_offers
from services.matcher.engine.shortcut import features_of
from tests.services.matcher.engine.arbitrary import few, ledgers, registers
from tests.services.matcher.engine.samples import engine

Register = tuple[list[RequestProfile], list[OfferProfile]]


@few
@given(registers(), ledgers())
def test_features_are_the_same_numbers(register: Register, ledger: list[tuple[Any, ...]]) -> None:
    requests, offers = register
    made = engine(*requests, *offers)
    for entry in ledger:
        made.set_committed(*entry)
    records = made._records
    for asked in requests:
        row = records.requests.row(asked.id)
        rows = _permitted_offers(records, asked.id)
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
        permitted, compiled = features_of(records, row, rows.astype(np.int32))
        assert permitted.all()
        assert np.array_equal(plain, compiled)
