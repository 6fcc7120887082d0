"""What never lowers a score, and what donors' wishes never change: with any model there may be."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model
from shared.vocabulary.themes import theme_closeness
from tests.services.matcher.engine.arbitrary import (
    days,
    few,
    models,
    offers,
    registers,
    requests,
    unbarred,
    whose,
)
from tests.services.matcher.engine.samples import (
    TODAY,
    engine,
    need,
    offer,
    provision,
    request,
    score,
)

Register = tuple[list[RequestProfile], list[OfferProfile]]


def _offer_of(fields: dict[str, Any], **others: Any) -> OfferProfile:
    return offer(provisions=[provision(**fields)], **others)


@few
@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 10**9), st.integers(1, 10**9), models)
def test_more_capacity_or_money_never_lowers_a_score(
    quantity: int, more: int, amount: int, dearer: int, model: Model
) -> None:
    needy = request(needs=[need(quantity=20, amount_cents=5 * 10**8), need(2, kind="training")])
    small = score(needy, _offer_of({"capacity": quantity, "amount_cents": amount}), model)
    for richer in (
        {"capacity": quantity + more, "amount_cents": amount},
        {"capacity": quantity, "amount_cents": amount + dearer},
    ):
        assert score(needy, _offer_of(richer), model) >= small


@few
@given(requests(), offers(), st.integers(0, 2), st.integers(1, 10**6), models)
def test_more_of_any_line_never_lowers_a_score(
    needy: RequestProfile, given_: OfferProfile, which: int, more: int, model: Model
) -> None:
    """The same of arbitrary records; the whole ceiling counts too."""
    richer = [
        replace(
            line,
            quantity=None if line.quantity is None else line.quantity + more,
            amount=None if line.amount is None else line.amount + 1_000 * more,
        )
        if place == which
        else line
        for place, line in enumerate(given_.lines)
    ]
    raised = None if given_.ceiling is None else given_.ceiling + 1_000 * more
    before = score(needy, given_, model)
    assert score(needy, replace(given_, lines=tuple(richer)), model) >= before
    assert score(needy, replace(given_, ceiling=raised), model) >= before


@few
@given(requests(), offers(), st.data(), models)
def test_less_committed_never_lowers_a_score(
    needy: RequestProfile, given_: OfferProfile, data: st.DataObject, model: Model
) -> None:
    taken = data.draw(st.integers(0, 40_000))
    found = []
    for amount in (taken, data.draw(st.integers(0, taken))):
        made = engine(needy, given_, model=model)
        made.set_committed("offer", given_.id, 1, "quantity", amount)
        entries = made.shortlist(needy.id).entries
        found.append(entries[0].score if entries else 0.0)
    assert found[0] <= found[1]


@few
@given(
    st.sampled_from(THEME_CODES),
    st.sampled_from(THEME_CODES),
    st.sampled_from(THEME_CODES),
    st.sampled_from(KIND_CODES),
    models,
)
def test_a_closer_theme_never_lowers_a_score(
    needed: str, one: str, other: str, kind: str, model: Model
) -> None:
    far, near = sorted((one, other), key=lambda theme: theme_closeness(needed, theme))
    needy = request(needs=[need(theme=needed)])
    assert score(needy, _offer_of({"theme": far, "kind": kind}), model) <= score(
        needy, _offer_of({"theme": near, "kind": kind}), model
    )


@few
@given(requests(), offers(), days, days, st.integers(0, 400), st.integers(0, 400), models)
def test_a_longer_overlap_never_lowers_a_score(
    needy: RequestProfile,
    given_: OfferProfile,
    one: date,
    other: date,
    earlier: int,
    later: int,
    model: Model,
) -> None:
    first, last = sorted((one, other))
    wider = (first - timedelta(days=earlier), last + timedelta(days=later))
    found = [
        score(needy, replace(given_, window=(start.toordinal(), end.toordinal())), model)
        for start, end in ((first, last), wider)
    ]
    assert found[0] <= found[1]


@few
@given(requests(), offers(), models)
def test_of_two_otherwise_equal_offers_the_unconditional_is_first(
    needy: RequestProfile, given_: OfferProfile, model: Model
) -> None:
    free, tied = replace(given_, unconditional=True), replace(given_, unconditional=False)
    made = engine(needy, replace(free, id="O2"), replace(tied, id="O1"), model=model)
    assert [entry.offer for entry in made.shortlist(needy.id).entries] in (
        ["O2", "O1"],
        ["O2"],
        [],
    )


@few
@given(
    st.booleans().flatmap(registers),
    whose,
    st.booleans(),
    st.tuples(st.integers(0, 1_500), st.integers(0, 1_500)),
    models,
)
def test_a_donors_wishes_never_change_the_order_of_requests(
    register: Register,
    preferred: dict[str, list[str]],
    free: bool,
    days: tuple[int, int],
    model: Model,
) -> None:
    """Eligibility, conditions, and any window: it bars requests, or needs with a window of their
    own, which none has here; it orders nothing."""
    asked, (given_, *_) = register
    asked = [
        replace(one, lines=tuple(replace(line, window=None) for line in one.lines)) for one in asked
    ]
    given_ = replace(given_, window=(TODAY.toordinal(), END))
    wishes = {name: frozenset(codes) for name, codes in preferred.items()}
    window = (TODAY.toordinal() + min(days), TODAY.toordinal() + max(days))
    orders = [
        [entry.request for entry in engine(*asked, one, model=model).requests_for(one.id)]
        for one in (
            given_,
            replace(given_, **wishes),
            replace(given_, unconditional=free),
            replace(given_, window=window),
            replace(unbarred(given_), unconditional=not free),
        )
    ]
    for order in orders[1:]:
        both = set(orders[0]) & set(order)
        assert [id_ for id_ in orders[0] if id_ in both] == [id_ for id_ in order if id_ in both]


END = (TODAY + timedelta(days=2_000)).toordinal()
