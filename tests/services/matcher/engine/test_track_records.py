"""What came of a donor's earlier help: reckoned fairly, bounded in what it moves."""

import random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import MOST_WEIGHTS, PRIORITY_STEP, Model
from services.matcher.engine.track_records import (
    LEAST_STATES,
    NEUTRAL,
    PRIOR_STATES,
    STEP,
    Outcome,
    Standing,
    judgement,
    standing,
)
from tests.services.matcher.engine.arbitrary import few, models, offers, registers, standings
from tests.services.matcher.engine.samples import DONOR, engine, offer, provision, request

STATES = ("SEN", "MLI", "KEN", "GHA", "PER", "FJI", "NPL", "TGO")
OTHER = "66f0000000000000000000d2"
WORST, BEST = Standing(0), Standing(100)

outcomes = st.builds(
    Outcome,
    st.sampled_from(STATES),
    st.sampled_from(["marking", "destruction", None]),
    st.tuples(*[st.integers(1, 5)] * 3),
    st.none() | st.booleans(),
    st.none() | st.floats(0.0, 1.0),
)


def said(*scores: int, theme: str | None = None) -> list[Outcome]:
    """Each of so many States gave one score to everything."""
    return [
        Outcome(state, theme, (score,) * 3) for state, score in zip(STATES, scores, strict=False)
    ]


def event(*follow_ups: tuple[int, tuple[int, int, int] | None], **fields: Any) -> dict[str, Any]:
    """The data of a match's event with these answers."""
    names = ("adequate", "effective", "sustainable")
    return {
        "country": "SEN",
        "follow_ups": [
            {
                "months": months,
                "answered_at": None if scores is None else "2026-05-01T00:00:00Z",
                **dict(zip(names, scores or (None,) * 3, strict=True)),
            }
            for months, scores in follow_ups
        ],
        **fields,
    }


def test_what_a_state_said_last_counts() -> None:
    assert Outcome.of_event({"country": "SEN"}) is None
    assert Outcome.of_event(event((3, None), (12, None))) is None
    early = event((3, (5, 5, 5)), (12, None))
    assert Outcome.of_event(early) == Outcome("SEN", None, (5, 5, 5))
    facts = {"theme": "marking", "in_time": False, "received": 0.5}
    late = event((3, (5, 5, 5)), (12, (4, 3, 1)), outcome=facts)
    assert Outcome.of_event(late) == Outcome("SEN", "marking", (4, 3, 1), False, 0.5)


def test_all_that_is_known_counts_alike() -> None:
    assert Outcome("SEN", None, (5, 3, 1)).worth == 0.5
    assert Outcome("SEN", None, (5, 5, 5), True, 1.0).worth == 1.0
    assert Outcome("SEN", None, (5, 5, 5), False, 0.5).worth == 3.5 / 5


def test_without_a_record_a_donor_is_neither_better_nor_worse() -> None:
    assert standing([]) == Standing()
    assert Standing().on("marking") == Standing().on(None) == NEUTRAL
    ordinary = 1 + 4 * NEUTRAL / 100
    assert ordinary == 4.0
    assert standing(said(4, 4, 4, 4)).overall == NEUTRAL


def test_a_few_answers_move_little_and_many_decide() -> None:
    few_, many = standing(said(5, 5, 5)), standing(said(*[5] * len(STATES)))
    assert NEUTRAL < few_.overall < many.overall < 100
    assert few_.overall == STEP * round(100 * (PRIOR_STATES * 0.75 + 3) / (PRIOR_STATES + 3) / STEP)
    assert standing(said(1, 1, 1)).overall < NEUTRAL


def test_what_fewer_than_three_states_say_moves_nothing() -> None:
    assert standing(said(1, 1)) == Standing()
    # However often one of them says it.
    assert standing(said(1, 1) * 20) == Standing()
    assert standing(said(1, 1, 1)) != Standing()


def test_a_state_has_one_voice() -> None:
    once = standing(said(5, 1, 3))
    assert standing([*said(5, 1, 3), *said(5) * 30]) == once


def test_a_theme_has_its_own_record_once_three_states_spoke_of_it() -> None:
    here, elsewhere = said(1, 1, 1, theme="marking"), said(5, 5, 5, 5, 5, 5, theme="destruction")
    found = standing([*here, *elsewhere])
    assert found.on("marking") < found.overall < found.on("destruction")
    assert found.on("tracing") == found.on(None) == found.overall
    assert standing([*here[:2], *elsewhere]).on("marking") != WORST.overall
    assert "marking" not in standing([*here[:2], *elsewhere]).themes


@given(st.lists(outcomes, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(found: list[Outcome], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert standing(shuffled) == standing(found)
    assert judgement(shuffled) == judgement(found)


@given(st.lists(outcomes, max_size=12))
def test_a_record_is_in_steps_and_better_answers_never_lower_it(found: list[Outcome]) -> None:
    before = standing(found)
    assert before.overall % STEP == 0
    assert 0 <= before.overall <= 100
    better = standing([one._replace(scores=(5, 5, 5)) for one in found])
    assert better.overall >= before.overall
    told = judgement(found)
    assert (told is None) == (not found)
    if told is not None:
        assert told.states <= told.helped == len(found)
        assert 1.0 <= told.judged <= 5.0
        if told.states < LEAST_STATES:
            assert before == Standing()


@few
@given(registers(), standings, models)
def test_a_record_never_orders_requests(
    register: tuple[list[RequestProfile], list[OfferProfile]], found: Standing, model: Model
) -> None:
    asked, given_ = register
    made = engine(*asked, *given_, model=model)
    before = {one.id: [pair.request for pair in made.requests_for(one.id)] for one in given_}
    made.judge(DONOR, found)
    for one in given_:
        after = [pair.request for pair in made.requests_for(one.id)]
        # What scores too little to be proposed may come or go; nothing changes places.
        both = set(before[one.id]) & set(after)
        assert [r for r in after if r in both] == [r for r in before[one.id] if r in both]


@few
@given(registers(), standings, models)
def test_a_barred_offer_stays_barred_and_no_other_donor_is_touched(
    register: tuple[list[RequestProfile], list[OfferProfile]], found: Standing, model: Model
) -> None:
    asked, given_ = register
    own = [offer(f"N{at}", organisation=OTHER) for at in range(2)]
    made = engine(*asked, *given_, *own, model=model)
    before = {one.id: made.shortlist(one.id).entries for one in asked}
    made.judge(DONOR, found)
    for one in asked:
        for entry in made.shortlist(one.id).entries:
            assert made.barred(one.id, entry.offer) is None
            if entry.offer.startswith("N"):
                scores = {e.offer: e.score for e in before[one.id]}
                assert entry.score == scores[entry.offer]


@few
@given(offers(), models)
def test_from_the_worst_record_to_the_best_is_less_than_a_step_of_priority(
    given_: OfferProfile, model: Model
) -> None:
    made = engine(request("R0"), given_, model=model)
    odds = []
    for record in (WORST, BEST):
        made.judge(DONOR, record)
        entries = made.shortlist("R0").entries
        odds += [model.log_odds(np.array([entry.features]))[0] for entry in entries]
    if len(odds) == 2:
        assert 0.0 <= odds[1] - odds[0] < PRIORITY_STEP
    assert MOST_WEIGHTS["track_record"] < PRIORITY_STEP


def test_of_otherwise_equal_offers_the_better_record_comes_first() -> None:
    made = engine(request(), offer("O1"), offer("O2", organisation=OTHER))
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O1", "O2"]
    assert made.judge(DONOR, standing(said(2, 2, 3, 2))) == ["O1"]
    assert made.affected("O1") == ["R1"]
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O2", "O1"]
    assert made.judge(OTHER, standing(said(1, 1, 1, 1))) == ["O2"]
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O1", "O2"]
    assert made.judge(OTHER, standing(said(1, 1, 1, 1))) == []


def test_a_record_does_not_make_up_for_what_an_offer_lacks() -> None:
    other = [provision(theme="destruction", kind="expertise")]
    made = engine(request(), offer("O1", provisions=other), offer("O2", organisation=OTHER))
    made.judge(DONOR, BEST)
    made.judge(OTHER, WORST)
    assert made.shortlist("R1").entries[0].offer == "O2"


def test_an_offer_has_the_record_on_what_is_left_of_it() -> None:
    made = engine(
        offer(provisions=[provision(1), provision(2, theme="destruction", amount_cents=1)])
    )
    on_both = Standing(75, {"marking": 90, "destruction": 40})
    assert made.judge(DONOR, on_both) == ["O1"]
    column = made._records.offers.records.column("record")
    assert column.tolist() == [90]
    made.set_committed("offer", "O1", 1, "quantity", 10_000)
    assert column.tolist() == [40]
    made.set_committed("offer", "O1", 1, "quantity", 0)
    assert column.tolist() == [90]
