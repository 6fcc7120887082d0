from dataclasses import replace
from typing import Any

import pytest

from services.matcher.engine import records
from services.matcher.engine.features import FEATURES
from services.matcher.engine.ranking import Model, prior_model
from tests.services.matcher.engine.samples import (
    TEXTS,
    bounded,
    engine,
    need,
    offer,
    provision,
    request,
    signed,
)


def test_the_better_offer_comes_first() -> None:
    other = provision(theme="record-keeping", kind="training")
    made = engine(request(), offer("O1", provisions=[other]), offer("O2"))
    shortlist = made.shortlist("R1")
    assert [(entry.offer, entry.rank) for entry in shortlist.entries] == [("O2", 1), ("O1", 2)]
    assert (shortlist.request, shortlist.model) == ("R1", prior_model().version)


def test_of_equals_the_unconditional_is_first_then_the_smaller_id() -> None:
    # With no weight on conditions the scores are equal, and the order still is so.
    weights = tuple(
        0.0 if name == "unconditional" else weight
        for name, weight in zip(FEATURES, prior_model().weights, strict=True)
    )
    made = engine(
        request(),
        offer("O3"),
        offer("O1", conditions=[{"kind": "reporting"}]),
        offer("O2"),
        model=replace(prior_model(), weights=weights),
    )
    entries = made.shortlist("R1").entries
    assert len({entry.score for entry in entries}) == 1
    assert [entry.offer for entry in entries] == ["O2", "O3", "O1"]


def test_a_list_has_at_most_its_size_and_equals_at_its_end_go_by_id() -> None:
    made = engine(request(), *(offer(f"O{n}") for n in range(9)), size=3)
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O0", "O1", "O2"]
    assert len(made.shortlist("R1", 5).entries) == 5


def test_an_offer_that_has_little_to_do_with_it_is_not_proposed() -> None:
    far = offer(provisions=[provision(theme="gender", kind="funding")], signature=None)
    assert not engine(request(), far).shortlist("R1").entries


def test_what_a_model_proposes_at_least_is_the_models_own() -> None:
    made = engine(request(), offer())
    (entry,) = made.shortlist("R1").entries
    made.use(replace(prior_model(), least_score=entry.score))
    assert made.shortlist("R1").entries == (entry,)
    made.use(replace(prior_model(), least_score=entry.score + 1e-6))
    assert made.shortlist("R1").entries == made.requests_for(entry.offer) == ()
    assert made.affected(entry.offer) == []


def test_what_is_not_here_has_nothing() -> None:
    made = engine(request(), offer())
    made.remove_request("R1")
    made.remove_request("R1")
    assert made.shortlist("R1").entries == ()
    assert made.requests_for("O9") == ()
    assert made.affected("O9") == []


def test_a_changed_record_counts_as_it_is_now() -> None:
    made = engine(request(), offer("O1"), offer("O2"))
    made.put_offer(offer("O1", provisions=[provision(capacity=1, amount_cents=10)]))
    made.remove_offer("O3")
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O2", "O1"]


def test_a_new_offer_concerns_the_requests_whose_list_it_enters() -> None:
    weapons_law = request("R2", needs=[need(theme="gender", kind="funding")], signature=None)
    made = engine(request(), weapons_law, offer("O1"), offer("O2"), size=2)
    made.shortlist("R1")
    made.shortlist("R2")
    made.put_offer(offer("O3", provisions=[provision(capacity=1, amount_cents=10)]))
    assert made.affected("O3") == []
    made.put_offer(offer("O0"))
    assert made.affected("O0") == ["R1"]


def test_an_offer_that_leaves_concerns_the_requests_that_list_it() -> None:
    made = engine(request(), offer("O1"))
    made.shortlist("R1")
    made.remove_offer("O1")
    assert made.affected("O1") == ["R1"]
    made.shortlist("R1")
    assert made.affected("O1") == []


def test_after_another_day_every_request_may_be_concerned() -> None:
    made = engine(request(), offer("O1"), size=1)
    made.shortlist("R1")
    made.advance(made.as_of)
    assert made.affected("O1") == ["R1"]


def test_for_an_offer_the_states_own_priority_leads_among_alike_requests() -> None:
    made = engine(
        request("R1", priority="low"),
        request("R2", priority="critical"),
        request("R3", priority=None),
        offer(),
    )
    assert [entry.request for entry in made.requests_for("O1")] == ["R2", "R1", "R3"]
    assert {entry.score for entry in made.requests_for("O1")} == {
        made.shortlist("R1").entries[0].score
    }


def test_priority_does_not_make_another_subject_fit() -> None:
    urgent = request("R2", priority="critical", needs=[need(theme="tracing", kind="expertise")])
    made = engine(request("R1", priority="low"), urgent, offer())
    assert [entry.request for entry in made.requests_for("O1", 1)] == ["R1"]


def test_a_model_of_other_features_is_refused() -> None:
    model = replace(prior_model(), feature_names=("a",), weights=(1.0,))
    with pytest.raises(ValueError, match="other features"):
        engine(model=model)


def test_both_directions_give_the_same_score() -> None:
    requests = [
        request(f"R{n}", needs=[need(1, quantity=n + 1), need(2, kind="training")][: 1 + n % 2])
        for n in range(4)
    ]
    offers = [
        offer(f"O{n}", provisions=[provision(), provision(2, kind="training", theme="tracing")])
        for n in range(3)
    ]
    made = engine(*requests, *offers)
    forward = {(e.request, e.offer): e for r in requests for e in made.shortlist(r.id).entries}
    reverse = {(e.request, e.offer): e for o in offers for e in made.requests_for(o.id)}
    assert forward.keys() == reverse.keys()
    assert len(forward) == 12
    for pair, entry in forward.items():
        assert entry._replace(rank=0) == reverse[pair]._replace(rank=0)


HEAVY = {**signed(TEXTS[0]), "terms": [["0123456789abcdef", 1_000.0]]}
"""A signature with a weight that no column has room for."""


@pytest.mark.parametrize(
    "unfit", [{"signature": HEAVY}, {"needs": [need(1), need(2, quantity=1e17)]}]
)
def test_a_request_that_does_not_fit_is_as_if_it_were_not_here(unfit: dict[str, Any]) -> None:
    made = engine(request("R1"), request("R2"), offer("O1"))
    with pytest.raises(OverflowError):
        made.put_request(request("R1", **unfit))
    assert made.shortlist("R1").entries == ()
    assert made.affected("O1") == ["R2"]
    assert [entry.offer for entry in made.shortlist("R2").entries] == ["O1"]
    made.put_request(request("R1"))
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O1"]


def test_an_offer_that_does_not_fit_is_as_if_it_were_not_here() -> None:
    made = engine(request(), offer("O1"), offer("O2"))
    with pytest.raises(OverflowError):
        made.put_offer(offer("O1", provisions=[provision(1), provision(2, capacity=1e17)]))
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O2"]
    made.remove_offer("O1")
    assert made.affected("O1") == []


def test_another_day_tells_whom_it_cannot_use_and_tries_them_again() -> None:
    made = engine(request("R1"), request("R2"), offer("O1"))
    with pytest.raises(OverflowError):
        made.put_request(request("R1", signature=HEAVY))
    (refused,) = made.advance(made.as_of)
    assert (refused.side, refused.record) == ("request", "R1")
    assert isinstance(refused.error, OverflowError)
    assert [entry.offer for entry in made.shortlist("R2").entries] == ["O1"]


def test_what_one_day_refused_is_used_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine(offer("O1"))
    with monkeypatch.context() as patch:
        patch.setattr(records, "request_entry", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            made.put_request(request("R1"))
    assert made.advance(made.as_of) == []
    assert [entry.offer for entry in made.shortlist("R1").entries] == ["O1"]


def test_another_model_ranks_as_if_it_had_been_there_from_the_start() -> None:
    weights = bounded(prior_model().weights[::-1])
    other = replace(prior_model(), version="other", weights=weights)
    records = [request(), offer("O1"), offer("O2", provisions=[provision(theme="record-keeping")])]
    made, fresh = engine(*records, size=1), engine(*records, size=1, model=other)
    before = made.shortlist("R1")
    made.use(other)
    # No list made by the former model counts any more: the next one may be any offer's.
    assert made.affected("O1") == made.affected("O2") == ["R1"]
    assert made.shortlist("R1") == fresh.shortlist("R1")
    made.use(prior_model())
    assert made.shortlist("R1") == before


def test_a_model_for_other_features_is_refused_and_the_former_stays() -> None:
    made = engine(request(), offer())
    before = made.shortlist("R1")
    with pytest.raises(ValueError, match="other features"):
        made.use(Model("other", FEATURES[:-1], prior_model().weights[:-1], 0.0))
    assert made.shortlist("R1") == before
