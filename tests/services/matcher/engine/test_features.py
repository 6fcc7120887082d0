from typing import Any

import pytest

from services.matcher.engine.features import FEATURES, NO_RECORD
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from shared.language import encoder_available
from tests.services.matcher.engine.samples import (
    TEXTS,
    engine,
    need,
    offer,
    provision,
    request,
    signed,
)


def features(of: RequestProfile, by: OfferProfile) -> dict[str, float]:
    (entry,) = engine(of, by).shortlist(of.id).entries
    return dict(zip(FEATURES, entry.features, strict=True))


def test_an_offer_of_just_what_is_needed_has_full_marks() -> None:
    found = features(request(), offer())
    if not encoder_available():
        del found["meaning"]
    del found["field"]  # what the classifier makes of the offer's text alone
    assert found.pop("uncoded") == 0.0
    assert found.pop("track_record") == NO_RECORD
    assert found == pytest.approx(dict.fromkeys(found, 1.0))


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"theme": "record-keeping"}, "theme", 0.6),
        ({"kind": "funding"}, "main_need", 0.55),
        ({"kind": "funding"}, "theme", 1.0),
        ({"capacity": 1}, "quantity", 0.25),
        ({"unit": "persons"}, "quantity", 0.5),
        ({"unit": None}, "quantity", 0.5),
        ({"capacity": None}, "quantity", 0.5),
        ({"amount_cents": 4_000_000}, "amount", 0.25),
        ({"amount_cents": None, "currency": None}, "amount", 0.5),
        ({"currency": "XXX"}, "amount", 0.5),
    ],
)
def test_what_a_provision_lacks_lowers_its_feature(
    fields: dict[str, Any], name: str, expected: float
) -> None:
    assert features(request(), offer(provisions=[provision(**fields)]))[name] == expected


def test_an_offer_without_codes_of_its_own_is_uncoded() -> None:
    assert features(request(), offer(provisions=[]))["uncoded"] == 1.0
    unknown = offer(provisions=[provision(theme="of-a-newer-vocabulary")])
    assert features(request(), unknown)["uncoded"] == 1.0
    assert features(request(needs=[]), offer())["uncoded"] == 0.0


def test_amounts_meet_in_dollars_of_the_day() -> None:
    euros = provision(amount_cents=16_000_000, currency="EUR")
    assert features(request(), offer(provisions=[euros]))["amount"] == 1.0


def test_a_ceiling_caps_what_one_project_can_get() -> None:
    capped = offer(ceiling_cents=8_000_000, ceiling_currency="USD")
    assert features(request(), capped)["amount"] == 0.5


def test_what_is_committed_is_not_there_any_more() -> None:
    made = engine(request(), offer())
    made.set_committed("offer", "O1", 1, "quantity", 9_000)
    (entry,) = made.shortlist("R1").entries
    assert dict(zip(FEATURES, entry.features, strict=True))["quantity"] == 0.25
    assert (entry.serves[0]["quantity"], entry.serves[0]["of"]) == (1.0, 4.0)


def test_the_weightiest_need_is_the_main_one() -> None:
    needs = [
        need(1, kind="training", amount_cents=1_000_000),
        need(2, kind="equipment", amount_cents=90_000_000),
    ]
    found = features(request(needs=needs), offer())
    assert found["main_need"] == 1.0
    assert 0.5 < found["needs_served"] < 1.0


def test_the_states_own_priority_makes_a_need_weigh_more() -> None:
    def served(priority: str | None) -> float:
        needs = [need(1, priority=priority), need(2, theme="legislation", kind="expertise")]
        return features(request(needs=needs), offer())["needs_served"]

    assert served("low") < served(None) < served("critical")


def test_a_needs_own_window_counts_for_that_need() -> None:
    late = need(2, window={"from": "2027-02-01", "to": "2027-02-28"})
    early = offer(window={"from": "2026-03-01", "to": "2026-12-31"})
    (entry,) = engine(request(needs=[need(1), late]), early).shortlist("R1").entries
    assert [serving["need"] for serving in entry.serves] == [1]


def test_the_window_is_measured_by_the_time_in_which_help_is_useful() -> None:
    half = offer(window={"from": "2026-03-01", "to": "2026-08-31"})
    assert features(request(), half)["window"] == pytest.approx(184 / 365)


def test_conditions_count_against() -> None:
    assert features(request(), offer(conditions=[{"kind": "reporting"}]))["unconditional"] == 0.0


def test_records_without_lines_are_matched_by_what_their_texts_say() -> None:
    made = engine(
        request(needs=[]),
        offer("O1", provisions=[], signature=signed(TEXTS[1])),
        offer("O2", provisions=[], signature=signed(TEXTS[2])),
        offer("O3"),
    )
    entries = made.shortlist("R1").entries
    assert {entry.offer for entry in entries[:2]} == {"O1", "O3"}
    assert all(not entry.serves for entry in entries)
    assert entries[0].evidence


def test_records_without_any_text_or_line_still_rank() -> None:
    made = engine(
        request(needs=[], signature=None), offer(provisions=[], signature=None), offer("O2")
    )
    for entry in made.shortlist("R1").entries:
        assert 0.0 <= entry.score <= 1.0


def test_codes_that_this_vocabulary_does_not_have_are_passed_over() -> None:
    odd = request(needs=[need(theme="space-lasers"), need(2, kind="magic")])
    assert engine(odd, offer()).shortlist("R1").entries


def test_evidence_are_the_concepts_that_both_texts_name() -> None:
    (entry,) = engine(request(), offer(signature=signed(TEXTS[1]))).shortlist("R1").entries
    assert entry.evidence[0] == "marking-machine"
    assert {"marking-machine", "training"} <= set(entry.evidence)
